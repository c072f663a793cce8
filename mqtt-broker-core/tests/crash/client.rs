//! A client as the standard describes it. It survives every crash of the broker.

mod alias;
mod inbox;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use mqtt_broker_core::ConnId;
use mqtt_codec::{QoS, Version};

use self::alias::Aliases;
pub(crate) use self::inbox::{Answer, Seen};
use crate::message::{Message, Options};
use crate::request::{Hello, Request};

/// Messages that the broker lets a client have open.
pub(crate) const WINDOW: usize = 3;

#[derive(Clone, Debug, Default)]
pub(crate) struct Client {
    /// The connection that it holds.
    pub(crate) held: Option<ConnId>,
    /// Messages that it is to publish and has not sent yet.
    pub(crate) outbox: VecDeque<Message>,
    /// Packets for the network to take.
    pub(crate) requests: VecDeque<Request>,
    /// What was retained on each topic when it subscribed.
    pub(crate) replayed: BTreeMap<usize, u32>,

    // The session.
    /// Which of the broker's sessions it is in.
    generation: u32,
    /// It has given up its session and the broker may not know.
    wants_clean_start: bool,
    /// QoS 1 and 2 messages sent and not acknowledged to the end, in order.
    unacknowledged: Vec<Sent>,
    /// QoS 2 messages received and not released.
    received: BTreeMap<u16, u32>,
    /// SUBSCRIBE and UNSUBSCRIBE that were not answered, each with whether it was asked on this connection.
    unanswered: Vec<(Request, bool)>,
    next_id: u16,

    // The connection.
    hello: Option<Hello>,
    is_accepted: bool,
    aliases: Aliases,
    /// Messages that the broker has open, as it looks from here.
    open: BTreeSet<u16>,
}

#[derive(Clone, Copy, Debug)]
struct Sent {
    id: u16,
    message: Message,
    /// PUBREC came.
    is_released: bool,
}

impl Client {
    pub(crate) fn is_accepted(&self) -> bool {
        self.is_accepted
    }

    /// Whether it has nothing more to do, and nor has the broker for it.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.outbox.is_empty()
            && self.unacknowledged.is_empty()
            && self.received.is_empty()
            && self.unanswered.is_empty()
    }

    pub(crate) fn connect(&mut self, conn: ConnId, mut hello: Hello) {
        self.disconnected();
        self.wants_clean_start |= hello.clean_start;
        if self.wants_clean_start {
            self.give_up_session();
        }
        hello.clean_start = self.wants_clean_start;
        if hello.clean_start && !hello.version.is_v5() {
            hello.expiry = 0;
        }
        self.aliases.accepts = hello.alias_maximum;
        self.held = Some(conn);
        self.hello = Some(hello);
        self.requests.push_back(Request::Connect(hello));
    }

    fn version(&self) -> Version {
        self.hello.map_or(Version::V5, |hello| hello.version)
    }

    fn give_up_session(&mut self) {
        self.unacknowledged.clear();
        self.received.clear();
    }

    pub(crate) fn disconnected(&mut self) {
        self.held = None;
        self.hello = None;
        self.is_accepted = false;
        self.requests.clear();
        self.unanswered.iter_mut().for_each(|(_, is_asked)| *is_asked = false);
        self.open.clear();
        self.aliases = Aliases::default();
    }

    /// It may bring a Session Expiry Interval only if CONNECT had one. In 3.1.1 it says nothing.
    pub(crate) fn disconnect(&mut self, with_will: bool, expiry: Option<u32>) {
        let is_v5 = self.version().is_v5();
        let may_expire = is_v5 && self.hello.is_some_and(|hello| hello.expiry > 0);
        let expiry = expiry.filter(|_| may_expire);
        self.requests.push_back(Request::Disconnect { with_will: with_will && is_v5, expiry });
    }

    pub(crate) fn subscribe(&mut self, filter: usize, options: Options) {
        let id = self.next_id();
        self.ask(Request::Subscribe { id, filter, options });
    }

    pub(crate) fn unsubscribe(&mut self, filter: usize) {
        let id = self.next_id();
        self.ask(Request::Unsubscribe { id, filter });
    }

    fn ask(&mut self, request: Request) {
        self.unanswered.push((request, true));
        self.requests.push_back(request);
    }

    /// Never one of a message.
    fn next_id(&mut self) -> u16 {
        self.next_id += 1;
        1000 + self.next_id
    }

    /// Publishes as much of the outbox as the window allows.
    pub(crate) fn pump(&mut self) {
        while self.is_accepted
            && let Some(&message) = self.outbox.front()
        {
            let id = if message.qos == QoS::AtMostOnce {
                0
            } else if self.unacknowledged.len() < WINDOW {
                // The smallest that is free, so that the broker sees one again as soon as possible.
                let is_free = |id: &u16| self.unacknowledged.iter().all(|sent| sent.id != *id);
                let id = (1..).find(is_free).expect("the window is small");
                self.unacknowledged.push(Sent { id, message, is_released: false });
                id
            } else {
                return;
            };
            self.outbox.pop_front();
            self.publish(message, id, false);
        }
    }

    fn publish(&mut self, message: Message, id: u16, dup: bool) {
        let alias = self.aliases.choose(message.topic);
        self.requests.push_back(Request::Publish { message, id, dup, alias });
    }

    /// CONNACK came: begins anew if the session is another, and sends again what is not acknowledged.
    ///
    /// The session is told apart from the one before because MQTT does not: if a session ends while the client is away,
    /// and the CONNACK of the next one is lost, the one after says that a session is present.
    pub(crate) fn accepted(&mut self, generation: u32) {
        self.is_accepted = true;
        self.wants_clean_start = false;
        if self.generation != generation {
            self.generation = generation;
            self.give_up_session();
        }
        for Sent { id, message, is_released } in self.unacknowledged.clone() {
            if is_released {
                self.requests.push_back(Request::PubRel(id));
            } else {
                self.publish(message, id, true);
            }
        }
        for (request, is_asked) in &mut self.unanswered {
            if !std::mem::replace(is_asked, true) {
                self.requests.push_back(*request);
            }
        }
    }
}
