//! Canvases in the page's colours, as sharp as the screen.

use wasm_bindgen::JsCast as _;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

/// A canvas to draw on, in CSS pixels.
pub(crate) struct Sheet {
    pub(crate) context: CanvasRenderingContext2d,
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) ink: String,
}

impl Sheet {
    pub(crate) fn clear(&self) {
        self.context.clear_rect(0.0, 0.0, self.width, self.height);
    }
}

/// Clears the canvas and fits it to its place; `None` where it has none. Makes the browser lay out the page.
pub(crate) fn sheet(canvas: &HtmlCanvasElement) -> Option<Sheet> {
    let window = web_sys::window()?;
    let (width, height) = (f64::from(canvas.client_width()), f64::from(canvas.client_height()));
    if width < 1.0 || height < 1.0 {
        return None;
    }
    let sharp = window.device_pixel_ratio();
    let (columns, rows) = ((width * sharp) as u32, (height * sharp) as u32);
    if canvas.width() != columns || canvas.height() != rows {
        canvas.set_width(columns);
        canvas.set_height(rows);
    }
    let context: CanvasRenderingContext2d = canvas.get_context("2d").ok()??.dyn_into().ok()?;
    context.set_transform(sharp, 0.0, 0.0, sharp, 0.0, 0.0).ok()?;
    let style = window.get_computed_style(canvas).ok()??;
    let ink = style.get_property_value("color").ok()?;
    let sheet = Sheet { context, width, height, ink };
    sheet.clear();
    Some(sheet)
}

/// Returns the colour that a style has for the canvas: `color`, or `border-top-color` and its neighbours, by which a canvas
/// without a border gets more of the page's colours.
pub(crate) fn colour(canvas: &HtmlCanvasElement, property: &str) -> String {
    let style = web_sys::window().and_then(|window| window.get_computed_style(canvas).ok().flatten());
    style.and_then(|style| style.get_property_value(property).ok()).unwrap_or_default()
}
