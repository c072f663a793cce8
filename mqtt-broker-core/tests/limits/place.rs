//! The place of a replay may be a topic that was retained later than its SUBSCRIBE, and longer than all before.

use std::num::NonZeroU16;

use mqtt_broker_core::*;
use mqtt_codec::*;

use crate::packets::{bytes_of, name, subscribe};

fn run(durable: bool) {
    let mut made = None;
    let live = allocation_counter::measure(|| made = Some(grow(durable))).bytes_current as usize;
    let (b, most) = made.unwrap();
    let (charged, bytes) = (b.stats().bytes_charged, BYTES);
    assert!(
        most <= bytes && live <= bytes && live * 10 <= charged * 12,
        "{live} allocated, {charged} charged, {most} at most, {bytes} allowed"
    );
}

const BYTES: usize = 16 << 20;

fn grow(durable: bool) -> (Broker, usize) {
    const N: u64 = 400;
    let bytes = BYTES;
    let config = Config { durable, budget: Budget { bytes, ..Budget::default() }, ..Config::default() };
    let mut b = Broker::new(config, AllowAll);
    let at = Timestamp::from_millis(1);
    let mut most = 0;
    let mut act = |event: Event<'_>, writes: bool| {
        let mut out = Vec::new();
        b.handle(at, event, &mut out);
        let written: Vec<_> = out
            .iter()
            .filter_map(|a| match a {
                Action::Send { conn, bytes } => Some((*conn, bytes.len())),
                _ => None,
            })
            .collect();
        for (conn, bytes) in written.into_iter().filter(|_| writes) {
            b.handle(at, Event::Written { conn, bytes }, &mut out);
        }
        most = most.max(b.stats().bytes_charged);
        out
    };
    for i in 0..63 {
        act(Event::Publish(Message::new(name(&format!("a{i:02}")), "x").with_retain(true)), true);
    }
    act(Event::Publish(Message::new(name("z"), "x").with_retain(true)), true);
    for i in 0..N {
        act(Event::Opened { conn: ConnId(i), listener: ListenerId(0), identity: None }, true);
        let properties = ConnectProperties {
            session_expiry_interval: Some(1000),
            receive_maximum: NonZeroU16::new(1),
            ..Default::default()
        };
        act(
            Event::Received {
                conn: ConnId(i),
                bytes: &mut bytes_of(Connect {
                    client_id: &format!("c{i}"),
                    properties,
                    ..Connect::default()
                }),
            },
            true,
        );
        act(Event::Received { conn: ConnId(i), bytes: &mut subscribe("q/q") }, true);
    }
    act(Event::Publish(Message::new(name("q/q"), "x").with_qos(QoS::AtLeastOnce)), true);
    for i in 0..N {
        act(Event::Received { conn: ConnId(i), bytes: &mut subscribe("+") }, true);
    }
    act(Event::Publish(Message::new(name(&format!("b{}", "x".repeat(65_000))), "x").with_retain(true)), true);
    for i in 0..N {
        act(
            Event::Received {
                conn: ConnId(i),
                bytes: &mut bytes_of(PubAck::new(PacketId::new(1).unwrap(), ReasonCode::Success)),
            },
            false,
        );
    }
    (b, most)
}

#[test]
fn places_stay_within_the_budget_durable() {
    run(true);
}

#[test]
fn places_stay_within_the_budget() {
    run(false);
}
