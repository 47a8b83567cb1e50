//! A form as a whole, and its button.

use leptos::{ev::SubmitEvent, html::Form as FormElement, prelude::*};
use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlElement, KeyboardEvent, MouseEvent};

use super::Form;

/// Shows a form whose button is never silently dead: it sends the draft, or lists what is wrong and leads to the first field
/// that is.
#[component]
pub(crate) fn FormFrame<D: Send + Sync + 'static>(
    form: Form<D>,
    /// The form's name, which is its heading, too.
    label: &'static str,
    #[prop(optional)] class: &'static str,
    /// The button's text.
    submit: &'static str,
    /// Sends the draft; false where it cannot be sent as it is.
    on_submit: Callback<(), bool>,
    children: Children,
) -> impl IntoView {
    let element = NodeRef::<FormElement>::new();
    let refused = RwSignal::new(false);
    let submitted = move |event: SubmitEvent| {
        event.prevent_default();
        let sent = on_submit.run(());
        refused.set(!sent);
        if let Some(element) = element.get_untracked().filter(|_| !sent) {
            focus_first_invalid(&element);
        }
    };
    // One press is sent once: so are a double click, and a key that is held.
    let once = |key: KeyboardEvent| {
        let types_lines = key.target().is_some_and(|target| {
            target.dyn_ref::<Element>().is_some_and(|at| at.local_name() == "textarea")
        });
        if key.repeat() && key.key() == "Enter" && !types_lines {
            key.prevent_default();
        }
    };
    let single = |click: MouseEvent| {
        if click.detail() > 1 {
            click.prevent_default();
        }
    };
    let errors = Memo::new(move |_| form.errors());
    view! {
        <form class=format!("panel form {class}") aria-label=label novalidate node_ref=element
            on:submit=submitted on:keydown=once>
            <header><h2>{label}</h2></header>
            {children()}
            <Show when=move || refused.get() && errors.with(|errors| !errors.is_empty())>
                <div class="notice" role="alert">
                    <div>
                        <p><strong>"Not sent."</strong>" Correct this first:"</p>
                        <ul>
                            {move || errors.get().iter().map(|error| view! { <li>{error.to_string()}</li> }).collect_view()}
                        </ul>
                    </div>
                </div>
            </Show>
            <button type="submit" class="go" on:click=single>{submit}</button>
        </form>
    }
}

/// Moves the focus to the first field that is wrong, and unfolds the part it is in.
fn focus_first_invalid(form: &HtmlElement) {
    let Ok(Some(field)) = form.query_selector("[aria-invalid='true']") else { return };
    if let Ok(Some(details)) = field.closest("details") {
        // A folded part cannot take the focus.
        let _ = details.set_attribute("open", "");
    }
    if let Ok(field) = field.dyn_into::<HtmlElement>() {
        let _ = field.focus();
    }
}
