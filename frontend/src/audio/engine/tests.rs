use wasm_bindgen_test::wasm_bindgen_test;

use super::*;

fn digit() -> Digit {
    Digit::try_from('5').unwrap()
}

#[wasm_bindgen_test]
fn keys_wait_for_the_audio_thread_but_not_without_end() {
    let engine = AudioEngine::starting(|_| {});
    let mut sounded = 0;
    for _ in 0..10_000 {
        sounded += usize::from(engine.press(digit()));
        engine.release();
    }
    assert_eq!(sounded, MAX_WAITING_KEYS, "further keys are refused");
    assert_eq!(engine.waiting().len(), MAX_WAITING_MESSAGES);
    assert_eq!(engine.inner.borrow().presses.len(), MAX_WAITING_KEYS);
}

#[wasm_bindgen_test]
fn each_state_of_the_audio_context_is_told() {
    let context = EventTarget::new().unwrap();
    set(&context, "state", &"suspended".into());
    let states = Rc::new(RefCell::new(Vec::new()));
    let told = Rc::clone(&states);
    let _kept = watch(&context, move |state| told.borrow_mut().push(state));
    for state in ["running", "interrupted"] {
        set(&context, "state", &state.into());
        crate::testing::dispatch(&context, "Event", "statechange", &[]);
    }
    assert_eq!(*states.borrow(), ["suspended", "running", "interrupted"]);
}

#[wasm_bindgen_test]
async fn an_audio_thread_that_never_starts_keeps_nothing() {
    let failures = Rc::new(RefCell::new(Vec::new()));
    let said = Rc::clone(&failures);
    let engine = AudioEngine::new(move |event| {
        if let AudioEvent::Failed(reason) = event {
            said.borrow_mut().push(reason);
        }
    });
    assert!(engine.press(digit()), "it may still come");
    crate::testing::until("the failure", || !failures.borrow().is_empty()).await;
    assert!(failures.borrow()[0].contains("worklet.wasm"), "{failures:?}");
    for _ in 0..1_000 {
        assert!(!engine.press(digit()));
        engine.release();
    }
    assert!(engine.inner.borrow().presses.is_empty());
    assert!(matches!(engine.inner.borrow().thread, Thread::Failed));
}
