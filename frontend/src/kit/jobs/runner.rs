//! The handle by which a panel has its jobs run.

use std::rc::Rc;

use jobs::JobConfig;
use leptos::{ev, prelude::*};

use super::{
    PanelJob,
    driver::Driver,
    record::{JobEntry, JobId},
};
use crate::ui::Notice;

/// Submits a panel's jobs and sees them through, so many at once.
pub(crate) struct JobRunner<J: PanelJob>(StoredValue<Running<J>, LocalStorage>);

/// Stops the driver when the component that started it goes.
struct Running<J: PanelJob>(Rc<Driver<J>>);

impl<J: PanelJob> Drop for Running<J> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl<J: PanelJob> Clone for JobRunner<J> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<J: PanelJob> Copy for JobRunner<J> {}

impl<J: PanelJob> JobRunner<J> {
    /// Starts a runner of `jobs`, which come from [`store::load`], and takes up those that are not over. It stops with the
    /// component that it was started in. What cannot be kept over a reload is said in `notice`.
    pub(crate) fn start(
        jobs: RwSignal<Vec<JobEntry<J>>>,
        config: Signal<JobConfig>,
        notice: RwSignal<Option<Notice>>,
    ) -> Self {
        let driver = Driver::new(jobs, config, notice);
        // Oldest first, so that they wait in the order in which they were submitted.
        for entry in jobs.get_untracked().into_iter().rev() {
            driver.take_up(entry, None);
        }
        let runner = Self(StoredValue::new_local(Running(driver)));
        let changed = window_event_listener(ev::storage, move |change| {
            if let (Some(driver), Some(key)) = (runner.driver(), change.key()) {
                driver.note_other_tab(&key, change.new_value().as_deref());
            }
        });
        on_cleanup(move || changed.remove());
        runner
    }

    /// Submits a job as soon as there is a place for it; returns its key.
    pub(crate) fn submit(self, draft: J::Draft, request: J::Request) -> JobId {
        self.driver().map(|driver| driver.submit(draft, request)).unwrap_or_default()
    }

    /// Ends a job here: it is not submitted, or not waited for any more.
    pub(crate) fn cancel(self, id: JobId) {
        if let Some(driver) = self.driver() {
            driver.cancel(id);
        }
    }

    /// Cancels all jobs that wait for a place.
    pub(crate) fn cancel_waiting(self) {
        if let Some(driver) = self.driver() {
            for id in driver.waiting() {
                driver.cancel(id);
            }
        }
    }

    /// Forgets a job.
    pub(crate) fn remove(self, id: JobId) {
        if let Some(driver) = self.driver() {
            driver.remove(id);
        }
    }

    /// Hands in what the service said by itself about a job, and its identifier there.
    pub(crate) fn push(self, id: JobId, job_id: &str, reply: J::Reply) {
        if let Some(driver) = self.driver() {
            driver.push(id, job_id, reply);
        }
    }

    /// Returns the number of jobs that run at once; reactive.
    pub(crate) fn max_running(self) -> usize {
        self.0
            .try_with_value(|running| running.0.max_running)
            .map_or(J::DEFAULT_MAX_RUNNING, |most| most.get())
    }

    /// Changes how many jobs run at once, and keeps it for the next time.
    pub(crate) fn set_max_running(self, max_running: usize) {
        if let Some(driver) = self.driver() {
            driver.set_max_running(max_running.max(1));
        }
    }

    fn driver(self) -> Option<Rc<Driver<J>>> {
        self.0.try_with_value(|running| Rc::clone(&running.0))
    }
}
