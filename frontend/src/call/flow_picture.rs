//! The place of the flow's picture, which is loaded once the page has nothing else to do.

use leptos::prelude::*;
use wasm_bindgen::closure::Closure;

use super::{CallContext, instruments::tell, place::Place};
use crate::{
    js::{call, set},
    panels::{FLOW_PICTURE, panel},
};

/// Shows the flow's name, and its picture as soon as that is there.
#[component]
pub(super) fn FlowPicture() -> impl IntoView {
    let context = expect_context::<CallContext>();
    let store = context.store;
    let wanted = RwSignal::new(false);
    when_idle(move || {
        // There may be no place for it any more.
        let _ = wanted.try_set(true);
    });
    tell_the_place(context);
    let name = move || {
        store.flow.with(|flow| {
            flow.as_ref().map_or_else(|| "Flow".to_owned(), |flow| flow.definition().name.clone())
        })
    };
    view! {
        <section class="panel picture" aria-labelledby="flow-title">
            <h2 id="flow-title">{name}</h2>
            {move || wanted.get().then(|| panel(FLOW_PICTURE, context.voice_handle()))}
        </section>
    }
}

/// Tells the picture its flow, and where the call is in it.
fn tell_the_place(context: CallContext) {
    let store = context.store;
    Effect::new(move |_| {
        store.flow.track();
        tell(&context.voice_handle(), "flow");
    });
    let place = Memo::new(move |_| Place::of(&store));
    Effect::new(move |_| {
        let handle = context.voice_handle();
        set(&handle, "place", &place.with(Place::to_object));
        tell(&handle, "place");
    });
}

/// Runs a function once the browser has nothing else to do: the keypad answers first.
fn when_idle(run: impl FnOnce() + 'static) {
    let run = Closure::once_into_js(run);
    let window = window();
    // Safari has no idle callbacks.
    if call(&window, "requestIdleCallback", &run).is_err() {
        // A timer without a delay is refused by nobody.
        let _ = call(&window, "setTimeout", &run);
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use std::time::Duration;

    use super::*;
    use crate::{
        call::{
            store::Waiting,
            testing::{digit, follow, mount_in_call},
        },
        clock, instruments,
        testing::{Page, until},
    };
    use wire::cxone::CallState;

    fn picture() -> (Page, CallContext) {
        mount_in_call(|| {
            let context = expect_context::<CallContext>();
            tell_the_place(context);
            view! { <instruments::FlowPicture handle=context.voice_handle() /> }
        })
    }

    #[wasm_bindgen_test]
    async fn the_place_has_the_flow_s_name_before_the_picture_comes() {
        let (page, _context) = mount_in_call(|| view! { <FlowPicture /> });
        page.one("region", "Support line").await;
        assert!(page.select(".mount").is_none(), "the keypad answers first");
        until("the picture's place", || page.select(".picture > .mount").is_some()).await;
        page.one("heading", "Support line").await;
    }

    #[wasm_bindgen_test]
    async fn the_picture_says_where_the_call_is_and_marks_its_way() {
        let (page, context) = picture();
        page.one("img", "Flow Support line with 7 nodes. No call is in it.").await;
        follow(context);
        page.one("img", "Flow Support line with 7 nodes. The call is at Main menu.").await;
        context.driver().drive(|menu| menu.digit(clock::now(), digit('2')));
        page.one("img", "Flow Support line with 7 nodes. The call is at Support menu.").await;
        let count =
            |selector: &str| page.with_role("img").remove(0).query_selector_all(selector).unwrap().length();
        until("the marks", || {
            count(".node.current") == 1 && count(".node.lit") == 2 && count(".edge.lit") == 1
        })
        .await;
    }

    #[wasm_bindgen_test]
    async fn the_prompt_is_written_out() {
        let (page, context) = picture();
        follow(context);
        until("the prompt", || page.text().contains("“Thank you for calling Brightwater.")).await;
        context.driver().drive(|menu| menu.digit(clock::now(), digit('1')));
        until("the next", || page.text().contains("our sales team.” (cannot be cut short)")).await;
    }

    #[wasm_bindgen_test]
    async fn no_timeout_runs_at_the_last_place_of_a_call_that_nobody_sees() {
        let (page, context) = picture();
        let store = context.store;
        store.set_call_state(clock::now(), CallState::Connecting);
        follow(context);
        page.one("progressbar", "Time to the timeout").await;
        store.unknown_since.set(Some(clock::now()));
        page.none("progressbar", "Time to the timeout").await;
        page.one("img", "Flow Support line with 7 nodes. The call is at Main menu.").await;
        store.unknown_since.set(None);
        page.one("progressbar", "Time to the timeout").await;
    }

    #[wasm_bindgen_test]
    async fn a_timeout_counts_down_and_goes_when_nothing_is_waited_for() {
        let (page, context) = picture();
        follow(context);
        let progress = page.one("progressbar", "Time to the timeout").await;
        let left = || crate::js::field(&progress, "value").as_f64().unwrap_or_default();
        assert!((4.0..=5.0).contains(&left()), "{}", left());
        let before = left();
        until("less time", || left() < before).await;
        context.store.position.update(|position| {
            if let Some(position) = position {
                position.waiting = None;
                position.speaking = true;
            }
        });
        page.none("progressbar", "Time to the timeout").await;
        assert!(page.text().contains("prompt playing"));
        let until_then = clock::now() + Duration::from_secs(2);
        context.store.position.update(|position| {
            if let Some(position) = position {
                position.waiting = Some(Waiting { since: clock::now(), until: until_then });
            }
        });
        page.one("progressbar", "Time to the timeout").await;
        context.driver().reset_menu();
        page.none("progressbar", "Time to the timeout").await;
    }

    #[wasm_bindgen_test]
    async fn after_the_call_nothing_is_lit_or_spoken() {
        let (page, context) = picture();
        context.store.set_call_state(clock::now(), CallState::Connecting);
        follow(context);
        until("the call's place", || page.select(".node.current").is_some()).await;
        until("its prompt", || page.text().contains('“')).await;
        context.driver().call_over(clock::now());
        until("no place", || page.select(".node.current").is_none()).await;
        assert!(!page.text().contains('“') && !page.text().contains("prompt playing"), "{}", page.text());
    }
}
