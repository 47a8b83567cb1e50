//! The tokens that are good at present.

use std::{collections::HashMap, fmt, sync::Mutex, time::Duration};

use tokio::time::Instant;

use crate::services::Service;

/// The tokens that are good at present.
pub(crate) struct Tokens {
    ttl: Duration,
    live: Mutex<HashMap<String, Grant>>,
}

/// What a token allows.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) service: Service,
    pub(crate) scopes: Vec<&'static str>,
    ends: Instant,
}

impl Tokens {
    pub(crate) fn new(ttl: Duration) -> Self {
        Self { ttl, live: Mutex::default() }
    }

    /// A new token. Forgets those that have expired.
    pub(crate) fn issue(&self, service: Service, scopes: Vec<&'static str>) -> String {
        let token = format!("sbx.{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>());
        let now = Instant::now();
        let mut live = self.live.lock().expect("no holder panics");
        live.retain(|_, grant| grant.ends > now);
        live.insert(token.clone(), Grant { service, scopes, ends: now + self.ttl });
        token
    }

    /// What `token` allows, while it is good.
    pub(crate) fn grant(&self, token: &str) -> Option<Grant> {
        let live = self.live.lock().expect("no holder panics");
        live.get(token).filter(|grant| grant.ends > Instant::now()).cloned()
    }

    /// Ends every token at once.
    pub(crate) fn revoke_all(&self) {
        self.live.lock().expect("no holder panics").clear();
    }
}

/// Tokens are secrets: only their number is shown.
impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let live = self.live.lock().expect("no holder panics").len();
        f.debug_struct("Tokens").field("live", &live).finish_non_exhaustive()
    }
}
