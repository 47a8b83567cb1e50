//! The state of a run that is followed: copies are the same run.

use std::{rc::Rc, time::Duration};

use jobs::LinkStatus;
use leptos::prelude::*;
use scenario::{
    dialer::{
        DialerRequest,
        export::ExportedSimulation,
        verdict::{Figures, Thresholds, judge},
    },
    report::Case,
};
use wire::{
    api::Limits,
    cxone::{DialerSimulation, DialerState},
};

use super::{
    model::{Missing, Model},
    reader::Reader,
};
use crate::dialer::state::FollowedRun;

/// The place of a run between its start and its verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Standing {
    /// CXone has not accepted it.
    #[default]
    Idle,
    /// Its events are read.
    Following,
    /// It is over, and no more events are waited for.
    Ended(Missing),
}

/// A run that is followed. There is one stream of events for it, whichever views show it.
#[derive(Clone, Copy)]
pub(crate) struct Following {
    pub(super) run: Signal<Option<FollowedRun>>,
    /// The request, and what it is judged by.
    pub(super) asked: Memo<Option<(DialerRequest, Thresholds)>>,
    /// It changes with every event and tells so a few times a second.
    pub(super) model: RwSignal<Model>,
    /// The figures of the model when it last told.
    pub(super) figures: RwSignal<Option<Figures>>,
    pub(super) standing: RwSignal<Standing>,
    pub(super) link: RwSignal<LinkStatus>,
    /// The verdict, once the run has ended.
    pub(super) judged: Memo<Option<Case>>,
    reader: StoredValue<Option<Rc<Reader>>, LocalStorage>,
}

impl Following {
    /// Follows whatever run is in `run`, for as long as the component is there.
    pub(crate) fn new(run: impl Into<Signal<Option<FollowedRun>>>) -> Self {
        let run = run.into();
        let draft = Memo::new(move |_| run.with(|run| run.as_ref().map(|run| run.dispatch.draft.clone())));
        let asked = Memo::new(move |_| draft.with(|draft| checked(draft.as_ref()?)));
        let (model, figures) = (RwSignal::new(Model::default()), RwSignal::new(None));
        let standing = RwSignal::new(Standing::Idle);
        let judged = Memo::new(move |_| {
            let Standing::Ended(_) = standing.get() else { return None };
            let (run, (request, thresholds), figures) = (run.get()?, asked.get()?, figures.get()?);
            let duration = Duration::from_millis(model.with_untracked(|model| model.timeline.span_ms()));
            let simulation = last_word(&run)?;
            Some(judge(&request, &thresholds, &simulation, &figures, Some(run.dispatch.timestamp), duration))
        });
        let link = RwSignal::new(LinkStatus::CLOSED);
        let reader = StoredValue::new_local(None);
        let this = Self { run, asked, model, figures, standing, link, judged, reader };
        this.keep_up();
        this
    }

    /// Returns the verdict's outcome, once the run has ended: `passed` or `failed`.
    pub(crate) fn verdict(self) -> Option<&'static str> {
        self.judged.with(|case| case.as_ref().map(|case| case.outcome.name()))
    }

    /// Returns the state that the simulation's own last event told of.
    pub(crate) fn announced(self) -> Option<DialerState> {
        self.model.with(|model| model.announced.as_deref().map(DialerState::from))
    }

    /// Returns all that is known of the run, once it has ended.
    pub(super) fn exported(self) -> Option<ExportedSimulation> {
        let Standing::Ended(missing) = self.standing.get() else { return None };
        let (run, (request, thresholds)) = (self.run.get()?, self.asked.get()?);
        Some(ExportedSimulation {
            simulation: last_word(&run)?,
            request,
            thresholds,
            figures: self.figures.get()?,
            calls_without_end: missing.total(),
            verdict: self.judged.get()?,
        })
    }

    /// Returns the number of calls that were asked for; 0 where that is not known.
    pub(super) fn calls(self) -> u64 {
        self.asked.with(|asked| asked.as_ref().map_or(0, |(request, _)| request.calls()))
    }

    /// Reads the events of one run at a time.
    fn keep_up(self) {
        let simulation = Memo::new(move |_| {
            self.run.with(|run| {
                let run = run.as_ref()?;
                Some((run.dispatch.key.clone(), run.simulation.clone()?))
            })
        });
        Effect::new(move |_| {
            self.reader.set_value(None);
            self.model.set(Model::default());
            self.figures.set(None);
            let simulation = simulation.get();
            self.standing.set(if simulation.is_some() { Standing::Following } else { Standing::Idle });
            self.reader.set_value(simulation.map(|(_, id)| Reader::start(self, id)));
        });
        let ending = Memo::new(move |_| {
            self.run.with(|run| {
                let run = run.as_ref()?;
                let attempted = run.latest.as_ref().map(|latest| latest.calls_attempted);
                Some((run.is_over, attempted))
            })
        });
        Effect::new(move |_| {
            ending.track();
            simulation.track();
            if let Some(reader) = self.reader.get_value() {
                reader.look();
            }
        });
        let state = Memo::new(move |_| self.link.with(|link| link.state));
        Effect::new(move |_| {
            let state = state.get();
            if let Some(reader) = self.reader.get_value() {
                reader.turned(state);
            }
        });
        on_cleanup(move || drop(self.reader.try_update_value(Option::take)));
    }
}

/// Returns the request of a draft that was accepted. The organisation's limits have been looked at by then.
fn checked(draft: &scenario::dialer::DialerDraft) -> Option<(DialerRequest, Thresholds)> {
    use base::draft::Draft as _;

    draft.check(&Limits { dialer_concurrency: usize::MAX, ..Limits::default() }).ok()
}

/// Returns CXone's last answer; where there is none, all that is known is that the simulation was begun.
fn last_word(run: &FollowedRun) -> Option<DialerSimulation> {
    let unknown = || Some(DialerSimulation::new(run.simulation.clone()?, "unknown".into()));
    run.latest.clone().or_else(unknown)
}
