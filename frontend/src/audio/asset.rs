//! The addresses of what the build puts beside the page.

use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

/// Returns the address under which the build put an asset.
pub(crate) fn asset(name: &str) -> Result<String, JsValue> {
    let document = web_sys::window().and_then(|window| window.document()).expect("a page has a document");
    let tag = document.query_selector(&format!("meta[name='dialbench-asset'][data-name='{name}']"))?;
    tag.and_then(|tag| tag.get_attribute("content"))
        .ok_or_else(|| js_sys::Error::new(&format!("the page was built without {name}")).into())
}

/// Fetches an asset's bytes, an `ArrayBuffer`.
pub(super) async fn fetch_asset(name: &str) -> Result<JsValue, JsValue> {
    let url = asset(name)?;
    let window = web_sys::window().expect("a page has a window");
    let response: Response = JsFuture::from(window.fetch_with_str(&url)).await?.dyn_into()?;
    if !response.ok() {
        return Err(js_sys::Error::new(&format!("{url}: HTTP {}", response.status())).into());
    }
    JsFuture::from(response.array_buffer()?).await
}
