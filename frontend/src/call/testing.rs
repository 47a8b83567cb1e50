//! The call panel's parts in tests: a context without a server, with the support line's flow.

use std::{cell::Cell, rc::Rc};

use base::digit::Digit;
use ivr::{DialInput, SUPPORT_LINE, support_line};
use leptos::prelude::*;
use wire::api::{LinkState, Profile, ProfileName};

use super::{
    context::CallContext,
    store::{CallIds, Store},
};
use crate::{
    clock,
    net::socket::SocketEvent,
    testing::{Page, mount},
};

/// The interaction that [`follow`] follows.
pub(super) const INTERACTION: &str = "interaction-1";

/// Mounts a part of the panel, which finds a context whose driver was not started.
pub(super) fn mount_in_call<V: IntoView + 'static>(
    view: impl FnOnce() -> V + 'static,
) -> (Page, CallContext) {
    let slot = Rc::new(Cell::new(None));
    let made = Rc::clone(&slot);
    let page = mount(move || {
        let context = CallContext::unstarted();
        context.driver().use_flow(support_line(), SUPPORT_LINE);
        provide_context(context);
        made.set(Some(context));
        view()
    });
    let context = slot.get().expect("the view was made");
    (page, context)
}

/// Follows a call from now on, as after it was placed, without its voice.
pub(super) fn follow(context: CallContext) {
    let driver = context.driver();
    let store = context.store;
    driver.follow_menu(INTERACTION.into(), clock::now());
    driver.dial(clock::now(), DialInput::CallBegan);
    driver.dial(clock::now(), DialInput::StreamOpened);
    store.ids.set(Some(CallIds { interaction: INTERACTION.into(), call: Some("call-1".into()) }));
}

/// Sets the profile that the server is in.
pub(super) fn set_profile(store: Store, profile: ProfileName) {
    store.profile.set(Some(Ok(Profile {
        profile,
        version: "0".into(),
        services: Vec::new(),
        limits: wire::api::Limits::default(),
        qa_configured: false,
        analytics_webhook_configured: false,
        webhook: wire::api::WebhookDoor::default(),
    })));
}

/// Hands the driver a message of the interactions socket's.
pub(super) fn receive(context: CallContext, message: &serde_json::Value) {
    context.driver().socket_event(SocketEvent::Text(message.to_string()));
}

/// A message with an event of CXone's.
pub(super) fn event(offset: u64, event: &serde_json::Value) -> serde_json::Value {
    serde_json::json!({ "type": "event", "epoch": "e", "offset": offset, "event": event })
}

/// A digit of the call that [`follow`] follows, by CXone's clock, which is this long behind the page's.
pub(super) fn dtmf(digit: char, behind_ms: u64) -> serde_json::Value {
    let at = clock::now() - std::time::Duration::from_millis(behind_ms);
    serde_json::json!({
        "eventType": "dtmf", "interactionId": INTERACTION, "channelId": "1",
        "digit": digit.to_string(), "timestamp": clock::rfc3339(at),
    })
}

/// The first message of a connection, after which events up to `offset` are replayed.
pub(super) fn head(offset: u64) -> serde_json::Value {
    let state = LinkState::Open;
    serde_json::json!({ "type": "link", "state": state, "head": { "epoch": "e", "offset": offset } })
}

/// The digit of a key.
pub(super) fn digit(symbol: char) -> Digit {
    Digit::try_from(symbol).expect("a digit")
}
