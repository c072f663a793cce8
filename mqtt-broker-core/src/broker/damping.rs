//! Clients that connect again and again are slowed (see [`Damping`]).

use alloc::boxed::Box;
use alloc::vec;

use mqtt_session::Timestamp;

use super::{Core, Cx};
use crate::slab::Key;
use crate::{Damping, Note, Verdict};

/// Client Identifiers that are remembered. One that comes to the place of another makes that forgotten.
const PLACES: usize = 4096;

/// What is known of recent connections. Its memory does not grow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Damper {
    places: Box<[Place]>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Place {
    /// Hash of the Client Identifier.
    client: u64,
    since: Timestamp,
    connects: u32,
}

impl Damper {
    pub(super) fn new(damping: Option<Damping>) -> Self {
        Self { places: damping.map(|_| vec![Place::default(); PLACES].into()).unwrap_or_default() }
    }

    pub(super) fn heap(&self) -> usize {
        size_of_val::<[_]>(&self.places)
    }

    /// Counts a CONNECT. Whether it is one too many.
    fn count(&mut self, client: u64, now: Timestamp, damping: Damping) -> bool {
        let index = usize::try_from(client % PLACES as u64).unwrap_or(0);
        let Some(place) = self.places.get_mut(index) else { return false };
        let is_over = place.since.plus_millis(damping.period.into()) <= now;
        if place.client != client || is_over {
            *place = Place { client, since: now, connects: 0 };
        }
        place.connects = place.connects.saturating_add(1);
        let is_too_many = place.connects > damping.connects;
        if is_too_many {
            // Quiet is counted from here.
            place.since = now;
        }
        is_too_many
    }
}

impl Core {
    /// Whether a CONNECT that would be accepted has to wait. It is looked at again when the pause is over, with the answers
    /// that it has.
    pub(super) fn has_to_slow_down(
        &mut self,
        conn: Key,
        client_id: &str,
        answers: &[Option<Verdict>],
        cx: &mut Cx<'_>,
    ) -> bool {
        let Some(damping) = self.config.damping else { return false };
        let Some(connection) = self.connections.get(conn) else { return false };
        if connection.waiting.as_ref().is_some_and(|waiting| waiting.was_damped) {
            return false;
        }
        let name = connection.name;
        let client = self.config.hash(client_id);
        if !self.damper.count(client, self.now, damping) {
            return false;
        }
        let until = self.now.plus_millis(damping.pause.into());
        if let Some(waiting) = self.waiting(conn, answers) {
            waiting.damped_until = Some(until);
            waiting.was_damped = true;
        }
        self.desk.tally.stats.connects_damped += 1;
        cx.out.note(&Note::Damped { conn: name, client_id, until });
        self.set_connection_timer(conn);
        self.set_reading(conn, cx);
        true
    }
}
