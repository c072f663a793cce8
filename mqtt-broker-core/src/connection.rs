use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use mqtt_codec::Version;
use mqtt_session::{InboundAliases, KeepAlive, OutboundAliases, Timestamp};

use crate::apart::Apart;
use crate::message::shared_text;
use crate::session::Owner;
use crate::slab::{Generation, Key, item};
use crate::timers::{Alarm, Moment};
use crate::{Client, Config, ConnId, ListenerId, Ticket, Verdict};

/// What belongs to a connection and ends with it. What few connections need is apart, so that an idle one is small.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Connection {
    generation: Generation,
    pub(crate) name: ConnId,
    pub(crate) listener: ListenerId,
    /// Known once the first bytes of CONNECT are there.
    pub(crate) version: Option<Version>,
    /// Whether its table of aliases is in use elsewhere, while a message is on its way.
    pub(crate) lends_aliases: bool,
    /// Whether the runtime was told to read no more.
    pub(crate) paused: bool,
    /// Whether `unsent` has reached the window and not yet fallen enough.
    pub(crate) output_full: bool,
    /// Request Problem Information: whether acknowledgements may have more than a reason code.
    pub(crate) wants_problems: bool,
    /// Largest packet that the client takes, in bytes.
    pub(crate) maximum_packet_size: u32,
    /// Bytes sent and not yet written. The window is so much smaller than what fits here that this is never all.
    pub(crate) unsent: u32,
    /// Since when the window is full, if it is.
    pub(crate) congested_since: Moment,
    /// Since when it waits for CONNECT, or for the next packet of a client.
    pub(crate) keep_alive: KeepAlive,
    pub(crate) alarm: Alarm,
    /// Since CONNECT was accepted.
    pub(crate) session: Option<Key>,
    /// Whether CONNECT had a Session Expiry Interval, so that DISCONNECT may set one (MQTT 5.0 §3.14.2.2.2).
    pub(crate) may_set_expiry: bool,
    /// Send quota: Receive Maximum of the client, or less.
    pub(crate) send_quota: u16,
    pub(crate) user_name: Option<Arc<str>>,
    /// If it has any of them.
    pub(crate) extras: Option<Box<Extras>>,
    /// While the packet at the front of the buffer has to wait.
    pub(crate) waiting: Option<Box<Waiting>>,
    /// What was counted of it.
    pub(crate) charged: Apart<u32>,
}

item!(Connection);

/// A number of bytes that takes little room.
pub(crate) fn saturated(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// What few connections have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Extras {
    /// Since the client gave one out.
    pub(crate) inbound_aliases: Option<InboundAliases>,
    /// If the client allows any.
    pub(crate) outbound_aliases: Option<OutboundAliases>,
    /// If the transport knows who it is.
    pub(crate) identity: Option<Arc<str>>,
    /// If there is a limit, since the first packet.
    pub(crate) rate: Option<Rate>,
    /// If CONNECT has an Authentication Method.
    pub(crate) authentication: Option<Authentication>,
}

/// How much a connection has sent, as the time at which so much may have been sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Rate {
    /// In nanoseconds.
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
    /// Until when nothing is read.
    pub(crate) paused_until: Option<Timestamp>,
}

/// Why the packet at the front of the buffer waits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Waiting {
    /// The questions that were not answered at once.
    pub(crate) tickets: Vec<Ticket>,
    /// How many of them are not answered yet.
    pub(crate) open: usize,
    /// The answers, in the order of the questions; `None` for those that are not there yet.
    pub(crate) verdicts: Vec<Option<Verdict>>,
    /// What they have allocated.
    pub(crate) text: usize,
    /// When the packet was looked at first.
    pub(crate) since: Timestamp,
    /// When reading stopped for it.
    pub(crate) paused: Timestamp,
    /// The Client Identifier assigned to a client whose CONNECT it is.
    pub(crate) assigned: Option<Arc<str>>,
    /// Until when a CONNECT waits that is one of too many, if it is.
    pub(crate) damped_until: Option<Timestamp>,
    /// Whether rights have changed since the first answer.
    pub(crate) is_outdated: bool,
    /// Whether it was such a CONNECT.
    pub(crate) was_damped: bool,
}

impl Waiting {
    /// Bytes that it has allocated, those of its answers included.
    fn heap(&self) -> usize {
        size_of::<Self>()
            + self.tickets.capacity() * size_of::<Ticket>()
            + self.verdicts.capacity() * size_of::<Option<Verdict>>()
            + self.assigned.as_deref().map_or(0, shared_text)
            + self.text
    }
}

/// Enhanced authentication (MQTT 5.0 §4.12).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Authentication {
    pub(crate) method: Box<str>,
    /// The CONNECT, until it is accepted.
    pub(crate) connect: Option<Box<[u8]>>,
    /// Its Client Identifier, or the one that was assigned.
    pub(crate) client_id: Option<Arc<str>>,
    /// Whether the client has been sent AUTH and is to answer it.
    pub(crate) is_running: bool,
    /// Response Information, for the CONNACK.
    pub(crate) response_information: Option<Box<str>>,
}

impl Authentication {
    fn heap(&self) -> usize {
        let connect = self.connect.as_ref().map_or(0, |connect| connect.len());
        let client_id = self.client_id.as_deref().map_or(0, shared_text);
        let information = self.response_information.as_ref().map_or(0, |information| information.len());
        self.method.len() + connect + client_id + information
    }
}

impl Connection {
    pub(crate) fn new(name: ConnId, listener: ListenerId, now: Timestamp) -> Self {
        Self {
            generation: Generation::FIRST,
            name,
            listener,
            version: None,
            lends_aliases: false,
            paused: false,
            output_full: false,
            wants_problems: true,
            maximum_packet_size: u32::MAX,
            unsent: 0,
            congested_since: Moment::NONE,
            keep_alive: KeepAlive::server(0, now),
            alarm: Alarm::OFF,
            session: None,
            may_set_expiry: false,
            send_quota: 0,
            user_name: None,
            extras: None,
            waiting: None,
            charged: Apart(0),
        }
    }

    /// Bytes that it has allocated.
    pub(crate) fn heap(&self) -> usize {
        let text = |text: &Option<Arc<str>>| text.as_deref().map_or(0, shared_text);
        let extras = self.extras.as_deref().map_or(0, |extras| {
            let Extras { inbound_aliases, outbound_aliases, identity, rate: _, authentication } = extras;
            size_of::<Extras>()
                + inbound_aliases.as_ref().map_or(0, InboundAliases::heap)
                + outbound_aliases.as_ref().map_or(0, OutboundAliases::heap)
                + text(identity)
                + authentication.as_ref().map_or(0, Authentication::heap)
        });
        let waiting = self.waiting.as_deref().map_or(0, Waiting::heap);
        text(&self.user_name) + extras + waiting
    }

    pub(crate) fn window_is_full(&self, config: &Config) -> bool {
        self.unsent as usize >= config.output_window
    }

    pub(crate) fn extras(&mut self) -> &mut Extras {
        self.extras.get_or_insert_default()
    }

    pub(crate) fn authentication(&self) -> Option<&Authentication> {
        self.extras.as_ref()?.authentication.as_ref()
    }

    /// The client with this identifier, as a policy sees it.
    pub(crate) fn client<'a>(&'a self, client_id: &'a str) -> Client<'a> {
        Client {
            client_id,
            user_name: self.user_name.as_deref(),
            identity: self.extras.as_ref().and_then(|extras| extras.identity.as_deref()),
            version: self.version.unwrap_or(Version::V5),
            listener: self.listener,
        }
    }

    pub(crate) fn owner(&self) -> Owner {
        Owner {
            user_name: self.user_name.clone(),
            identity: self.extras.as_ref().and_then(|extras| extras.identity.clone()),
            version: self.version.unwrap_or(Version::V5),
            listener: self.listener,
        }
    }

    /// Until when nothing is read, since it has sent too fast.
    pub(crate) fn slowed_until(&self) -> Option<Timestamp> {
        self.extras.as_ref()?.rate?.paused_until
    }

    /// Whether we keep it waiting: answers are missing, or it is too early.
    pub(crate) fn has_to_wait(&self) -> bool {
        self.slowed_until().is_some()
            || self.waiting.as_ref().is_some_and(|waiting| waiting.open > 0 || waiting.damped_until.is_some())
    }
}
