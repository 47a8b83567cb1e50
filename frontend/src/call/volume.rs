//! How loud it is here. What goes to CXone and what the meters show is the same whatever the volume.

use leptos::prelude::*;
use web_sys::HtmlInputElement;

use super::CallContext;

/// Shows the slider `Output volume`, in percent.
#[component]
pub(super) fn Volume() -> impl IntoView {
    let context = expect_context::<CallContext>();
    let set = move |input| {
        let percent = event_target::<HtmlInputElement>(&input).value_as_number();
        context.set_volume(percent as f32 / 100.0);
    };
    view! {
        <label class="volume">"Output volume"<input type="range" min="0" max="100" value="100" on:input=set /></label>
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::{call::testing::mount_in_call, testing::until};

    #[wasm_bindgen_test]
    async fn the_slider_is_the_volume() {
        let (page, context) = mount_in_call(|| view! { <Volume /> });
        let volume = move || context.driver().audio.volume();
        assert!((volume() - 1.0).abs() < 1e-6, "as loud as it comes");
        for (percent, heard) in [("40", 0.4), ("0", 0.0), ("100", 1.0)] {
            page.type_into("slider", "Output volume", percent).await;
            until("the volume", || (volume() - heard).abs() < 1e-6).await;
        }
    }
}
