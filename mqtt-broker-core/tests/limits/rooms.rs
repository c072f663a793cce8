//! Only the first replay of a session has a place, so places are paid for once and not for each replay.

use std::num::NonZeroU16;

use mqtt_broker_core::*;
use mqtt_codec::*;

use crate::packets::{bytes_of, name, subscribe};

fn grow(clients: u64, filters: usize) -> Broker {
    let mut b = Broker::new(Config::default(), AllowAll);
    let mut act = |conn: ConnId, event: Event<'_>| {
        let mut out = Vec::new();
        b.handle(Timestamp::from_millis(1), event, &mut out);
        let sent: usize = out
            .iter()
            .map(|a| match a {
                Action::Send { bytes, .. } => bytes.len(),
                _ => 0,
            })
            .sum();
        b.handle(Timestamp::from_millis(1), Event::Written { conn, bytes: sent }, &mut out);
    };
    act(ConnId(0), Event::Publish(Message::new(name(&"b".repeat(65_000)), "x").with_retain(true)));
    // An honest client that is away, and for which a message waits.
    let away = ConnId(100);
    let properties = ConnectProperties { session_expiry_interval: Some(1000), ..Default::default() };
    act(away, Event::Opened { conn: away, listener: ListenerId(0), identity: None });
    act(
        away,
        Event::Received {
            conn: away,
            bytes: &mut bytes_of(Connect { client_id: "honest", properties, ..Connect::default() }),
        },
    );
    act(away, Event::Received { conn: away, bytes: &mut subscribe("honest") });
    act(away, Event::Closed { conn: away });
    act(away, Event::Publish(Message::new(name("honest"), "x").with_qos(QoS::AtLeastOnce)));
    for client in 1..=clients {
        let conn = ConnId(client);
        act(conn, Event::Opened { conn, listener: ListenerId(0), identity: None });
        let properties = ConnectProperties { receive_maximum: NonZeroU16::new(1), ..Default::default() };
        act(
            conn,
            Event::Received {
                conn,
                bytes: &mut bytes_of(Connect {
                    client_id: &format!("c{client}"),
                    properties,
                    ..Connect::default()
                }),
            },
        );
        let own = format!("q{client}");
        act(conn, Event::Received { conn, bytes: &mut subscribe(&own) });
        act(conn, Event::Publish(Message::new(name(&own), "x").with_qos(QoS::AtLeastOnce)));
        for i in 0..filters {
            act(conn, Event::Received { conn, bytes: &mut subscribe(&format!("{i}")) });
        }
    }
    b
}

#[test]
fn one_place_is_paid_for_once() {
    let mut made = None;
    let live = allocation_counter::measure(|| made = Some(grow(1, 900))).bytes_current as usize;
    let stats = made.unwrap().stats();
    assert!(
        stats.bytes_charged < 2 * live + (1 << 20),
        "{live} allocated, {} charged, {} subscriptions",
        stats.bytes_charged,
        stats.subscriptions
    );
}

/// With all settings as they are by default.
#[test]
fn three_clients_that_subscribe_use_up_nothing_of_others() {
    let mut b = grow(3, 9_000);
    assert_eq!(b.stats().at_least_once.queued, 1, "what waits for others was dropped: {:?}", b.stats());
    let mut out = Vec::new();
    let conn = ConnId(200);
    b.handle(
        Timestamp::from_millis(2),
        Event::Opened { conn, listener: ListenerId(0), identity: None },
        &mut out,
    );
    b.handle(
        Timestamp::from_millis(2),
        Event::Received { conn, bytes: &mut bytes_of(Connect { client_id: "other", ..Connect::default() }) },
        &mut out,
    );
    b.handle(Timestamp::from_millis(2), Event::Received { conn, bytes: &mut subscribe("t") }, &mut out);
    let sent: Vec<_> = out
        .iter()
        .filter_map(|a| match a {
            Action::Send { bytes, .. } => Some(bytes.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(
        sent.last().map(|b| b[b.len() - 1]),
        Some(1),
        "{sent:x?}, {} charged",
        b.stats().bytes_charged
    );
}
