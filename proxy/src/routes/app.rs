use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use data_encoding::HEXLOWER;
use wire::api::Panel;

use crate::{assets::Assets, error::ApiError, state::AppState};

/// File of the page itself.
const PAGE: &str = "index.html";
/// First segments of addresses that are never panels, so that a browser there gets the program's own error.
const RESERVED_SEGMENTS: [&str; 8] =
    ["api", "assets", "healthz", "metrics", "readyz", "simulate", "webhook", "ws"];
/// Encodings in the order of preference, with the ending of the file that holds them.
const ENCODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// Serves the page's files: the page itself at every panel's address, and with status 404 at any other address that a
/// browser opens, for the page says that there is no such panel.
pub(crate) async fn file(State(state): State<AppState>, request: Request) -> Result<Response, ApiError> {
    let path = request.uri().path();
    let missing = || ApiError::new(StatusCode::NOT_FOUND, "there is nothing at this address");
    let name = if Panel::at(path).is_some() { PAGE } else { path.trim_start_matches('/') };
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    if is_plain(name) {
        if !is_read {
            let mut response =
                ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "files are only read").into_response();
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            return Ok(response);
        }
        if let Some(response) = serve(&state.assets, name, request.headers()) {
            return Ok(response);
        }
    }
    if is_read && !is_reserved(path) && accepts_html(request.headers()) {
        return not_found_page(&state.assets, request.headers()).ok_or_else(missing);
    }
    Err(missing())
}

/// Returns true when `path` lies below an address that is no panel's.
fn is_reserved(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    RESERVED_SEGMENTS.contains(&first)
}

/// Returns true when the client asks for HTML by name, as a browser does that opens an address.
fn accepts_html(headers: &HeaderMap) -> bool {
    let mut ranges = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    ranges.any(|range| range.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("text/html"))
}

/// Returns the page with status 404. It has no `ETag`: a cached copy would have to be revalidated with another
/// status.
fn not_found_page(assets: &Assets, request: &HeaderMap) -> Option<Response> {
    let mut request = request.clone();
    request.remove(header::IF_NONE_MATCH);
    let mut response = serve(assets, PAGE, &request)?;
    *response.status_mut() = StatusCode::NOT_FOUND;
    response.headers_mut().remove(header::ETAG);
    Some(response)
}

/// Returns true when `name` stays below the folder on every system: no empty part, no step up, nothing hidden.
fn is_plain(name: &str) -> bool {
    let symbol = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    let part = |part: &str| !part.is_empty() && !part.starts_with('.');
    name.bytes().all(symbol) && name.split('/').all(part)
}

/// Returns the file `name` in the best encoding that the client takes; 304 where the client has it already.
fn serve(assets: &Assets, name: &str, request: &HeaderMap) -> Option<Response> {
    let (encoding, (data, hash)) = ENCODINGS
        .into_iter()
        .filter(|(encoding, _)| accepts(request, encoding))
        .find_map(|(encoding, ending)| Some((encoding, assets.read(&format!("{name}{ending}"))?)))
        .map(|(encoding, file)| (Some(encoding), file))
        .or_else(|| Some((None, assets.read(name)?)))?;
    let etag = format!("\"{}\"", &HEXLOWER.encode(&hash)[..32]);
    let unchanged = request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|known| known.trim().trim_start_matches("W/") == etag);
    let mut response =
        if unchanged { StatusCode::NOT_MODIFIED.into_response() } else { Response::new(Body::from(data)) };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::ETAG, HeaderValue::try_from(etag).expect("hex in quotes is a header's text"));
    // Names of assets carry the hash of their content; everything else keeps its name when it changes.
    let lasting = name.starts_with("assets/");
    let cache = if lasting { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    Some(response)
}

/// Returns true when the client takes `encoding` (RFC 9110, section 12.5.3).
fn accepts(request: &HeaderMap, encoding: &str) -> bool {
    let offers = request
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    let mut any = None;
    for offer in offers {
        let mut parts = offer.split(';');
        let name = parts.next().unwrap_or_default().trim();
        let weight = parts
            .find_map(|part| part.trim().strip_prefix("q=").map(str::to_owned))
            .map_or(1.0, |weight| weight.parse::<f32>().unwrap_or(0.0));
        if name.eq_ignore_ascii_case(encoding) {
            return weight > 0.0;
        }
        if name == "*" {
            any = Some(weight > 0.0);
        }
    }
    any.unwrap_or(false)
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "flac" => "audio/flac",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wav" => "audio/wav",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_chosen_as_the_client_says() {
        let check = |offer: &str, br: bool, gzip: bool| {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, offer.parse().unwrap())]);
            assert_eq!((accepts(&headers, "br"), accepts(&headers, "gzip")), (br, gzip), "{offer}");
        };
        check("gzip, deflate, br, zstd", true, true);
        check("br;q=0, gzip;q=0.5", false, true);
        check("*", true, true);
        check("*;q=0, gzip", false, true);
        check("identity", false, false);
    }

    #[test]
    fn only_a_browser_s_navigation_gets_the_page_for_a_wrong_address() {
        let check = |accept: &str, expect: bool| {
            let headers = HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]);
            assert_eq!(accepts_html(&headers), expect, "{accept}");
        };
        check("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true);
        check("application/json, text/html;q=0.9", true);
        check("*/*", false);
        check("application/json", false);
        assert!(!accepts_html(&HeaderMap::new()));
        for path in ["/api", "/api/nothing", "/ws/x", "/assets/missing.js", "/metrics/x", "//api/x"] {
            assert!(is_reserved(path), "{path}");
        }
        for path in ["/", "/nowhere", "/apiary", "/flow/1"] {
            assert!(!is_reserved(path), "{path}");
        }
    }

    #[test]
    fn no_name_leaves_the_folder() {
        for name in
            ["../Cargo.toml", "a/../../b", "/etc/passwd", "a//b", ".git/config", "a\\b", "", "C:x", "a/.."]
        {
            assert!(!is_plain(name), "{name}");
        }
        assert!(is_plain("assets/app-0a1b.wasm"));
    }
}
