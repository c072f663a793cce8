use std::thread;

use mqtt_codec::{
    Packet, PacketId, Publish, QoS, Subscribe, Subscription, SubscriptionOptions, TopicFilter, TopicName,
    UserProperties, Version,
};

use crate::client::Client;
use crate::process::Process;

/// A client's own input waits while its output is full, so it cannot flood itself: the broker stops reading from it and
/// goes on when there is room. If reading were not resumed, or what had been read already were forgotten then, messages
/// would be missing at the end.
#[test]
fn a_client_that_floods_itself_loses_nothing() {
    const MESSAGES: u32 = 40_000;
    let process = Process::start();
    let mut client = Client::connect(process.address(), "narcissus");
    client.subscribe("mirror", QoS::AtMostOnce);
    let mut writer = client.writer();
    let writing = thread::spawn(move || {
        for n in 0..MESSAGES {
            let mut payload = n.to_be_bytes().to_vec();
            payload.resize(1000, 0);
            writer.publish("mirror", &payload);
        }
    });
    for n in 0..MESSAGES {
        client.receive_payload(|payload| assert_eq!(payload[..4], n.to_be_bytes()));
    }
    writing.join().unwrap();
}

/// A few small requests with large answers, all in one read. The broker leaves those for which there is no room in the
/// buffer, and nothing more comes from the client; so if resuming meant no more than reading on, the rest would stay there.
#[test]
fn requests_that_wait_for_room_are_answered_though_no_more_bytes_come() {
    const REQUESTS: u16 = 8;
    let process = Process::start();
    let mut client = Client::connect(process.address(), "c");
    let payload = vec![7; 1 << 20];
    let mut requests = Vec::new();
    for n in 1..=REQUESTS {
        let topic = format!("large/{n}");
        client.send(Publish { retain: true, ..Publish::new(TopicName::new(&topic).unwrap(), &payload) });
        let filter = TopicFilter::new(&topic).unwrap();
        let subscriptions = &[Subscription { filter, options: SubscriptionOptions::new(QoS::AtMostOnce) }];
        let subscribe = Subscribe {
            packet_id: PacketId::new(n).unwrap(),
            subscription_id: None,
            user_properties: UserProperties::default(),
            subscriptions: subscriptions.into(),
        };
        subscribe.encode(Version::V5, &mut requests).unwrap();
    }
    Packet::PingReq.encode(Version::V5, &mut requests).unwrap();
    client.send_bytes(&requests);

    for n in 1..=REQUESTS {
        client.receive(|packet| match packet {
            Packet::SubAck(ack) => assert_eq!(ack.packet_id.get(), n),
            other => panic!("{:?} instead of SUBACK", other.packet_type()),
        });
        client.receive_payload(|found| assert!(found == payload));
    }
    client.receive(|packet| assert_eq!(packet, Packet::PingResp));
}
