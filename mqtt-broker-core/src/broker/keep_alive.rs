//! Keep Alive, and the time that a client has to connect (MQTT 5.0 §3.1.2.10, §3.1.4).

use mqtt_codec::ReasonCode;
use mqtt_session::Timestamp;

use super::{Core, Cx};
use crate::Fault;
use crate::slab::Key;
use crate::timers::{Alarm, Timer};

impl Core {
    pub(super) fn connection_timer(&mut self, place: u32, cx: &mut Cx<'_>) {
        let Some(conn) = self.connections.key_at(place) else { return };
        let Some(connection) = self.connections.get_mut(conn) else { return };
        connection.alarm = Alarm::OFF;
        if let Some(waiting) = &mut connection.waiting
            && waiting.damped_until.is_some_and(|until| until <= self.now)
        {
            waiting.damped_until = None;
            self.set_connection_timer(conn);
            return self.set_reading(conn, cx);
        }
        if self.end_congested(conn, cx) {
            return;
        }
        if self.end_slowness(conn) {
            self.set_connection_timer(conn);
            return self.set_reading(conn, cx);
        }
        let Some(connection) = self.connections.get_mut(conn) else { return };
        let session = connection.session;
        if connection.has_to_wait() {
            // We keep it waiting, not it us. Before CONNACK its time stands still.
            if session.is_some() {
                connection.keep_alive.packet(self.now);
            }
        } else if self.patience_ends(conn).is_some_and(|end| end <= self.now) {
            self.desk.tally.faults.add(Fault::KeepAlive);
            return match session {
                Some(_) => self.end_uncounted(conn, ReasonCode::KeepAliveTimeout, None, None, cx),
                None => self.close_silently(conn, ReasonCode::KeepAliveTimeout, cx),
            };
        } else if let Some(session) = session {
            self.rest(session);
        }
        self.set_connection_timer(conn);
    }

    /// When a client has been silent for too long.
    fn patience_ends(&self, conn: Key) -> Option<Timestamp> {
        let connection = self.connections.get(conn)?;
        match connection.session {
            Some(_) => connection.keep_alive.deadline(),
            None if connection.has_to_wait() => None,
            None => Some(connection.keep_alive.last().plus_millis(self.config.connect_timeout)),
        }
    }

    /// Sets the timer for the deadline as it is now. A packet moves the deadline and not the timer, which is set again
    /// when it fires.
    pub(super) fn set_connection_timer(&mut self, conn: Key) {
        let (patience_ends, congestion_ends) = (self.patience_ends(conn), self.congestion_ends(conn));
        let Some(connection) = self.connections.get_mut(conn) else { return };
        let damped = connection.waiting.as_ref().and_then(|waiting| waiting.damped_until);
        let at = damped.or_else(|| connection.slowed_until()).or(patience_ends);
        let at = at.into_iter().chain(congestion_ends).min();
        self.timers.set(&mut connection.alarm, at, Timer::Connection(conn.index()));
    }
}
