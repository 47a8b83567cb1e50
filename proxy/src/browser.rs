//! The origin of a request as a browser tells it: in the headers `Sec-Fetch-…` (Fetch Metadata), which no page can set.

use axum::http::{HeaderMap, Method, header};

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Returns true where a page of another site, or another site on this host, caused the request.
fn is_caused_elsewhere(headers: &HeaderMap) -> bool {
    text(headers, "sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none"))
}

/// Returns true where the request opens a document in a tab.
fn opens_document(method: &Method, headers: &HeaderMap) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
        && text(headers, "sec-fetch-mode") == Some("navigate")
        && text(headers, "sec-fetch-dest") == Some("document")
}

/// Returns true where a page of another site wants something of the proxy, such as a picture or a script, and not just to lead
/// a person here.
pub(crate) fn is_used_by_another_site(method: &Method, headers: &HeaderMap) -> bool {
    is_caused_elsewhere(headers) && !opens_document(method, headers)
}

/// Returns true where a browser opens an address that, as far as it says, another site's link has led to. Over plain http it
/// does not say.
pub(crate) fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    let wants_html =
        text(headers, header::ACCEPT.as_str()).is_some_and(|accept| accept.contains("text/html"));
    wants_html && (is_caused_elsewhere(headers) || !headers.contains_key("sec-fetch-site"))
}

/// Returns true where a browser opens an address and says that another site's link has led to it.
pub(crate) fn is_led_here(headers: &HeaderMap) -> bool {
    is_caused_elsewhere(headers) && is_from_elsewhere(headers)
}

/// Returns true where a browser sent the request and does not say that the proxy's own page caused it.
pub(crate) fn is_from_unknown_page(headers: &HeaderMap) -> bool {
    match text(headers, "sec-fetch-site") {
        Some(site) => site != "same-origin",
        // Over plain http to another machine it does not say.
        None => text(headers, header::USER_AGENT.as_str()).is_some_and(|agent| agent.starts_with("Mozilla/")),
    }
}
