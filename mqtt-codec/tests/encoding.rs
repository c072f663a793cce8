//! Each packet as the struct that an application builds, and the bytes that an independent codec makes of it. What is decoded
//! is in `vectors/`.

use std::num::NonZeroU16;

use hex_literal::hex;
use mqtt_codec::*;

fn id(value: u16) -> PacketId {
    PacketId::new(value).unwrap()
}

fn name(text: &str) -> &TopicName {
    TopicName::new(text).unwrap()
}

fn filter(text: &str) -> &TopicFilter {
    TopicFilter::new(text).unwrap()
}

#[track_caller]
fn encodes_to<'a>(version: Version, packet: impl Into<Packet<'a>>, bytes: &[u8]) {
    let packet = packet.into();
    assert_eq!(packet.encoded_len(version), Ok(bytes.len()));
    let mut buffer = vec![0; bytes.len()];
    for end in 0..bytes.len() {
        let too_small = packet.encode_to_slice(version, &mut buffer[..end]);
        assert_eq!(too_small, Err(EncodeError::BufferTooSmall { needed: bytes.len(), available: end }));
    }
    assert_eq!(packet.encode_to_slice(version, &mut buffer), Ok(bytes.len()));
    assert_eq!(buffer, bytes);
    let found = frame(bytes, &Limits::default()).unwrap().expect("a whole packet");
    assert_eq!(Packet::decode(version, found), Ok(packet));
}

#[track_caller]
fn v5<'a>(bytes: &[u8], packet: impl Into<Packet<'a>>) {
    encodes_to(Version::V5, packet, bytes);
}

#[track_caller]
fn v3<'a>(bytes: &[u8], packet: impl Into<Packet<'a>>) {
    encodes_to(Version::V3_1_1, packet, bytes);
}

fn c1() -> Connect<'static> {
    Connect { keep_alive: 60, client_id: "c1", ..Connect::default() }
}

#[test]
fn v5_connect() {
    v5(&hex!("10 0F 00 04 4D 51 54 54 05 02 00 3C 00 00 02 63 31"), Connect { clean_start: true, ..c1() });
    let properties = ConnectProperties {
        session_expiry_interval: Some(3600),
        receive_maximum: NonZeroU16::new(20),
        ..ConnectProperties::default()
    };
    v5(
        &hex!("10 17 00 04 4D 51 54 54 05 00 00 3C 08 11 00 00 0E 10 21 00 14 00 02 63 31"),
        Connect { properties, ..c1() },
    );
    let will = Will {
        topic: name("w/p"),
        payload: b"x",
        qos: QoS::AtLeastOnce,
        retain: true,
        delay_interval: Some(5),
        properties: MessageProperties::default(),
    };
    v5(
        &hex!(
            "10 23 00 04 4D 51 54 54 05 EE 00 3C 00 00 02 63 31 05 18 00 00 00 05 00 03 77 2F 70 00 01 78 00 01 75 00 01 70"
        ),
        Connect { clean_start: true, will: Some(will), user_name: Some("u"), password: Some(b"p"), ..c1() },
    );
}

#[test]
fn v5_connack() {
    let accept = ConnAck {
        session_present: false,
        reason: ReasonCode::Success,
        properties: ConnAckProperties::default(),
    };
    v5(&hex!("20 03 00 00 00"), accept);
    let properties =
        ConnAckProperties { assigned_client_identifier: Some("abc"), ..ConnAckProperties::default() };
    v5(&hex!("20 09 00 00 06 12 00 03 61 62 63"), ConnAck { properties, ..accept });
    v5(&hex!("20 03 00 84 00"), ConnAck::refuse(ReasonCode::UnsupportedProtocolVersion));
}

#[test]
fn v5_publish() {
    v5(&hex!("30 08 00 03 61 2F 62 00 68 69"), Publish::new(name("a/b"), b"hi"));
    v5(
        &hex!("3B 0A 00 03 61 2F 62 00 0A 00 68 69"),
        Publish {
            delivery: Delivery::AtLeastOnce { id: id(10), dup: true },
            retain: true,
            ..Publish::new(name("a/b"), b"hi")
        },
    );
    v5(
        &hex!("34 08 00 00 00 0B 03 23 00 01"),
        Publish {
            delivery: Delivery::ExactlyOnce { id: id(11), dup: false },
            ..Publish::new(PublishTopic::Alias(TopicAlias::MIN), b"")
        },
    );
}

#[test]
fn v5_acknowledgements() {
    v5(&hex!("40 02 00 0A"), PubAck::new(id(10), ReasonCode::Success));
    v5(&hex!("40 03 00 0A 10"), PubAck::new(id(10), ReasonCode::NoMatchingSubscribers));
    v5(&hex!("40 03 00 0A 87"), PubAck::new(id(10), ReasonCode::NotAuthorized));
    v5(&hex!("50 02 00 0B"), PubRec::new(id(11), ReasonCode::Success));
    v5(&hex!("62 02 00 0B"), PubRel::new(id(11), ReasonCode::Success));
    v5(&hex!("70 03 00 0B 92"), PubComp::new(id(11), ReasonCode::PacketIdentifierNotFound));
}

#[test]
fn v5_subscriptions() {
    let subscribe = Subscribe {
        packet_id: id(10),
        subscription_id: None,
        user_properties: UserProperties::default(),
        subscriptions: Subscriptions::default(),
    };
    let plain = [Subscription { filter: filter("a/b"), options: SubscriptionOptions::new(QoS::AtLeastOnce) }];
    v5(&hex!("82 09 00 0A 00 00 03 61 2F 62 01"), Subscribe { subscriptions: (&plain).into(), ..subscribe });
    let all_options = [Subscription {
        filter: filter("#"),
        options: SubscriptionOptions {
            qos: QoS::ExactlyOnce,
            no_local: true,
            retain_as_published: true,
            retain_handling: RetainHandling::DoNotSend,
        },
    }];
    v5(
        &hex!("82 09 00 0A 02 0B 07 00 01 23 2E"),
        Subscribe {
            subscription_id: Some(SubscriptionId::new(7).unwrap()),
            subscriptions: (&all_options).into(),
            ..subscribe
        },
    );
    let properties = AckProperties::default();
    v5(
        &hex!("90 04 00 0A 00 01"),
        SubAck { packet_id: id(10), codes: (&[ReasonCode::GrantedQoS1]).into(), properties },
    );
    v5(
        &hex!("A2 08 00 0B 00 00 03 61 2F 62"),
        Unsubscribe {
            packet_id: id(11),
            user_properties: UserProperties::default(),
            filters: (&[filter("a/b")]).into(),
        },
    );
    v5(
        &hex!("B0 04 00 0B 00 11"),
        UnsubAck { packet_id: id(11), codes: (&[ReasonCode::NoSubscriptionExisted]).into(), properties },
    );
}

#[test]
fn v5_disconnect_and_auth() {
    v5(&hex!("E0 00"), Disconnect::default());
    v5(&hex!("E0 01 04"), Disconnect::new(ReasonCode::DisconnectWithWillMessage));
    v5(&hex!("E0 01 8E"), Disconnect::new(ReasonCode::SessionTakenOver));
    let properties =
        DisconnectProperties { session_expiry_interval: Some(0), ..DisconnectProperties::default() };
    v5(
        &hex!("E0 07 00 05 11 00 00 00 00"),
        Disconnect { reason: ReasonCode::NORMAL_DISCONNECTION, properties },
    );
    v5(
        &hex!("F0 0A 18 08 15 00 01 4D 16 00 01 01"),
        Auth {
            reason: ReasonCode::ContinueAuthentication,
            authentication_method: "M",
            properties: AuthProperties { authentication_data: Some(&[1]), ..AuthProperties::default() },
        },
    );
}

#[test]
fn v3_connect_and_connack() {
    v3(&hex!("10 0E 00 04 4D 51 54 54 04 02 00 3C 00 02 63 31"), Connect { clean_start: true, ..c1() });
    let will = Will {
        topic: name("w/p"),
        payload: b"off",
        qos: QoS::AtLeastOnce,
        retain: true,
        delay_interval: None,
        properties: MessageProperties::default(),
    };
    v3(
        &hex!("10 18 00 04 4D 51 54 54 04 2E 00 3C 00 02 63 31 00 03 77 2F 70 00 03 6F 66 66"),
        Connect { clean_start: true, will: Some(will), ..c1() },
    );
    encodes_to(
        Version::V3_1,
        Connect { clean_start: true, ..c1() },
        &hex!("10 10 00 06 4D 51 49 73 64 70 03 02 00 3C 00 02 63 31"),
    );
    let accept = ConnAck {
        session_present: false,
        reason: ReasonCode::Success,
        properties: ConnAckProperties::default(),
    };
    v3(&hex!("20 02 00 00"), accept);
    v3(&hex!("20 02 01 00"), ConnAck { session_present: true, ..accept });
    v3(&hex!("20 02 00 05"), ConnAck::refuse(ReasonCode::NotAuthorized));
}

#[test]
fn v3_the_rest() {
    v3(&hex!("30 07 00 03 61 2F 62 68 69"), Publish::new(name("a/b"), b"hi"));
    v3(
        &hex!("32 09 00 03 61 2F 62 00 0A 68 69"),
        Publish {
            delivery: Delivery::AtLeastOnce { id: id(10), dup: false },
            ..Publish::new(name("a/b"), b"hi")
        },
    );
    let entries =
        [Subscription { filter: filter("a/b"), options: SubscriptionOptions::new(QoS::AtLeastOnce) }];
    v3(
        &hex!("82 08 00 0A 00 03 61 2F 62 01"),
        Subscribe {
            packet_id: id(10),
            subscription_id: None,
            user_properties: UserProperties::default(),
            subscriptions: (&entries).into(),
        },
    );
    let properties = AckProperties::default();
    v3(
        &hex!("90 03 00 0A 80"),
        SubAck { packet_id: id(10), codes: (&[ReasonCode::UnspecifiedError]).into(), properties },
    );
    v3(
        &hex!("A2 07 00 0B 00 03 61 2F 62"),
        Unsubscribe {
            packet_id: id(11),
            user_properties: UserProperties::default(),
            filters: (&[filter("a/b")]).into(),
        },
    );
    v3(&hex!("B0 02 00 0B"), UnsubAck { packet_id: id(11), codes: ReasonCodes::default(), properties });
    v3(&hex!("40 02 00 0A"), PubAck::new(id(10), ReasonCode::Success));
    v3(&hex!("50 02 00 0A"), PubRec::new(id(10), ReasonCode::Success));
    v3(&hex!("62 02 00 0A"), PubRel::new(id(10), ReasonCode::Success));
    v3(&hex!("70 02 00 0A"), PubComp::new(id(10), ReasonCode::Success));
    v3(&hex!("C0 00"), Packet::PingReq);
    v3(&hex!("D0 00"), Packet::PingResp);
    v3(&hex!("E0 00"), Disconnect::default());
}
