//! Words for jobs that came to no good end.

use jobs::{Resubmission, Trouble};
use leptos::prelude::*;

use super::{
    PanelJob,
    record::{JobEntry, Outcome, Record},
};

/// Shows what went wrong with a job and what to do.
#[component]
pub(crate) fn JobTrouble<J: PanelJob>(
    /// The job that is looked at.
    #[prop(into)]
    job: Signal<Option<JobEntry<J>>>,
) -> impl IntoView {
    move || {
        job.get().and_then(|job| job.trouble()).map(|(title, detail)| {
            view! { <div class="notice" role="alert"><p><strong>{title}</strong>" "{detail}</p></div> }
        })
    }
}

/// Returns what to do about a job that was refused with this HTTP status, whatever the panel.
pub(crate) fn usual_advice<J: PanelJob + ?Sized>(status: u16) -> String {
    match status {
        400 | 413 | 422 => "Correct the form and start it again.".into(),
        401 => format!(
            "Dialbench's own credentials are not accepted by {}: correct its configuration.",
            J::SERVICE
        ),
        403 => format!("Dialbench's credentials lack {}: have it granted.", J::SCOPE),
        429 => "Too many requests: wait a while.".into(),
        500.. => format!("{} or the way to it is out of order: try again later.", J::SERVICE),
        _ => String::new(),
    }
}

/// Returns what went wrong with a job and what to do; none where nothing did.
pub(super) fn describe<J: PanelJob>(record: &Record<J>) -> Option<(String, String)> {
    let title = |what: &str| format!("{} {} {what}.", capital(J::NOUN), record.number);
    let notice = |what: &str, detail: &str, advice: &str| {
        Some((title(what), format!("{detail} {advice}").trim().to_owned()))
    };
    match record.outcome.as_ref()? {
        Outcome::Completed => None,
        Outcome::Failed => {
            let why = record.result.as_ref().and_then(J::failure);
            let why = why.unwrap_or_else(|| format!("{} does not say why", J::SERVICE));
            notice(
                "failed",
                &format!("{} could not execute it to its end: {why}.", J::SERVICE),
                "What it did until then is shown.",
            )
        }
        Outcome::Cancelled if record.waiting => {
            notice("was cancelled", "It waited for a place and was never sent.", "")
        }
        Outcome::Cancelled => notice(
            "was cancelled",
            &format!("It is not waited for any more; {} may still execute it.", J::SERVICE),
            "",
        ),
        Outcome::GaveUp { detail } => notice(
            "was given up",
            detail,
            &format!("{} is busy, or the {} hangs: wait a while and start it again.", J::SERVICE, J::NOUN),
        ),
        Outcome::TimedOut { detail } => notice(
            "was given up",
            detail,
            &format!("It may still go on at {}: look there, or start it again.", J::SERVICE),
        ),
        Outcome::Refused { status, detail } => notice("was refused", detail, &J::advice(*status)),
        Outcome::Unknown { detail } => notice(
            "may or may not have been started",
            detail,
            match J::RESUBMISSION {
                Resubmission::OnlyUnheard => {
                    "It was not sent a second time, because it would then run twice. Run it again if that does no harm."
                }
                Resubmission::SameKey => {
                    "It was asked for under one key, which starts it once. Run it again, under another, if that does no harm."
                }
            },
        ),
        Outcome::Unreadable { detail } => notice(
            "has no readable result",
            detail,
            "This is a fault of the service's, or of what stands between: try again, and report it if it stays.",
        ),
    }
}

/// Returns why an attempt came to nothing, for people.
pub(super) fn describe_attempt(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Status(409) => "no place is free (HTTP 409)".into(),
        Trouble::Status(429) => "too many requests (HTTP 429)".into(),
        Trouble::Status(503) => "the service is not available (HTTP 503)".into(),
        Trouble::Status(status) => format!("HTTP {status}"),
        Trouble::Lost(why) => why.trim_end_matches(['.', '?']).to_owned(),
    }
}

/// Returns a noun as it begins a sentence.
pub(super) fn capital(noun: &str) -> String {
    let mut rest = noun.chars();
    rest.next().map(|first| first.to_uppercase().chain(rest).collect()).unwrap_or_default()
}
