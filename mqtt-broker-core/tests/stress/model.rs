//! A broker that only remembers: sessions, subscriptions, retained messages and wills, as lists that are searched from end
//! to end. It is told each packet when the real broker takes it, and writes down who shall get what.

use std::collections::{BTreeMap, BTreeSet};

use mqtt_broker_core::ConnId;
use mqtt_codec::{PacketType, QoS, ReasonCode, Version};

use crate::ledger::{Ledger, Owner};
use crate::message::{Message, Options};
use crate::request::{Hello, Request};
use crate::routing::offers;
use crate::wire::Wire;

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) owner: Owner,
    pub(crate) conn: Option<ConnId>,
    pub(crate) version: Version,
    /// Seconds that it lives on.
    lifetime: u32,
    ends: Option<u64>,
    will: Option<(Message, u32)>,
    will_due: Option<u64>,
    pub(crate) subscriptions: BTreeMap<usize, Options>,
    /// QoS 2 messages taken and not released.
    unreleased: BTreeSet<u16>,
    pub(crate) wire: Wire,
}

/// What the broker has to answer: the packet, its identifier, and a reason code, or Session Present.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) packet: PacketType,
    pub(crate) id: u16,
    pub(crate) code: u8,
}

/// What a packet leads to.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) answer: Option<Answer>,
    /// A connection that the broker ends because of it.
    pub(crate) ends: Option<ConnId>,
}

impl Outcome {
    fn answer(packet: PacketType, id: u16, code: ReasonCode) -> Self {
        Self { answer: Some(Answer { packet, id, code: code.as_u8() }), ends: None }
    }
}

pub(crate) struct Model {
    now: u64,
    longest_session: u32,
    sessions_ever: u64,
    /// By client.
    pub(crate) sessions: BTreeMap<usize, Session>,
    pub(crate) retained: BTreeMap<&'static str, Message>,
    pub(crate) ledger: Ledger,
}

impl Model {
    pub(crate) fn new(longest_session: u32) -> Self {
        Self {
            now: 0,
            longest_session,
            sessions_ever: 0,
            sessions: BTreeMap::new(),
            retained: BTreeMap::new(),
            ledger: Ledger::default(),
        }
    }

    /// When the next session ends or the next will is due.
    pub(crate) fn next_due(&self) -> Option<u64> {
        self.sessions.values().flat_map(|session| session.ends.into_iter().chain(session.will_due)).min()
    }

    pub(crate) fn pass_time(&mut self, now: u64) {
        self.now = now;
        while let Some((&client, session)) = self
            .sessions
            .iter()
            .find(|(_, session)| session.ends.into_iter().chain(session.will_due).any(|due| due <= now))
        {
            if session.ends.is_some_and(|ends| ends <= now) {
                self.end_session(client);
            } else {
                self.publish_will(client);
            }
        }
    }

    /// The broker has taken a packet of a client.
    pub(crate) fn take(
        &mut self,
        client: usize,
        conn: ConnId,
        version: Version,
        request: &Request,
    ) -> Outcome {
        let success = ReasonCode::Success;
        if let Request::Connect(hello) = request {
            return self.connect(client, conn, version, hello);
        }
        let session = self.sessions.get_mut(&client).expect("it is connected");
        match *request {
            Request::Connect(_) => unreachable!("see above"),
            Request::Publish { message, id, .. } => match message.qos {
                QoS::AtMostOnce => {
                    self.route(message);
                    Outcome::default()
                }
                QoS::AtLeastOnce => {
                    self.route(message);
                    Outcome::answer(PacketType::PubAck, id, success)
                }
                QoS::ExactlyOnce => {
                    // A repeat is not a new message (MQTT-4.3.3-10).
                    if session.unreleased.insert(id) {
                        self.route(message);
                    }
                    Outcome::answer(PacketType::PubRec, id, success)
                }
            },
            Request::PubRel(id) => {
                let known = session.unreleased.remove(&id) || !version.is_v5();
                let code = if known { success } else { ReasonCode::PacketIdentifierNotFound };
                Outcome::answer(PacketType::PubComp, id, code)
            }
            Request::PubAck(id) => {
                let copy = session.wire.puback(id);
                self.ledger.acknowledged(copy);
                Outcome::default()
            }
            Request::PubRec(id) => {
                let copy = session.wire.pubrec(id);
                self.ledger.acknowledged(copy);
                Outcome::default()
            }
            Request::PubComp(id) => {
                session.wire.pubcomp(id);
                Outcome::default()
            }
            Request::Subscribe { id, filter, options } => {
                self.subscribe(client, filter, options);
                Outcome::answer(PacketType::SubAck, id, granted(options.qos))
            }
            Request::Unsubscribe { id, filter } => {
                let existed = session.subscriptions.remove(&filter).is_some();
                let owner = session.owner;
                if existed {
                    let is_last = self.members(filter).next().is_none();
                    self.ledger.unsubscribed(owner, filter, is_last);
                }
                let known = existed || !version.is_v5();
                let code = if known { success } else { ReasonCode::NoSubscriptionExisted };
                Outcome::answer(PacketType::UnsubAck, id, code)
            }
            Request::Disconnect { with_will, expiry } => {
                session.lifetime = expiry.unwrap_or(session.lifetime).min(self.longest_session);
                if !with_will {
                    session.will = None;
                }
                self.leave(client);
                Outcome { answer: None, ends: Some(conn) }
            }
        }
    }

    fn connect(&mut self, client: usize, conn: ConnId, version: Version, hello: &Hello) -> Outcome {
        let taken_over = self.sessions.get(&client).and_then(|session| session.conn);
        if taken_over.is_some() {
            self.leave(client);
        }
        if hello.clean_start {
            self.end_session(client);
        }
        let present = self.sessions.contains_key(&client);
        if !present {
            self.sessions_ever += 1;
            let owner = Owner { client, generation: self.sessions_ever };
            self.sessions.insert(client, Session::new(owner, version));
        }
        let session = self.sessions.get_mut(&client).expect("made if it was not there");
        session.conn = Some(conn);
        session.lifetime = hello.lifetime(version).min(self.longest_session);
        session.ends = None;
        session.will = hello.will;
        session.will_due = None;
        session.wire.connected(if version.is_v5() { hello.receive_maximum } else { u16::MAX });
        let answer = Answer { packet: PacketType::ConnAck, id: 0, code: u8::from(present) };
        Outcome { answer: Some(answer), ends: taken_over }
    }

    /// The broker knows that a connection is gone.
    pub(crate) fn closed(&mut self, conn: ConnId) {
        let client = self.sessions.iter().find(|(_, session)| session.conn == Some(conn));
        if let Some((&client, _)) = client {
            self.leave(client);
        }
    }

    /// From here on the Session Expiry Interval and the Will Delay Interval run.
    fn leave(&mut self, client: usize) {
        let now = self.now;
        let Some(session) = self.sessions.get_mut(&client) else { return };
        session.conn = None;
        self.ledger.left(session.owner);
        if session.lifetime == 0 {
            return self.end_session(client);
        }
        session.ends = Some(now + 1000 * u64::from(session.lifetime));
        let delay = |(_, delay): (Message, u32)| if session.version.is_v5() { delay } else { 0 };
        session.will_due = session.will.map(|will| now + 1000 * u64::from(delay(will)));
        if session.will_due == Some(now) {
            self.publish_will(client);
        }
    }

    fn publish_will(&mut self, client: usize) {
        let Some(session) = self.sessions.get_mut(&client) else { return };
        session.will_due = None;
        if let Some((message, _)) = session.will.take() {
            self.route(message);
        }
    }

    /// A will that still waits is published then (MQTT-3.1.2-8).
    fn end_session(&mut self, client: usize) {
        let Some(session) = self.sessions.remove(&client) else { return };
        let Self { sessions, ledger, .. } = self;
        ledger.ended(session.owner, |filter, message| offers(sessions, filter, message));
        if let Some((message, _)) = session.will {
            self.route(message);
        }
    }
}

impl Session {
    fn new(owner: Owner, version: Version) -> Self {
        Self {
            owner,
            conn: None,
            version,
            lifetime: 0,
            ends: None,
            will: None,
            will_due: None,
            subscriptions: BTreeMap::new(),
            unreleased: BTreeSet::new(),
            wire: Wire::default(),
        }
    }
}

fn granted(qos: QoS) -> ReasonCode {
    match qos {
        QoS::AtMostOnce => ReasonCode::GRANTED_QOS_0,
        QoS::AtLeastOnce => ReasonCode::GrantedQoS1,
        QoS::ExactlyOnce => ReasonCode::GrantedQoS2,
    }
}
