//! The proxy's REST interface.

use base::{
    field_error::FieldErrors,
    ids::{IdError, IdempotencyKey},
};
use gloo_net::http::{Request, RequestBuilder, Response};
use ivr::FlowDefinition;
use js_sys::{ArrayBuffer, Uint8Array};
use prompt::{
    catalogue::{PromptList, PromptSummary},
    control::ControlPayload,
    event::EventReceipt,
    reply::{ActiveSessions, PlaybackReply},
};
use scenario::{dialer::DialerRequest, flow::SimulationRequest};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use wire::{
    api::{AuditCheck, AuditPage, FlowList, PlaceCall, PlacedCall, Problem, Profile, QaExport, QaExported},
    cxone::{CallStatus, DialerSimulation, MetricsAggregation, SimulationJob, SimulationResult},
};

type Answer<T> = Result<T, Problem>;

pub(crate) async fn profile() -> Answer<Profile> {
    get("/api/profile").await
}

pub(crate) async fn flows() -> Answer<FlowList> {
    get("/api/flow/definitions").await
}

pub(crate) async fn flow(flow_id: &str) -> Answer<FlowDefinition> {
    flow_with_text(flow_id).await.map(|(flow, _)| flow)
}

/// Returns a flow, and its definition as it came.
pub(crate) async fn flow_with_text(flow_id: &str) -> Answer<(FlowDefinition, String)> {
    let path = format!("/api/flow/definitions/{}", encoded(flow_id));
    let response = Request::get(&path).send().await.map_err(|error| unreachable(&error))?;
    let (status, text) = body(response).await?;
    Ok((parse(status, &text)?, text))
}

pub(crate) async fn simulate(request: &SimulationRequest) -> Answer<SimulationJob> {
    send(job(changing(Request::post("/api/flow/simulations"))), request).await
}

pub(crate) async fn simulation(simulation_id: &str) -> Answer<SimulationResult> {
    asked(job(Request::get(&format!("/api/flow/simulations/{}", encoded(simulation_id))))).await
}

/// Has a simulation of the dialer begun. The same key is the same simulation, however often it is sent.
pub(crate) async fn dialer_submit(key: &IdempotencyKey, request: &DialerRequest) -> Answer<DialerSimulation> {
    let to = Request::post("/api/dialer/simulations").header("Idempotency-Key", &key.to_string());
    send(job(changing(to)), request).await
}

/// Returns how far a simulation of the dialer has got.
pub(crate) async fn dialer_simulation(simulation_id: &str) -> Answer<DialerSimulation> {
    asked(job(Request::get(&format!("/api/dialer/simulations/{}", encoded(simulation_id))))).await
}

/// Hands CXone the metrics of a simulation of the dialer. Returns the HTTP status of the answer, which says no more.
pub(crate) async fn dialer_metrics(metrics: &MetricsAggregation) -> Answer<u16> {
    done(changing(Request::post("/api/dialer/metrics")).json(metrics)).await
}

pub(crate) async fn export(result: &QaExport) -> Answer<QaExported> {
    send(changing(Request::post("/api/qa/exports")), result).await
}

/// Asks the gateway to play a prompt.
pub(crate) async fn play_prompt(payload: &ControlPayload) -> Answer<PlaybackReply> {
    send(job(changing(Request::post("/api/media/sessions"))), payload).await
}

/// Returns how many sessions the gateway plays.
pub(crate) async fn active_sessions() -> Answer<ActiveSessions> {
    get("/api/media/sessions?status=active").await
}

/// Tells analytics of a session.
pub(crate) async fn playback_event(event: &Value) -> Answer<EventReceipt> {
    send(changing(Request::post("/api/analytics/events")), event).await
}

/// Returns the prompts that the stand-in's gateway can play.
pub(crate) async fn prompts() -> Answer<PromptList> {
    get("/api/media/prompts").await
}

/// Gives the stand-in a WAV file to play as this prompt.
pub(crate) async fn put_prompt(prompt_id: &str, wav: &Uint8Array) -> Answer<PromptSummary> {
    let request = changing(Request::put(&format!("/api/media/prompts/{}", encoded(prompt_id))));
    let request =
        request.header("Content-Type", "audio/wav").body(wav).map_err(|error| unreachable(&error))?;
    match request.send().await {
        Ok(response) => read(response).await,
        Err(error) => Err(unreachable(&error)),
    }
}

/// Returns one of the stand-in's prompts as a WAV file.
pub(crate) async fn prompt_audio(prompt_id: &str) -> Answer<ArrayBuffer> {
    bytes(&format!("/api/media/prompts/{}/audio", encoded(prompt_id))).await
}

/// Returns what the stand-in's gateway played of a session, as a WAV file.
pub(crate) async fn session_audio(session_id: &str) -> Answer<ArrayBuffer> {
    bytes(&format!("/api/media/sessions/{}/audio", encoded(session_id))).await
}

pub(crate) async fn place_call(flow_id: &str) -> Answer<PlacedCall> {
    let flow_id = flow_id
        .parse()
        .map_err(|error: IdError| failure(0, "No flow", format!("The flow's identifier {error}.")))?;
    send(changing(Request::post("/api/calls")), &PlaceCall { flow_id }).await
}

pub(crate) async fn hang_up(interaction_id: &str) -> Answer<()> {
    let request = changing(Request::delete(&format!("/api/calls/{}", encoded(interaction_id))));
    done(request.build()).await.map(drop)
}

pub(crate) async fn call_status(interaction_id: &str) -> Answer<CallStatus> {
    get(&format!("/api/interactions/{}/call", encoded(interaction_id))).await
}

/// Returns the reason for which a call's voice is refused, if it is.
pub(crate) async fn why_no_voice(call_id: &str) -> Option<Problem> {
    let request = changing(Request::get(&format!("/ws/voice/{}", encoded(call_id))));
    let response = request.send().await.ok()?;
    let problem = problem(response).await;
    // Otherwise only the handshake was missing.
    problem.upstream.is_some().then_some(problem)
}

/// Asks for a part of the audit trail, with a query string of the route's parameters.
pub(crate) async fn audit(parameters: &str) -> Answer<AuditPage> {
    get(&format!("/api/audit?{parameters}")).await
}

/// Has the proxy check the chain of the whole trail.
pub(crate) async fn check_audit() -> Answer<AuditCheck> {
    get("/api/audit/verify").await
}

fn encoded(part: &str) -> String {
    js_sys::encode_uri_component(part).into()
}

/// The proxy refuses changes without this header, which no form of another site can send.
fn changing(request: RequestBuilder) -> RequestBuilder {
    request.header("X-Dialbench", "1")
}

/// The page's own machine decides when a job's request is sent again; if the proxy did so as well, the two would multiply.
fn job(request: RequestBuilder) -> RequestBuilder {
    request.header("X-Dialbench-Retry", "client")
}

async fn get<T: DeserializeOwned>(path: &str) -> Answer<T> {
    asked(Request::get(path)).await
}

/// Returns the answer to a request without a body.
async fn asked<T: DeserializeOwned>(request: RequestBuilder) -> Answer<T> {
    match request.send().await {
        Ok(response) => read(response).await,
        Err(error) => Err(unreachable(&error)),
    }
}

/// Has something done of which the answer says no more than its status.
async fn done(request: Result<Request, gloo_net::Error>) -> Answer<u16> {
    let request = request.map_err(|error| unreachable(&error))?;
    match request.send().await {
        Ok(response) if response.ok() => Ok(response.status()),
        Ok(response) => Err(problem(response).await),
        Err(error) => Err(unreachable(&error)),
    }
}

async fn bytes(path: &str) -> Answer<ArrayBuffer> {
    let response = Request::get(path).send().await.map_err(|error| unreachable(&error))?;
    if !response.ok() {
        return Err(problem(response).await);
    }
    let bytes = response.binary().await.map_err(|error| unreachable(&error))?;
    Ok(Uint8Array::from(&*bytes).buffer())
}

async fn send<T: DeserializeOwned>(request: RequestBuilder, body: &impl Serialize) -> Answer<T> {
    let request = request.json(body).map_err(|error| unreachable(&error))?;
    match request.send().await {
        Ok(response) => read(response).await,
        Err(error) => Err(unreachable(&error)),
    }
}

async fn read<T: DeserializeOwned>(response: Response) -> Answer<T> {
    let (status, text) = body(response).await?;
    parse(status, &text)
}

/// Returns the status and the text of an answer that is none of a problem.
async fn body(response: Response) -> Answer<(u16, String)> {
    if !response.ok() {
        return Err(problem(response).await);
    }
    let status = response.status();
    let text = response.text().await.map_err(|error| unreachable(&error))?;
    Ok((status, text))
}

fn parse<T: DeserializeOwned>(status: u16, text: &str) -> Answer<T> {
    serde_json::from_str(text).map_err(|error| {
        failure(
            status,
            "Unreadable answer",
            format!("Dialbench's server sent an answer that the page cannot read: {error}"),
        )
    })
}

async fn problem(response: Response) -> Problem {
    let status = response.status();
    let text = response.text().await.unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_else(|_| {
        failure(status, "Refused", format!("Dialbench's server answered HTTP {status} without saying why."))
    })
}

fn unreachable(error: &gloo_net::Error) -> Problem {
    let detail = "Dialbench's server does not answer. Is it still running? Start it again where it is not.";
    Problem { technical: Some(error.to_string()), ..failure(0, "No answer", detail.into()) }
}

fn failure(status: u16, title: &str, detail: String) -> Problem {
    Problem {
        kind: "about:blank".into(),
        title: title.into(),
        status,
        detail,
        technical: None,
        errors: FieldErrors::new(),
        upstream: None,
        unsent: false,
        retry_after_ms: None,
    }
}
