//! Two clients and the broker in one process, without a socket; time is a variable.
//!
//! `cargo run -p mqtt-broker-core --example in_memory`

use bytes::BytesMut;
use mqtt_broker_core::{Action, AllowAll, Broker, Config, ConnId, Event, ListenerId, Timestamp};
use mqtt_codec::{
    Connect, Limits, Packet, PacketId, Publish, QoS, Subscribe, Subscription, SubscriptionOptions,
    TopicFilter, TopicName, UserProperties, Version, Will, frame,
};

struct World {
    broker: Broker,
    now: Timestamp,
}

impl World {
    /// Hands an event to the broker and prints what it wants done.
    fn happens(&mut self, event: Event<'_>) {
        let mut actions = Vec::new();
        self.broker.handle(self.now, event, &mut actions);
        for action in actions {
            match action {
                Action::Send { conn: ConnId(conn), bytes } => {
                    let found = frame(&bytes, &Limits::default()).unwrap().unwrap();
                    let text = match Packet::decode(Version::V5, found).unwrap() {
                        Packet::Publish(Publish { topic, payload, .. }) => {
                            let topic = topic.name().expect("no alias was agreed on");
                            format!("PUBLISH {topic}: {}", String::from_utf8_lossy(payload))
                        }
                        Packet::Disconnect(disconnect) => format!("DISCONNECT {}", disconnect.reason),
                        other => other.packet_type().to_string(),
                    };
                    println!("{:5} ms  to client {conn}: {text}", self.now.as_millis());
                    self.happens(Event::Written { conn: ConnId(conn), bytes: bytes.len() });
                }
                other => println!("{:5} ms  {other:?}", self.now.as_millis()),
            }
        }
    }

    fn send<'a>(&mut self, conn: ConnId, packet: impl Into<Packet<'a>>) {
        let mut bytes = BytesMut::new();
        packet.into().encode(Version::V5, &mut bytes).unwrap();
        self.happens(Event::Received { conn, bytes: &mut bytes });
    }

    fn connect(&mut self, conn: ConnId, connect: Connect<'_>) {
        self.happens(Event::Opened { conn, listener: ListenerId(0), identity: None });
        self.send(conn, connect);
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut world = World { broker: Broker::new(Config::default(), AllowAll), now: Timestamp::ZERO };
    let (kitchen, phone) = (ConnId(1), ConnId(2));

    world.connect(phone, Connect { client_id: "phone", clean_start: true, ..Connect::default() });
    let entry = Subscription {
        filter: TopicFilter::new("kitchen/#")?,
        options: SubscriptionOptions::new(QoS::AtLeastOnce),
    };
    world.send(
        phone,
        Subscribe {
            packet_id: PacketId::new(1)?,
            subscription_id: None,
            user_properties: UserProperties::default(),
            subscriptions: (&[entry]).into(),
        },
    );

    let will = Will {
        topic: TopicName::new("kitchen/state")?,
        payload: b"silent",
        qos: QoS::AtLeastOnce,
        retain: false,
        delay_interval: None,
        properties: Default::default(),
    };
    let connect = Connect { client_id: "kitchen", keep_alive: 10, will: Some(will), ..Connect::default() };
    world.connect(kitchen, connect);
    world.send(kitchen, Publish::new(TopicName::new("kitchen/temperature")?, b"21.5"));

    // The kitchen says no more. Its Keep Alive runs out as soon as we say that it is that late.
    world.now = world.broker.deadline().expect("a keep alive runs");
    world.happens(Event::Tick);
    Ok(())
}
