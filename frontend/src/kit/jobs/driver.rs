//! The driver of a panel's jobs: the page's clock, its timers, its requests, its storage.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, HashSet},
    rc::Rc,
};

use gloo_timers::callback::Timeout;
use jobs::{Ending, JobConfig, JobInput, JobOutput, JobPool, Start, Step};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::{
    Accepted, PanelJob, answer,
    record::{JobEntry, JobId, JobRecord, Outcome},
    store,
};
use crate::{clock, lock::Lock, ui::Notice};

/// Submits a panel's jobs and sees them through, so many at once.
pub(super) struct Driver<J: PanelJob> {
    /// Newest first.
    jobs: RwSignal<Vec<JobEntry<J>>>,
    pub(super) max_running: RwSignal<usize>,
    config: Signal<JobConfig>,
    notice: RwSignal<Option<Notice>>,
    pool: RefCell<JobPool<JobId, J>>,
    /// In the order in which they were submitted: so they are let go of when the panel goes.
    driven: RefCell<BTreeMap<JobId, Driven<J>>>,
    /// A late answer must not bring these back.
    removed: RefCell<HashSet<JobId>>,
    timer: RefCell<Option<Timeout>>,
    stopped: Cell<bool>,
}

/// A job that is seen through here, as soon as no other tab does.
struct Driven<J: PanelJob> {
    entry: JobEntry<J>,
    /// Until it is submitted.
    request: Option<Rc<J::Request>>,
    /// Counts requests; the answer to any but the last no longer matters.
    requests: u32,
    is_submitting: bool,
    _lock: Lock,
}

impl<J: PanelJob> Driver<J> {
    pub(super) fn new(
        jobs: RwSignal<Vec<JobEntry<J>>>,
        config: Signal<JobConfig>,
        notice: RwSignal<Option<Notice>>,
    ) -> Rc<Self> {
        let max_running = store::max_running::<J>();
        let seed = js_sys::Math::random().to_bits();
        Rc::new(Self {
            jobs,
            max_running: RwSignal::new(max_running),
            config,
            notice,
            pool: RefCell::new(JobPool::new(config.get_untracked(), max_running, seed)),
            driven: RefCell::new(BTreeMap::new()),
            removed: RefCell::new(HashSet::new()),
            timer: RefCell::new(None),
            stopped: Cell::new(false),
        })
    }

    pub(super) fn submit(self: &Rc<Self>, draft: J::Draft, request: J::Request) -> JobId {
        let (number, mut id) = self.jobs.with_untracked(|jobs| {
            let numbers = jobs.iter().map(|job| job.record.with_untracked(|record| record.number));
            (numbers.max().unwrap_or(0) + 1, clock::now().as_micros())
        });
        while self.entry(id).is_some() {
            id += 1;
        }
        let entry = JobEntry::new(id, JobRecord::new(number, draft));
        self.jobs.update(|jobs| jobs.insert(0, entry.clone()));
        self.keep(&entry);
        self.take_up(entry, Some(Rc::new(request)));
        id
    }

    /// Goes on with a job that is not over, once no other tab does.
    pub(super) fn take_up(self: &Rc<Self>, entry: JobEntry<J>, request: Option<Rc<J::Request>>) {
        if entry.record.with_untracked(|record| record.outcome.is_some()) {
            return;
        }
        self.reserve(&entry);
        let id = entry.id;
        let driver = Rc::downgrade(self);
        let granted = move || {
            if let Some(driver) = driver.upgrade() {
                driver.begin(id);
            }
        };
        let lock = Lock::request(&store::key::<J>(id), granted);
        let job = Driven { entry, request, requests: 0, is_submitting: false, _lock: lock };
        self.driven.borrow_mut().insert(id, job);
    }

    /// Keeps a place for a job that was sent, whoever sees it through. Locks are handed over in any order: without this, a
    /// job that waits would be sent because its lock came before that of one which is under way.
    fn reserve(&self, entry: &JobEntry<J>) {
        match entry.record.with_untracked(JobRecord::start) {
            Some(Start::Resubmit | Start::Resume { .. }) => self.pool.borrow_mut().reserve(entry.id),
            Some(Start::Submit) | None => {}
        }
    }

    /// No other tab sees the job through.
    fn begin(self: &Rc<Self>, id: JobId) {
        let Some(entry) = self.driven.borrow().get(&id).map(|driven| driven.entry.clone()) else { return };
        if self.stopped.get() {
            return;
        }
        // Another tab may have got on with it, and this one may have waited for its answer.
        if let Some(kept) = store::read::<J>(id) {
            set_if_new(&entry.record, kept);
        }
        let Some(start) = entry.record.with_untracked(JobRecord::start) else {
            return self.let_go(&entry);
        };
        if self.find_request(id, &entry, start) {
            let mut pool = self.pool.borrow_mut();
            pool.set_config(self.config.get_untracked());
            pool.add(clock::now(), id, start);
        }
        self.pump();
    }

    /// Makes sure that there is something to submit; a draft of an earlier version may no longer be readable.
    fn find_request(&self, id: JobId, entry: &JobEntry<J>, start: Start) -> bool {
        if matches!(start, Start::Resume { .. }) {
            return true;
        }
        let mut all = self.driven.borrow_mut();
        let Some(driven) = all.get_mut(&id) else { return false };
        if driven.request.is_none() {
            driven.request = entry.record.with_untracked(|record| J::request(&record.draft)).map(Rc::new);
        }
        let found = driven.request.is_some();
        drop(all);
        if !found {
            self.end(id, Ending::Unreadable("What was kept of it can no longer be sent.".into()));
        }
        found
    }

    pub(super) fn cancel(self: &Rc<Self>, id: JobId) {
        if self.pool.borrow().contains(&id) {
            self.input(id, JobInput::Cancel);
        } else if self
            .entry(id)
            .is_some_and(|entry| entry.record.with_untracked(|record| record.outcome.is_none()))
        {
            self.end(id, Ending::Cancelled);
            self.pump();
        }
    }

    pub(super) fn waiting(&self) -> Vec<JobId> {
        self.pool.borrow().waiting().copied().collect()
    }

    pub(super) fn set_max_running(self: &Rc<Self>, max_running: usize) {
        self.max_running.set(max_running);
        store::keep_max_running::<J>(max_running);
        self.pool.borrow_mut().set_max_running(clock::now(), max_running);
        self.pump();
    }

    pub(super) fn remove(self: &Rc<Self>, id: JobId) {
        self.removed.borrow_mut().insert(id);
        store::forget::<J>(id);
        self.drop_job(id);
    }

    fn drop_job(self: &Rc<Self>, id: JobId) {
        if let Some(entry) = self.entry(id) {
            self.jobs.update(|jobs| jobs.retain(|job| job.id != id));
            self.let_go(&entry);
        }
    }

    /// Does nothing more about a job.
    fn let_go(self: &Rc<Self>, entry: &JobEntry<J>) {
        self.driven.borrow_mut().remove(&entry.id);
        self.pool.borrow_mut().remove(clock::now(), &entry.id);
        set_if_new(&entry.progress, None);
        set_if_new(&entry.position, None);
        self.pump();
    }

    pub(super) fn push(self: &Rc<Self>, id: JobId, job_id: &str, reply: J::Reply) {
        let Some(entry) = self.driven.borrow().get(&id).map(|driven| driven.entry.clone()) else { return };
        self.accept(&entry, job_id);
        set_if_new(&entry.latest, Some(reply.clone()));
        self.input(id, JobInput::Pushed(Box::new(reply)));
    }

    fn input(self: &Rc<Self>, id: JobId, input: JobInput<J::Reply>) {
        self.pool.borrow_mut().handle_input(clock::now(), &id, input);
        self.pump();
    }

    /// Does what the pool says, shows how far the jobs have got, and wakes up when something is due.
    fn pump(self: &Rc<Self>) {
        loop {
            let output = self.pool.borrow_mut().poll_output();
            match output {
                None => break,
                Some((id, JobOutput::Submit { may_have_arrived })) => {
                    self.send(id, Step::Submit, may_have_arrived);
                }
                Some((id, JobOutput::Poll)) => self.send(id, Step::Poll, false),
                Some((id, JobOutput::Abandon)) => {
                    if let Some(driven) = self.driven.borrow_mut().get_mut(&id) {
                        driven.requests += 1;
                    }
                }
                Some((id, JobOutput::Ended(ending))) => self.end(id, ending),
            }
        }
        self.show();
        let due = self.pool.borrow().poll_timeout();
        let timer = due.map(|due| {
            let driver = Rc::clone(self);
            // Rounded up: a timer that fires early would find nothing due.
            let wait = due.saturating_since(clock::now()).as_micros().div_ceil(1_000);
            Timeout::new(u32::try_from(wait).unwrap_or(u32::MAX), move || {
                // A timer must not drop itself while it runs.
                driver.timer.take().map(Timeout::forget);
                driver.pool.borrow_mut().handle_timeout(clock::now());
                driver.pump();
            })
        });
        self.timer.replace(timer);
    }

    fn show(&self) {
        let all: Vec<JobEntry<J>> =
            self.driven.borrow().values().map(|driven| driven.entry.clone()).collect();
        for entry in all {
            let (progress, position) = {
                let pool = self.pool.borrow();
                (pool.progress(&entry.id), pool.position(&entry.id))
            };
            set_if_new(&entry.progress, progress);
            set_if_new(&entry.position, position);
        }
    }

    fn send(self: &Rc<Self>, id: JobId, step: Step, may_have_arrived: bool) {
        let (entry, request, number) = {
            let mut all = self.driven.borrow_mut();
            let Some(driven) = all.get_mut(&id) else { return };
            driven.requests += 1;
            driven.is_submitting = step == Step::Submit;
            (driven.entry.clone(), driven.request.clone(), driven.requests)
        };
        if step == Step::Submit && entry.record.with_untracked(|record| record.waiting) {
            entry.record.update(|record| record.waiting = false);
            // Whatever becomes of this page, nobody must take it for one that was never sent.
            self.keep(&entry);
        }
        let driver = Rc::clone(self);
        spawn_local(async move {
            let input = match (step, request) {
                (Step::Submit, Some(request)) => {
                    driver.ask_to_submit(&entry, &request, may_have_arrived).await
                }
                (Step::Submit, None) => JobInput::Unreadable("There is nothing to submit.".into()),
                (Step::Poll, _) => poll(&entry).await,
            };
            let is_accepted = step == Step::Submit && matches!(input, JobInput::Replied(_));
            if !driver.answered(id, number, input) && is_accepted {
                driver.accepted_late(entry);
            }
        });
    }

    async fn ask_to_submit(
        &self,
        entry: &JobEntry<J>,
        request: &J::Request,
        may_have_arrived: bool,
    ) -> JobInput<J::Reply> {
        match J::submit(request, may_have_arrived).await {
            Ok(Accepted { job_id, reply }) => {
                // Whoever left meanwhile comes back to it.
                self.accept(entry, &job_id);
                set_if_new(&entry.latest, Some(reply.clone()));
                JobInput::Replied(Box::new(reply))
            }
            Err(problem) => {
                if entry.record.with_untracked(|record| record.errors != problem.errors) {
                    entry.record.update(|record| record.errors.clone_from(&problem.errors));
                }
                answer::input(problem, Step::Submit)
            }
        }
    }

    /// Hands an answer in; returns false where it was no longer waited for.
    fn answered(self: &Rc<Self>, id: JobId, number: u32, input: JobInput<J::Reply>) -> bool {
        let counts = {
            let mut all = self.driven.borrow_mut();
            if self.stopped.get() {
                // The next one who takes the job up has waited for this.
                all.remove(&id);
            }
            all.get_mut(&id).is_some_and(|driven| {
                driven.is_submitting &= driven.requests != number;
                driven.requests == number
            })
        };
        if counts {
            self.input(id, input);
        }
        counts
    }

    /// A submission that had been given up as unknown was accepted all the same: it goes on.
    fn accepted_late(self: &Rc<Self>, entry: JobEntry<J>) {
        let is_unknown =
            entry.record.with_untracked(|record| matches!(record.outcome, Some(Outcome::Unknown { .. })));
        if is_unknown && !self.stopped.get() && !self.removed.borrow().contains(&entry.id) {
            entry.record.update(|record| record.outcome = None);
            self.keep(&entry);
            self.take_up(entry, None);
        }
    }

    fn accept(&self, entry: &JobEntry<J>, job_id: &str) {
        if entry.record.with_untracked(|record| record.job_id.as_deref() == Some(job_id)) {
            return;
        }
        entry.record.update(|record| {
            record.job_id = Some(job_id.to_owned());
            record.accepted_at = Some(clock::now().as_micros());
        });
        self.keep(entry);
    }

    fn end(&self, id: JobId, ending: Ending<J::Reply>) {
        let driven = self.driven.borrow_mut().remove(&id);
        self.pool.borrow_mut().remove(clock::now(), &id);
        let Some(entry) = driven.as_ref().map(|driven| driven.entry.clone()).or_else(|| self.entry(id))
        else {
            return;
        };
        entry.record.update(|record| record.end(ending));
        self.keep(&entry);
        set_if_new(&entry.progress, None);
        set_if_new(&entry.position, None);
        // Only now may another tab look at it.
        drop(driven);
    }

    fn keep(&self, entry: &JobEntry<J>) {
        if self.removed.borrow().contains(&entry.id) {
            return;
        }
        if !entry.record.with_untracked(|record| store::keep::<J>(entry.id, record)) {
            let detail = format!(
                "The browser's storage is full or not allowed: remove {}s that are no longer needed.",
                J::NOUN
            );
            let notice = Notice {
                title: format!("This {} will not survive a reload", J::NOUN),
                detail,
                ..Notice::default()
            };
            let _ = self.notice.try_set(Some(notice));
        }
    }

    /// Another tab has kept or removed a job.
    pub(super) fn note_other_tab(self: &Rc<Self>, key: &str, kept: Option<&str>) {
        let Some(id) = store::id::<J>(key) else { return };
        let Some(kept) = kept else { return self.drop_job(id) };
        let Ok(record) = serde_json::from_str(kept) else { return };
        if let Some(entry) = self.entry(id) {
            set_if_new(&entry.record, record);
            if untrack(|| entry.is_over()) {
                // Its place is free; or it was cancelled there, though it is seen through here.
                self.let_go(&entry);
            } else {
                self.reserve(&entry);
            }
            return;
        }
        let entry = JobEntry::new(id, record);
        self.jobs.update(|jobs| {
            let place = jobs.partition_point(|job| job.id > id);
            jobs.insert(place, entry.clone());
        });
        self.take_up(entry, None);
    }

    /// The panel is gone: nothing more is asked. A submission that is under way keeps its lock until it is answered.
    pub(super) fn stop(&self) {
        self.stopped.set(true);
        self.timer.take();
        self.driven.borrow_mut().retain(|_, driven| driven.is_submitting);
    }

    fn entry(&self, id: JobId) -> Option<JobEntry<J>> {
        self.jobs.with_untracked(|jobs| jobs.iter().find(|job| job.id == id).cloned())
    }
}

async fn poll<J: PanelJob>(entry: &JobEntry<J>) -> JobInput<J::Reply> {
    let Some(job_id) = entry.record.with_untracked(|record| record.job_id.clone()) else {
        return JobInput::Unreadable("The service did not name it.".into());
    };
    match J::poll(&job_id).await {
        Ok(reply) => {
            set_if_new(&entry.latest, Some(reply.clone()));
            JobInput::Replied(Box::new(reply))
        }
        Err(problem) => answer::input(problem, Step::Poll),
    }
}

/// Nobody is woken up for nothing.
fn set_if_new<T: PartialEq + Send + Sync + 'static>(signal: &ArcRwSignal<T>, value: T) {
    if signal.with_untracked(|old| *old != value) {
        signal.set(value);
    }
}
