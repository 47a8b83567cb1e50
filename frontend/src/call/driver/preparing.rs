//! The preparations of a call: the profile, the flows, the chosen one, and the call that a reload left behind.

use std::{rc::Rc, sync::Arc};

use futures_util::future::{FutureExt as _, OptionFuture, join};
use ivr::{CompiledFlow, DialInput, SUPPORT_LINE, support_line};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;
use wire::cxone::CallState;

use super::Driver;
use crate::{clock, js::set, net::api, ui::Notice};

impl Driver {
    pub(super) async fn set_up(self: Rc<Self>) {
        let profile = api::profile().await;
        self.store.profile.set(Some(profile));
        let is_ours = self.claim_call().await;
        let followed = self.history.borrow().call.clone().filter(|_| is_ours);
        if let Ok(list) = api::flows().await {
            self.store.flows.set(list.flows);
        }
        let chosen = self.history.borrow().chosen.clone();
        let known = self.store.flows.with_untracked(|flows| {
            let chosen = flows.iter().find(|flow| Some(&flow.flow_id) == chosen.as_ref());
            chosen.or(flows.first()).map(|flow| flow.flow_id.clone())
        });
        let wanted = followed.as_ref().map(|call| call.flow.clone()).or(known);
        match wanted {
            Some(flow_id) => self.load_flow(&flow_id).await,
            None => self.use_flow(support_line(), SUPPORT_LINE),
        }
        if let Some(call) = followed {
            self.store.set_call_state(clock::now(), CallState::Connecting);
            self.dial(clock::now(), DialInput::CallBegan);
            let history = self.history.borrow();
            self.replay_to.set((history.since < history.seen).then_some(history.seen));
            drop(history);
            self.resume(&call);
        }
        self.connect_events();
    }

    /// Loads the flow that the next call goes through; a call that is started meanwhile waits for it.
    pub(in crate::call) fn choose_flow(self: Rc<Self>, flow_id: String) {
        let mut history = self.history.borrow_mut();
        history.chosen = Some(flow_id.clone());
        history.save();
        drop(history);
        let before = self.prepared.borrow().clone();
        let driver = Rc::clone(&self);
        let loaded = async move { driver.load_flow(&flow_id).await };
        let prepared = async move {
            join(OptionFuture::from(before), loaded).await;
        };
        let prepared = prepared.boxed_local().shared();
        self.prepared.replace(Some(prepared.clone()));
        spawn_local(prepared);
    }

    pub(in crate::call) async fn load_flow(&self, flow_id: &str) {
        let load = self.newest_load.get() + 1;
        self.newest_load.set(load);
        let answer = api::flow_with_text(flow_id).await;
        if self.newest_load.get() != load {
            return;
        }
        match answer.map(|(flow, text)| (CompiledFlow::compile(flow), text)) {
            Ok((Ok(flow), text)) => self.use_flow(Arc::new(flow), &text),
            Ok((Err(errors), _)) => {
                let errors: Vec<String> =
                    errors.iter().map(|error| format!("{}: {}", error.field, error.message)).collect();
                let detail = format!("Flow {flow_id} cannot be followed. {}", errors.join(". "));
                self.store.notice.set(Some(Notice {
                    title: "Invalid flow".into(),
                    detail,
                    ..Notice::default()
                }));
            }
            Err(problem) => {
                if self.store.flow.with_untracked(Option::is_none) {
                    self.use_flow(support_line(), SUPPORT_LINE);
                }
                self.store.notice.set(Some(problem.into()));
            }
        }
    }

    /// Has calls go through a flow, of which `text` is the definition.
    pub(in crate::call) fn use_flow(&self, flow: Arc<CompiledFlow>, text: &str) {
        set(&self.audio.handle(), "flow", &text.into());
        self.store.flow_id.set(flow.definition().flow_id.clone());
        self.store.flow.set(Some(flow));
        self.reset_menu();
    }
}
