//! Clients that send too fast are slowed (see [`RateLimit`](crate::RateLimit)).

use mqtt_codec::PacketType;
use mqtt_session::Timestamp;

use super::{Core, Cx};
use crate::RateLimit;
use crate::slab::Key;

const NANOS_PER_SECOND: u64 = 1_000_000_000;
const NANOS_PER_MILLI: u64 = 1_000_000;

impl Core {
    /// Counts a packet. If that was more than may come in a second, reading stops until it is not.
    pub(super) fn limit_rate(&mut self, conn: Key, packet_type: PacketType, len: usize, cx: &mut Cx<'_>) {
        let Some(RateLimit { messages, bytes }) = self.config.rate_limit else { return };
        let Some(connection) = self.connections.get_mut(conn) else { return };
        let now = self.now.as_millis().saturating_mul(NANOS_PER_MILLI);
        let rate = connection.extras().rate.get_or_insert_default();
        if packet_type == PacketType::Publish {
            rate.messages = spent(rate.messages, now, 1, messages);
        }
        rate.bytes = spent(rate.bytes, now, u64::try_from(len).unwrap_or(u64::MAX), bytes);
        let free = rate.messages.max(rate.bytes).saturating_sub(NANOS_PER_SECOND);
        if free > now {
            rate.paused_until = Some(Timestamp::from_millis(free.div_ceil(NANOS_PER_MILLI)));
        }
        self.recharge_connection(conn);
        if free > now {
            self.set_connection_timer(conn);
            self.set_reading(conn, cx);
        }
    }

    /// Whether the connection has been slowed for long enough.
    pub(super) fn end_slowness(&mut self, conn: Key) -> bool {
        let connection = self.connections.get_mut(conn);
        let rate = connection.and_then(|connection| connection.extras.as_mut()?.rate.as_mut());
        let is_over = |until: &mut Timestamp| *until <= self.now;
        rate.is_some_and(|rate| rate.paused_until.take_if(is_over).is_some())
    }
}

/// When so much may have been sent, at so much in a second. What was saved before now does not count.
fn spent(until: u64, now: u64, count: u64, per_second: u32) -> u64 {
    if per_second == 0 {
        return 0;
    }
    let cost = u128::from(count) * u128::from(NANOS_PER_SECOND) / u128::from(per_second);
    until.max(now).saturating_add(u64::try_from(cost).unwrap_or(u64::MAX))
}
