//! The page's way to the proxy.

pub(crate) mod api;
pub(crate) mod connection;
pub(crate) mod event_stream;
pub(crate) mod socket;

/// The address of a WebSocket of the server that the page came from.
pub(crate) fn websocket_url(path: &str) -> String {
    let location = web_sys::window().expect("a page has a window").location();
    let scheme = if location.protocol().is_ok_and(|protocol| protocol == "https:") { "wss" } else { "ws" };
    format!("{scheme}://{}{path}", location.host().unwrap_or_default())
}
