//! `complete` cannot be read, and one number is as high as numbers can be.

use bytes::BytesMut;
use mqtt_broker_core::*;
use mqtt_codec::*;
use std::collections::BTreeMap;

fn bytes_of<'a>(packet: impl Into<Packet<'a>>) -> BytesMut {
    let mut bytes = BytesMut::new();
    packet.into().encode(Version::V5, &mut bytes).unwrap();
    bytes
}

type Store = BTreeMap<Vec<u8>, Vec<u8>>;

fn apply(store: &mut Store, actions: &[Action]) {
    for a in actions {
        match a {
            Action::Put { key, value } => {
                store.insert(key.clone(), value.clone());
            }
            Action::Delete { key } => {
                store.remove(key);
            }
            _ => {}
        }
    }
}

fn restore(store: &mut Store, now: u64) -> (Broker, Vec<Action>) {
    let mut out = Vec::new();
    let config = Config { durable: true, ..Config::default() };
    let broker = Broker::restore(config, AllowAll, Timestamp::from_millis(now), &*store, &mut out);
    apply(store, &out);
    (broker, out)
}

#[test]
fn what_is_written_after_a_damaged_number_is_read_again() {
    for number in [1u64 << 60, (1 << 61) - (1 << 51), (1 << 61) - (1 << 40) - 10, (1 << 61) - 1] {
        let mut store = Store::new();
        store.insert(b"complete".to_vec(), vec![1, 0]);
        store.insert(format!("copy/{number}/s").into_bytes(), vec![1]);
        let (mut broker, _) = restore(&mut store, 1000);
        let mut out = Vec::new();
        let at = Timestamp::from_millis(1000);
        broker.handle(
            at,
            Event::Opened { conn: ConnId(1), listener: ListenerId(0), identity: None },
            &mut out,
        );
        let properties = ConnectProperties { session_expiry_interval: Some(1000), ..Default::default() };
        broker.handle(
            at,
            Event::Received {
                conn: ConnId(1),
                bytes: &mut bytes_of(Connect { client_id: "s", properties, ..Connect::default() }),
            },
            &mut out,
        );
        apply(&mut store, &out);
        assert_eq!(broker.stats().sessions, 1);
        let (broker, out) = restore(&mut store, 2000);
        assert_eq!(
            broker.stats().sessions,
            1,
            "{number}: {:?} {out:?}",
            store
                .iter()
                .map(|(k, v)| (String::from_utf8_lossy(k).into_owned(), v.clone()))
                .collect::<Vec<_>>()
        );
    }
}
