//! Notices: what went wrong, whose fault it is, and what to do.

use leptos::prelude::*;
use wire::api::Problem;

/// A message about something that went wrong.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Notice {
    pub(crate) title: String,
    pub(crate) detail: String,
    /// The error in the words of the system or the service, for whoever looks for its cause.
    pub(crate) technical: Option<String>,
    /// True where it is over as soon as the server and CXone can be reached again.
    pub(crate) passes: bool,
}

impl From<Problem> for Notice {
    fn from(problem: Problem) -> Self {
        // With errors of fields, the detail is their list.
        let mut parts = match &*problem.errors {
            [] => vec![ended(problem.detail)],
            errors => errors.iter().map(|error| format!("{error}.")).collect(),
        };
        parts.extend(problem.retry_after_ms.map(|ms| format!("Try again in {} s.", ms.div_ceil(1_000))));
        // No answer, or that of a gateway before one that does not answer.
        let passes = matches!(problem.status, 0 | 502..=504);
        Self { title: problem.title, detail: parts.join(" "), technical: problem.technical, passes }
    }
}

/// Returns a sentence with its full stop.
fn ended(mut text: String) -> String {
    if !text.is_empty() && !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}

/// Shows a notice until it is dismissed.
#[component]
pub(crate) fn NoticeBox(notice: RwSignal<Option<Notice>>) -> impl IntoView {
    move || {
        notice.get().map(|Notice { title, detail, technical, .. }| {
            view! {
                <div class="notice" role="alert">
                    <p><strong>{title}</strong>" "{detail}</p>
                    {technical.map(|technical| view! {
                        <details><summary>"Technical detail"</summary><code>{technical}</code></details>
                    })}
                    <button type="button" on:click=move |_| notice.set(None)>"Dismiss"</button>
                </div>
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::testing::mount;
    use base::field_error::FieldErrors;

    #[wasm_bindgen_test]
    async fn what_to_do_is_read_first_and_the_system_s_words_are_folded() {
        let problem = Problem {
            kind: "about:blank".into(),
            title: "CXone does not answer".into(),
            status: 502,
            detail: "Check that it runs".into(),
            technical: Some("Connection refused (os error 111)".into()),
            errors: FieldErrors::new(),
            upstream: None,
            unsent: true,
            retry_after_ms: None,
        };
        let notice = RwSignal::new(Some(Notice::from(problem)));
        let page = mount(move || view! { <NoticeBox notice /> });
        page.shows("alert", "", "CXone does not answer Check that it runs.").await;
        let details = page.select("details").expect("there is something to fold");
        assert!(!details.has_attribute("open"));
        assert!(crate::testing::text(&details).contains("os error 111"));
        page.click("button", "Dismiss").await;
        page.none("alert", "").await;
    }
}
