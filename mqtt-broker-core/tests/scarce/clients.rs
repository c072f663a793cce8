//! Clients that read when they are told to, and others that take memory away.

use std::collections::{BTreeMap, VecDeque};

use mqtt_broker_core::{Action, ConnId, Event, ListenerId, Message};
use mqtt_codec::{
    Connect, ConnectProperties, Delivery, Limits, Packet, PacketId, PubAck, PubComp, PubRec, PubRel, Publish,
    PublishTopic, QoS, ReasonCode, Subscribe, Subscription, SubscriptionOptions, TopicFilter, TopicName,
    Unsubscribe, UserProperties, Version, frame,
};

use crate::model::{FILTERS, TOPICS};
use crate::world::{World, payload};

pub(crate) const COUNT: usize = 5;

/// What the broker has to do because of a packet.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Request {
    Subscribe(usize, QoS),
    Unsubscribe(usize),
    /// To a topic, a message with this number and of this size.
    Publish(usize, QoS, u32, usize),
    /// The first acknowledgement of a message.
    Acknowledge(u16),
}

pub(crate) struct Client {
    pub(crate) client_id: String,
    pub(crate) version: Version,
    pub(crate) conn: Option<ConnId>,
    /// Whether its session does, and whether that of its CONNECT is to.
    stays: bool,
    asked_to_stay: bool,
    pub(crate) unread: VecDeque<Vec<u8>>,
    unwritten: usize,
    next_id: u16,
    /// Topic, QoS and number of what the broker sent and the client has not acknowledged.
    pub(crate) in_flight: BTreeMap<u16, (String, QoS, u32)>,
}

impl Client {
    pub(crate) fn new(at: usize) -> Self {
        Self {
            client_id: format!("client-{at}"),
            version: if at.is_multiple_of(2) { Version::V5 } else { Version::V3_1_1 },
            conn: None,
            stays: true,
            asked_to_stay: true,
            unread: VecDeque::new(),
            unwritten: 0,
            next_id: 0,
            in_flight: BTreeMap::new(),
        }
    }

    /// Its CONNECT was accepted.
    pub(crate) fn connected(&mut self, is_present: bool) {
        self.stays = self.asked_to_stay;
        if !is_present {
            self.in_flight.clear();
        }
    }

    pub(crate) fn gets(&mut self, bytes: Vec<u8>) {
        self.unwritten += bytes.len();
        self.unread.push_back(bytes);
    }
}

fn id(id: u16) -> PacketId {
    PacketId::new(id).unwrap()
}

fn encode<'a>(version: Version, packet: impl Into<Packet<'a>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    packet.into().encode(version, &mut bytes).unwrap();
    bytes
}

fn connect(version: Version, client_id: &str, clean_start: bool, stays: bool) -> Vec<u8> {
    let expiry = if stays { u32::MAX } else { 0 };
    let properties = ConnectProperties {
        session_expiry_interval: Some(expiry).filter(|_| version.is_v5()),
        ..ConnectProperties::default()
    };
    encode(version, Connect { client_id, clean_start, keep_alive: 0, properties, ..Connect::default() })
}

fn subscribe(version: Version, packet_id: u16, filter: &str, qos: QoS) -> Vec<u8> {
    let filter = TopicFilter::new(filter).unwrap();
    let entries = [Subscription { filter, options: SubscriptionOptions::new(qos) }];
    let (packet_id, user_properties) = (id(packet_id), UserProperties::default());
    let subscriptions = (&entries).into();
    encode(version, Subscribe { packet_id, subscription_id: None, user_properties, subscriptions })
}

impl Request {
    fn encode(self, version: Version, packet_id: u16) -> Vec<u8> {
        match self {
            Self::Subscribe(filter, qos) => subscribe(version, packet_id, FILTERS[filter], qos),
            Self::Unsubscribe(filter) => {
                let filters = [TopicFilter::new(FILTERS[filter]).unwrap()];
                let (packet_id, user_properties) = (id(packet_id), UserProperties::default());
                encode(version, Unsubscribe { packet_id, user_properties, filters: (&filters).into() })
            }
            Self::Publish(topic, qos, number, size) => {
                let delivery = match qos {
                    QoS::AtMostOnce => Delivery::AtMostOnce,
                    QoS::AtLeastOnce => Delivery::AtLeastOnce { id: id(packet_id), dup: false },
                    QoS::ExactlyOnce => Delivery::ExactlyOnce { id: id(packet_id), dup: false },
                };
                let topic = PublishTopic::Name(TopicName::new(TOPICS[topic]).unwrap());
                let payload = payload(number, size);
                encode(version, Publish { delivery, ..Publish::new(topic, &payload) })
            }
            Self::Acknowledge(_) => unreachable!("it answers a packet"),
        }
    }
}

/// The packet with which the broker answers this one, if it is among them.
fn answered(version: Version, actions: &[Action], to: ConnId, is_it: impl Fn(&Packet<'_>) -> bool) -> bool {
    actions.iter().any(|action| match action {
        Action::Send { conn, bytes } if *conn == to => {
            let found = frame(bytes, &Limits::default()).unwrap().unwrap();
            is_it(&Packet::decode(version, found).unwrap())
        }
        _ => false,
    })
}

impl World {
    /// Whether the client was let in.
    pub(crate) fn connect(&mut self, at: usize, clean: bool, stays: bool) -> bool {
        self.drop_connection(at);
        let conn = self.open();
        let client = &mut self.clients[at];
        // A session of 3.1.1 stays if it need not be new.
        client.asked_to_stay = if client.version.is_v5() { stays } else { !clean };
        client.conn = Some(conn);
        let packet = connect(client.version, &client.client_id, clean, client.asked_to_stay);
        self.receive(conn, &packet, None);
        self.clients[at].conn.is_some()
    }

    fn open(&mut self) -> ConnId {
        let conn = ConnId(self.next_conn);
        self.next_conn += 1;
        self.handle(Event::Opened { conn, listener: ListenerId(0), identity: None });
        conn
    }

    pub(crate) fn drop_connection(&mut self, at: usize) {
        if let Some(conn) = self.clients[at].conn {
            self.left(at);
            self.handle(Event::Closed { conn });
        }
    }

    /// The broker has closed a connection.
    pub(crate) fn closed(&mut self, conn: ConnId) {
        if let Some(at) = self.clients.iter().position(|client| client.conn == Some(conn)) {
            self.left(at);
        }
    }

    fn left(&mut self, at: usize) {
        let client = &mut self.clients[at];
        client.conn = None;
        client.unread.clear();
        client.unwritten = 0;
        if !client.stays {
            self.model.ended(&client.client_id);
        }
    }

    pub(crate) fn end_session(&mut self, at: usize) {
        let client_id = self.clients[at].client_id.clone();
        self.model.ended(&client_id);
        self.handle(Event::EndSession { client_id: &client_id });
    }

    /// The client sends a packet, if it is connected and the broker reads from it.
    pub(crate) fn request(&mut self, at: usize, request: Request) {
        let client = &mut self.clients[at];
        let Some(conn) = client.conn else { return };
        client.next_id += 1;
        let packet = request.encode(client.version, client.next_id);
        self.receive(conn, &packet, Some(request));
    }

    /// The broker has taken a packet. What it has made of it is among these.
    pub(crate) fn taken(&mut self, conn: ConnId, request: Request, actions: &[Action]) {
        let Some(client) = self.clients.iter_mut().find(|client| client.conn == Some(conn)) else { return };
        let answered = |is_it: &dyn Fn(&Packet<'_>) -> bool| answered(client.version, actions, conn, is_it);
        let Self { model, .. } = self;
        match request {
            Request::Subscribe(filter, qos) => {
                let granted = qos as u8;
                let is_yes = |packet: &Packet<'_>| matches!(packet, Packet::SubAck(ack) if ack.codes.iter().all(|code| code.as_u8() == granted));
                if answered(&is_yes) {
                    model.subscribed(&client.client_id, filter, qos);
                }
            }
            Request::Unsubscribe(filter) => model.unsubscribed(&client.client_id, filter),
            Request::Publish(topic, qos, number, _) => {
                let is_taken = qos != QoS::ExactlyOnce
                    || answered(&|packet| matches!(packet, Packet::PubRec(ack) if !ack.reason.is_error()));
                if is_taken {
                    model.published(topic, qos, number);
                }
            }
            Request::Acknowledge(id) => {
                if let Some((topic, qos, _)) = client.in_flight.remove(&id) {
                    model.delivered(&client.client_id, &topic, qos);
                }
            }
        }
    }

    /// Reads so many packets and answers them. Whether there were any.
    pub(crate) fn read(&mut self, at: usize, most: usize) -> bool {
        let mut any = false;
        for _ in 0..most {
            let client = &mut self.clients[at];
            let Some(conn) = client.conn else { break };
            let bytes = std::mem::take(&mut client.unwritten);
            self.handle(Event::Written { conn, bytes });
            let Some(packet) = self.clients[at].unread.pop_front() else { break };
            any = true;
            if let Some((answer, request)) = answer(self.clients[at].version, &packet)
                && !self.receive(conn, &answer, request)
                && self.clients[at].conn.is_some()
            {
                self.clients[at].unread.push_front(packet);
                break;
            }
        }
        any
    }

    pub(crate) fn take_memory(&mut self, sessions: usize, retained: usize) {
        for _ in 0..sessions {
            let taker = format!("taker-{}-{}", self.takers.len(), "t".repeat(300));
            let conn = self.open();
            self.receive(conn, &connect(Version::V5, &taker, false, true), None);
            for at in 1..4 {
                let filter = format!("taken/{at}/{}", "f".repeat(300));
                self.receive(conn, &subscribe(Version::V5, at, &filter, QoS::AtLeastOnce), None);
            }
            self.handle(Event::Closed { conn });
            self.takers.push(taker);
        }
        for _ in 0..retained {
            self.taken += 1;
            self.retain(self.taken, 1_500);
        }
    }

    pub(crate) fn give_memory(&mut self) {
        while let Some(taker) = self.takers.pop() {
            self.handle(Event::EndSession { client_id: &taker });
        }
        for at in 1..=std::mem::take(&mut self.taken) {
            self.retain(at, 0);
        }
    }

    /// For nobody, since no filter of the clients matches it.
    fn retain(&mut self, at: usize, size: usize) {
        let topic = format!("$taken/{at}");
        let topic = TopicName::new(&topic).unwrap();
        self.handle(Event::Publish(Message::new(topic, vec![b'r'; size]).with_retain(true)));
    }

    /// There is room again. All clients come back, and get what waits.
    pub(crate) fn end(mut self) {
        self.give_memory();
        for _ in 0..10_000 {
            let mut any = false;
            for at in 0..COUNT {
                let is_new = self.clients[at].conn.is_none();
                any |= is_new && self.connect(at, false, true);
                any |= self.read(at, usize::MAX);
            }
            if !any {
                break;
            }
        }
        for client in &self.clients {
            assert!(client.conn.is_some(), "{} cannot come back", client.client_id);
            assert_eq!(client.in_flight, BTreeMap::new());
        }
        self.model.check_all_named();
    }
}

/// What a client answers, and what it means.
fn answer(version: Version, packet: &[u8]) -> Option<(Vec<u8>, Option<Request>)> {
    let found = frame(packet, &Limits::default()).unwrap().unwrap();
    let success = ReasonCode::Success;
    match Packet::decode(version, found).unwrap() {
        Packet::Publish(publish) => match publish.delivery {
            Delivery::AtMostOnce => None,
            Delivery::AtLeastOnce { id, .. } => {
                Some((encode(version, PubAck::new(id, success)), Some(Request::Acknowledge(id.get()))))
            }
            Delivery::ExactlyOnce { id, .. } => {
                Some((encode(version, PubRec::new(id, success)), Some(Request::Acknowledge(id.get()))))
            }
        },
        Packet::PubRec(ack) if !ack.reason.is_error() => {
            Some((encode(version, PubRel::new(ack.packet_id, success)), None))
        }
        Packet::PubRel(ack) => Some((encode(version, PubComp::new(ack.packet_id, success)), None)),
        _ => None,
    }
}
