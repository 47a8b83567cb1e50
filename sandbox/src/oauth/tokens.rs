//! The access tokens that are valid.

use std::{collections::HashMap, fmt, sync::Mutex, time::Duration};

use tokio::time::Instant;

use crate::{scope::Scope, services::Service};

/// The access tokens that are valid.
pub(crate) struct Tokens {
    ttl: Duration,
    grants: Mutex<HashMap<String, Grant>>,
}

/// The service and scopes of a token.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) service: Service,
    pub(crate) scopes: Vec<Scope>,
    expires_at: Instant,
}

impl Tokens {
    pub(crate) fn new(ttl: Duration) -> Self {
        Self { ttl, grants: Mutex::default() }
    }

    /// Returns a new token, and drops those that have expired.
    pub(crate) fn issue(&self, service: Service, scopes: Vec<Scope>) -> String {
        let token = format!("sbx.{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>());
        let now = Instant::now();
        let mut grants = self.grants.lock().expect("no holder panics");
        grants.retain(|_, grant| grant.expires_at > now);
        grants.insert(token.clone(), Grant { service, scopes, expires_at: now + self.ttl });
        token
    }

    /// Returns the service and scopes of a token that is valid.
    pub(crate) fn grant(&self, token: &str) -> Option<Grant> {
        let grants = self.grants.lock().expect("no holder panics");
        grants.get(token).filter(|grant| grant.expires_at > Instant::now()).cloned()
    }

    /// Revokes every token.
    pub(crate) fn revoke_all(&self) {
        self.grants.lock().expect("no holder panics").clear();
    }
}

/// Shows the number of tokens only, because they are secrets.
impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grants = self.grants.lock().expect("no holder panics").len();
        f.debug_struct("Tokens").field("grants", &grants).finish_non_exhaustive()
    }
}
