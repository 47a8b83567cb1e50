//! The driver of the pollers: the page's clock, its timers, its requests.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
    time::Duration,
};

use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use shared::{
    flow::{Draft, PollConfig, PollInput, PollOutput, Poller, SimulationRequest},
    wire::Problem,
};
use wasm_bindgen_futures::spawn_local;

use super::{
    record::{Outcome, Record, Run, RunId},
    store,
};
use crate::{clock, flow::desk::Desk, net::api, ui::Notice};

/// Starts runs and sees them through.
#[derive(Clone, Copy)]
pub(in crate::flow) struct Runner {
    desk: Desk,
    drivers: StoredValue<HashMap<RunId, Rc<Driver>>, LocalStorage>,
}

impl Runner {
    /// Goes on with the runs that a reload interrupted.
    pub(in crate::flow) fn new(desk: Desk) -> Self {
        let runner = Self { desk, drivers: StoredValue::new_local(HashMap::new()) };
        for run in desk.runs.get_untracked() {
            let unfinished = run.record.with_untracked(|record| {
                record.outcome.is_none().then(|| record.request(&untrack(|| desk.limits()))).flatten()
            });
            if let Some(request) = unfinished {
                runner.drive(&run, request, PollInput::Resume);
            }
        }
        on_cleanup(move || {
            let drivers = runner.drivers.try_update_value(std::mem::take).unwrap_or_default();
            for driver in drivers.into_values() {
                driver.stop();
            }
        });
        runner
    }

    /// Sends a simulation, if it can be sent, and shows it.
    pub(in crate::flow) fn submit(self, draft: Draft) -> bool {
        let limits = untrack(|| self.desk.limits());
        let Ok((request, _)) = draft.parse(&limits) else { return false };
        let number = self.desk.runs.with_untracked(|runs| {
            runs.iter().map(|run| run.record.with_untracked(|record| record.number)).max().unwrap_or(0) + 1
        });
        let taken = |id: RunId| self.desk.runs.with_untracked(|runs| runs.iter().any(|run| run.id == id));
        let mut id = clock::now().as_micros();
        while taken(id) {
            id += 1;
        }
        let run = store::run(id, Record { number, draft, simulation_id: None, outcome: None, result: None });
        self.desk.runs.update(|runs| runs.insert(0, run.clone()));
        self.desk.choose(Some(id));
        self.drive(&run, request, PollInput::Submit);
        true
    }

    /// Waits for a run no longer.
    pub(in crate::flow) fn cancel(self, id: RunId) {
        let driver = self.drivers.with_value(|drivers| drivers.get(&id).cloned());
        if let Some(driver) = driver {
            driver.input(PollInput::Cancel);
        }
    }

    /// Forgets a run.
    pub(in crate::flow) fn remove(self, id: RunId) {
        let driver = self.drivers.try_update_value(|drivers| drivers.remove(&id)).flatten();
        if let Some(driver) = driver {
            driver.stop();
        }
        store::forget(id);
        self.desk.runs.update(|runs| runs.retain(|run| run.id != id));
        if self.desk.chosen.get_untracked() == Some(id) {
            self.desk.choose(self.desk.runs.with_untracked(|runs| runs.first().map(|run| run.id)));
        }
        if self.desk.other.get_untracked() == Some(id) {
            self.desk.other.set(None);
        }
    }

    fn drive(self, run: &Run, request: SimulationRequest, first: PollInput) {
        let config = PollConfig::with_limits(&untrack(|| self.desk.limits()));
        let driver = Rc::new(Driver {
            run: run.clone(),
            request,
            notice: self.desk.notice,
            poller: RefCell::new(Poller::new(config)),
            timer: RefCell::new(None),
            asked: Cell::new(0),
            stopped: Cell::new(false),
        });
        self.drivers.update_value(|drivers| drop(drivers.insert(run.id, Rc::clone(&driver))));
        driver.keep();
        driver.input(first);
    }
}

/// One run's poller.
struct Driver {
    run: Run,
    request: SimulationRequest,
    notice: RwSignal<Option<Notice>>,
    poller: RefCell<Poller>,
    timer: RefCell<Option<Timeout>>,
    /// Which request is under way; the answer to another no longer counts.
    asked: Cell<u32>,
    stopped: Cell<bool>,
}

impl Driver {
    fn input(self: &Rc<Self>, input: PollInput) {
        self.poller.borrow_mut().handle_input(clock::now(), input);
        self.pump();
    }

    /// The panel is gone, or the run is: nothing more is asked or noted, but a submission's answer is.
    fn stop(&self) {
        self.stopped.set(true);
        self.timer.take();
    }

    fn pump(self: &Rc<Self>) {
        loop {
            let output = self.poller.borrow_mut().poll_output();
            match output {
                None => break,
                Some(PollOutput::Submit) => self.send(true),
                Some(PollOutput::Ask) => self.send(false),
                Some(PollOutput::Abandon) => self.asked.set(self.asked.get() + 1),
                Some(PollOutput::Ended(ending)) => {
                    let (outcome, result) = Outcome::of(ending);
                    self.run.record.update(|record| {
                        record.outcome = Some(outcome);
                        record.result = result;
                    });
                    self.keep();
                }
            }
        }
        let (progress, due) = {
            let poller = self.poller.borrow();
            (poller.progress(), poller.poll_timeout())
        };
        let over = self.run.record.with_untracked(|record| record.outcome.is_some());
        self.run.progress.set((!over).then_some(progress));
        let timer = due.map(|due| {
            let driver = Rc::clone(self);
            // Rounded up: a timer that fires early would find nothing due.
            let wait = due.saturating_since(clock::now()).as_micros().div_ceil(1_000);
            Timeout::new(u32::try_from(wait).unwrap_or(u32::MAX), move || {
                // A timer must not drop itself while it runs.
                driver.timer.take().map(Timeout::forget);
                driver.poller.borrow_mut().handle_timeout(clock::now());
                driver.pump();
            })
        });
        self.timer.replace(timer);
    }

    fn send(self: &Rc<Self>, submit: bool) {
        let asked = self.asked.get() + 1;
        self.asked.set(asked);
        let driver = Rc::clone(self);
        spawn_local(async move {
            let input = if submit { driver.submit().await } else { driver.ask().await };
            if driver.asked.get() == asked && !driver.stopped.get() {
                driver.input(input);
            }
        });
    }

    async fn submit(&self) -> PollInput {
        match api::simulate(&self.request).await {
            Ok(job) => {
                self.run.record.update(|record| record.simulation_id = Some(job.simulation_id.into()));
                // Whoever left meanwhile comes back to it.
                self.keep();
                PollInput::Accepted
            }
            Err(problem) => trouble(problem, true),
        }
    }

    async fn ask(&self) -> PollInput {
        let Some(id) = self.run.record.with_untracked(|record| record.simulation_id.clone()) else {
            return PollInput::Unreadable("The simulation has no identifier.".into());
        };
        match api::simulation(&id).await {
            Ok(result) => PollInput::Answered(Box::new(result)),
            Err(problem) => trouble(problem, false),
        }
    }

    fn keep(&self) {
        let kept = self.run.record.with_untracked(|record| store::keep(self.run.id, record));
        if !kept {
            let detail =
                "The browser's storage is full or not allowed: remove runs that are no longer needed.";
            let notice = Notice { title: "This run will not survive a reload".into(), detail: detail.into() };
            let _ = self.notice.try_set(Some(notice));
        }
    }
}

/// What an error means to the poller.
fn trouble(problem: Problem, submission: bool) -> PollInput {
    let after = problem.retry_after_ms.map(Duration::from_millis);
    let service = problem.upstream.as_ref().and_then(|upstream| upstream.status);
    // The proxy calls a refusal of its own credentials a bad gateway; here it is known whose they are.
    let status = match service {
        Some(said @ (401 | 403)) => said,
        _ => problem.status,
    };
    // Where CXone is not configured, or refused the credentials, it has not begun anything.
    let unheard = status < 500 || (status == 503 && service.is_none());
    let Notice { title, detail } = problem.into();
    let doubt = " It may have been started all the same, so it was not sent twice.";
    match status {
        0 => PollInput::Lost(detail),
        200..=299 => PollInput::Unreadable(detail),
        _ => {
            let doubt = if submission && !unheard { doubt } else { "" };
            PollInput::Refused(status, after, format!("{title}. {detail}{doubt}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::wire::{UpstreamName, UpstreamStatus};
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn check(status: u16, service: Option<u16>, submission: bool, seen: u16, says: &str, doubt: bool) {
        let problem = Problem {
            kind: "about:blank".into(),
            title: "Bad Gateway".into(),
            status,
            detail: "flow answered oddly".into(),
            errors: Vec::new(),
            upstream: Some(UpstreamStatus { service: UpstreamName::Flow, status: service }),
            retry_after_ms: Some(1_500),
        };
        let PollInput::Refused(status, after, detail) = trouble(problem, submission) else {
            panic!("it is a refusal")
        };
        assert_eq!((status, after), (seen, Some(Duration::from_millis(1_500))));
        assert!(detail.contains(says) && detail.contains("started all the same") == doubt, "{detail}");
    }

    #[wasm_bindgen_test]
    fn only_what_may_have_been_heard_may_have_been_started() {
        check(503, Some(503), true, 503, "flow answered oddly. Try again in 2 s.", true);
        check(503, None, true, 503, "flow answered oddly", false);
        check(502, Some(401), true, 401, "flow answered oddly", false);
        check(502, Some(500), true, 502, "flow answered oddly", true);
        check(502, None, true, 502, "flow answered oddly", true);
        check(502, Some(500), false, 502, "flow answered oddly", false);
        check(403, Some(403), true, 403, "flow answered oddly", false);
    }
}
