//! The call's place in its flow, as the picture is told it: an object that both of the page's modules know.

use base::time::Instant;
use js_sys::Uint32Array;
use leptos::prelude::With as _;
use wasm_bindgen::{JsCast as _, JsValue};

use super::store::Store;
pub(crate) use super::store::Waiting;
use crate::js::{field, object};

/// The call's place in its flow. Nodes are numbered in the definition's order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Place {
    /// The node that the call is at, or was at when it was lost sight of.
    pub(crate) node: Option<u32>,
    /// The nodes on the call's way, in order.
    pub(crate) visited: Vec<u32>,
    /// True while a prompt plays.
    pub(crate) is_speaking: bool,
    /// The timeout that runs while a digit is waited for.
    pub(crate) waiting: Option<Waiting>,
}

impl Place {
    /// Returns the place that the call has now, and follows its changes.
    pub(super) fn of(store: &Store) -> Self {
        let number = |node: ivr::NodeIx| node.index() as u32;
        // A call that nobody sees may have moved on: its last place stands, but no clock runs there.
        let is_unseen = store.unknown_since.with(Option::is_some) && store.call.with(|call| call.is_live());
        let (is_speaking, waiting) = store.position.with(|position| {
            let seen = position.as_ref().filter(|_| !is_unseen);
            seen.map_or((false, None), |at| (at.speaking, at.waiting.filter(|_| !at.ended)))
        });
        Self {
            node: store.place().map(number),
            visited: store.visited.with(|visited| visited.iter().copied().map(number).collect()),
            is_speaking,
            waiting,
        }
    }

    /// Returns the object for the other module, with times in ms.
    pub(super) fn to_object(&self) -> JsValue {
        let time = |at: Option<Instant>| at.map(Instant::as_millis_f64).into();
        object(&[
            ("node", &self.node.into()),
            ("visited", &Uint32Array::from(&self.visited[..])),
            ("isSpeaking", &self.is_speaking.into()),
            ("since", &time(self.waiting.map(|waiting| waiting.since))),
            ("until", &time(self.waiting.map(|waiting| waiting.until))),
        ])
        .into()
    }

    /// Returns the place that an object is; of anything else, that of no call.
    pub(crate) fn read(place: &JsValue) -> Self {
        let time = |name| field(place, name).as_f64().map(Instant::from_millis_f64);
        let visited = field(place, "visited").dyn_into::<Uint32Array>();
        Self {
            node: field(place, "node").as_f64().map(|node| node as u32),
            visited: visited.map(|visited| visited.to_vec()).unwrap_or_default(),
            is_speaking: field(place, "isSpeaking").is_truthy(),
            waiting: time("since").zip(time("until")).map(|(since, until)| Waiting { since, until }),
        }
    }

    /// Returns the index of its node.
    pub(crate) fn index(&self) -> Option<usize> {
        self.node.map(|node| node as usize)
    }
}
