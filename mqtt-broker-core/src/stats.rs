use crate::{Copies, Faults};

/// Counts of a broker: what there is now, and what has happened since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Stats {
    /// Bytes that are allocated, at most, of the [`Budget`](crate::Budget).
    pub bytes_charged: usize,
    /// Connections, those that have not sent CONNECT included.
    pub connections: usize,
    /// Clients that are connected: their CONNECT was accepted.
    pub clients_connected: usize,
    /// The most that ever were at once.
    pub clients_maximum: usize,
    /// Sessions, those of clients that are away included.
    pub sessions: usize,
    /// Sessions that ended because their Session Expiry Interval had passed.
    pub sessions_expired: u64,
    /// Subscriptions of all sessions.
    pub subscriptions: usize,
    /// Those of them that are shared.
    pub shared_subscriptions: usize,
    /// Retained messages.
    pub retained_messages: usize,
    /// CONNECT packets that were accepted.
    pub connects: u64,
    /// CONNECT packets that had to wait, as [`Config::damping`](crate::Config::damping) says.
    pub connects_damped: u64,
    /// Packets of all kinds that clients sent and that were taken.
    pub packets_received: u64,
    /// Their bytes.
    pub bytes_received: u64,
    /// Packets of all kinds that were sent.
    pub packets_sent: u64,
    /// Their bytes.
    pub bytes_sent: u64,
    /// PUBLISH packets that came.
    pub publishes_received: u64,
    /// Bytes of their payloads.
    pub publish_bytes_received: u64,
    /// PUBLISH packets that were sent, each as often as it was sent.
    pub publishes_sent: u64,
    /// Bytes of their payloads.
    pub publish_bytes_sent: u64,
    /// Copies of QoS 0.
    pub at_most_once: Copies,
    /// Copies of QoS 1.
    pub at_least_once: Copies,
    /// Copies of QoS 2.
    pub exactly_once: Copies,
}

/// What was counted. It changes nothing: states that only differ in what led to them are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) stats: Stats,
    pub(crate) faults: Faults,
}
