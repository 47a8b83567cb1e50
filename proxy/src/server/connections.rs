use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio_util::sync::CancellationToken;

/// Connections that are open, by client.
///
/// A new connection is never turned away: where there are too many, the oldest of the client that has the most gives way.
/// So a crowd of connections that come to nothing, from one address or from many, costs that crowd its own.
#[derive(Clone, Debug)]
pub(crate) struct Connections(Arc<Mutex<Table>>);

#[derive(Debug)]
struct Table {
    max: usize,
    max_of_client: usize,
    opened: u64,
    /// Connections that may have to give way, in the order of their opening.
    clients: BTreeMap<IpAddr, BTreeMap<u64, CancellationToken>>,
}

/// Place of a connection; it is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    connections: Connections,
    client: IpAddr,
    number: u64,
    gives_way: CancellationToken,
}

impl Connections {
    /// Returns a table of at most `max` connections, of which one client has at most `max_of_client`.
    pub(super) fn new(max: usize, max_of_client: usize) -> Self {
        let (max, max_of_client) = (max.max(1), max_of_client.max(1));
        Self(Arc::new(Mutex::new(Table { max, max_of_client, opened: 0, clients: BTreeMap::new() })))
    }

    /// Admits a connection, for which another one may have to give way.
    pub(super) fn admit(&self, client: IpAddr) -> Place {
        let client = client.to_canonical();
        let mut table = self.table();
        if table.clients.get(&client).map_or(0, BTreeMap::len) >= table.max_of_client {
            table.make_room_at(client);
        }
        if table.len() >= table.max {
            table.make_room();
        }
        table.opened += 1;
        let (number, gives_way) = (table.opened, CancellationToken::new());
        table.clients.entry(client).or_default().insert(number, gives_way.clone());
        Place { connections: self.clone(), client, number, gives_way }
    }

    /// Has a connection give way, since the system has no room for another.
    pub(super) fn make_room(&self) {
        self.table().make_room();
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn len(&self) -> usize {
        self.clients.values().map(BTreeMap::len).sum()
    }

    fn make_room(&mut self) {
        let most = self.clients.iter().max_by_key(|(_, connections)| connections.len());
        if let Some(client) = most.map(|(client, _)| *client) {
            self.make_room_at(client);
        }
    }

    fn make_room_at(&mut self, client: IpAddr) {
        if let Some((_, oldest)) = self.clients.get_mut(&client).and_then(BTreeMap::pop_first) {
            oldest.cancel();
        }
    }

    fn remove(&mut self, client: IpAddr, number: u64) {
        if let Some(connections) = self.clients.get_mut(&client) {
            connections.remove(&number);
            if connections.is_empty() {
                self.clients.remove(&client);
            }
        }
    }
}

impl Place {
    /// Waits until the connection has to give way.
    pub(super) async fn gives_way(&self) {
        self.gives_way.cancelled().await;
    }

    /// Returns the client's address.
    pub(super) fn client(&self) -> IpAddr {
        self.client
    }

    /// Returns the means to keep the connection, for one of its requests.
    pub(super) fn keeper(&self) -> Keeper {
        Keeper { connections: self.connections.clone(), client: self.client, number: self.number }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.table().remove(self.client, self.number);
    }
}

/// Means to keep a connection whose number is bounded otherwise, such as a page's stream of events.
#[derive(Clone, Debug)]
pub(crate) struct Keeper {
    connections: Connections,
    client: IpAddr,
    number: u64,
}

impl Keeper {
    /// Keeps the connection: it gives way to no other.
    pub(crate) fn keep(&self) {
        self.connections.table().remove(self.client, self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CROWD: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
    const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

    fn open(places: &[Place]) -> Vec<usize> {
        (0..places.len()).filter(|at| !places[*at].gives_way.is_cancelled()).collect()
    }

    #[test]
    fn a_client_s_oldest_connection_gives_way_to_its_newest() {
        let connections = Connections::new(100, 3);
        let other = connections.admit(OTHER);
        let mut places: Vec<Place> = (0..3).map(|_| connections.admit(CROWD)).collect();
        assert_eq!(open(&places), [0, 1, 2]);
        places.push(connections.admit(CROWD));
        assert_eq!(open(&places), [1, 2, 3]);
        drop(places.remove(2));
        places.push(connections.admit(CROWD));
        assert_eq!(open(&places), [1, 2, 3], "a place that was left is taken first");
        assert!(!other.gives_way.is_cancelled());
    }

    #[test]
    fn where_all_places_are_taken_the_largest_client_makes_room() {
        let connections = Connections::new(10, 100);
        let crowd: Vec<Place> = (0..9).map(|_| connections.admit(CROWD)).collect();
        let others: Vec<Place> = (0..4).map(|_| connections.admit(OTHER)).collect();
        assert_eq!(open(&crowd), [3, 4, 5, 6, 7, 8]);
        assert_eq!(open(&others), [0, 1, 2, 3]);
        drop((crowd, others));
        assert!(connections.table().clients.is_empty());
    }

    #[test]
    fn what_is_kept_does_not_give_way() {
        let connections = Connections::new(2, 2);
        let kept = connections.admit(CROWD);
        kept.keeper().keep();
        let crowd: Vec<Place> = (0..9).map(|_| connections.admit(CROWD)).collect();
        assert!(!kept.gives_way.is_cancelled());
        assert_eq!(open(&crowd), [7, 8]);
    }

    #[test]
    fn an_address_is_one_client_in_either_notation() {
        let connections = Connections::new(10, 1);
        let first = connections.admit("::ffff:10.0.0.1".parse().unwrap());
        let _second = connections.admit(CROWD);
        assert!(first.gives_way.is_cancelled());
    }
}
