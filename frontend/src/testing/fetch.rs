//! A stand-in for the server: it answers what the page fetches.

use std::{cell::RefCell, collections::BTreeMap, future::Future, rc::Rc};

use js_sys::Promise;
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use wasm_bindgen_futures::{JsFuture, future_to_promise};

use crate::js::{field, object, set};

/// A request of the page's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// The address after the origin, with its query.
    pub(crate) path: String,
    pub(crate) body: String,
    /// By their names in lower case.
    headers: BTreeMap<String, String>,
}

impl Request {
    /// Returns a header, whose name is given in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// An answer with a JSON body.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    status: u16,
    body: String,
}

impl Answer {
    /// An answer of 200.
    pub(crate) fn json(body: &impl serde::Serialize) -> Self {
        Self { status: 200, body: serde_json::to_string(body).expect("an answer is JSON") }
    }

    /// An answer as `application/problem+json`.
    pub(crate) fn problem(status: u16, title: &str) -> Self {
        let body =
            serde_json::json!({ "type": "about:blank", "title": title, "status": status, "detail": title });
        Self { status, body: body.to_string() }
    }

    /// Returns the answer with this field in its JSON object.
    pub(crate) fn with(self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        let mut body: serde_json::Value = serde_json::from_str(&self.body).expect("an answer is JSON");
        body[name] = value.into();
        Self { body: body.to_string(), ..self }
    }
}

/// Answers `fetch` until it is dropped. Tests run one after another, so one server is there at a time.
pub(crate) struct FakeServer {
    requests: Rc<RefCell<Vec<Request>>>,
    real: JsValue,
    _fetch: Closure<dyn Fn(JsValue, JsValue) -> Promise>,
}

impl FakeServer {
    /// Answers each request with what `answer` comes to; a future may wait for a condition first.
    pub(crate) fn start<F: Future<Output = Answer> + 'static>(
        answer: impl Fn(Request) -> F + 'static,
    ) -> Self {
        let requests = Rc::new(RefCell::new(Vec::new()));
        let seen = Rc::clone(&requests);
        let answer = Rc::new(answer);
        let fetch =
            Closure::<dyn Fn(JsValue, JsValue) -> Promise>::new(move |what: JsValue, init: JsValue| {
                let (seen, answer) = (Rc::clone(&seen), Rc::clone(&answer));
                future_to_promise(async move {
                    let request = read(&what, &init).await?;
                    seen.borrow_mut().push(request.clone());
                    respond(&answer(request).await)
                })
            });
        let window = window();
        let real = field(&window, "fetch");
        set(&window, "fetch", fetch.as_ref());
        Self { requests, real, _fetch: fetch }
    }

    /// Returns the requests so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.borrow().clone()
    }
}

impl Drop for FakeServer {
    fn drop(&mut self) {
        set(&window(), "fetch", &self.real);
    }
}

/// Reads what `fetch` was called with: an address or a `Request`.
async fn read(what: &JsValue, init: &JsValue) -> Result<Request, JsValue> {
    let class: js_sys::Function = field(&js_sys::global(), "Request").dyn_into()?;
    let request = js_sys::Reflect::construct(&class, &js_sys::Array::of2(what, init))?;
    let text = |name: &str| field(&request, name).as_string().unwrap_or_default();
    let origin = window().location().origin()?;
    let body: js_sys::Function = field(&request, "text").dyn_into()?;
    let body = JsFuture::from(body.call0(&request)?.dyn_into::<Promise>()?).await?;
    let mut headers = BTreeMap::new();
    for pair in js_sys::Array::from(&field(&request, "headers")).iter() {
        let pair = js_sys::Array::from(&pair);
        let text = |at: u32| pair.get(at).as_string().unwrap_or_default();
        headers.insert(text(0), text(1));
    }
    Ok(Request {
        headers,
        method: text("method"),
        path: text("url").trim_start_matches(&origin).to_owned(),
        body: body.as_string().unwrap_or_default(),
    })
}

fn respond(Answer { status, body }: &Answer) -> Result<JsValue, JsValue> {
    let class: js_sys::Function = field(&js_sys::global(), "Response").dyn_into()?;
    let headers = object(&[("content-type", &"application/json".into())]);
    let init = object(&[("status", &(*status).into()), ("headers", &headers)]);
    js_sys::Reflect::construct(&class, &js_sys::Array::of2(&body.into(), &init))
}

fn window() -> web_sys::Window {
    web_sys::window().expect("a page has a window")
}
