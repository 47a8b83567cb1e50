//! Parts that several panels show.

pub(crate) mod canvas;
mod figures;
mod frames;
mod notice;
mod spectrum;
mod walk;

pub(crate) use figures::{figure, signed_figure};
pub(crate) use frames::{NextFrame, each_frame, on_each_frame};
pub(crate) use notice::{Notice, NoticeBox};
pub(crate) use spectrum::Spectrum;
pub(crate) use walk::walk;

use js_sys::Uint8Array;
use leptos::prelude::{RwSignal, Set as _};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, Url};

/// Makes the browser save `content` as a file called `name`.
pub(crate) fn download(name: &str, mime: &str, content: &str) -> Result<(), JsValue> {
    save(name, mime, &content.into())
}

/// Makes the browser save `content` as a file called `name`, or says in `notice` that it did not.
pub(crate) fn save_text(name: &str, mime: &str, content: &str, notice: RwSignal<Option<Notice>>) {
    if let Err(error) = download(name, mime, content) {
        let detail = crate::js::reason(&error);
        let _ = notice.try_set(Some(Notice {
            title: "The file was not saved".into(),
            detail,
            ..Notice::default()
        }));
    }
}

/// Makes the browser save `content` as a file called `name`.
pub(crate) fn save_bytes(name: &str, mime: &str, content: &Uint8Array) -> Result<(), JsValue> {
    save(name, mime, content)
}

fn save(name: &str, mime: &str, content: &JsValue) -> Result<(), JsValue> {
    let options = BlobPropertyBag::new();
    options.set_type(mime);
    let blob = Blob::new_with_u8_array_sequence_and_options(&js_sys::Array::of1(content), &options)?;
    let url = Url::create_object_url_with_blob(&blob)?;
    let document = web_sys::window().and_then(|window| window.document()).expect("a page has a document");
    let link: HtmlAnchorElement = document.create_element("a")?.unchecked_into();
    link.set_href(&url);
    link.set_download(name);
    link.click();
    Url::revoke_object_url(&url)
}
