//! How the sockets stand.

use leptos::prelude::*;
use shared::wire::{LinkState, LinkStatus};

use super::CallContext;

/// A link's state in a word.
pub(super) const fn state_name(state: LinkState) -> &'static str {
    match state {
        LinkState::Connecting => "connecting",
        LinkState::Open => "open",
        LinkState::Reconnecting => "reconnecting",
        LinkState::Closed => "closed",
    }
}

/// The region `Link`.
#[component]
pub(super) fn LinkPanel() -> impl IntoView {
    let store = expect_context::<CallContext>().store;
    view! {
        <section class="panel link" aria-label="Link">
            <h2>"Link"</h2>
            <dl>
                <LinkRow name="Page to Dialbench" status=store.page_link />
                <LinkRow name="CXone interactions" status=store.cxone_link />
                <LinkRow name="Voice stream" status=store.voice_link />
            </dl>
        </section>
    }
}

#[component]
fn LinkRow(name: &'static str, status: RwSignal<LinkStatus>) -> impl IntoView {
    let detail = move || {
        status.with(|status| {
            let mut parts = Vec::new();
            if status.state == LinkState::Reconnecting {
                parts.push(format!("attempt {}", status.attempt));
            }
            parts.extend(status.retry_in_ms.map(|ms| format!("next in {:.1} s", ms as f64 / 1_000.0)));
            if status.state != LinkState::Open {
                parts.extend(status.close_code.map(|code| format!("code {code}")));
                parts.extend(status.detail.clone());
            }
            parts.join(" · ")
        })
    };
    view! {
        <dt>{name}</dt>
        <dd>
            <span class="lamp" data-state=move || state_name(status.get().state) aria-hidden="true"></span>
            {move || state_name(status.get().state)}
            <span class="fine">{detail}</span>
        </dd>
    }
}
