use std::net::SocketAddr;
use std::task::Waker;

use mqtt_broker_core::{Actions, ConnId, Note, Outgoing, Question, StoreOp, Ticket};

use crate::notes;
use crate::output::Output;

/// What the broker has called for on one connection, until the connection's task carries it out.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) peer: SocketAddr,
    pub(crate) output: Output,
    /// The broker wants it closed, or has heard that it is.
    pub(crate) is_closing: bool,
    pub(crate) is_paused: bool,
    /// Reading was resumed: the broker wants to see what was read already.
    pub(crate) is_resumed: bool,
    /// The task, while it sleeps and nobody has woken it.
    sleeper: Option<Waker>,
}

impl Link {
    fn new(peer: SocketAddr) -> Self {
        Self {
            peer,
            output: Output::default(),
            is_closing: false,
            is_paused: false,
            is_resumed: false,
            sleeper: None,
        }
    }

    /// The task will look no more at this before it is woken.
    pub(crate) fn sleep(&mut self, waker: &Waker) {
        self.sleeper = Some(waker.clone());
    }

    fn wake(&mut self) {
        if let Some(waker) = self.sleeper.take() {
            waker.wake();
        }
    }
}

/// All connections, as the broker's actions see them.
///
/// An action only changes a link and wakes its task, so actions may come at any time, about any connection.
#[derive(Debug, Default)]
pub(crate) struct Links {
    slots: Vec<Option<(ConnId, Link)>>,
    free: Vec<u32>,
    opened: u64,
    /// Who waits for the last connection to go.
    waits_for_none: Option<Waker>,
}

const INDEX_BITS: u32 = 24;

impl Links {
    /// A name is the place in the table and a number that counts up, so that finding a link is indexing, and no name
    /// comes twice.
    pub(crate) fn open(&mut self, peer: SocketAddr) -> Option<ConnId> {
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                let index = u32::try_from(self.slots.len()).ok().filter(|index| index >> INDEX_BITS == 0)?;
                self.slots.push(None);
                index
            }
        };
        self.opened += 1;
        let conn = ConnId(self.opened << INDEX_BITS | u64::from(index));
        *self.slots.get_mut(index as usize)? = Some((conn, Link::new(peer)));
        Some(conn)
    }

    pub(crate) fn get_mut(&mut self, conn: ConnId) -> Option<&mut Link> {
        match self.slots.get_mut(index(conn) as usize) {
            Some(Some((name, link))) if *name == conn => Some(link),
            _ => None,
        }
    }

    pub(crate) fn remove(&mut self, conn: ConnId) {
        if self.get_mut(conn).is_none() {
            return;
        }
        if let Some(slot) = self.slots.get_mut(index(conn) as usize) {
            *slot = None;
            self.free.push(index(conn));
        }
        if self.is_empty()
            && let Some(waker) = self.waits_for_none.take()
        {
            waker.wake();
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.free.len() == self.slots.len()
    }

    pub(crate) fn wait_for_none(&mut self, waker: &Waker) {
        self.waits_for_none = Some(waker.clone());
    }

    /// Changes a link, if it is there, and wakes its task.
    fn change(&mut self, conn: ConnId, change: impl FnOnce(&mut Link)) {
        if let Some(link) = self.get_mut(conn) {
            change(link);
            link.wake();
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the low bits are the index")]
const fn index(conn: ConnId) -> u32 {
    conn.0 as u32 & ((1 << INDEX_BITS) - 1)
}

impl Actions for Links {
    fn send(&mut self, conn: ConnId, packet: &Outgoing<'_>) {
        self.change(conn, |link| link.output.push(packet));
    }

    fn close(&mut self, conn: ConnId) {
        self.change(conn, |link| link.is_closing = true);
    }

    fn pause_reading(&mut self, conn: ConnId) {
        if let Some(link) = self.get_mut(conn) {
            link.is_paused = true;
        }
    }

    fn resume_reading(&mut self, conn: ConnId) {
        self.change(conn, |link| {
            link.is_paused = false;
            link.is_resumed = true;
        });
    }

    fn ask(&mut self, ticket: Ticket, _: &Question<'_>) {
        tracing::error!(ticket = ticket.0, "a question, though the policy answers all at once");
    }

    fn store(&mut self, _: StoreOp<'_>) {}

    fn note(&mut self, note: &Note<'_>) {
        notes::log(note, |conn| self.get_mut(conn).map(|link| link.peer));
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn a_name_never_comes_twice() {
        let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        let mut links = Links::default();
        let (a, b) = (links.open(peer).unwrap(), links.open(peer).unwrap());
        links.remove(a);
        let c = links.open(peer).unwrap();
        assert_eq!(index(a), index(c), "the place is used again");
        assert!(a < b && b < c);
        assert!(links.get_mut(a).is_none());
        links.remove(a);
        assert!(links.get_mut(c).is_some());
        links.remove(b);
        assert!(!links.is_empty());
        links.remove(c);
        assert!(links.is_empty());
    }
}
