//! Whatever is sent, a broker that is restored from the changes called for before it knows of it.

use mqtt_broker_core::{Action, AllowAll, ConnId, Event};
use mqtt_codec::*;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::wills::will;
use crate::world::{Out, Store, World, bytes_of, hello, id, name};

const CLIENTS: [&str; 3] = ["a", "b", "c/d"];
const TOPICS: [&str; 3] = ["t", "t/u", "v"];
const FILTERS: [&str; 5] = ["t", "t/#", "#", "$share/g/t", "$share/g/#"];

#[derive(Clone, Debug)]
enum Step {
    Connect {
        client: usize,
        expiry: u32,
        clean_start: bool,
        will: Option<QoS>,
    },
    Drop(usize),
    Subscribe(usize, &'static str, QoS),
    Publish(usize, &'static str, QoS, bool),
    /// The client answers what it got.
    Acknowledge(usize),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Step> {
    let client = || 0..CLIENTS.len();
    let qos = || select(&[QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce][..]);
    let connect = (client(), select(&[0, 5, 100][..]), any::<bool>(), proptest::option::of(qos()));
    prop_oneof![
        3 => connect.prop_map(|(client, expiry, clean_start, will)| {
            Step::Connect { client, expiry, clean_start, will }
        }),
        1 => client().prop_map(Step::Drop),
        4 => (client(), select(&FILTERS[..]), qos()).prop_map(|(client, filter, qos)| {
            Step::Subscribe(client, filter, qos)
        }),
        8 => (client(), select(&TOPICS[..]), qos(), any::<bool>()).prop_map(|(client, topic, qos, retain)| {
            Step::Publish(client, topic, qos, retain)
        }),
        6 => client().prop_map(Step::Acknowledge),
        1 => (0_u64..8).prop_map(Step::Wait),
    ]
}

struct Clients {
    world: World,
    conns: [Option<ConnId>; CLIENTS.len()],
    opened: u64,
    last_id: u16,
    /// What each would answer.
    answers: [Vec<bytes::BytesMut>; CLIENTS.len()],
}

impl Clients {
    fn step(&mut self, step: Step) {
        match step {
            Step::Connect { client, expiry, clean_start, will: qos } => {
                self.opened += 1;
                let conn = ConnId(self.opened);
                self.conns[client] = Some(conn);
                self.answers[client].clear();
                let delay_interval = (expiry == 5).then_some(2);
                let will = qos.map(|qos| Will { qos, delay_interval, ..will("t", "gone") });
                let packet = Connect { clean_start, will, ..hello(CLIENTS[client], expiry) };
                self.handle(Event::Opened { conn, listener: Default::default(), identity: None });
                self.send(client, packet);
            }
            Step::Drop(client) => {
                let Some(conn) = self.conns[client].take() else { return };
                self.handle(Event::Closed { conn });
            }
            Step::Subscribe(client, filter, qos) => {
                let filter = TopicFilter::new(filter).unwrap();
                let entries = [Subscription { filter, options: SubscriptionOptions::new(qos) }];
                let packet = Subscribe {
                    packet_id: PacketId::MAX,
                    subscription_id: None,
                    user_properties: UserProperties::default(),
                    subscriptions: (&entries).into(),
                };
                self.send(client, packet);
            }
            Step::Publish(client, topic, qos, retain) => {
                self.last_id += 1;
                let id = id(self.last_id);
                let delivery = match qos {
                    QoS::AtMostOnce => Delivery::AtMostOnce,
                    QoS::AtLeastOnce => Delivery::AtLeastOnce { id, dup: false },
                    QoS::ExactlyOnce => Delivery::ExactlyOnce { id, dup: false },
                };
                self.send(client, Publish { delivery, retain, ..Publish::new(name(topic), b"1") });
            }
            Step::Acknowledge(client) => {
                for mut bytes in std::mem::take(&mut self.answers[client]) {
                    let Some(conn) = self.conns[client] else { return };
                    self.handle(Event::Received { conn, bytes: &mut bytes });
                }
            }
            Step::Wait(seconds) => {
                self.world.now += seconds;
                self.handle(Event::Tick);
            }
        }
    }

    fn send<'a>(&mut self, client: usize, packet: impl Into<Packet<'a>>) {
        if let Some(conn) = self.conns[client] {
            self.handle(Event::Received { conn, bytes: &mut bytes_of(packet) });
        }
    }

    fn handle(&mut self, event: Event<'_>) {
        let (before, actions) = self.world.call(event);
        for (at, action) in actions.iter().enumerate() {
            match action {
                Action::Send { conn, bytes } => {
                    let Some(client) = self.conns.iter().position(|own| *own == Some(*conn)) else {
                        continue;
                    };
                    let found = frame(bytes, &Limits::default()).unwrap().unwrap();
                    let packet = Packet::decode(Version::V5, found).unwrap();
                    self.check(client, &packet, &before.after(&actions, at));
                    self.answer(client, &packet);
                }
                Action::Close(conn) => {
                    let client = self.conns.iter().position(|own| *own == Some(*conn));
                    client.into_iter().for_each(|client| self.conns[client] = None);
                }
                _ => {}
            }
        }
    }

    fn answer(&mut self, client: usize, packet: &Packet<'_>) {
        let answer = match packet {
            Packet::Publish(publish) => match publish.delivery {
                Delivery::AtMostOnce => return,
                Delivery::AtLeastOnce { id, .. } => bytes_of(PubAck::new(id, ReasonCode::Success)),
                Delivery::ExactlyOnce { id, .. } => bytes_of(PubRec::new(id, ReasonCode::Success)),
            },
            Packet::PubRel(ack) => bytes_of(PubComp::new(ack.packet_id, ReasonCode::Success)),
            Packet::PubRec(ack) if !ack.reason.is_error() => {
                bytes_of(PubRel::new(ack.packet_id, ReasonCode::Success))
            }
            _ => return,
        };
        self.answers[client].push(answer);
    }

    /// What a broker that is restored at this moment knows of a packet that this one sends.
    fn check(&self, client: usize, packet: &Packet<'_>, store: &Store) {
        let client = CLIENTS[client];
        if !store.keys().contains(&format!("session/{client}")) {
            return;
        }
        let (mut restored, out) = World::restore_noting(store, self.world.now, AllowAll);
        assert_eq!(out.left_out, []);
        let mut all = Out::default();
        restored.broker.store_all(&mut all);
        let mut known = Store::default().after(&all.actions, all.actions.len());
        let missing = || format!("{packet:?} to {client} and {:?}", known.keys());
        match packet {
            Packet::Publish(publish) => {
                let Some(id) = publish.delivery.packet_id() else { return };
                let copies = known.keys_of("copy/").into_iter();
                let copies: Vec<_> = copies.filter(|key| key.ends_with(&format!("/{client}"))).collect();
                let text = missing();
                let is_it = |key: &String| known.value(key)[19..21] == id.get().to_be_bytes();
                assert!(copies.iter().any(is_it), "{text}");
            }
            Packet::PubRec(ack) if !ack.reason.is_error() => {
                let key = format!("received/{}/{client}", ack.packet_id.get());
                assert!(known.keys().contains(&key), "{}", missing());
            }
            Packet::PubRel(ack) if !ack.reason.is_error() => {
                let key = format!("released/{}/{client}", ack.packet_id.get());
                assert!(known.keys().contains(&key), "{}", missing());
            }
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn what_was_sent_is_known(steps in vec(steps(), 0..80)) {
        let world = World::new(AllowAll);
        let mut clients =
            Clients { world, conns: [None; 3], opened: 0, last_id: 0, answers: Default::default() };
        for step in steps {
            clients.step(step);
        }
    }
}
