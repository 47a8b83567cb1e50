//! The sockets' states.

use leptos::prelude::*;
use wire::api::{LinkState, LinkStatus};

use super::CallContext;

/// Returns a link's state in a word.
pub(super) const fn state_name(state: LinkState) -> &'static str {
    match state {
        LinkState::Connecting => "connecting",
        LinkState::Open => "open",
        LinkState::Reconnecting => "reconnecting",
        LinkState::Closed => "closed",
    }
}

/// Shows the region `Link`.
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
            " "
            <span class="fine">{detail}</span>
        </dd>
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::call::testing::mount_in_call;

    #[wasm_bindgen_test]
    async fn each_link_has_its_state_and_a_lost_one_says_what_comes_next() {
        let (page, context) = mount_in_call(|| view! { <LinkPanel /> });
        page.shows("region", "Link", "Voice stream closed").await;
        context.store.cxone_link.set(LinkStatus {
            state: LinkState::Reconnecting,
            attempt: 3,
            retry_in_ms: Some(1_500),
            close_code: Some(1006),
            detail: Some("CXone is silent".into()),
        });
        page.shows(
            "region",
            "Link",
            "CXone interactions reconnecting attempt 3 · next in 1.5 s · code 1006 · CXone is silent",
        )
        .await;
        context.store.cxone_link.set(LinkStatus {
            state: LinkState::Open,
            close_code: Some(1006),
            ..LinkStatus::CLOSED
        });
        page.shows("region", "Link", "CXone interactions open Voice stream").await;
    }
}
