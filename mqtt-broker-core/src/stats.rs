/// Counts of a broker: what there is now, and what has become of messages since it was made.
///
/// A copy is one message for one client. Nothing is lost without being counted: at every moment
/// `copies_routed == copies_sent + copies_queued + copies_dropped`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Stats {
    /// Connections, those that have not sent CONNECT included.
    pub connections: usize,
    /// Sessions, those of clients that are away included.
    pub sessions: usize,
    /// Subscriptions of all sessions.
    pub subscriptions: usize,
    /// Retained messages.
    pub retained_messages: usize,
    /// Copies that were made for clients, and retained messages that were found for subscriptions.
    pub copies_routed: u64,
    /// Copies that were sent, each counted once however often it is sent again.
    pub copies_sent: u64,
    /// Copies that wait now.
    pub copies_queued: u64,
    /// Copies that were dropped; each had a [`Note::Dropped`](crate::Note::Dropped).
    pub copies_dropped: u64,
}
