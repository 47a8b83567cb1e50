//! What went wrong, whose fault it is, and what to do.

use leptos::prelude::*;
use shared::wire::Problem;

/// Something the user has to know.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Notice {
    pub(crate) title: String,
    pub(crate) detail: String,
}

impl From<Problem> for Notice {
    fn from(problem: Problem) -> Self {
        let mut detail = problem.detail;
        for error in &problem.errors {
            detail.push_str(&format!(" {}: {}.", error.field, error.message));
        }
        if let Some(ms) = problem.retry_after_ms {
            detail.push_str(&format!(" Try again in {:.0} s.", (ms as f64 / 1_000.0).ceil()));
        }
        Self { title: problem.title, detail }
    }
}

/// Shows a notice until it is dismissed.
#[component]
pub(crate) fn NoticeBox(notice: RwSignal<Option<Notice>>) -> impl IntoView {
    move || {
        notice.get().map(|Notice { title, detail }| {
            view! {
                <div class="notice" role="alert">
                    <p><strong>{title}</strong>" "{detail}</p>
                    <button type="button" on:click=move |_| notice.set(None)>"Dismiss"</button>
                </div>
            }
        })
    }
}
