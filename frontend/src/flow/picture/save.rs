//! Saves the picture as a file, with the colours in which it is seen.

use js_sys::Promise;
use leptos::prelude::{document, window};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CanvasRenderingContext2d, Element, HtmlAnchorElement, HtmlCanvasElement, HtmlImageElement};

use crate::{js::field, ui::download};

/// Properties that a style sheet gives to shapes and text.
const PROPERTIES: [&str; 11] = [
    "fill",
    "stroke",
    "stroke-width",
    "stroke-dasharray",
    "font-family",
    "font-size",
    "font-weight",
    "text-anchor",
    "text-decoration-line",
    "paint-order",
    "opacity",
];
/// Pixels of a PNG for one of the picture: sharp in print.
const PNG_SCALE: f64 = 2.0;

/// Saves the picture as `name.svg`.
pub(super) fn svg(picture: &Element, name: &str) -> Result<(), JsValue> {
    download(&format!("{name}.svg"), "image/svg+xml", &standalone(picture)?.0)
}

/// Saves the picture as `name.png`.
pub(super) async fn png(picture: &Element, name: &str) -> Result<(), JsValue> {
    let (text, width, height) = standalone(picture)?;
    let image = HtmlImageElement::new()?;
    let encoded = String::from(js_sys::encode_uri_component(&text));
    image.set_src(&format!("data:image/svg+xml;charset=utf-8,{encoded}"));
    let decode: js_sys::Function = field(&image, "decode").dyn_into()?;
    JsFuture::from(decode.call0(&image)?.dyn_into::<Promise>()?).await?;
    let canvas: HtmlCanvasElement = document().create_element("canvas")?.unchecked_into();
    canvas.set_width((width * PNG_SCALE) as u32);
    canvas.set_height((height * PNG_SCALE) as u32);
    let context = canvas.get_context("2d")?.ok_or("the browser draws nothing")?;
    let context: CanvasRenderingContext2d = context.unchecked_into();
    context.draw_image_with_html_image_element_and_dw_and_dh(
        &image,
        0.0,
        0.0,
        width * PNG_SCALE,
        height * PNG_SCALE,
    )?;
    let link: HtmlAnchorElement = document().create_element("a")?.unchecked_into();
    link.set_href(&canvas.to_data_url_with_type("image/png")?);
    link.set_download(&format!("{name}.png"));
    link.click();
    Ok(())
}

/// Returns the picture's text with all that the page's style sheet gives it, and its size.
fn standalone(picture: &Element) -> Result<(String, f64, f64), JsValue> {
    let copy: Element = picture.clone_node_with_deep(true)?.unchecked_into();
    let (shapes, copies) = (picture.query_selector_all("*")?, copy.query_selector_all("*")?);
    for index in 0..shapes.length() {
        let (Some(shape), Some(copy)) = (shapes.item(index), copies.item(index)) else { break };
        let (shape, copy): (Element, Element) = (shape.unchecked_into(), copy.unchecked_into());
        if let Some(style) = window().get_computed_style(&shape)? {
            for name in PROPERTIES {
                copy.set_attribute(name.trim_end_matches("-line"), &style.get_property_value(name)?)?;
            }
        }
        copy.remove_attribute("class")?;
    }
    let area: Vec<f64> = picture
        .get_attribute("viewBox")
        .map(|text| text.split(' ').filter_map(|number| number.parse().ok()).collect())
        .unwrap_or_default();
    let [x, y, width, height] = area[..] else { return Err("the picture has no size".into()) };
    let style = window().get_computed_style(picture)?.ok_or("the picture is not shown")?;
    let ground = document().create_element_ns(Some("http://www.w3.org/2000/svg"), "rect")?;
    let values = [("x", x), ("y", y), ("width", width), ("height", height)];
    for (name, value) in values {
        ground.set_attribute(name, &value.to_string())?;
    }
    ground.set_attribute("fill", &style.get_property_value("background-color")?)?;
    copy.insert_before(&ground, copy.first_child().as_ref())?;
    for name in ["style", "class", "role", "tabindex"] {
        copy.remove_attribute(name)?;
    }
    copy.set_attribute("xmlns", "http://www.w3.org/2000/svg")?;
    copy.set_attribute("width", &width.to_string())?;
    copy.set_attribute("height", &height.to_string())?;
    Ok((copy.outer_html(), width, height))
}
