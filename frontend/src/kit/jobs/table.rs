//! The table of a panel's jobs: what every panel's has, around the columns that the panel supplies.

use leptos::prelude::*;

use super::{
    PanelJob,
    record::{JobEntry, JobId},
    runner::JobRunner,
};
use crate::kit::table::{Action, Column, Selection, Sheet, SortKey, Table};

/// All jobs in a table: filtered, sorted, selected, compared, exported, edited, cancelled and removed.
#[component]
pub(crate) fn JobTable<J: PanelJob>(
    /// The accessible name.
    name: &'static str,
    jobs: RwSignal<Vec<JobEntry<J>>>,
    runner: JobRunner<J>,
    /// The panel's columns; the first is usually [`number_column`].
    columns: Vec<Column<JobEntry<J>>>,
    /// The job that is shown.
    #[prop(into)]
    chosen: Signal<Option<JobId>>,
    #[prop(into)] choose: Callback<JobId>,
    /// The job that is laid over it, where the panel compares two.
    #[prop(optional, into)]
    compared: Option<Signal<Option<JobId>>>,
    #[prop(optional, into)] compare: Option<Callback<Option<JobId>>>,
    /// Brings a job's draft into the form.
    #[prop(into)]
    edit: Callback<J::Draft>,
    /// Forgets a job.
    #[prop(into)]
    remove: Callback<JobId>,
    #[prop(into)] export: Callback<Sheet>,
    /// Says, while there are no jobs, what to do to get some.
    empty: &'static str,
) -> impl IntoView {
    let mut selection =
        Selection::new(chosen, move |id| choose.run(id), |job: &JobEntry<J>| named("Show", job));
    if let (Some(compared), Some(compare)) = (compared, compare) {
        selection = selection.compared_with(
            compared,
            move |id| compare.run(id),
            |job| job.record.with(|record| record.result.is_some()).then(|| named("Compare", job)),
        );
    }
    let actions = vec![
        Action::new("Cancel", |job| named("Cancel", job), move |job: JobEntry<J>| runner.cancel(job.id))
            // One that is under way has its button beside its bar.
            .where_it(|job| job.position.with(Option::is_some)),
        Action::new(
            "Edit",
            |job| named("Edit", job),
            move |job: JobEntry<J>| edit.run(job.record.with_untracked(|record| record.draft.clone())),
        ),
        Action::new("×", |job| named("Remove", job), move |job: JobEntry<J>| remove.run(job.id)),
    ];
    let key = |job: &JobEntry<J>| job.id;
    view! { <Table name rows=jobs key columns selection actions empty export /> }
}

fn named<J: PanelJob>(verb: &str, job: &JobEntry<J>) -> String {
    format!("{verb} {} {}", J::NOUN, job.number())
}

/// Makes the column of the jobs' numbers.
pub(crate) fn number_column<J: PanelJob>(title: &'static str) -> Column<JobEntry<J>> {
    Column::new(title, |job: &JobEntry<J>| job.number().to_string()).sorted_by(|job| job.number().into())
}

/// Makes the column that says how the jobs stand. Those that wait are sorted by their place in the line.
pub(crate) fn state_column<J: PanelJob>() -> Column<JobEntry<J>> {
    Column::new("State", JobEntry::state).sorted_by(|job| match job.position.get() {
        Some(before) => SortKey::Text(format!("waiting {before:09}")),
        None => job.state().into(),
    })
}
