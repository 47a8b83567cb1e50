//! The larger module, which has Opus: loaded when that is chosen, it takes over the prompts and the inbox.

use js_sys::{Function, Promise, Reflect};
use prompt::codec::Codec;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent, MessageEventInit};

use crate::message::Request;

/// The name of the function by which the worker's script loads the larger module.
const LOAD: &str = "loadOpus";

/// True when this module lacks what a request asks for, and the larger one has it.
pub(crate) fn is_wanted_for(request: &Request) -> bool {
    let codec = match request {
        Request::Render { wanted, .. } | Request::Write { wanted, .. } => wanted.settings.codec,
        Request::Open(_) | Request::Take { .. } | Request::Adopt(_) | Request::Close(_) => None,
    };
    codec == Some(Codec::Opus) && !cfg!(feature = "opus")
}

/// Loads the larger module, which has taken the worker's inbox when this ends. An error leaves everything as it was.
pub(crate) async fn load(scope: &DedicatedWorkerGlobalScope) -> Result<(), JsValue> {
    let load: Function = Reflect::get(scope, &LOAD.into())?.dyn_into()?;
    let loading: Promise = load.call0(scope)?.dyn_into()?;
    JsFuture::from(loading).await?;
    Ok(())
}

/// Puts a message into the worker's inbox, whoever has it.
pub(crate) fn pass(scope: &DedicatedWorkerGlobalScope, message: &JsValue) -> Result<(), JsValue> {
    let Some(inbox) = scope.onmessage() else { return Ok(()) };
    let init = MessageEventInit::new();
    init.set_data(message);
    let event = MessageEvent::new_with_event_init_dict("message", &init)?;
    inbox.call1(scope, &event)?;
    Ok(())
}
