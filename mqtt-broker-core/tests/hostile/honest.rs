//! Clients that behave, and exchange messages on topics of their own.

use mqtt_broker_core::ConnId;
use mqtt_codec::{
    Connect, ConnectProperties, Delivery, Limits, Packet, PacketId, PubAck, PubComp, PubRec, PubRel, Publish,
    QoS, ReasonCode, Subscribe, Subscription, SubscriptionOptions, TopicFilter, TopicName, UserProperties,
    Version, frame,
};

use crate::world::{TRUSTED, World};

const NAMES: [&str; 3] = ["honest0", "honest1", "honest2"];
const VERSIONS: [Version; 3] = [Version::V5, Version::V3_1_1, Version::V5];
pub(crate) const COUNT: usize = NAMES.len();
pub(crate) const TOPICS: [&str; 3] = ["honest/a", "honest/b", "honest/c/d"];
/// What each subscribes to, when it comes.
const FILTERS: [&[&str]; COUNT] =
    [&["honest/#", "$share/g/honest/+"], &["honest/+"], &["honest/b", "$share/g/honest/+"]];

/// How many that are.
pub(crate) const SUBSCRIPTIONS: usize = 5;

#[derive(Clone, Debug)]
pub(crate) enum HonestStep {
    Publish {
        from: usize,
        topic: usize,
        qos: QoS,
        retain: bool,
    },
    /// Asks for the retained messages again.
    Subscribe {
        client: usize,
    },
    /// Reads nothing until it reads again.
    Stall {
        client: usize,
    },
    Read {
        client: usize,
    },
    /// The connection breaks, and the client resumes its session.
    Reconnect {
        client: usize,
    },
}

pub(crate) struct Honest {
    at: usize,
    conn: ConnId,
    stalls: bool,
    /// Everything that the broker ever sent to it.
    transcript: Vec<Vec<u8>>,
    /// How much of it the client has read.
    read: usize,
    /// Messages of its own that are not acknowledged to the end.
    open: u16,
    packets: u16,
    messages: u16,
}

impl Honest {
    pub(crate) fn transcript(&self) -> &[Vec<u8>] {
        &self.transcript
    }

    pub(crate) fn sent(&mut self, bytes: &[u8]) {
        self.transcript.push(bytes.to_vec());
    }

    fn next_id(&mut self) -> PacketId {
        self.packets += 1;
        PacketId::new(self.packets).unwrap()
    }

    fn encode<'a>(&self, packet: impl Into<Packet<'a>>) -> Vec<u8> {
        let mut bytes = Vec::new();
        packet.into().encode(VERSIONS[self.at], &mut bytes).unwrap();
        bytes
    }

    fn connect(&self) -> Vec<u8> {
        let properties =
            ConnectProperties { session_expiry_interval: Some(u32::MAX), ..ConnectProperties::default() };
        self.encode(Connect { client_id: NAMES[self.at], properties, ..Connect::default() })
    }

    fn subscribe(&mut self) -> Vec<u8> {
        let entry = |filter: &&'static str| Subscription {
            filter: TopicFilter::new(filter).unwrap(),
            options: SubscriptionOptions::new(QoS::ExactlyOnce),
        };
        let entries: Vec<_> = FILTERS[self.at].iter().map(entry).collect();
        let packet_id = self.next_id();
        self.encode(Subscribe {
            packet_id,
            subscription_id: None,
            user_properties: UserProperties::default(),
            subscriptions: entries.as_slice().into(),
        })
    }

    fn publish(&mut self, topic: usize, qos: QoS, retain: bool) -> Vec<u8> {
        self.messages += 1;
        let delivery = match qos {
            QoS::AtMostOnce => Delivery::AtMostOnce,
            QoS::AtLeastOnce => Delivery::AtLeastOnce { id: self.next_id(), dup: false },
            QoS::ExactlyOnce => Delivery::ExactlyOnce { id: self.next_id(), dup: false },
        };
        self.open += u16::from(qos != QoS::AtMostOnce);
        let topic = TopicName::new(TOPICS[topic]).unwrap();
        let payload = format!("{} of {}", self.messages, self.at);
        self.encode(Publish { delivery, retain, ..Publish::new(topic, payload.as_bytes()) })
    }

    /// Reads what it has not read, and gives the answers.
    fn read(&mut self) -> Vec<u8> {
        let mut answers = Vec::new();
        let unread = self.transcript[self.read..].to_vec();
        self.read = self.transcript.len();
        for bytes in unread {
            let found = frame(&bytes, &Limits::default()).unwrap().unwrap();
            let success = ReasonCode::Success;
            match Packet::decode(VERSIONS[self.at], found).unwrap() {
                Packet::Publish(publish) => match publish.delivery {
                    Delivery::AtMostOnce => {}
                    Delivery::AtLeastOnce { id, .. } => answers.extend(self.encode(PubAck::new(id, success))),
                    Delivery::ExactlyOnce { id, .. } => answers.extend(self.encode(PubRec::new(id, success))),
                },
                Packet::PubRec(ack) => answers.extend(self.encode(PubRel::new(ack.packet_id, success))),
                Packet::PubRel(ack) => answers.extend(self.encode(PubComp::new(ack.packet_id, success))),
                Packet::PubAck(_) | Packet::PubComp(_) => self.open -= 1,
                Packet::ConnAck(_) | Packet::SubAck(_) => {}
                other => panic!("{other:?}"),
            }
        }
        answers
    }
}

impl World {
    /// They come first, and each makes its subscriptions and retains a message, so that there is room for it.
    pub(crate) fn let_honest_in(&mut self) {
        for (at, version) in VERSIONS.into_iter().enumerate() {
            let conn = self.open(TRUSTED, Some(at), version);
            self.honest.push(Honest {
                at,
                conn,
                stalls: false,
                transcript: Vec::new(),
                read: 0,
                open: 0,
                packets: 0,
                messages: 0,
            });
            let hello = self.honest[at].connect();
            self.receive(conn, &hello);
            self.honest_step(&HonestStep::Subscribe { client: at });
        }
        for topic in 0..TOPICS.len() {
            self.honest_step(&HonestStep::Publish { from: 0, topic, qos: QoS::AtMostOnce, retain: true });
        }
    }

    pub(crate) fn honest_step(&mut self, step: &HonestStep) {
        match *step {
            HonestStep::Publish { from, topic, qos, retain } => {
                let honest = &mut self.honest[from];
                if honest.open < self.config.receive_maximum {
                    let bytes = honest.publish(topic, qos, retain);
                    let conn = honest.conn;
                    self.receive(conn, &bytes);
                }
            }
            HonestStep::Subscribe { client } => {
                let bytes = self.honest[client].subscribe();
                self.receive(self.honest[client].conn, &bytes);
            }
            HonestStep::Stall { client } => self.honest[client].stalls = true,
            HonestStep::Read { client } => self.honest[client].stalls = false,
            HonestStep::Reconnect { client } => self.reconnect(client),
        }
        self.exchange();
    }

    fn reconnect(&mut self, at: usize) {
        // What it has sent and received is settled first: these clients resume, and do not repeat.
        self.settle_honest();
        self.close(self.honest[at].conn);
        let conn = self.open(TRUSTED, Some(at), VERSIONS[at]);
        self.honest[at].conn = conn;
        let hello = self.honest[at].connect();
        self.receive(conn, &hello);
    }

    /// Nobody stalls, and everything gets through.
    pub(crate) fn settle_honest(&mut self) {
        self.honest.iter_mut().for_each(|honest| honest.stalls = false);
        self.exchange();
        for honest in &self.honest {
            assert_eq!(honest.open, 0, "not acknowledged");
        }
    }

    /// Those that do not stall read and answer until there is nothing left to read.
    fn exchange(&mut self) {
        while let Some(at) =
            self.honest.iter().position(|honest| !honest.stalls && honest.read < honest.transcript.len())
        {
            let conn = self.honest[at].conn;
            let answers = self.honest[at].read();
            self.written(conn, usize::MAX);
            self.receive(conn, &answers);
        }
    }
}
