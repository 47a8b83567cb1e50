//! The parts of the stand-in that calls use.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{clock::Clock, connection::Tasks, faults::Faults, interactions::Hub, prompts::Prompts};

/// The parts of the stand-in that calls use.
#[derive(Clone, Debug)]
pub(crate) struct CallContext {
    pub(crate) clock: Clock,
    pub(crate) prompts: Arc<Prompts>,
    pub(crate) faults: Arc<Faults>,
    /// Receives the events that calls publish.
    pub(crate) hub: Arc<Hub>,
    pub(crate) limits: CallLimits,
    pub(crate) shutdown: CancellationToken,
    pub(crate) tasks: Tasks,
}

/// Limits of calls: the fields of [`crate::SandboxConfig`] with the same names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallLimits {
    pub(crate) connect_timeout: Duration,
    pub(crate) voice_grace: Duration,
    pub(crate) max_calls: usize,
}
