//! How fast a key is heard and answered, as the page itself measures it. Alone in its program, because other tests at the
//! same time would be measured as well.

use e2e::{Bench, CallPage, wait};

/// Presses that the figures are taken over.
const PRESSES: usize = 20;

#[tokio::test]
async fn keys_are_heard_at_once_and_answered_within_150_ms() {
    let bench = Bench::start();
    let page = CallPage::open(&bench).await;
    page.start_call().await;
    let mut to_event = Vec::new();
    let mut digits = 0;
    while to_event.len() < PRESSES {
        // The flow gives up after three that match nothing, and may have hung up itself: then the button takes no click.
        if digits == 3 {
            page.one("button", "Hang up").await.click().await;
            page.until("the call is over", async |status| status.call == "terminated").await;
            page.start_call().await;
            digits = 0;
        }
        let heard = page.rows().await.iter().filter(|row| row.kind == "digit").count();
        page.press_for_100_ms("9").await;
        digits += 1;
        wait::until("the digit back", async || {
            let digits = page.rows().await.iter().filter(|row| row.kind == "digit").count();
            (digits > heard).then_some(())
        })
        .await;
        to_event.push(page.delay("key → event").await.expect("an event came").last);
    }
    let to_sound = page.delay("key → sound").await.expect("a tone began");
    let all = page.delay("key → event").await.expect("an event came");
    println!("key → sound {to_sound:?}, key → event {all:?}: {to_event:?}");
    assert!(to_sound.median <= 10.0, "key → sound {to_sound:?}");
    assert!(all.median <= 150.0, "key → event {all:?}");
    to_event.sort_by(f64::total_cmp);
    assert!(to_event[PRESSES * 9 / 10] <= 150.0, "key → event {to_event:?}");
}
