//! The voice socket: bytes both ways, cut at odd places.

mod cutter;

use std::{collections::VecDeque, sync::Arc};

use axum::{
    Extension, Json,
    extract::{
        Path, Query, State,
        ws::{Message, WebSocketUpgrade},
    },
    http::HeaderMap,
    response::Response,
};
use bytes::Bytes;
use serde::Deserialize;
use shared::wire::CallStatus;
use tokio::time::{Instant, sleep_until};

use crate::{
    auth,
    calls::{Call, CallState, DownFrame, Link},
    error::Refusal,
    faults::Point,
    server::Connection,
    services::Service,
    socket::{self, Close, Purpose},
    state::AppState,
};
use cutter::Cutter;

/// The query of a voice stream. CXone forces the token into it, which is why no request's address is ever logged here.
#[derive(Deserialize)]
pub(crate) struct StreamQuery {
    access_token: Option<String>,
}

/// WS `/agent/voice/{callId}/stream?access_token=…`: 401 without a token that is good, 403 if it lacks the scope or the
/// call is not live.
pub(crate) async fn open(
    State(app): State<Arc<AppState>>,
    Extension(connection): Extension<Connection>,
    Path(call_id): Path<String>,
    Query(query): Query<StreamQuery>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Refusal> {
    auth::check(&app.tokens, query.access_token.as_deref(), Service::Voice, &["agent:voice:stream"])?;
    let call = app
        .calls
        .by_call(&call_id)
        .filter(|call| matches!(call.state(), CallState::Connecting | CallState::Streaming))
        .ok_or_else(|| Refusal::forbidden("there is no such call, or it is over"))?;
    Ok(socket::modest(upgrade).on_upgrade(move |socket| async move {
        let tasks = app.tasks.clone();
        let serving = async {
            let Some(link) = call.attach().await else { return };
            let cutter = Cutter::new(app.config.cut_seed);
            let mut stream =
                Stream { call: &call, link, cutter, next: None, cut: VecDeque::new(), ending: None };
            socket::serve(socket, &app, &mut stream).await;
        };
        tasks.track_future(connection.until_cut(serving)).await;
    }))
}

/// GET `/api/v2/interactions/{interactionId}/call`
pub(crate) async fn call_state(
    State(app): State<Arc<AppState>>,
    Path(interaction_id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<CallStatus>, Refusal> {
    auth::bearer(&app.tokens, &headers, Service::Voice, &["interaction:view"])?;
    let call = app
        .calls
        .by_interaction(&interaction_id)
        .ok_or_else(|| Refusal::not_found("there is no such interaction"))?;
    let invariant = "the stand-in's own identifiers are valid";
    Ok(Json(CallStatus {
        interaction_id: call.interaction.parse().expect(invariant),
        call_id: call.id.parse().expect(invariant),
        state: shared::call::CallState::from_name(call.state().name())
            .expect("both sides know the same states"),
    }))
}

/// One end of a call's voice.
struct Stream<'a> {
    call: &'a Call,
    link: Link,
    cutter: Cutter,
    /// The next frame; an impaired network delays it, and those behind it.
    next: Option<DownFrame>,
    /// Messages that were cut and not yet sent.
    cut: VecDeque<Bytes>,
    /// How it ends, once all is sent.
    ending: Option<Close>,
}

impl Purpose for Stream<'_> {
    const POINT: Point = Point::Voice;
    const SERVICE: Service = Service::Voice;

    async fn outgoing(&mut self) -> Result<Message, Close> {
        loop {
            if let Some(bytes) = self.cut.pop_front() {
                return Ok(Message::Binary(bytes));
            }
            if let Some(close) = self.ending.take() {
                return Err(close);
            }
            if let Some(frame) = self.next.take_if(|frame| frame.at.is_none_or(|at| at <= Instant::now())) {
                self.cutter.push(&frame.bytes, frame.quiet, |bytes| self.cut.push_back(bytes));
                continue;
            }
            if let Some(at) = self.next.as_ref().and_then(|frame| frame.at) {
                sleep_until(at).await;
                continue;
            }
            tokio::select! {
                // Audio first: what was said before the end is heard.
                biased;
                Some(frame) = self.link.frames.recv() => self.next = Some(frame),
                close = &mut self.link.closed => {
                    self.ending = Some(close.unwrap_or_else(|_| Close::new(1011, "the call is lost")));
                    self.cut.extend(self.cutter.rest());
                }
            }
        }
    }

    async fn incoming(&mut self, message: Message) -> Result<(), Close> {
        let Message::Binary(bytes) = message else {
            return Err(Close::new(1003, "only binary messages"));
        };
        self.call.hear(self.link.id, bytes).await;
        Ok(())
    }

    /// A text, nothing at all, and one frame of noise in odd pieces: the stream's alignment survives.
    fn garbage(&self) -> Vec<Message> {
        let noise: Vec<u8> = (0..320u32).map(|index| (index * index * 31 % 251) as u8).collect();
        let noise = Bytes::from(noise);
        vec![
            Message::Text("this is no audio".into()),
            Message::Binary(Bytes::new()),
            Message::Binary(noise.slice(..1)),
            Message::Binary(noise.slice(1..4)),
            Message::Binary(noise.slice(4..)),
        ]
    }
}
