//! How loud it is here. What goes to CXone and what the meters show is the same whatever the volume.

use leptos::prelude::*;
use web_sys::HtmlInputElement;

use super::CallContext;

/// The volume that was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OutputVolume {
    percent: u8,
    is_muted: bool,
}

impl Default for OutputVolume {
    fn default() -> Self {
        Self { percent: 100, is_muted: false }
    }
}

impl OutputVolume {
    /// Returns what samples are multiplied by, 0 to 1.
    pub(super) fn gain(self) -> f32 {
        if self.is_muted { 0.0 } else { f32::from(self.percent) / 100.0 }
    }
}

/// Shows the slider `Output volume`, in percent, and the button that mutes it. A slider that is moved is heard.
#[component]
pub(super) fn Volume() -> impl IntoView {
    let context = expect_context::<CallContext>();
    let volume = context.store.volume;
    let slide = move |input| {
        let percent = event_target::<HtmlInputElement>(&input).value_as_number();
        context.set_volume(OutputVolume { percent: percent as u8, is_muted: false });
    };
    let mute = move |_| {
        let volume = volume.get_untracked();
        context.set_volume(OutputVolume { is_muted: !volume.is_muted, ..volume });
    };
    view! {
        <div class="volume">
            <button type="button" aria-pressed=move || volume.get().is_muted.to_string() on:click=mute>"Mute"</button>
            <input type="range" aria-label="Output volume" title="Output volume" min="0" max="100"
                prop:value=move || volume.get().percent.to_string()
                aria-valuetext=move || {
                    let OutputVolume { percent, is_muted } = volume.get();
                    format!("{percent} %{}", if is_muted { ", muted" } else { "" })
                }
                on:input=slide />
        </div>
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::{
        call::testing::mount_in_call,
        testing::{until, until_eq},
    };

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

    #[wasm_bindgen_test]
    async fn what_is_muted_comes_back_as_loud_as_it_was() {
        let (page, context) = mount_in_call(|| view! { <Volume /> });
        let volume = move || (context.driver().audio.volume() * 100.0).round() as u32;
        page.type_into("slider", "Output volume", "40").await;
        let button = page.one("button", "Mute").await;
        let pressed = || button.get_attribute("aria-pressed").unwrap_or_default();
        page.click("button", "Mute").await;
        until_eq(0, volume).await;
        until("the button", || pressed() == "true").await;
        assert_eq!(
            page.attribute("slider", "Output volume", "aria-valuetext").await.as_deref(),
            Some("40 %, muted")
        );
        page.click("button", "Mute").await;
        until_eq(40, volume).await;
        page.click("button", "Mute").await;
        page.type_into("slider", "Output volume", "60").await;
        until_eq(60, volume).await;
        until("the button", || pressed() == "false").await;
    }
}
