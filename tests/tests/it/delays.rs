//! How fast a key is heard and answered, as the page itself measures it. The figures are `cargo run -p e2e --bin measure`'s
//! matter.

use e2e::{Bench, CallPage, wait};

#[tokio::test]
async fn the_delays_of_each_key_are_measured() {
    let bench = Bench::start();
    let page = CallPage::open(&bench).await;
    page.start_call().await;
    for pressed in 1..=2 {
        page.press_for_100_ms("9").await;
        wait::until("the digit back", async || {
            let digits = page.rows().await.iter().filter(|row| row.kind == "digit").count();
            (digits == pressed).then_some(())
        })
        .await;
        let to_event = page.delay("key → event").await.expect("an event came");
        assert!(to_event.last > 0.0 && to_event.median > 0.0, "{to_event:?}");
    }
    let to_sound = page.delay("key → sound").await.expect("a tone began");
    assert!(to_sound.median.is_finite(), "{to_sound:?}");
}
