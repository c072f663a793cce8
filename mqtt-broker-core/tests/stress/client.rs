//! A client as the standard describes it: a list of what it has sent and a list of what it has received.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use mqtt_codec::{Limits, Packet, QoS, Version, frame};

use crate::message::{Aliases, Delivery, Message, Options};
use crate::request::{Alias, Hello, Request};

pub(crate) struct Client {
    pub(crate) version: Version,
    /// Messages that it was told to publish and has not sent yet.
    pub(crate) outbox: VecDeque<Message>,
    /// Packets for the network to take.
    pub(crate) requests: Vec<Request>,

    // The session.
    /// Which of the broker's sessions it is in.
    generation: u64,
    /// QoS 1 and 2 messages sent and not acknowledged to the end, in order.
    unacknowledged: Vec<Sent>,
    /// QoS 2 messages received and not released.
    received: BTreeMap<u16, Delivery>,

    // The connection.
    hello: Option<Hello>,
    connected: bool,
    pending: Vec<u8>,
    aliases: Aliases,
    aliases_sent: Vec<&'static str>,
    /// Messages that the broker has open, as it looks from here.
    open: BTreeSet<u16>,
    next_subscribe_id: u16,
}

struct Sent {
    id: u16,
    message: Message,
    /// PUBREC came.
    released: bool,
}

impl Client {
    pub(crate) fn new(version: Version) -> Self {
        Self {
            version,
            outbox: VecDeque::new(),
            requests: Vec::new(),
            generation: 0,
            unacknowledged: Vec::new(),
            received: BTreeMap::new(),
            hello: None,
            connected: false,
            pending: Vec::new(),
            aliases: Aliases::default(),
            aliases_sent: Vec::new(),
            open: BTreeSet::new(),
            next_subscribe_id: 0,
        }
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.connected
    }

    /// Whether it has published all that it was to publish, and is done with it.
    pub(crate) fn is_done(&self) -> bool {
        self.outbox.is_empty() && self.unacknowledged.is_empty()
    }

    pub(crate) fn connect(&mut self, hello: Hello) {
        self.disconnected();
        self.requests.push(Request::Connect(hello.clone()));
        self.hello = Some(hello);
    }

    pub(crate) fn disconnected(&mut self) {
        self.connected = false;
        self.hello = None;
        self.requests.clear();
        self.pending.clear();
        self.aliases = Aliases::default();
        self.aliases_sent.clear();
        self.open.clear();
    }

    /// It may bring a Session Expiry Interval only if CONNECT had one.
    pub(crate) fn disconnect(&mut self, with_will: bool, expiry: Option<u32>) {
        let may_expire = self.hello.as_ref().is_some_and(|hello| hello.expiry > 0);
        let is_v5 = self.version.is_v5();
        let expiry = expiry.filter(|_| may_expire && is_v5);
        self.requests.push(Request::Disconnect { with_will: with_will && is_v5, expiry });
    }

    pub(crate) fn subscribe(&mut self, filter: usize, options: Options) {
        let id = self.subscribe_id();
        self.requests.push(Request::Subscribe { id, filter, options });
    }

    pub(crate) fn unsubscribe(&mut self, filter: usize) {
        let id = self.subscribe_id();
        self.requests.push(Request::Unsubscribe { id, filter });
    }

    /// Never one of a message.
    fn subscribe_id(&mut self) -> u16 {
        self.next_subscribe_id += 1;
        1000 + self.next_subscribe_id
    }

    /// Publishes as much of the outbox as the window allows.
    pub(crate) fn pump(&mut self) {
        let Some(hello) = self.hello.as_ref().filter(|_| self.connected) else { return };
        let window = hello.window;
        while let Some(&message) = self.outbox.front() {
            let id = if message.qos == QoS::AtMostOnce {
                0
            } else if self.unacknowledged.len() < window {
                // The smallest that is free, so that the broker sees one again as soon as possible.
                let is_free = |id: &u16| self.unacknowledged.iter().all(|sent| sent.id != *id);
                let id = (1..).find(is_free).expect("the window is small");
                self.unacknowledged.push(Sent { id, message, released: false });
                id
            } else {
                return;
            };
            self.outbox.pop_front();
            self.publish(message, id, false);
        }
    }

    fn publish(&mut self, message: Message, id: u16, dup: bool) {
        let maximum = self.hello.as_ref().map_or(0, |hello| hello.aliases);
        let known = self.aliases_sent.iter().position(|&topic| topic == message.topic);
        let alias = match known {
            _ if !self.version.is_v5() => Alias::None,
            Some(at) => Alias::Known(u16::try_from(at).unwrap() + 1),
            None if self.aliases_sent.len() < usize::from(maximum) => {
                self.aliases_sent.push(message.topic);
                Alias::New(u16::try_from(self.aliases_sent.len()).unwrap())
            }
            None => Alias::None,
        };
        self.requests.push(Request::Publish { message, id, dup, alias });
    }

    /// Bytes of a connection that the broker has accepted in this session, if it has; what the application gets.
    ///
    /// The session is told apart from the one before because MQTT does not: if a session ends while the client is away,
    /// and the CONNACK of the next one is lost, the one after says that a session is present.
    pub(crate) fn read(&mut self, bytes: &[u8], generation: u64) -> Vec<Delivery> {
        let mut delivered = Vec::new();
        self.pending.extend_from_slice(bytes);
        let bytes = std::mem::take(&mut self.pending);
        let mut rest = &bytes[..];
        while let Some(found) = frame(rest, &Limits::default()).unwrap() {
            rest = &rest[found.bytes().len()..];
            let packet = Packet::decode(self.version, found).unwrap();
            delivered.extend(self.packet(&packet, generation));
        }
        self.pending = rest.to_vec();
        delivered
    }

    fn packet(&mut self, packet: &Packet<'_>, generation: u64) -> Option<Delivery> {
        match packet {
            Packet::ConnAck(_) => self.accepted(generation),
            Packet::Publish(publish) => {
                let hello = self.hello.as_ref().expect("a connection");
                let maximum = if self.version.is_v5() { hello.receive_maximum } else { u16::MAX };
                let delivery = self.aliases.read(publish, hello.aliases);
                let Some(id) = publish.delivery.packet_id() else { return Some(delivery) };
                let id = id.get();
                self.open.insert(id);
                assert!(self.open.len() <= usize::from(maximum), "more than our Receive Maximum is open");
                let earlier = self.received.get(&id);
                if delivery.qos == QoS::AtLeastOnce {
                    assert_eq!(earlier, None, "identifier {id} is in use");
                    self.open.remove(&id);
                    self.requests.push(Request::PubAck(id));
                    return Some(delivery);
                }
                self.requests.push(Request::PubRec(id));
                if let Some(earlier) = earlier {
                    assert!(publish.delivery.dup(), "identifier {id} is in use, for {earlier:?}");
                    assert_eq!((&delivery.topic, delivery.number), (&earlier.topic, earlier.number));
                    return None;
                }
                self.received.insert(id, delivery.clone());
                return Some(delivery);
            }
            Packet::PubAck(ack) => self.acknowledged(ack.packet_id.get(), QoS::AtLeastOnce),
            Packet::PubRec(ack) => {
                let id = ack.packet_id.get();
                let sent = self.unacknowledged.iter_mut().find(|sent| sent.id == id);
                sent.expect("PUBREC for something sent").released = true;
                self.requests.push(Request::PubRel(id));
            }
            Packet::PubRel(ack) => {
                let id = ack.packet_id.get();
                self.received.remove(&id);
                self.open.remove(&id);
                self.requests.push(Request::PubComp(id));
            }
            Packet::PubComp(ack) => self.acknowledged(ack.packet_id.get(), QoS::ExactlyOnce),
            Packet::SubAck(_) | Packet::UnsubAck(_) | Packet::Disconnect(_) => {}
            other => panic!("{other:?}"),
        }
        None
    }

    /// CONNACK came: begins anew if the session is another, and sends again what is not acknowledged.
    fn accepted(&mut self, generation: u64) {
        self.connected = true;
        if self.generation != generation {
            self.generation = generation;
            self.unacknowledged.clear();
            self.received.clear();
        }
        let unacknowledged: Vec<_> =
            self.unacknowledged.iter().map(|sent| (sent.message, sent.id, sent.released)).collect();
        for (message, id, released) in unacknowledged {
            if released {
                self.requests.push(Request::PubRel(id));
            } else {
                self.publish(message, id, true);
            }
        }
    }

    fn acknowledged(&mut self, id: u16, qos: QoS) {
        let at = self.unacknowledged.iter().position(|sent| sent.id == id);
        let sent = self.unacknowledged.remove(at.expect("an acknowledgement for something sent"));
        assert_eq!(sent.message.qos, qos);
        assert_eq!(sent.released, qos == QoS::ExactlyOnce, "PUBCOMP comes after PUBREC");
    }
}
