//! How loud it is here. What goes to CXone and what the meters show is the same whatever the volume.

use leptos::prelude::*;

use super::CallContext;

/// Shows the slider `Output volume` and a button that mutes.
#[component]
pub(super) fn Volume() -> impl IntoView {
    let context = expect_context::<CallContext>();
    let percent = RwSignal::new(100.0f32);
    let muted = RwSignal::new(false);
    let apply = move || {
        let heard = if muted.get_untracked() { 0.0 } else { percent.get_untracked() };
        context.set_volume(heard / 100.0);
    };
    view! {
        <div class="volume">
            <label for="output-volume">"Volume"</label>
            <input id="output-volume" type="range" min="0" max="100" aria-label="Output volume" prop:value=move || percent.get()
                aria-valuetext=move || if muted.get() { "muted".to_owned() } else { format!("{} %", percent.get()) }
                on:input=move |input| {
                    percent.set(event_target_value(&input).parse().unwrap_or(100.0));
                    muted.set(false);
                    apply();
                } />
            <button type="button" aria-pressed=move || muted.get().to_string()
                on:click=move |_| { muted.update(|muted| *muted = !*muted); apply(); }>"Mute output"</button>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::{call::testing::mount_in_call, testing::until};

    #[wasm_bindgen_test]
    async fn the_volume_is_set_muted_and_found_again() {
        let (page, context) = mount_in_call(|| view! { <Volume /> });
        let volume = move || context.driver().audio.volume();
        assert!((volume() - 1.0).abs() < 1e-6);
        page.type_into("slider", "Output volume", "40").await;
        until("the volume", || (volume() - 0.4).abs() < 1e-6).await;
        page.click("button", "Mute output").await;
        until("silence", || volume() == 0.0).await;
        assert_eq!(
            page.attribute("slider", "Output volume", "aria-valuetext").await.as_deref(),
            Some("muted")
        );
        page.click("button", "Mute output").await;
        until("the volume again", || (volume() - 0.4).abs() < 1e-6).await;
    }
}
