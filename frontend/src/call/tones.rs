//! The keys' tones: how long, how far apart, how loud. Kept by the browser for the next visit.

use leptos::prelude::*;
use signal::key_tones::KeyTones;
use wasm_bindgen::JsValue;
use web_sys::HtmlInputElement;

use super::CallContext;
use crate::js::{field, local_storage, object};

/// Key under which the browser keeps the tones.
const STORED_AS: &str = "dialbench.tones";

/// One of the settings, as it is typed.
#[derive(Clone, Copy)]
struct Setting {
    id: &'static str,
    label: &'static str,
    /// Lowest and highest value. Whole numbers: nothing else in the first load writes decimals.
    range: (i32, i32),
    get: fn(&KeyTones) -> f64,
    set: fn(&mut KeyTones, f64),
}

const SETTINGS: [Setting; 3] = [
    Setting {
        id: "tone-length",
        label: "Tone length, ms",
        range: (
            KeyTones::LENGTH_RANGE_MS.start().cast_signed(),
            KeyTones::LENGTH_RANGE_MS.end().cast_signed(),
        ),
        get: |tones| tones.length_ms.into(),
        set: |tones, value| tones.length_ms = value as u32,
    },
    Setting {
        id: "tone-gap",
        label: "Gap between tones, ms",
        range: (KeyTones::GAP_RANGE_MS.start().cast_signed(), KeyTones::GAP_RANGE_MS.end().cast_signed()),
        get: |tones| tones.gap_ms.into(),
        set: |tones, value| tones.gap_ms = value as u32,
    },
    Setting {
        id: "tone-level",
        label: "Tone level, dBm0",
        range: (*KeyTones::LEVEL_RANGE_DBM0.start() as i32, *KeyTones::LEVEL_RANGE_DBM0.end() as i32),
        get: |tones| tones.level_dbm0.into(),
        set: |tones, value| tones.level_dbm0 = value as f32,
    },
];

/// Shows the settings, folded.
#[component]
pub(super) fn Tones() -> impl IntoView {
    let context = expect_context::<CallContext>();
    let fields = SETTINGS.map(|setting| view! { <ToneField setting /> }).into_iter().collect_view();
    view! {
        <details class="tones">
            <summary>"Tones"</summary>
            {fields}
            <button type="button" on:click=move |_| choose(context, KeyTones::default())>"Usual tones"</button>
        </details>
    }
}

#[component]
fn ToneField(setting: Setting) -> impl IntoView {
    let Setting { id, label, range: (least, most), get, set } = setting;
    let context = expect_context::<CallContext>();
    let tones = context.store.tones;
    let refused = RwSignal::new(false);
    let error = format!("{id}-error");
    let change = move |change| {
        let value = event_target::<HtmlInputElement>(&change).value_as_number();
        // An empty field's number is none, which is in no range.
        let is_valid = (f64::from(least)..=f64::from(most)).contains(&value);
        refused.set(!is_valid);
        if is_valid {
            let mut changed = tones.get_untracked();
            set(&mut changed, value);
            choose(context, changed);
        }
    };
    view! {
        <label for=id>{label}</label>
        <input id=id type="number" min=least.to_string() max=most.to_string() step="1"
            prop:valueAsNumber=move || tones.with(get)
            aria-invalid=move || refused.get().to_string() aria-describedby=error.clone() on:change=change />
        <p id=error class="error">
            {move || refused.get().then(|| format!("from {least} to {most}; it stays as it was").replace('-', "\u{2212}"))}
        </p>
    }
}

fn choose(context: CallContext, tones: KeyTones) {
    context.set_tones(tones);
    let kept = object(&[
        ("lengthMs", &tones.length_ms.into()),
        ("gapMs", &tones.gap_ms.into()),
        ("levelDbm0", &tones.level_dbm0.into()),
    ]);
    if let (Some(storage), Ok(text)) = (local_storage(), js_sys::JSON::stringify(&kept)) {
        // Without room for it, the settings are this visit's.
        let _ = storage.set_item(STORED_AS, &String::from(text));
    }
}

/// Returns the tones of the last visit, or the usual ones.
pub(super) fn stored() -> KeyTones {
    let usual = KeyTones::default();
    let text = local_storage().and_then(|storage| storage.get_item(STORED_AS).ok().flatten());
    let kept = text.and_then(|text| js_sys::JSON::parse(&text).ok()).unwrap_or(JsValue::NULL);
    let number = |name: &str, usual: f64| field(&kept, name).as_f64().unwrap_or(usual);
    KeyTones {
        length_ms: number("lengthMs", usual.length_ms.into()) as u32,
        gap_ms: number("gapMs", usual.gap_ms.into()) as u32,
        level_dbm0: number("levelDbm0", usual.level_dbm0.into()) as f32,
    }
    .clamped()
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::{call::testing::mount_in_call, testing::until};

    #[wasm_bindgen_test]
    async fn the_tones_are_set_kept_and_what_is_out_of_range_is_refused() {
        let (page, context) = mount_in_call(|| view! { <Tones /> });
        let tones = move || context.store.tones.get_untracked();
        page.type_into("spinbutton", "Tone length, ms", "120").await;
        page.type_into("spinbutton", "Gap between tones, ms", "80").await;
        page.type_into("spinbutton", "Tone level, dBm0", "-12").await;
        let chosen = KeyTones { length_ms: 120, gap_ms: 80, level_dbm0: -12.0 };
        until("the tones", || tones() == chosen).await;
        assert_eq!(stored(), chosen, "they are kept");
        page.type_into("spinbutton", "Tone length, ms", "5").await;
        until("the refusal", || page.text().contains("from 20 to 2000; it stays as it was")).await;
        page.type_into("spinbutton", "Tone level, dBm0", "0").await;
        until("the refusal", || page.text().contains("from \u{2212}40 to \u{2212}3")).await;
        assert_eq!(tones(), chosen);
        page.click("button", "Usual tones").await;
        assert_eq!(tones(), KeyTones::default());
        assert_eq!(stored(), KeyTones::default());
    }
}
