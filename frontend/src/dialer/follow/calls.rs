//! The table `Calls`: every call that events told of.

use std::sync::Arc;

use leptos::prelude::*;
use scenario::dialer::calls::Call;
use wire::cxone::CallOutcome;

use super::{
    following::{Following, Standing},
    model::CallRow,
};
use crate::{
    kit::table::{Column, Selection, Sheet, SortKey, Table},
    ui::Notice,
};

/// Shows the calls, and the chosen one in full. The table renders the rows near what is seen.
#[component]
pub(crate) fn Calls(following: Following, notice: RwSignal<Option<Notice>>) -> impl IntoView {
    let rows = Signal::derive(move || following.model.with(|model| model.rows().to_vec()));
    let chosen = RwSignal::new(None::<usize>);
    let selection = Selection::new(
        chosen,
        move |place| chosen.set(Some(place)),
        |row: &CallRow| format!("Show call {}", row.id),
    );
    let empty = move || {
        let text = match following.standing.get() {
            Standing::Idle => "No call yet. Start a simulation, and each of its calls has a row here.",
            Standing::Following => "No call yet. Rows come with the first events.",
            Standing::Ended(_) => "No event of a call came.",
        };
        text.to_owned()
    };
    let save = move |sheet: Sheet| {
        let run = following.run.with_untracked(|run| run.as_ref()?.simulation.clone());
        let name = run.map_or_else(|| "calls.csv".into(), |id| format!("{id}-calls.csv"));
        sheet.save(&name, notice);
    };
    let detail = move || {
        let place = chosen.get()?;
        following.model.with(|model| model.book.calls().get(place).map(describe))
    };
    view! {
        <div class="dialer-calls">
            <Table name="Calls" rows key=|row: &CallRow| row.place columns=columns(following) selection=selection
                empty=Signal::derive(empty) filter_name="Filter calls" export=save />
            <p class="fine" role="status" aria-label="Chosen call">{detail}</p>
        </div>
    }
}

/// A reader of one of a call's cells. The second argument is true once no end will come.
type Cell = fn(&Call, bool) -> String;

fn columns(following: Following) -> Vec<Column<CallRow>> {
    let column = move |title: &'static str, read: Cell| {
        Column::new(title, move |row: &CallRow| text(following, row, read)).shown_as(move |row| {
            let row = row.clone();
            // A row is rendered once, and its call goes on.
            (move || {
                following.model.track();
                following.standing.track();
                text(following, &row, read)
            })
            .into_any()
        })
    };
    let number = move |row: &CallRow| {
        following.model.with_untracked(|model| SortKey::from(model.call(row).map(|call| call.duration_ms)))
    };
    vec![
        Column::new("Call", |row: &CallRow| Arc::clone(&row.id).as_ref().to_owned()).class("digits"),
        column("State", state),
        column("Outcome", |call, _| outcome(call)),
        column("Duration in ms", |call, _| call.duration_ms.to_string()).sorted_by(number).class("number"),
        column("Time", |call, _| call.timestamp.clone()).class("digits"),
    ]
}

/// Returns a cell's text. It is read for each of many thousand rows, so nothing is tracked.
fn text(following: Following, row: &CallRow, read: Cell) -> String {
    let is_ended = matches!(following.standing.get_untracked(), Standing::Ended(_));
    following
        .model
        .with_untracked(|model| model.call(row).map(|call| read(call, is_ended)).unwrap_or_default())
}

fn state(call: &Call, is_ended: bool) -> String {
    if is_ended && !call.is_over {
        format!("{} – no final event came", call.state)
    } else {
        call.state.clone()
    }
}

/// Returns the outcome's name for people; CXone's word where there is none.
fn outcome(call: &Call) -> String {
    CallOutcome::from_name(&call.outcome)
        .map_or_else(|| call.outcome.clone(), |known| known.label().to_owned())
}

fn describe(call: &Call) -> String {
    let outcome = outcome(call);
    let outcome = if outcome.is_empty() { "no outcome".to_owned() } else { outcome };
    format!(
        "{}: {}, {outcome}, {} ms after it was begun, at {}.",
        call.id, call.state, call.duration_ms, call.timestamp
    )
}
