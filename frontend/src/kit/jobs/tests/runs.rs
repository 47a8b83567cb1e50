//! Submissions: how many, how often, and over a reload.

use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::lock::Lock;

/// Another tab has kept or removed a task.
fn tell(id: JobId, kept: Option<&Record<Task>>) {
    let key = store::key::<Task>(id).into();
    let kept = kept.map(|record| serde_json::to_string(record).expect("it is kept").into());
    let fields: [(&str, &JsValue); 2] = [("key", &key), ("newValue", &kept.unwrap_or(JsValue::NULL))];
    dispatch(&window(), "StorageEvent", "storage", &fields);
}

#[wasm_bindgen_test]
async fn sixty_tasks_run_four_at_a_time_in_order() {
    reset();
    let page = open();
    let names: Vec<String> = (0..60).map(|number| format!("t{number}")).collect();
    submit_all(&names);
    page.shows("button", "Cancel waiting tasks", "Cancel").await;
    until("the first four", || submitted().len() == 4 && page.with_role("progressbar").len() == 4).await;
    assert!(page.text().contains("56 tasks wait for a place."), "{}", page.text());
    finish("all");
    until("all of them", || column(&page, 2).iter().filter(|state| *state == "completed").count() == 60)
        .await;
    assert_eq!(submitted(), names);
    assert_eq!(MOST_AT_ONCE.get(), 4);
    assert!(page.with_role("progressbar").is_empty());
    assert_eq!(JUDGED.get(), 60, "each is judged once");
}

#[wasm_bindgen_test]
async fn a_reload_goes_on_where_the_page_was_left() {
    reset();
    let page = open();
    runner().set_max_running(2);
    submit_all(&["a", "b", "c", "d"]);
    until_states(&page, &["waiting (2)", "waiting (1)", "running", "running"]).await;
    drop(page);
    let page = open();
    until_states(&page, &["waiting (2)", "waiting (1)", "running", "running"]).await;
    assert_eq!(page.value("spinbutton", "Maximum number of tasks at once").await, "2");
    finish("id of a");
    until_states(&page, &["waiting (1)", "running", "running", "completed"]).await;
    finish("all");
    until_states(&page, &["completed"; 4]).await;
    assert_eq!(submitted(), ["a", "b", "c", "d"], "each was submitted once");
    drop(page);
    let polls = SERVICE.with_borrow(|service| service.polled.len());
    let page = open();
    until_states(&page, &["completed"; 4]).await;
    assert_eq!(
        SERVICE.with_borrow(|service| service.polled.len()),
        polls,
        "what is over is asked about no more"
    );
}

#[wasm_bindgen_test]
async fn a_submission_that_is_under_way_when_the_panel_is_left_is_found_again() {
    reset();
    SERVICE.with_borrow_mut(|service| service.is_slow = true);
    let page = open();
    submit("a");
    until("the submission", || submitted().len() == 1).await;
    drop(page);
    let page = open();
    until_states(&page, &["being submitted"]).await;
    SERVICE.with_borrow_mut(|service| service.is_slow = false);
    until_states(&page, &["running"]).await;
    finish("all");
    until_states(&page, &["completed"]).await;
    assert_eq!(submitted(), ["a"]);
}

#[wasm_bindgen_test]
async fn two_tabs_do_not_submit_the_same_task_and_the_second_takes_over() {
    reset();
    let first = open();
    runner().set_max_running(1);
    submit_all(&["a", "b"]);
    until_states(&first, &["waiting (1)", "running"]).await;
    let second = open();
    until_states(&second, &["waiting", "running"]).await;
    let polled = SERVICE.with_borrow(|service| service.polled.len());
    until("further polls", || SERVICE.with_borrow(|service| service.polled.len()) > polled + 3).await;
    assert!(second.with_role("progressbar").is_empty(), "the first sees them through");
    drop(first);
    until_states(&second, &["waiting (1)", "running"]).await;
    finish("all");
    until_states(&second, &["completed", "completed"]).await;
    assert_eq!(submitted(), ["a", "b"]);
}

/// The locks come in any order: a job that waits must not be sent before it is known who goes on with what is under way.
#[wasm_bindgen_test]
async fn what_another_tab_sees_through_takes_a_place() {
    reset();
    let mut running = Record::<Task>::new(1, "a".to_owned());
    (running.waiting, running.job_id) = (false, Some("id of a".to_owned()));
    let mut sent = running.clone();
    (sent.number, sent.draft, sent.job_id) = (2, "b".to_owned(), Some("id of b".to_owned()));
    assert!(store::keep::<Task>(1, &running) && store::keep::<Task>(2, &sent));
    for (id, draft) in [(3, "c"), (4, "d")] {
        let number = u32::try_from(id).expect("it is small");
        assert!(store::keep::<Task>(id, &Record::<Task>::new(number, draft.to_owned())));
    }
    let [first, second] = [1, 2].map(|id| Lock::request(&store::key::<Task>(id), || {}));
    store::keep_max_running::<Task>(2);
    let page = open();
    until_states(&page, &["waiting (2)", "waiting (1)", "running", "running"]).await;
    assert_eq!((submitted(), page.with_role("progressbar").len()), (vec![], 0));
    // One is over there, the other is left to this page.
    running.end(jobs::Ending::Done(Box::new(Report::DONE)));
    tell(1, Some(&running));
    drop(first);
    until_states(&page, &["waiting (1)", "running", "running", "completed"]).await;
    assert_eq!(submitted(), ["c"]);
    drop(second);
    until("the one that was left", || page.with_role("progressbar").len() == 2).await;
    finish("id of b");
    until_states(&page, &["running", "running", "completed", "completed"]).await;
    assert_eq!(submitted(), ["c", "d"]);
}

#[wasm_bindgen_test]
async fn what_another_tab_cancels_removes_or_submits_is_seen_here() {
    reset();
    let page = open();
    let id = submit("a");
    until_states(&page, &["running"]).await;
    let mut cancelled = store::read::<Task>(id).expect("it is kept");
    cancelled.end(jobs::Ending::Cancelled);
    tell(id, Some(&cancelled));
    until_states(&page, &["cancelled"]).await;
    assert!(page.with_role("progressbar").is_empty());
    let record = Record::<Task>::new(2, "b".to_owned());
    assert!(store::keep::<Task>(id + 1, &record));
    tell(id + 1, Some(&record));
    until_states(&page, &["running", "cancelled"]).await;
    tell(id, None);
    until_states(&page, &["running"]).await;
    assert_eq!(column(&page, 0), ["2"]);
}

#[wasm_bindgen_test]
async fn a_page_that_was_killed_before_the_answer_leaves_the_task_unknown() {
    reset();
    let mut record = Record::<Task>::new(1, "a".to_owned());
    record.waiting = false;
    assert!(store::keep::<Task>(1, &record));
    // The same, never sent, but of a version whose drafts can no longer be read.
    assert!(store::keep::<Task>(2, &Record::<Task>::new(2, "unreadable".to_owned())));
    let page = open();
    until_states(&page, &["unreadable", "unknown"]).await;
    assert_eq!(submitted(), [""; 0]);
}

#[wasm_bindgen_test]
async fn an_answer_that_comes_after_all_takes_the_doubt_away() {
    reset();
    REQUEST_TIMEOUT.set(Duration::from_millis(50));
    SERVICE.with_borrow_mut(|service| service.is_slow = true);
    let page = open();
    submit("a");
    until_states(&page, &["unknown"]).await;
    SERVICE.with_borrow_mut(|service| service.is_slow = false);
    until_states(&page, &["running"]).await;
    finish("all");
    until_states(&page, &["completed"]).await;
    assert_eq!(submitted(), ["a"]);
}

#[wasm_bindgen_test]
async fn what_the_service_pushes_ends_a_task() {
    reset();
    let page = open();
    let id = submit("a");
    until_states(&page, &["running"]).await;
    runner().push(id, "id of a", Report::DONE);
    until_states(&page, &["completed"]).await;
    let polls = SERVICE.with_borrow(|service| service.polled.len());
    runner().push(id, "id of a", Report { over: true, failure: Some("late".into()) });
    until_states(&page, &["completed"]).await;
    assert_eq!(SERVICE.with_borrow(|service| service.polled.len()), polls);
}

#[wasm_bindgen_test]
async fn what_is_removed_is_gone_for_good() {
    reset();
    SERVICE.with_borrow_mut(|service| service.is_slow = true);
    let page = open();
    let id = submit("a");
    until("the submission", || submitted().len() == 1).await;
    page.click("button", "Remove task 1").await;
    SERVICE.with_borrow_mut(|service| service.is_slow = false);
    submit("b");
    until_states(&page, &["running"]).await;
    assert!(store::read::<Task>(id).is_none(), "a late answer does not bring it back");
}

#[wasm_bindgen_test]
async fn as_many_run_at_once_as_is_set() {
    reset();
    let page = open();
    page.type_into("spinbutton", "Maximum number of tasks at once", "1").await;
    submit_all(&["a", "b", "c"]);
    until_states(&page, &["waiting (2)", "waiting (1)", "running"]).await;
    page.type_into("spinbutton", "Maximum number of tasks at once", "3").await;
    until_states(&page, &["running"; 3]).await;
    page.type_into("spinbutton", "Maximum number of tasks at once", "0").await;
    assert_eq!(untrack(|| runner().max_running()), 3, "there is at least one place");
    let kept = || window().local_storage().ok().flatten()?.get_item("dialbench.test.task.at-once").ok()?;
    assert_eq!(kept().as_deref(), Some("3"));
}
