//! The registry of calls.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
};

use ivr::CompiledFlow;

use super::{actor, call::Call, context::CallContext};

/// The calls that are live, and the newest of those that are over.
#[derive(Debug)]
pub(crate) struct Calls {
    context: CallContext,
    registry: Arc<Mutex<Registry>>,
}

#[derive(Debug, Default)]
struct Registry {
    by_interaction: HashMap<String, Arc<Call>>,
    /// Interaction identifiers by call identifier.
    by_call: HashMap<String, String>,
    /// Interaction identifiers of calls that are over, oldest first.
    over: VecDeque<String>,
}

impl Calls {
    pub(crate) fn new(context: CallContext) -> Self {
        Self { context, registry: Arc::default() }
    }

    /// Places a call into `flow`; none if too many are live.
    pub(crate) fn place(&self, flow: Arc<CompiledFlow>) -> Option<Arc<Call>> {
        let mut registry = self.lock();
        if registry.live() >= self.context.limits.max_calls {
            return None;
        }
        let (call, commands) = Call::new(flow);
        let call = Arc::new(call);
        registry.by_call.insert(call.id.clone(), call.interaction.clone());
        registry.by_interaction.insert(call.interaction.clone(), Arc::clone(&call));
        let running = actor::run(self.context.clone(), Arc::clone(&call), commands);
        let (ended, calls) = (Arc::clone(&call), Arc::clone(&self.registry));
        self.context.tasks.spawn(async move {
            running.await;
            calls.lock().expect("no holder panics").end(&ended);
        });
        Some(call)
    }

    pub(crate) fn by_interaction(&self, id: &str) -> Option<Arc<Call>> {
        self.lock().by_interaction.get(id).cloned()
    }

    pub(crate) fn by_call(&self, id: &str) -> Option<Arc<Call>> {
        let registry = self.lock();
        registry.by_interaction.get(registry.by_call.get(id)?).cloned()
    }

    /// Returns the number of calls that are not over.
    pub(crate) fn live(&self) -> usize {
        self.lock().live()
    }

    fn lock(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().expect("no holder panics")
    }
}

impl Registry {
    /// Counts a call as over and drops the oldest such call if there are too many.
    fn end(&mut self, call: &Call) {
        /// Maximum number of calls that are over and can still be looked up.
        const MAX_ENDED_CALLS: usize = 1_000;
        self.over.push_back(call.interaction.clone());
        if self.over.len() > MAX_ENDED_CALLS
            && let Some(oldest) = self.over.pop_front()
            && let Some(call) = self.by_interaction.remove(&oldest)
        {
            self.by_call.remove(&call.id);
        }
    }

    fn live(&self) -> usize {
        self.by_interaction.len() - self.over.len()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ivr::support_line;
    use tokio::time::Instant;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::{
        calls::CallLimits,
        clock::Clock,
        connection::Tasks,
        faults::{FaultRule, Faults},
        interactions::Hub,
        prompts::Prompts,
    };

    fn context(faults: Faults) -> CallContext {
        let wait = Duration::from_mins(1);
        CallContext {
            clock: Clock::new(),
            prompts: Arc::new(Prompts::load(&[]).unwrap()),
            faults: Arc::new(faults),
            hub: Arc::new(Hub::new(3)),
            limits: CallLimits { connect_timeout: wait, voice_grace: wait, max_calls: 1 },
            shutdown: CancellationToken::new(),
            tasks: Tasks::new(),
        }
    }

    /// Counts the frames that a call sends in ten seconds while its network is impaired.
    async fn frames_in_ten_seconds(impairment: &str) -> usize {
        let rule: FaultRule = serde_json::from_str(impairment).unwrap();
        rule.validate().unwrap();
        let faults = Faults::new(None);
        faults.arm(rule);
        let calls = Calls::new(context(faults));
        let mut link = calls.place(support_line()).unwrap().attach().await.unwrap();
        let end = Instant::now() + Duration::from_millis(9_990);
        let mut frames = 0;
        // The clock is the test's, so that nothing is waited for and nothing is late.
        while let Ok(Some(_)) = tokio::time::timeout_at(end, link.frames.recv()).await {
            frames += 1;
        }
        frames
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_off_sends_more_frames_or_fewer() {
        assert_eq!(frames_in_ten_seconds(r#"{"on":"voice","kind":"impair"}"#).await, 500);
        assert_eq!(frames_in_ten_seconds(r#"{"on":"voice","kind":"impair","driftPpm":10000}"#).await, 505);
        assert_eq!(frames_in_ten_seconds(r#"{"on":"voice","kind":"impair","driftPpm":-10000}"#).await, 495);
        assert_eq!(
            frames_in_ten_seconds(r#"{"on":"voice","kind":"impair","driftPpm":10000,"ms":3990}"#).await,
            502
        );
    }
}
