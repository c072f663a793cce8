use bytes::BytesMut;
use mqtt_codec::ReasonCode;

use crate::{Message, Verdict};

/// A connection, named by the runtime. A name must not be used again while the broker may know it, so counting
/// upwards is best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// A listener, named by the runtime, for policies that tell clients apart by where they came in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListenerId(pub u32);

/// A question that was put by [`Actions::ask`](crate::Actions::ask).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// Everything that can happen to a broker.
///
/// Events about a connection that the broker does not know, or knows no more, change nothing.
#[derive(Debug)]
pub enum Event<'a> {
    /// A transport connection was accepted. The broker waits for CONNECT.
    Opened {
        /// Its name from now on.
        conn: ConnId,
        /// Where it came in.
        listener: ListenerId,
        /// Who the transport says it is, such as the subject of its certificate, if it does. The broker does not look at
        /// it, but gives it to the [`Policy`](crate::Policy).
        identity: Option<&'a str>,
    },
    /// Bytes came, or reading was [resumed](crate::Actions::resume_reading).
    ///
    /// The broker takes whole packets off the front and leaves the rest; the caller appends what comes next and
    /// calls again. It leaves whole packets too while reading is [paused](crate::Actions::pause_reading).
    ///
    /// A payload of 32 KiB or more that is nearly all of its buffer is split off instead of being copied, and keeps the
    /// buffer's memory for as long as anybody waits for it. What was taken off the buffer in earlier events is not known here:
    /// a runtime that counts memory uses another buffer for a large packet, or moves its beginning to the front.
    Received {
        /// The connection.
        conn: ConnId,
        /// All bytes of the connection that were not yet taken.
        bytes: &'a mut BytesMut,
    },
    /// So many of the bytes handed to [`Actions::send`](crate::Actions::send) have left the runtime's memory. Without
    /// these events a connection gets no more messages once [`Config::output_window`](crate::Config::output_window) is
    /// used up.
    Written {
        /// The connection.
        conn: ConnId,
        /// Bytes written since the last such event.
        bytes: usize,
    },
    /// The peer closed the connection, or it broke.
    Closed {
        /// The connection.
        conn: ConnId,
    },
    /// The time that [`Broker::deadline`](crate::Broker::deadline) named has come. May be sent at any time.
    Tick,
    /// The answer to a question.
    Answered {
        /// The question.
        ticket: Ticket,
        /// The answer.
        verdict: Verdict,
    },
    /// The embedding program publishes a message.
    Publish(Message),
    /// End a client's connection, if it has one. Its session stays as its expiry says.
    Disconnect {
        /// The client.
        client_id: &'a str,
        /// What a 5.0 client is told.
        reason: ReasonCode,
        /// Server Reference: where it shall go instead, with reason code 0x9C or 0x9D (MQTT 5.0 §4.11).
        server_reference: Option<&'a str>,
    },
    /// Ends a client's session, and its connection if it has one (a 5.0 client is told 0x98). A will that waits is published.
    EndSession {
        /// The client.
        client_id: &'a str,
    },
    /// The rights of a client have changed: the policy is asked again about each of its subscriptions, and those that it denies
    /// end, with what waits because of them alone. Messages for the client wait until all answers are there. A client that is
    /// away is looked at when it comes back.
    Revoke {
        /// The client.
        client_id: &'a str,
    },
    /// Ends all connections; 5.0 clients are told 0x8B. Connections that are opened after it are closed at once.
    Shutdown,
}
