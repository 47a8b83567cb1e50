//! Jobs run, kept and listed in a browser, against a service that the tests steer.

mod endings;
mod runs;
mod table;

use std::{
    cell::{Cell, RefCell},
    collections::HashSet,
    time::Duration,
};

use jobs::{Job, JobConfig, PollInterval, Resubmission, Stage};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use wire::api::Problem;

use super::*;
use crate::{
    kit::table::{Column, Sheet},
    testing::{Page, dispatch, forget_everything, mount, until, until_eq},
    ui::{Notice, NoticeBox},
};

/// A job of the tests: its request is its draft.
struct Task;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Report {
    over: bool,
    failure: Option<String>,
}

impl Report {
    const RUNNING: Self = Self { over: false, failure: None };
    const DONE: Self = Self { over: true, failure: None };
}

impl Job for Task {
    type Request = String;
    type Reply = Report;
    const RESUBMISSION: Resubmission = Resubmission::OnlyUnheard;

    fn stage(reply: &Report) -> Stage {
        match reply {
            Report { over: false, .. } => Stage::Running,
            Report { over: true, failure: None } => Stage::Done,
            Report { over: true, failure: Some(_) } => Stage::Failed,
        }
    }
}

impl PanelJob for Task {
    type Draft = String;
    type Verdict = usize;

    const STORAGE_PREFIX: &'static str = "dialbench.test.task.";
    const NOUN: &'static str = "task";
    const SCOPE: &'static str = "the scope tasks:write";

    async fn submit(request: &String, _: bool) -> Result<Accepted<Report>, Problem> {
        let at_once = SERVICE.with_borrow_mut(|service| {
            service.submitted.push(request.clone());
            service.at_once += 1;
            service.at_once
        });
        MOST_AT_ONCE.set(MOST_AT_ONCE.get().max(at_once));
        until("the service to take submissions", || SERVICE.with_borrow(|service| !service.is_slow)).await;
        match SERVICE.with_borrow_mut(|service| service.problem.take()) {
            Some(problem) => Err(problem),
            None => Ok(Accepted { job_id: format!("id of {request}"), reply: Report::RUNNING }),
        }
    }

    async fn poll(job_id: &str) -> Result<Report, Problem> {
        SERVICE.with_borrow_mut(|service| {
            service.polled.push(job_id.to_owned());
            let all = service.done.contains("all");
            if all || service.done.contains(job_id) {
                service.at_once -= 1;
                Ok(Report::DONE)
            } else {
                Ok(Report::RUNNING)
            }
        })
    }

    fn request(draft: &String) -> Option<String> {
        (draft != "unreadable").then(|| draft.clone())
    }

    fn judge(draft: &String, _: &Report) -> usize {
        JUDGED.set(JUDGED.get() + 1);
        draft.len()
    }

    fn failure(reply: &Report) -> Option<String> {
        reply.failure.clone()
    }

    fn advice(_: u16) -> String {
        "Ask somebody.".into()
    }
}

/// A service that counts what it is asked, and answers as it is told.
#[derive(Default)]
struct Service {
    submitted: Vec<String>,
    polled: Vec<String>,
    at_once: usize,
    /// Identifiers of the jobs that are over, or "all".
    done: HashSet<String>,
    /// Submissions are not answered.
    is_slow: bool,
    /// The answer to the next submission.
    problem: Option<Problem>,
}

thread_local! {
    static SERVICE: RefCell<Service> = RefCell::default();
    static MOST_AT_ONCE: Cell<usize> = const { Cell::new(0) };
    static REQUEST_TIMEOUT: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    static JUDGED: Cell<usize> = const { Cell::new(0) };
    /// The runner of the page that was mounted last.
    static RUNNER: Cell<Option<JobRunner<Task>>> = const { Cell::new(None) };
    static EXPORTED: RefCell<Option<Sheet>> = const { RefCell::new(None) };
}

/// A service and a browser that know nothing.
fn reset() {
    SERVICE.set(Service::default());
    MOST_AT_ONCE.set(0);
    JUDGED.set(0);
    REQUEST_TIMEOUT.set(Duration::from_mins(1));
    forget_everything();
}

/// A panel of tasks.
#[component]
fn Tasks() -> impl IntoView {
    let jobs = RwSignal::new(load::<Task>());
    let notice = RwSignal::new(None::<Notice>);
    let config = Signal::derive(|| JobConfig {
        poll: PollInterval::Fixed(Duration::from_millis(5)),
        max_polls: u32::MAX,
        request_timeout: REQUEST_TIMEOUT.get(),
        ..JobConfig::default()
    });
    let runner = JobRunner::start(jobs, config, notice);
    RUNNER.set(Some(runner));
    let (chosen, compared, edited) = (RwSignal::new(None), RwSignal::new(None), RwSignal::new(String::new()));
    let columns = vec![
        number_column::<Task>("Task"),
        Column::new("Draft", |job: &JobEntry<Task>| job.record.with(|record| record.draft.clone())),
        state_column::<Task>(),
        Column::new("Verdict", |job: &JobEntry<Task>| {
            job.verdict.get().map_or(String::new(), |length| length.to_string())
        }),
    ];
    view! {
        <NoticeBox notice />
        <MaxRunning runner />
        <JobsUnderWay jobs runner />
        <JobTable name="Tasks" jobs runner columns chosen choose=move |id| chosen.set(Some(id))
            compared compare=move |id| compared.set(id) edit=move |draft| edited.set(draft)
            remove=move |id| runner.remove(id) export=|sheet| EXPORTED.set(Some(sheet)) empty="No tasks yet." />
        <p role="status" aria-label="Edited">{move || edited.get()}</p>
    }
}

fn open() -> Page {
    mount(|| view! { <Tasks /> })
}

fn runner() -> JobRunner<Task> {
    RUNNER.get().expect("a page was mounted")
}

fn submit(draft: &str) -> JobId {
    runner().submit(draft.to_owned(), draft.to_owned())
}

fn submit_all(drafts: &[impl AsRef<str>]) {
    for draft in drafts {
        submit(draft.as_ref());
    }
}

fn submitted() -> Vec<String> {
    SERVICE.with_borrow(|service| service.submitted.clone())
}

fn finish(job: &str) {
    SERVICE.with_borrow_mut(|service| service.done.insert(job.to_owned()));
}

/// The texts of the table's rows, cell by cell, without the buttons.
fn rows(page: &Page) -> Vec<Vec<String>> {
    let all = page.with_role("row").into_iter().skip(1);
    let texts = |row: web_sys::Element| {
        let cells = row.query_selector_all("th, td:not(.buttons)").expect("a selector");
        (0..cells.length()).filter_map(|at| cells.item(at)?.text_content()).collect()
    };
    all.map(texts).collect()
}

fn column(page: &Page, at: usize) -> Vec<String> {
    rows(page).into_iter().filter_map(|mut row| (at < row.len()).then(|| row.swap_remove(at))).collect()
}

async fn until_states(page: &Page, states: &[&str]) {
    until_eq(states, || column(page, 2)).await;
}
