//! The sockets' states.

use base::time::Instant;
use jobs::Outage;
use leptos::prelude::*;
use wire::api::{LinkState, LinkStatus};

use super::CallContext;
use crate::{audio::RESTING, clock};

/// The word for a state that nobody tells the page.
pub(super) const UNKNOWN: &str = "unknown";

/// Shows the region `Link`.
#[component]
pub(super) fn LinkPanel() -> impl IntoView {
    let store = expect_context::<CallContext>().store;
    let never = RwSignal::new(None);
    let sound = move || match &*store.sound_state.get() {
        "running" => (LinkState::Open.name(), "on"),
        RESTING => (LinkState::Open.name(), "ready"),
        "interrupted" => (LinkState::Reconnecting.name(), "interrupted: another program has it"),
        "suspended" => (LinkState::Connecting.name(), "waiting for a key or a click"),
        _ => (LinkState::Closed.name(), "off"),
    };
    view! {
        <section class="panel link" aria-label="Link">
            <h2>"Link"</h2>
            <dl>
                <LinkRow name="Page to Dialbench" status=store.page_link hidden_since=never />
                <LinkRow name="CXone interactions" status=store.cxone_link hidden_since=store.unknown_since />
                <LinkRow name="Voice stream" status=store.voice_link hidden_since=never />
                <dt>"Sound"</dt>
                <dd>
                    <span class="lamp" data-state=move || sound().0 aria-hidden="true"></span>
                    {move || sound().1}
                </dd>
            </dl>
        </section>
    }
}

#[component]
fn LinkRow(
    name: &'static str,
    status: RwSignal<LinkStatus>,
    /// The time since which the page has not been told how the link is.
    hidden_since: RwSignal<Option<Instant>>,
) -> impl IntoView {
    let state = move || match hidden_since.get() {
        Some(_) => UNKNOWN,
        None => status.get().state.name(),
    };
    let outage = Memo::new(move |_| {
        let is_known = hidden_since.with(Option::is_none);
        status.with(|status| {
            if is_known && status.state != LinkState::Open {
                Outage::of(status.close_code, status.detail.as_deref())
            } else {
                Outage::default()
            }
        })
    });
    let next = move || {
        if let Some(since) = hidden_since.get() {
            return format!("since {}", clock::minute_of_day(since));
        }
        status.with(|status| {
            // In whole numbers: nothing else in the first load writes decimals.
            let tenths = status.retry_in_ms.map(|ms| (ms + 50) / 100);
            let wait =
                tenths.map(|tenths| format!(" in {}.{} s", tenths / 10, tenths % 10)).unwrap_or_default();
            match status.state {
                LinkState::Reconnecting => format!("Attempt {}{wait}.", status.attempt),
                LinkState::Open | LinkState::Connecting | LinkState::Closed => String::new(),
            }
        })
    };
    view! {
        <dt>{name}</dt>
        <dd>
            <span class="lamp" data-state=state aria-hidden="true"></span>
            {state}
            " "
            <span class="fine">{move || outage.with(|outage| outage.sentence.clone())}" "{next}</span>
            <Show when=move || outage.with(|outage| !outage.technical.is_empty())>
                <details class="fine">
                    <summary>"Technical detail"</summary>
                    {move || outage.with(|outage| outage.technical.clone())}
                </details>
            </Show>
        </dd>
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::{
        audio::AudioEvent,
        call::testing::{head, mount_in_call, receive},
        net::socket::SocketEvent,
        ui::Notice,
    };

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
            "CXone interactions reconnecting CXone is silent Attempt 3 in 1.5 s. Technical detail close code 1006",
        )
        .await;
        context.store.cxone_link.update(|link| {
            link.detail = Some("interactions cannot be reached: Connection refused (os error 111)".into());
        });
        page.shows(
            "region",
            "Link",
            "CXone interactions reconnecting Nothing listens at its address. Attempt 3 in 1.5 s. Technical detail",
        )
        .await;
        context.store.cxone_link.set(LinkStatus {
            state: LinkState::Open,
            close_code: Some(1006),
            ..LinkStatus::CLOSED
        });
        page.shows("region", "Link", "CXone interactions open Voice stream").await;
    }

    #[wasm_bindgen_test]
    async fn the_sound_has_a_word_for_each_state() {
        let (page, context) = mount_in_call(|| view! { <LinkPanel /> });
        page.shows("region", "Link", "Sound off").await;
        for (state, word) in [
            ("suspended", "waiting for a key or a click"),
            ("running", "on"),
            (RESTING, "ready"),
            ("interrupted", "interrupted: another program has it"),
            ("closed", "off"),
        ] {
            context.driver().audio_event(AudioEvent::State(state.into()));
            page.shows("region", "Link", &format!("Sound {word}")).await;
        }
    }

    #[wasm_bindgen_test]
    async fn without_the_server_nothing_is_known_of_cxone() {
        let (page, context) = mount_in_call(|| view! { <LinkPanel /> });
        let driver = context.driver();
        let link = |state| SocketEvent::Status(LinkStatus { state, ..LinkStatus::CLOSED });
        driver.socket_event(link(LinkState::Open));
        receive(context, &head(0));
        page.shows("region", "Link", "CXone interactions open Voice stream").await;
        driver.socket_event(link(LinkState::Reconnecting));
        driver.socket_event(link(LinkState::Connecting));
        let since = clock::minute_of_day(context.store.unknown_since.get_untracked().unwrap());
        page.shows("region", "Link", &format!("CXone interactions unknown since {since} Voice stream")).await;
        driver.socket_event(link(LinkState::Open));
        page.shows("region", "Link", "CXone interactions open Voice stream").await;
    }

    #[wasm_bindgen_test]
    fn a_notice_leaves_when_its_cause_is_over() {
        let (_page, context) = mount_in_call(|| ());
        let notice = context.store.notice;
        let show = |passes| notice.set(Some(Notice { title: "Trouble".into(), passes, ..Notice::default() }));
        let page_link = |state| {
            context.driver().socket_event(SocketEvent::Status(LinkStatus { state, ..LinkStatus::CLOSED }));
        };
        show(true);
        page_link(LinkState::Connecting);
        assert!(notice.with_untracked(Option::is_some), "it is not over");
        page_link(LinkState::Open);
        assert!(notice.with_untracked(Option::is_none), "the server can be reached");
        show(true);
        receive(context, &head(0));
        assert!(notice.with_untracked(Option::is_none), "CXone can be reached");
        show(false);
        page_link(LinkState::Closed);
        page_link(LinkState::Open);
        assert!(notice.with_untracked(Option::is_some), "that had nothing to do with it");
    }
}
