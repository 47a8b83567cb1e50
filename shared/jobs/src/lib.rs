//! Machines that wait, repeat or reconnect: jobs, retries, and links with their close codes.
//!
//! A job is work that a service takes on, does in its own time, and is asked about until it is over.
//!
//! [`JobMachine`] sees one job through: it is submitted, polled, pushed along, and ends exactly once. [`JobPool`] runs many,
//! so many at once; the rest wait in the order of their keys. Both are sans-IO: a driver sends what
//! [`JobPool::poll_output`] says, hands in what came back, and calls [`JobPool::handle_timeout`] when
//! [`JobPool::poll_timeout`] is due. A page and a shell drive the same machine.
//!
//! The kind of job is the driver's own:
//!
//! ```
//! use core::time::Duration;
//! use base::time::Instant;
//! use jobs::{Ending, Job, JobConfig, JobInput, JobOutput, JobPool, Resubmission, Stage, Start};
//!
//! /// Counts to three; the service says how far it has got.
//! struct Count;
//!
//! impl Job for Count {
//!     type Request = ();
//!     type Reply = u32;
//!     const RESUBMISSION: Resubmission = Resubmission::OnlyUnheard;
//!
//!     fn stage(reply: &u32) -> Stage {
//!         if *reply < 3 { Stage::Running } else { Stage::Done }
//!     }
//! }
//!
//! let mut now = Instant::ZERO;
//! let mut pool = JobPool::<&str, Count>::new(JobConfig::default(), 1, 7);
//! pool.add(now, "first", Start::Submit);
//! pool.add(now, "second", Start::Submit);
//! assert_eq!(pool.position(&"second"), Some(0), "it waits: one at a time");
//!
//! let (mut count, mut ended) = (0, Vec::new());
//! while ended.len() < 2 {
//!     while let Some((key, output)) = pool.poll_output() {
//!         match output {
//!             // A real driver sends a request, and hands in the answer when it comes.
//!             JobOutput::Submit { .. } => {
//!                 count = 0;
//!                 pool.handle_input(now, &key, JobInput::Replied(Box::new(0)));
//!             }
//!             JobOutput::Poll => {
//!                 count += 1;
//!                 pool.handle_input(now, &key, JobInput::Replied(Box::new(count)));
//!             }
//!             JobOutput::Abandon => {}
//!             JobOutput::Ended(ending) => ended.push((key, ending)),
//!         }
//!     }
//!     // A real driver sleeps until then.
//!     if let Some(due) = pool.poll_timeout() {
//!         now = due;
//!         pool.handle_timeout(now);
//!     }
//! }
//! assert_eq!(ended, [("first", Ending::Done(Box::new(3))), ("second", Ending::Done(Box::new(3)))]);
//! assert!(now - Instant::ZERO < Duration::from_secs(30));
//! ```

mod backoff;
mod close;
mod config;
mod event;
mod job;
mod link;
mod machine;
mod outage;
mod pool;
mod queue;
mod reconnect;
mod renewal;
mod retry;
#[cfg(test)]
mod tests;
mod timers;

pub use backoff::{Backoff, Jitter};
pub use close::{CloseClass, relayed_close_code};
pub use config::{JobConfig, PollInterval};
pub use event::{Ending, JobInput, JobOutput, JobPhase, JobProgress, Start, Trouble};
pub use job::{Job, Reaction, Refusal, Resubmission, Stage, Step};
pub use link::{LinkState, LinkStatus};
pub use machine::JobMachine;
pub use outage::Outage;
pub use pool::JobPool;
pub use queue::JobQueue;
pub use reconnect::{Loss, Reconnect, ReconnectConfig, ReconnectInput, ReconnectOutput};
pub use renewal::{Renewal, RenewalConfig, RenewalInput, Supply};
pub use retry::{GiveUpReason, Retry, RetryDecision, RetryPolicy};

#[cfg(all(test, target_arch = "wasm32"))]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
