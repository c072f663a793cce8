use alloc::sync::Arc;
use alloc::vec::Vec;

use mqtt_codec::Version;
use mqtt_session::{InboundAliases, KeepAlive, OutboundAliases, Timestamp};

use crate::slab::Key;
use crate::{ListenerId, Ticket, Verdict};

/// What belongs to a connection and ends with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Connection {
    pub(crate) listener: ListenerId,
    pub(crate) opened: Timestamp,
    pub(crate) timer: Option<Timestamp>,
    /// Known once the first bytes of CONNECT are there.
    pub(crate) version: Option<Version>,
    /// Bytes of the largest packet that the client takes.
    pub(crate) maximum_packet_size: usize,
    /// Bytes sent and not yet written.
    pub(crate) unsent: usize,
    /// Whether `unsent` has reached the window and not yet fallen enough.
    pub(crate) output_full: bool,
    /// Whether the runtime was told to read no more.
    pub(crate) paused: bool,
    /// The questions about the packet at the front of the buffer that were not answered at once.
    pub(crate) tickets: Vec<Ticket>,
    /// How many of them are not answered yet.
    pub(crate) open_questions: usize,
    /// The answers about that packet, in the order of its questions; `None` for those that are not there yet.
    pub(crate) verdicts: Vec<Option<Verdict>>,
    /// When the first question about that packet was asked.
    pub(crate) asked: Option<Timestamp>,
    /// The Client Identifier assigned to a client whose CONNECT waits for an answer.
    pub(crate) assigned: Option<Arc<str>>,
    pub(crate) connected: Option<Connected>,
}

/// What a connection has from its CONNECT on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Connected {
    pub(crate) version: Version,
    pub(crate) session: Key,
    pub(crate) user_name: Option<Arc<str>>,
    pub(crate) keep_alive: KeepAlive,
    pub(crate) inbound_aliases: InboundAliases,
    pub(crate) outbound_aliases: OutboundAliases,
    /// Session Expiry Interval of CONNECT, which decides whether DISCONNECT may set one (MQTT 5.0 §3.14.2.2.2).
    pub(crate) connect_session_expiry: u32,
}

impl Connection {
    pub(crate) fn new(listener: ListenerId, now: Timestamp) -> Self {
        Self {
            listener,
            opened: now,
            timer: None,
            version: None,
            maximum_packet_size: usize::MAX,
            unsent: 0,
            output_full: false,
            paused: false,
            tickets: Vec::new(),
            open_questions: 0,
            verdicts: Vec::new(),
            asked: None,
            assigned: None,
            connected: None,
        }
    }

    pub(crate) fn session(&self) -> Option<Key> {
        self.connected.as_ref().map(|connected| connected.session)
    }
}
