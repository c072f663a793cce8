//! What every event is checked for.

use mqtt_broker_core::Action;

use crate::honest::{COUNT, SUBSCRIPTIONS};
use crate::world::World;

/// Bytes that a PUBLISH to a subscriber can have beyond the packet that it came in: the topic that an alias stood for, and
/// Subscription Identifiers.
const GROWTH: usize = 30;
/// Bytes of the longest answer, which is CONNACK.
const ANSWER: usize = 60;

impl World {
    /// Nothing grows beyond what the configuration says, and nothing is lost without being counted.
    pub(crate) fn check_bounds(&self, actions: &[Action]) {
        let (config, stats) = (&self.config, self.broker.stats());
        assert!(stats.are_conserved(), "{stats:?}");
        let copies = stats.all_copies();
        assert_eq!(copies.all_dropped(), self.dropped, "each copy that is dropped has a note");

        let (charged, budget) = (stats.bytes_charged, config.budget.bytes);
        assert!(charged <= budget, "{charged} bytes are charged, of {budget}");
        assert_eq!(stats.connections, self.connections.len());
        assert!(stats.connections <= config.connections);
        assert!(stats.sessions <= config.sessions);
        let (honest, theirs) = if self.honest.is_empty() { (0, 0) } else { (COUNT, SUBSCRIPTIONS) };
        if stats.sessions >= honest {
            let of_others = stats.subscriptions.saturating_sub(theirs);
            assert!(of_others <= (stats.sessions - honest) * config.subscriptions);
        }
        assert!(stats.retained_messages <= config.retained_messages);
        assert!(usize::try_from(copies.queued).unwrap() <= stats.sessions * config.queued_messages);

        // The window, one message, and the answer to one packet.
        let packet = usize::try_from(config.limits.packet_size).unwrap();
        let most = config.output_window + (packet + GROWTH) + ANSWER;
        for action in actions {
            if let Action::Send { conn, .. } = action
                && let Some(connection) = self.connections.get(conn)
            {
                assert!(connection.unwritten <= most, "{} bytes wait for {conn:?}", connection.unwritten);
            }
        }
    }
}
