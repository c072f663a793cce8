//! Packets in a log: one line, shortened, and no secrets.

use mqtt_codec::{
    AckProperties, Auth, AuthProperties, ConnAck, Connect, ConnectProperties, Delivery, Disconnect, Limits,
    MessageProperties, Packet, PacketCodec, PacketId, PayloadFormat, PubAck, Publish, PublishTopic, QoS,
    ReasonCode, RetainHandling, SubAck, Subscribe, Subscription, SubscriptionId, SubscriptionOptions,
    TopicAlias, TopicFilter, TopicName, UserProperties, Version, Will, frame,
};

fn id(id: u16) -> PacketId {
    PacketId::new(id).unwrap()
}

fn name(text: &str) -> &TopicName {
    TopicName::new(text).unwrap()
}

fn line<'a>(packet: impl Into<Packet<'a>>) -> String {
    packet.into().to_string()
}

fn connect() -> Connect<'static> {
    Connect {
        clean_start: true,
        keep_alive: 60,
        client_id: "c1",
        will: Some(Will {
            topic: name("w/p"),
            payload: b"off",
            qos: QoS::AtLeastOnce,
            retain: true,
            delay_interval: Some(5),
            properties: MessageProperties {
                content_type: Some("text/plain"),
                ..MessageProperties::default()
            },
        }),
        user_name: Some("ann"),
        password: Some(b"hunter2"),
        properties: ConnectProperties {
            session_expiry_interval: Some(3600),
            authentication_method: Some("M"),
            authentication_data: Some(b"hunter3"),
            ..ConnectProperties::default()
        },
    }
}

#[test]
fn one_line_says_what_is_there() {
    assert_eq!(
        line(connect()),
        "CONNECT client_id=\"c1\" clean_start keep_alive=60 user_name=\"ann\" password=*** \
         session_expiry_interval=3600 authentication_method=\"M\" authentication_data=*** \
         will={topic=\"w/p\" qos=1 retain delay_interval=5 content_type=\"text/plain\" payload=3 bytes \"off\"}"
    );
    assert_eq!(line(ConnAck::refuse(ReasonCode::Banned)), "CONNACK reason=0x8A Banned");
    assert_eq!(line(Packet::PingReq), "PINGREQ");
    assert_eq!(line(PubAck::new(id(7), ReasonCode::Success)), "PUBACK id=7 reason=0x00 Success");
    assert_eq!(line(Disconnect::default()), "DISCONNECT reason=0x00 Normal disconnection");
    let publish = Publish {
        topic: PublishTopic::NameAndAlias(name("a/b"), TopicAlias::MIN),
        delivery: Delivery::ExactlyOnce { id: id(9), dup: true },
        retain: true,
        subscription_ids: (&[SubscriptionId::MIN, SubscriptionId::MAX]).into(),
        properties: MessageProperties {
            payload_format: Some(PayloadFormat::Utf8),
            user_properties: (&[("k", "v")]).into(),
            ..MessageProperties::default()
        },
        payload: b"21.5",
    };
    assert_eq!(
        line(publish),
        "PUBLISH topic=\"a/b\" alias=1 qos=2 id=9 dup retain subscription_ids=[1, 268435455] \
         payload_format=utf8 user_properties=[\"k\": \"v\"] payload=4 bytes \"21.5\""
    );
    let subscriptions = [Subscription {
        filter: TopicFilter::new("a/#").unwrap(),
        options: SubscriptionOptions {
            qos: QoS::AtLeastOnce,
            no_local: true,
            retain_as_published: true,
            retain_handling: RetainHandling::DoNotSend,
        },
    }];
    let subscribe = Subscribe {
        packet_id: id(1),
        subscription_id: Some(SubscriptionId::MIN),
        user_properties: UserProperties::default(),
        subscriptions: (&subscriptions).into(),
    };
    assert_eq!(
        line(subscribe),
        "SUBSCRIBE id=1 subscription_id=1 subscriptions=[\"a/#\" qos=1 no_local retain_as_published retain_handling=2]"
    );
}

#[test]
fn long_things_are_shortened() {
    let codes = [ReasonCode::GrantedQoS1; 10];
    let suback = SubAck { packet_id: id(1), codes: (&codes).into(), properties: AckProperties::default() };
    assert_eq!(line(suback), "SUBACK id=1 codes=[0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 2 more]");
    let topic = "ü".repeat(30_000);
    let payload = vec![0xFF; 1 << 20];
    let publish = line(Publish::new(name(&topic), &payload));
    assert!(publish.len() < 300, "{publish}");
    assert!(publish.contains("... (60000 bytes)"), "{publish}");
    assert!(publish.ends_with(&format!("payload=1048576 bytes {}...", "ff".repeat(32))), "{publish}");
    // The cut is within an ü.
    let odd = format!("x{topic}");
    let publish = line(Publish::new(name("a"), odd.as_bytes()));
    assert!(publish.ends_with(&format!("payload=60001 bytes \"x{}\"...", "ü".repeat(15))), "{publish}");
}

#[test]
fn no_peer_can_forge_a_line() {
    let connect = Connect { client_id: "a\nCONNECT \"\u{1b}[2J", ..Connect::default() };
    assert_eq!(line(connect), "CONNECT client_id=\"a\\nCONNECT \\\"\\u{1b}[2J\" keep_alive=0");
    assert_eq!(line(Publish::new(name("a"), b"x\ny")), "PUBLISH topic=\"a\" qos=0 payload=3 bytes \"x\\ny\"");
}

#[test]
fn secrets_are_in_no_output() {
    let auth = Auth {
        reason: ReasonCode::ContinueAuthentication,
        authentication_method: "M",
        properties: AuthProperties { authentication_data: Some(b"hunter4"), ..AuthProperties::default() },
    };
    let packets = [Packet::from(connect()), Packet::from(auth)];
    for packet in packets {
        for text in [packet.to_string(), format!("{packet:?}"), format!("{packet:#?}")] {
            assert!(!text.contains("hunter"), "{text}");
            // "hunter" as a list of bytes, in decimal and in hex.
            assert!(!text.contains("104, 117") && !text.contains("68756e"), "{text}");
            assert!(text.contains("***"), "{text}");
        }
        let mut bytes = bytes::BytesMut::new();
        packet.encode(Version::V5, &mut bytes).unwrap();
        let framed = format!("{:?}", frame(&bytes, &Limits::default()).unwrap().unwrap());
        let mut codec = PacketCodec::with_version(Version::V5, Limits::default());
        let owned =
            format!("{:?}", tokio_util::codec::Decoder::decode(&mut codec, &mut bytes).unwrap().unwrap());
        for text in [&framed, &owned] {
            assert!(!text.contains("hunter") && !text.contains("104, 117"), "{text}");
        }
        assert!(framed.contains("packet_type") && owned.contains("***"), "{framed} {owned}");
    }
}
