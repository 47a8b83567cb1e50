use std::time::Duration;

use base::ids::{CorrelationId, IdempotencyKey, SimulationId};
use sqlx::Row as _;

use super::{Store, StoreError, now_ms};

/// Time after which nobody waits for a submission any more whose fate is not known.
const ABANDONED_AFTER: Duration = Duration::from_mins(10);

/// Progress of a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SubmissionState {
    /// A proxy is sending it.
    Sending,
    /// It may have arrived; only events can tell.
    Unknown,
    /// CXone has it, under this identifier; with its answer, where that came.
    Accepted { simulation: SimulationId, answer: Option<String> },
}

/// A submission that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Submission {
    /// The request's body.
    pub(crate) request: String,
    pub(crate) state: SubmissionState,
    pub(crate) correlation: CorrelationId,
}

/// Answer to the wish to send a submission.
#[derive(Debug)]
pub(crate) enum Begun {
    /// It is the caller's to send: nobody else will.
    Now,
    /// It was begun before, here or by another proxy.
    Before(Submission),
}

impl Store {
    /// Takes a submission on. It is to be sent within `within`; after that its fate counts as unknown.
    pub(crate) async fn begin(
        &self,
        key: &IdempotencyKey,
        request: &str,
        correlation: &CorrelationId,
        within: Duration,
    ) -> Result<Begun, StoreError> {
        let now = now_ms();
        loop {
            let inserted = sqlx::query(
                "INSERT INTO submissions (submission_key, request, state, correlation, begun_ms, deadline_ms) \
                 VALUES ($1, $2, 'sending', $3, $4, $5) ON CONFLICT (submission_key) DO NOTHING",
            )
            .bind(key.as_str().to_owned())
            .bind(request.to_owned())
            .bind(correlation.as_str().to_owned())
            .bind(now)
            .bind(now + millis(within))
            .execute(&self.0.pool)
            .await?;
            if inserted.rows_affected() == 1 {
                return Ok(Begun::Now);
            }
            // It may have been taken back between the two statements.
            if let Some(submission) = self.submission(key).await? {
                return Ok(Begun::Before(submission));
            }
        }
    }

    /// Returns the submission with this key.
    pub(crate) async fn submission(&self, key: &IdempotencyKey) -> Result<Option<Submission>, StoreError> {
        let row = sqlx::query(
            "SELECT request, state, simulation, answer, correlation, deadline_ms FROM submissions WHERE submission_key = $1",
        )
        .bind(key.as_str().to_owned())
        .fetch_optional(&self.0.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let simulation: Option<String> = row.try_get("simulation")?;
        let state: String = row.try_get("state")?;
        let deadline: i64 = row.try_get("deadline_ms")?;
        let state = match simulation.map(|id| id.parse()) {
            Some(Ok(simulation)) => SubmissionState::Accepted { simulation, answer: row.try_get("answer")? },
            Some(Err(_)) | None if state == "sending" && deadline > now_ms() => SubmissionState::Sending,
            Some(Err(_)) | None => SubmissionState::Unknown,
        };
        let correlation: String = row.try_get("correlation")?;
        let correlation = correlation.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        Ok(Some(Submission { request: row.try_get("request")?, state, correlation }))
    }

    /// Notes that CXone has a submission.
    pub(crate) async fn accepted(
        &self,
        key: &IdempotencyKey,
        simulation: &SimulationId,
        answer: &str,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE submissions SET state = 'accepted', simulation = $2, answer = $3 WHERE submission_key = $1",
        )
        .bind(key.as_str().to_owned())
        .bind(simulation.as_str().to_owned())
        .bind(answer.to_owned())
        .execute(&self.0.pool)
        .await?;
        Ok(())
    }

    /// Notes that a submission may have arrived.
    pub(crate) async fn unknown(&self, key: &IdempotencyKey) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE submissions SET state = 'unknown' WHERE submission_key = $1 AND state = 'sending'",
        )
        .bind(key.as_str().to_owned())
        .execute(&self.0.pool)
        .await?;
        Ok(())
    }

    /// Takes a submission back that certainly did not arrive: its key is free again.
    pub(crate) async fn take_back(&self, key: &IdempotencyKey) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM submissions WHERE submission_key = $1 AND state = 'sending'")
            .bind(key.as_str().to_owned())
            .execute(&self.0.pool)
            .await?;
        Ok(())
    }

    /// Looks for the simulation of a submission whose fate is unknown: the only one that events have come of since it was
    /// begun and that no submission has, provided that no other submission waits for one. Returns true where it is found.
    pub(crate) async fn find_simulation(&self, key: &IdempotencyKey) -> Result<bool, StoreError> {
        let now = now_ms();
        let found = sqlx::query(
            "UPDATE submissions SET state = 'accepted', simulation = ( \
                 SELECT min(simulation) FROM events WHERE received_ms >= submissions.begun_ms AND simulation NOT IN ( \
                     SELECT simulation FROM submissions WHERE simulation IS NOT NULL)) \
             WHERE submission_key = $1 AND simulation IS NULL AND (state = 'unknown' OR deadline_ms <= $2) \
                 AND begun_ms > $3 \
                 AND 1 = (SELECT count(*) FROM submissions WHERE simulation IS NULL AND begun_ms > $3) \
                 AND 1 = (SELECT count(DISTINCT simulation) FROM events \
                     WHERE received_ms >= submissions.begun_ms AND simulation NOT IN ( \
                         SELECT simulation FROM submissions WHERE simulation IS NOT NULL))",
        )
        .bind(key.as_str().to_owned())
        .bind(now)
        .bind(now - millis(ABANDONED_AFTER))
        .execute(&self.0.pool)
        .await?;
        Ok(found.rows_affected() == 1)
    }

    /// Returns the correlation id of a simulation that was submitted here or by another proxy.
    pub(crate) async fn correlation(&self, id: &SimulationId) -> Result<Option<CorrelationId>, StoreError> {
        let row = sqlx::query("SELECT correlation FROM submissions WHERE simulation = $1")
            .bind(id.as_str().to_owned())
            .fetch_optional(&self.0.pool)
            .await?;
        let text: Option<String> = row.map(|row| row.try_get("correlation")).transpose()?;
        Ok(text.and_then(|text| text.parse().ok()))
    }

    /// Notes that a simulation's end was seen. Returns the time since its submission where the end is new, to one proxy alone.
    pub(crate) async fn over(&self, id: &SimulationId) -> Result<Option<Duration>, StoreError> {
        let row = sqlx::query(
            "UPDATE submissions SET over_ms = $2 WHERE simulation = $1 AND over_ms IS NULL RETURNING begun_ms",
        )
        .bind(id.as_str().to_owned())
        .bind(now_ms())
        .fetch_optional(&self.0.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let begun: i64 = row.try_get("begun_ms")?;
        Ok(Some(Duration::from_millis(u64::try_from(now_ms() - begun).unwrap_or(0))))
    }

    /// Takes [`Self::over`] back, because the end could not be recorded.
    pub(crate) async fn not_over(&self, id: &SimulationId) -> Result<(), StoreError> {
        sqlx::query("UPDATE submissions SET over_ms = NULL WHERE simulation = $1")
            .bind(id.as_str().to_owned())
            .execute(&self.0.pool)
            .await?;
        Ok(())
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
