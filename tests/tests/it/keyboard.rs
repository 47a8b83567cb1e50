//! The whole main job without a mouse.

use e2e::{Bench, CallPage};

/// Presses Tab until this has the focus; panics when the focus has been everywhere.
async fn tab_to(page: &CallPage, name: &str) {
    /// More than the page has stops.
    const STOPS: usize = 200;
    let mut seen = Vec::new();
    for _ in 0..STOPS {
        page.key("Tab").await;
        let focused = page.focused().await.role_and_name().await;
        if focused == ("button".to_owned(), name.to_owned()) {
            return;
        }
        seen.push(focused);
    }
    panic!("Tab never comes to {name:?}: {seen:?}");
}

#[tokio::test]
async fn a_call_is_placed_routed_and_ended_by_keyboard_alone() {
    let bench = Bench::start();
    let page = CallPage::open(&bench).await;
    page.ready("button", "Start call").await;
    tab_to(&page, "Start call").await;
    page.key("Enter").await;
    page.until("the call streams", async |status| status.call == "streaming").await;
    page.key("2").await;
    page.until_menu("Support menu").await;
    page.key("2").await;
    page.until_action("technical").await;

    // That call ends by itself; this one is ended.
    page.until("the call is over", async |status| status.call == "terminated").await;
    tab_to(&page, "Start call").await;
    page.key("Enter").await;
    page.until("the call streams", async |status| status.call == "streaming").await;
    let focused = page.focused().await.role_and_name().await;
    assert_eq!(
        focused,
        ("button".to_owned(), "Hang up".to_owned()),
        "it went on to the button that can be pressed"
    );
    page.key("Enter").await;
    page.until("the call is over", async |status| status.call == "terminated").await;
    assert!(page.rows().await.iter().all(|row| row.kind != "problem"), "{}", page.rows_as_text().await);
}
