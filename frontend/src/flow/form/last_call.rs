//! The digits of the last call in `/call`: the events that its tab has seen are asked for again.

use std::{cell::RefCell, rc::Rc};

use gloo_timers::future::TimeoutFuture;
use leptos::prelude::window;
use serde::Deserialize;
use wire::{
    api::{ClientMessage, ServerMessage},
    cxone::dtmf::{self, Message},
};

use crate::net::{
    connection::DirectConnector,
    socket::{AfterFinish, ReconnectingSocket, SocketEvent},
    websocket_url,
};

/// Key under which the call panel keeps its memory in the tab.
const KEY: &str = "dialbench.call";
/// Interval between two looks at whether everything has come.
const POLL_INTERVAL_MS: u32 = 50;
/// Maximum number of looks: 5 s.
const MAX_POLLS: u32 = 100;

/// The part of the call panel's memory that matters here.
#[derive(Deserialize)]
struct Seen {
    epoch: Option<String>,
    since: u64,
    #[serde(rename = "seen")]
    last: u64,
    call: Option<Followed>,
}

#[derive(Deserialize)]
struct Followed {
    interaction: String,
}

/// The digits that were pressed in a call, and its flow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pressed {
    pub(super) flow: Option<String>,
    pub(super) digits: String,
}

/// Returns the last call's digits, or why there are none.
pub(super) async fn digits() -> Result<Pressed, String> {
    let none = || "No call was followed in this tab: place one in the panel Call first.".to_owned();
    let storage = window().session_storage().ok().flatten().ok_or_else(none)?;
    let text = storage.get_item(KEY).ok().flatten().ok_or_else(none)?;
    let Seen { epoch, since, last, call } = serde_json::from_str(&text).map_err(|_| none())?;
    let epoch = epoch.filter(|_| last > since).ok_or_else(none)?;
    let mut calls = replay(epoch, since, last).await?;
    let wanted = call.map(|call| call.interaction).or_else(|| calls.last().map(|(id, _)| id.clone()));
    let at = calls.iter().position(|(id, _)| Some(id) == wanted.as_ref()).ok_or_else(none)?;
    Ok(calls.swap_remove(at).1)
}

/// Returns each interaction's digits among the events after `since`, in the order in which the interactions began.
async fn replay(epoch: String, since: u64, last: u64) -> Result<Vec<(String, Pressed)>, String> {
    let resume = ClientMessage::Resume { epoch, offset: since };
    let resume = serde_json::to_string(&resume).expect("a message has string keys only");
    let heard = Rc::new(RefCell::new((Vec::<(String, Pressed)>::new(), since)));
    let slot = Rc::new(RefCell::new(None::<ReconnectingSocket>));
    let socket = {
        let (heard, slot) = (Rc::clone(&heard), Rc::clone(&slot));
        ReconnectingSocket::new(
            DirectConnector,
            websocket_url("/ws/interactions"),
            AfterFinish::Stop,
            move |event| match event {
                SocketEvent::Opened => {
                    if let Some(socket) = &*slot.borrow() {
                        socket.send_text(&resume);
                    }
                }
                SocketEvent::Text(text) => note(&mut heard.borrow_mut(), &text),
                SocketEvent::Binary(_) | SocketEvent::Closed { .. } | SocketEvent::Status(_) => {}
            },
        )
    };
    slot.replace(Some(socket.clone()));
    socket.start();
    let mut polls = 0;
    while heard.borrow().1 < last && polls < MAX_POLLS {
        TimeoutFuture::new(POLL_INTERVAL_MS).await;
        polls += 1;
    }
    socket.stop();
    // The socket's closure holds the slot: without this neither would ever go.
    slot.take();
    let (calls, came) = heard.take();
    if came < last && calls.is_empty() {
        return Err("The call's events did not come again: the server was restarted, or is gone.".into());
    }
    Ok(calls)
}

fn note((calls, came): &mut (Vec<(String, Pressed)>, u64), text: &str) {
    match ServerMessage::parse(text) {
        Ok(ServerMessage::Event { offset, event, .. }) => {
            *came = offset;
            match dtmf::parse(event.get()) {
                Message::Dtmf(dtmf) => of(calls, dtmf.interaction_id).digits.push(dtmf.digit.as_char()),
                Message::Interaction(said) => {
                    let call = of(calls, said.interaction_id);
                    call.flow = said.flow_id.or(call.flow.take());
                }
                Message::Unknown(_) => {}
            }
        }
        // What is missing will not come.
        Ok(ServerMessage::Gap(gap)) => *came = gap.to.unwrap_or(*came).max(*came),
        Ok(ServerMessage::Link(_)) | Err(_) => {}
    }
}

fn of(calls: &mut Vec<(String, Pressed)>, id: String) -> &mut Pressed {
    let at = calls.iter().position(|(known, _)| *known == id).unwrap_or_else(|| {
        calls.push((id, Pressed::default()));
        calls.len() - 1
    });
    &mut calls[at].1
}
