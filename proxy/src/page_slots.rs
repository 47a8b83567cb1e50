//! Places for pages, bounded for all clients together and for each of them.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::http::StatusCode;

use crate::error::ApiError;

/// Pages that are open, by client. No client can take all places.
#[derive(Clone, Debug)]
pub(crate) struct PageSlots(Arc<Mutex<Table>>);

#[derive(Debug)]
struct Table {
    max: usize,
    max_of_client: usize,
    /// Number of open pages of each client that has any.
    open: BTreeMap<IpAddr, usize>,
}

/// Place of a page; it is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct PageSlot {
    slots: PageSlots,
    client: IpAddr,
}

impl PageSlots {
    /// Returns `max` places, of which one client has at most `max_of_client`.
    pub(crate) fn new(max: usize, max_of_client: usize) -> Self {
        Self(Arc::new(Mutex::new(Table { max, max_of_client, open: BTreeMap::new() })))
    }

    /// Takes a place for a page of `client`, or says of which places none is free.
    pub(crate) fn take(&self, client: IpAddr) -> Result<PageSlot, NoSlot> {
        let mut table = self.table();
        if table.open.values().sum::<usize>() >= table.max {
            return Err(NoSlot::All(table.max));
        }
        let max_of_client = table.max_of_client;
        let open = table.open.entry(client).or_default();
        if *open >= max_of_client {
            return Err(NoSlot::OfClient(max_of_client));
        }
        *open += 1;
        Ok(PageSlot { slots: self.clone(), client })
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for PageSlot {
    fn drop(&mut self) {
        let mut table = self.slots.table();
        if let Some(open) = table.open.get_mut(&self.client) {
            *open -= 1;
            if *open == 0 {
                table.open.remove(&self.client);
            }
        }
    }
}

/// Refusal of a page, with the number of places that are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoSlot {
    /// All places are taken.
    #[error("{0} pages are open already")]
    All(usize),
    /// The client has taken as many as one may.
    #[error("{0} pages of your address are open already")]
    OfClient(usize),
}

impl From<NoSlot> for ApiError {
    fn from(error: NoSlot) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CROWD: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
    const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

    #[test]
    fn one_client_leaves_places_to_the_others() {
        let slots = PageSlots::new(4, 3);
        let mut crowd: Vec<_> = (0..3).map(|_| slots.take(CROWD).unwrap()).collect();
        assert_eq!(slots.take(CROWD).unwrap_err(), NoSlot::OfClient(3));
        let other = slots.take(OTHER).unwrap();
        assert_eq!(slots.take(OTHER).unwrap_err(), NoSlot::All(4));
        crowd.pop();
        let again = slots.take(CROWD).unwrap();
        drop((crowd, other, again));
        assert!(slots.table().open.is_empty());
    }
}
