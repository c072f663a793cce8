use std::sync::LazyLock;

use bytes::BytesMut;
use mqtt_broker_core::{AllowAll, Broker, ConnId, Event, ListenerId, Message, Timestamp};
use mqtt_codec::{MessageProperties, QoS, TopicName, Version};

use super::config;
use super::kept::{Out, Store};
use crate::broker::packets;
use crate::broker::script::Script;

/// What a broker has in its store after each of these events, from nothing to all.
static STORES: LazyLock<Vec<Store>> = LazyLock::new(stores);

/// What a broker has stored after so many events.
pub(super) fn after(events: u8) -> &'static Store {
    &STORES[usize::from(events) % STORES.len()]
}

fn stores() -> Vec<Store> {
    let mut life = Life { broker: Broker::new(config(), AllowAll), stores: vec![Store::default()] };
    life.all();
    life.stores
}

/// A broker that is told what its clients do. They have the names and topics of those that come later.
struct Life {
    broker: Broker,
    stores: Vec<Store>,
}

impl Life {
    /// In the end there is a pair of each kind.
    fn all(&mut self) {
        for number in 0..5 {
            let topic = ["a", "a/b", "a/b/c/d/e", "$x", "denied"][number];
            let message = Message::new(TopicName::new(topic).expect("a topic"), &b"retained"[..]);
            let expiry = (number == 1).then_some(3_600);
            let properties =
                MessageProperties { message_expiry_interval: expiry, ..MessageProperties::default() };
            let message = message.with_properties(&properties).expect("they are good");
            self.handle(Event::Publish(message.with_qos(QoS::ExactlyOnce).with_retain(true)));
        }
        // As `packets::connect` and `packets::packet` read them.
        let [forever, seconds] = [2, 1];
        self.connect(0, &[2, 0, 8, forever, 0, 1, 1, 0, 2]);
        self.packet(0, &[7, 0, 1, 1, 2, 2, 0, 1, 0, 5, 1, 0, 0]);
        self.packet(0, &[7, 1, 2, 0, 4, 2, 0, 1, 0]);
        self.connect(1, &[2, 1, 0, forever, 0]);
        self.packet(1, &[7, 0, 1, 2, 1, 2, 0, 0, 0, 4, 1, 0, 1, 0, 5, 2, 1, 0]);
        self.connect(2, &[1, 2, 0, 0, 0]);
        self.packet(2, &[7, 0, 0, 0, 0, 2, 0, 0, 0]);
        for id in 0..3 {
            self.packet(1, &[0, 0, 0, 0, 2, id, 0, 0]);
            self.packet(0, &[0, 0, 0, 1, 1, id, 3, 2]);
        }
        // Acknowledges some.
        self.packet(0, &[4, 0, 0]);
        self.packet(1, &[4, 0, 0]);
        self.packet(1, &[5, 0]);
        self.close(2);
        self.packet(1, &[0, 0, 4, 0, 1, 3, 0, 2]);
        self.close(0);
        self.packet(1, &[0, 0, 0, 1, 2, 3, 0, 2]);
        self.connect(3, &[2, 3, 8, seconds, 1, 0, 2, 0, 2]);
        self.close(1);
        self.close(3);
    }

    fn connect(&mut self, place: u64, bytes: &[u8]) {
        let conn = ConnId(place);
        self.handle(Event::Opened { conn, listener: ListenerId(0), identity: Some("somebody") });
        let (_, bytes) = packets::connect(&mut Script(bytes)).expect("all of it");
        self.handle(Event::Received { conn, bytes: &mut BytesMut::from(&bytes[..]) });
    }

    fn packet(&mut self, place: u64, bytes: &[u8]) {
        let version = if place == 2 { Version::V3_1_1 } else { Version::V5 };
        let bytes = packets::packet(version, &mut Script(bytes)).expect("all of it");
        let conn = ConnId(place);
        self.handle(Event::Received { conn, bytes: &mut BytesMut::from(&bytes[..]) });
    }

    fn close(&mut self, place: u64) {
        self.handle(Event::Closed { conn: ConnId(place) });
    }

    fn handle(&mut self, event: Event<'_>) {
        let mut out = Out::new(self.stores.last().cloned().unwrap_or_default());
        let now = 1_000 * self.stores.len() as u64;
        self.broker.handle(Timestamp::from_millis(now), event, &mut out);
        self.stores.push(out.store);
    }
}

#[cfg(test)]
mod tests {
    use super::STORES;

    /// Fails when damage has nothing of a kind to begin with.
    #[test]
    fn all_kinds_are_stored() {
        for kind in [
            "session/",
            "subscription/",
            "copy/",
            "received/",
            "released/",
            "replay/",
            "will/",
            "message/",
            "retained/",
            "complete",
        ] {
            let has = STORES.iter().any(|store| store.0.keys().any(|key| key.starts_with(kind.as_bytes())));
            assert!(has, "{kind}");
        }
    }
}
