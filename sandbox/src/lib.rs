//! A stand-in for CXone: real HTTP and WebSocket servers, an IVR that plays prompts and decodes tones.
//!
//! [`start`] binds one TCP port. CXone's five services live below one path prefix each, every one with its own
//! token endpoint and style; [`Sandbox::endpoints`] lists them.
//!
//! | service | token endpoint | routes |
//! |---|---|---|
//! | `/interactions` | `/oauth/token`, form body | WS `/api/v2/interactions/websocket` |
//! | `/voice` | `/oauth2/token`, JSON body | WS `/agent/voice/{callId}/stream`, GET `/api/v2/interactions/{id}/call` |
//! | `/flow` | `/oauth/token`, Basic | GET `/api/v2/flow/definitions`, `/api/v2/flow/definitions/{flowId}`; POST `/api/v2/flow/simulator`, GET `/api/v2/flow/simulator/{simulationId}` |
//! | `/dialer` | `/oauth/token`, Basic with scope | POST `/api/v2/dialer/simulations`, GET `/api/v2/dialer/simulations/{simulationId}`; POST `/api/v2/dialer/metrics/aggregations` |
//! | `/media` | `/oauth/token`, Basic | POST and GET `/api/v2/media/sessions`; POST `/api/v2/analytics/events/custom` |
//!
//! # Control
//!
//! Routes that CXone has no counterpart for. They answer loopback peers only, and no browser (a request with an `Origin` is
//! refused).
//!
//! | route | effect |
//! |---|---|
//! | POST `/sandbox/calls` `{flowId}` | places a call: 201 `{interactionId, callId}`. Bearer token of the interactions service |
//! | DELETE `/sandbox/calls/{interactionId}` | hangs up for the caller: 204. The same token |
//! | POST `/sandbox/faults` | arms a fault ([`faults::FaultRule`]): 201 `{id}` |
//! | GET, DELETE `/sandbox/faults` | lists the armed faults, with an impairment's counts; disarms all |
//! | DELETE `/sandbox/faults/{id}` | disarms one: 204 |
//! | POST `/sandbox/faults/seeded` `{seed, rate}` | begins faults at random, the same ones for the same seed; rate 0 ends them |
//! | POST `/sandbox/outage` `{ms}` | cuts every connection and refuses new ones for so long: 202 |
//! | GET `/sandbox/requests` | the number of requests at each point |
//! | GET `/sandbox/media/sessions` | lists the media sessions that were made, oldest first |
//! | GET `/sandbox/media/sessions/{id}/audio` | what was played in one, as WAV. Bearer token of the media service, as below |
//! | GET `/sandbox/media/prompts`, `…/{promptId}/audio` | lists the prompts; one as WAV |
//! | PUT `/sandbox/media/prompts/{promptId}` | adds a prompt, a WAV file of at most 32 MiB, or replaces one that was added |
//! | GET `/sandbox/dialer/simulations` | lists the dialer simulations that were made, with their requests, oldest first |
//! | GET `/sandbox/dialer/metrics` | lists the metrics that came, oldest first |
//! | GET `/sandbox/analytics` | lists the events that analytics took, oldest first |
//! | GET `/sandbox/qa` | lists the test results that were posted to `/qa/api/v1/test-results`, the stand-in for a QA platform |
//!
//! # Simulations
//!
//! A simulation is `queued`, `running`, then `completed` or `failed`, within [`SandboxConfig::simulation_time`]; its trace
//! comes from executing the flow. A path of more nodes than the limit makes it fail; so does a fault.
//!
//! # Media sessions
//!
//! A session plays its prompt, one of the stand-in's recordings or an uploaded one, and is `completed` after its length. Its
//! identifier is its client's, and stays taken. Refused are, as the gateway does: wrong payloads, with a list of errors;
//! more posts in a second than the limit; more active sessions than the limit; and an identifier that is taken.
//!
//! # Dialer simulations
//!
//! A campaign's calls are made up: each dials, rings or does not, and ends with an outcome that is drawn with the injected
//! probabilities. As many run at a time as the request says, on a clock of [`SandboxConfig::dialer_speed`]. Each change of
//! a call's state is posted to the webhook, and at last the simulation's own; an event that is not taken is posted again, for
//! half a minute. With [`SandboxConfig::webhook_secret`] events are signed as Standard Webhooks has it. Refused are wrong
//! requests, with every field's error, and more active simulations than the limit.
//!
//! # Calls
//!
//! A call is `connecting` until its voice socket opens, then `streaming`: its IVR starts. The IVR runs on when its socket
//! is lost: it hears silence, and a new socket within [`SandboxConfig::voice_grace`] joins the call. **A second voice socket
//! replaces the first**, which is closed with 4409, so that a client whose old connection is half open can return. At the
//! flow's end comes half a second of silence, then `disconnecting`, the socket's close with 1000, `terminated`.

mod auth;
mod calls;
mod clock;
mod close;
mod config;
mod connection;
mod dialer;
mod error;
pub mod faults;
mod flows;
mod interactions;
mod jobs;
mod media;
mod middleware;
mod oauth;
mod prompts;
mod qa;
mod rate_limit;
mod refusal;
mod router;
mod routes;
mod scope;
mod seeded;
mod server;
mod services;
mod simulator;
mod socket;
mod state;
mod voice;

pub use config::SandboxConfig;
pub use error::StartError;
pub use server::{Sandbox, start};
pub use services::{ServiceEndpoint, TokenStyle};
