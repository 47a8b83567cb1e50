//! A call and everything around it that may go away: other tabs, the server, the page.

use e2e::{Bench, CallPage};

#[tokio::test]
async fn a_call_is_followed_by_one_tab_until_another_takes_it_over() {
    let bench = Bench::start();
    let page = CallPage::open(&bench).await;
    page.start_call().await;

    page.go_to_in_another_tab(&bench.url("/call")).await;
    page.one("button", "Take over here").await;
    assert_eq!(page.status().await.call, "idle");
    assert_eq!(page.link("Voice stream").await, "closed", "the call is dialled once");
    page.switch_to_tab(0).await;
    assert_eq!(page.status().await.call, "streaming");

    page.switch_to_tab(1).await;
    page.click("button", "Take over here").await;
    page.until("the call streams here", async |status| status.call == "streaming").await;
    page.until_menu("Main menu").await;
    page.press("2").await;
    page.until_action("support").await;

    page.switch_to_tab(0).await;
    page.one("button", "Take over here").await;
    assert_eq!(page.status().await.call, "idle");
    assert_eq!(page.link("Voice stream").await, "closed");

    page.switch_to_tab(1).await;
    page.click("button", "Hang up").await;
    page.until("the call is over", async |status| status.call == "terminated").await;
    page.switch_to_tab(0).await;
    page.until_none("button", "Take over here").await;
}

#[tokio::test]
async fn a_call_is_unknown_while_the_server_is_dead_and_gone_when_it_is_back_without_it() {
    let mut bench = Bench::start();
    let page = CallPage::open(&bench).await;
    page.start_call().await;
    page.until_menu("Main menu").await;
    bench.stop();
    page.until("the call is unknown", async |status| status.call.starts_with("unknown since ")).await;
    assert!(page.link("CXone interactions").await.starts_with("unknown"));
    bench.start_again();
    page.until("the call is over", async |status| status.call == "terminated").await;
    page.link_is("CXone interactions", "open").await;
    page.until_row("call", "about it", |row| row.text == "CXone no longer has this call").await;
    let said = page.rows_as_text().await;
    assert!(!said.contains("hung up"), "nobody hung up:\n{said}");
}

#[tokio::test]
async fn a_live_call_shows_on_every_panel_and_can_be_ended_there() {
    let bench = Bench::start();
    let page = CallPage::open(&bench).await;
    page.start_call().await;
    assert_eq!(page.all("button", "Hang up").await.len(), 1, "the call panel has its own");
    page.click("link", "Flow").await;
    page.one("timer", "Call time").await;
    page.click("button", "Hang up").await;
    page.until_none("button", "Hang up").await;
    page.click("link", "Call").await;
    page.until("the call is over", async |status| status.call == "terminated").await;
    page.until_none("timer", "Call time").await;
}

#[tokio::test]
async fn leaving_during_a_call_is_asked_about() {
    let bench = Bench::start();
    let page = CallPage::open(&bench).await;
    let leave = "!dispatchEvent(new Event('beforeunload', { cancelable: true }))";
    assert_eq!(page.evaluate(leave).await, false);
    page.start_call().await;
    assert_eq!(page.evaluate(leave).await, true);
    page.click("button", "Hang up").await;
    page.until("the call is over", async |status| status.call == "terminated").await;
    assert_eq!(page.evaluate(leave).await, false);
}

#[tokio::test]
async fn the_chosen_flow_outlives_a_reload() {
    let bench = Bench::start();
    let page = CallPage::open(&bench).await;
    let value = "document.querySelector('.controls select').value";
    let chosen = page
        .evaluate(
            "(() => {
                const select = document.querySelector('.controls select');
                select.value = select.options[1].value;
                select.dispatchEvent(new Event('change', { bubbles: true }));
                return select.value;
            })()",
        )
        .await;
    assert_ne!(chosen, "support-line");
    page.reload().await;
    page.ready("button", "Start call").await;
    e2e::wait::until("the flow that was chosen", async || {
        (page.evaluate(value).await == chosen).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_step_is_spoken_once_and_the_log_is_not_read_out() {
    let bench = Bench::start();
    let page = CallPage::open(&bench).await;
    page.start_call().await;
    page.until_menu("Main menu").await;
    let listen = "(() => {
        window.spoken = [];
        const live = '[role=status], [role=alert], [role=log]:not([aria-live=off]), [aria-live=polite]';
        for (const region of document.querySelectorAll(live)) {
            const hear = () => spoken.push(region.textContent.replace(/\\s+/g, ' '));
            new MutationObserver(hear).observe(region, { childList: true, characterData: true, subtree: true });
        }
    })()";
    page.evaluate(listen).await;
    page.press("2").await;
    page.until_menu("Support menu").await;
    page.until_action("support").await;
    page.until_row("call", "of the prompt's end", |row| {
        row.text.starts_with("prompt of") && row.text.ends_with("ended")
    })
    .await;
    let spoken = page.evaluate("spoken").await;
    assert_eq!(spoken.as_array().expect("it is a list").len(), 1, "{spoken}");
    assert!(spoken[0].as_str().is_some_and(|said| said.contains("Support menu")), "{spoken}");
}
