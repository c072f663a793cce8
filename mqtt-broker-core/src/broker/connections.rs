//! Connections as the runtime sees them: opened, read, written.

use core::hash::BuildHasher as _;

use foldhash::fast::FixedState;
use mqtt_codec::ReasonCode;

use super::budget::{ENTRY, Want};
use super::{Core, Cx};
use crate::connection::saturated;
use crate::connection::{Connection, Extras};
use crate::message::shared_text;
use crate::slab::Key;
use crate::timers::Moment;
use crate::timers::Timer;
use crate::{ConnId, ListenerId, Note, Stats};

/// The runtime names connections, so nobody chooses names that collide on purpose.
fn hash(name: ConnId) -> u64 {
    FixedState::with_seed(0).hash_one(name.0)
}

impl Core {
    pub(super) fn stats(&self) -> Stats {
        Stats {
            bytes_charged: self.charged(),
            connections: self.connections.len(),
            sessions: self.sessions.len(),
            retained_messages: self.retained.len(),
            ..self.desk.tally.stats
        }
    }

    pub(super) fn connection_named(&self, name: ConnId) -> Option<Key> {
        let is_it = |place| self.connections.at(place).is_some_and(|connection| connection.name == name);
        self.connections.key_at(self.by_name.find(hash(name), is_it)?)
    }

    pub(super) fn opened(
        &mut self,
        name: ConnId,
        listener: ListenerId,
        identity: Option<&str>,
        cx: &mut Cx<'_>,
    ) {
        // A name that is used again was closed before.
        self.transport_closed(name, cx);
        let has_extras = identity.is_some() || self.config.rate_limit.is_some();
        let bytes = self.connections.growth()
            + self.by_name.growth()
            + if has_extras { size_of::<Extras>() } else { 0 }
            + identity.map_or(0, shared_text)
            + ENTRY;
        let is_full =
            self.connections.len() >= self.config.connections || !self.make_room(bytes, Want::Client, cx);
        if self.shutting_down || is_full {
            let reason = if is_full { ReasonCode::ServerBusy } else { ReasonCode::ServerShuttingDown };
            cx.out.note(&Note::Refused { conn: name, reason });
            return cx.out.close(name);
        }
        let mut connection = Connection::new(name, listener, self.now);
        if has_extras {
            connection.extras().identity = identity.map(Into::into);
        }
        let conn = self.connections.insert(connection);
        let Self { connections, by_name, .. } = self;
        by_name.insert(hash(name), conn.index(), |place| {
            connections.at(place).map_or(0, |connection| hash(connection.name))
        });
        self.recharge_connection(conn);
        self.set_connection_timer(conn);
    }

    /// Removes a connection from all that lead to it.
    pub(super) fn take_connection(&mut self, conn: Key) -> Option<Connection> {
        let mut connection = self.connections.remove(conn)?;
        *self.heap -= *connection.charged as usize;
        self.by_name.remove(hash(connection.name), conn.index());
        self.timers.set(&mut connection.alarm, None, Timer::Connection(conn.index()));
        for &ticket in connection.waiting.iter().flat_map(|waiting| &waiting.tickets) {
            self.withdraw(ticket);
        }
        Some(connection)
    }

    /// The packet has been taken: its answers are used up, and its own output may fill the window. Whether the next can have
    /// its turn.
    pub(super) fn packet_done(&mut self, conn: Key, cx: &mut Cx<'_>) -> bool {
        let Some(connection) = self.connections.get_mut(conn) else { return false };
        let fills_window = connection.window_is_full(&self.config);
        if fills_window || connection.waiting.is_some() {
            connection.waiting = None;
            connection.output_full |= fills_window;
            self.recharge_connection(conn);
            self.note_congestion(conn);
            self.set_reading(conn, cx);
        }
        true
    }

    pub(super) fn written(&mut self, name: ConnId, bytes: usize, cx: &mut Cx<'_>) {
        let Some(conn) = self.connection_named(name) else { return };
        let Some(connection) = self.connections.get_mut(conn) else { return };
        connection.unsent = connection.unsent.saturating_sub(saturated(bytes));
        connection.output_full &= connection.unsent as usize > self.config.output_window / 2;
        if !connection.window_is_full(&self.config) {
            connection.congested_since = Moment::NONE;
        }
        if connection.paused && connection.session.is_some() {
            // Its packets are not looked at, but it takes ours, so it is alive.
            connection.keep_alive.packet(self.now);
        }
        if let Some(session) = connection.session {
            self.pump(session, cx);
        }
        self.set_reading(conn, cx);
    }

    /// Tells the runtime if reading has to stop or can go on.
    pub(super) fn set_reading(&mut self, conn: Key, cx: &mut Cx<'_>) {
        let Some(connection) = self.connections.get_mut(conn) else { return };
        let pause = connection.has_to_wait() || connection.output_full;
        if pause == connection.paused {
            return;
        }
        connection.paused = pause;
        if pause {
            connection.waiting.iter_mut().for_each(|waiting| waiting.paused = self.now);
            return cx.out.pause_reading(connection.name);
        }
        let (last, now) = (connection.keep_alive.last(), self.now);
        let paused = connection.waiting.as_ref().map_or(now, |waiting| waiting.paused);
        // Before CONNACK its time goes on where it was.
        let waited = now.as_millis().saturating_sub(paused.as_millis());
        let begins = if connection.session.is_some() { now } else { last.plus_millis(waited) };
        connection.keep_alive.packet(begins);
        cx.out.resume_reading(connection.name);
        if connection.session.is_none() {
            self.set_connection_timer(conn);
        }
    }
}
