//! Keep Alive (MQTT 5.0 §3.1.2.10).

use crate::Timestamp;

/// A deadline that moves with every packet, at the cost of one store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeepAlive {
    /// Milliseconds; 0 is off.
    limit: u64,
    last: Timestamp,
}

impl KeepAlive {
    /// For a server, which gives a client one and a half times its Keep Alive (MQTT-3.1.2-22). `seconds` 0 is off.
    pub const fn server(seconds: u16, now: Timestamp) -> Self {
        Self { limit: seconds as u64 * 1500, last: now }
    }

    /// For a client, which sends a PINGREQ when it has sent nothing else for the Keep Alive (MQTT-3.1.2-20).
    pub const fn client(seconds: u16, now: Timestamp) -> Self {
        Self { limit: seconds as u64 * 1000, last: now }
    }

    /// A whole packet was received (server) or sent (client).
    pub const fn packet(&mut self, now: Timestamp) {
        self.last = now;
    }

    /// When the last packet was received or sent.
    pub const fn last(&self) -> Timestamp {
        self.last
    }

    /// When the time is up, if it is on.
    pub const fn deadline(&self) -> Option<Timestamp> {
        if self.limit == 0 { None } else { Some(self.last.plus_millis(self.limit)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_waits_half_as_long_again() {
        let mut keep_alive = KeepAlive::server(65_535, Timestamp::ZERO);
        assert_eq!(keep_alive.deadline(), Some(Timestamp::from_millis(98_302_500)));
        keep_alive.packet(Timestamp::from_millis(5));
        assert_eq!(keep_alive.deadline(), Some(Timestamp::from_millis(98_302_505)));
        assert_eq!(KeepAlive::server(0, Timestamp::ZERO).deadline(), None);
        assert_eq!(KeepAlive::client(2, Timestamp::ZERO).deadline(), Some(Timestamp::from_millis(2000)));
    }
}
