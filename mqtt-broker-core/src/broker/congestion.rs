//! Clients that do not take what is sent to them.

use mqtt_session::Timestamp;

use super::{Core, Cx};
use crate::Fault;
use crate::slab::Key;
use crate::timers::Moment;

impl Core {
    /// Something was sent on the connection, or waits for it, or was dropped: its window may be full.
    pub(super) fn note_congestion(&mut self, conn: Key) {
        let Some(connection) = self.connections.get_mut(conn) else { return };
        if connection.window_is_full(&self.config) && connection.congested_since.get().is_none() {
            connection.congested_since = Moment::at(self.now);
            self.set_connection_timer(conn);
        }
    }

    /// When the client has not taken anything for too long.
    pub(super) fn congestion_ends(&self, conn: Key) -> Option<Timestamp> {
        let since = self.connections.get(conn)?.congested_since.get()?;
        Some(since.plus_millis(self.config.congestion_timeout?))
    }

    /// Ends a connection that was congested for too long. Whether it was.
    pub(super) fn end_congested(&mut self, conn: Key, cx: &mut Cx<'_>) -> bool {
        let is_over = self.congestion_ends(conn).is_some_and(|end| end <= self.now);
        if is_over {
            self.end(conn, Fault::Congestion, cx);
        }
        is_over
    }
}
