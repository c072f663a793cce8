//! Packets from clients, as transcripts write them.

use std::num::{NonZeroU16, NonZeroU32};

use mqtt_broker_core::Message;
use mqtt_codec::{
    Auth, AuthProperties, Connect, ConnectProperties, Delivery, Disconnect, DisconnectProperties,
    MessageProperties, Packet, PacketId, PubAck, PubComp, PubRec, PubRel, Publish, PublishTopic, QoS,
    RetainHandling, Subscribe, Subscription, SubscriptionId, SubscriptionOptions, TopicAlias, TopicFilter,
    TopicName, Unsubscribe, UserProperties, Version, Will,
};

use crate::words::{Words, hex};

/// A message of the embedding program.
pub(crate) fn message(text: &str) -> Message {
    let mut words = Words::new(text);
    assert_eq!(words.bare(), "PUBLISH");
    let (qos, retain) = (words.qos(), words.flag("retain"));
    let users = words.users();
    let properties = words.properties(&users);
    let topic = TopicName::new(words.bare()).unwrap();
    let message = Message::new(topic, words.payload.clone()).with_qos(qos).with_retain(retain);
    words.finish();
    message.with_properties(&properties).unwrap()
}

/// The bytes of a packet, in the version of its connection; CONNECT says its own.
pub(crate) fn encode(text: &str, version: Version) -> Vec<u8> {
    if let Some(bytes) = text.strip_prefix("hex ") {
        return hex(bytes);
    }
    let mut words = Words::new(text);
    let name = words.bare();
    let version = if name == "CONNECT" { connect_version(words.bare()) } else { version };
    let mut bytes = Vec::new();
    let mut put = |packet: Packet<'_>| packet.encode(version, &mut bytes).unwrap();
    match name {
        "CONNECT" => connect(&mut words, &mut put),
        "PUBLISH" => publish(&mut words, &mut put),
        "PUBACK" => put(PubAck::new(words.id(), words.optional_code()).into()),
        "PUBREC" => put(PubRec::new(words.id(), words.optional_code()).into()),
        "PUBREL" => put(PubRel::new(words.id(), words.optional_code()).into()),
        "PUBCOMP" => put(PubComp::new(words.id(), words.optional_code()).into()),
        "SUBSCRIBE" => subscribe(&mut words, &mut put),
        "UNSUBSCRIBE" => {
            let packet_id = words.id();
            let filters: Vec<_> =
                words.rest().into_iter().map(|filter| TopicFilter::new(filter).unwrap()).collect();
            let user_properties = UserProperties::default();
            put(Unsubscribe { packet_id, user_properties, filters: filters.as_slice().into() }.into());
        }
        "PINGREQ" => put(Packet::PingReq),
        "PINGRESP" => put(Packet::PingResp),
        "DISCONNECT" => {
            let properties = DisconnectProperties {
                session_expiry_interval: words.number("expiry"),
                server_reference: words.get("reference"),
                reason_string: words.get("reason"),
                ..Default::default()
            };
            put(Disconnect { reason: words.optional_code(), properties }.into());
        }
        "AUTH" => {
            let properties = AuthProperties {
                authentication_data: words.get("data").map(str::as_bytes),
                reason_string: words.get("reason"),
                ..Default::default()
            };
            let authentication_method = words.get("method").expect("method=");
            put(Auth { reason: words.optional_code(), authentication_method, properties }.into());
        }
        other => panic!("no packet {other}"),
    }
    words.finish();
    bytes
}

fn connect_version(word: &str) -> Version {
    match word {
        "v31" => Version::V3_1,
        "v311" => Version::V3_1_1,
        "v5" => Version::V5,
        other => panic!("no version {other}"),
    }
}

fn connect(words: &mut Words<'_>, put: &mut impl FnMut(Packet<'_>)) {
    let will = words.get("will").map(|will| will.split_once(':').expect("will=topic:payload"));
    let (qos, retain) = (words.qos(), words.flag("retain"));
    let delay_interval = words.number("delay");
    let users = words.users();
    let session_expiry_interval = words.number("expiry");
    let message_expiry_interval = words.number("will-expiry");
    let properties = MessageProperties { message_expiry_interval, ..words.properties(&users) };
    let packet = Connect {
        clean_start: words.flag("clean"),
        keep_alive: words.number("keep").unwrap_or(0),
        client_id: words.get("id").unwrap_or(""),
        will: will.map(|(topic, payload)| Will {
            topic: TopicName::new(topic).unwrap(),
            payload: payload.as_bytes(),
            qos,
            retain,
            delay_interval,
            properties,
        }),
        user_name: words.get("user-name"),
        password: words.get("password").map(str::as_bytes),
        properties: ConnectProperties {
            session_expiry_interval,
            receive_maximum: words.number::<u16>("receive").map(|n| NonZeroU16::new(n).expect("not 0")),
            maximum_packet_size: words.number::<u32>("size").map(|n| NonZeroU32::new(n).expect("not 0")),
            topic_alias_maximum: words.number("aliases"),
            request_response_information: words.boolean("request-response"),
            request_problem_information: words.boolean("request-problem"),
            authentication_method: words.get("method"),
            authentication_data: words.get("data").map(str::as_bytes),
            ..ConnectProperties::default()
        },
    };
    put(packet.into());
}

fn publish(words: &mut Words<'_>, put: &mut impl FnMut(Packet<'_>)) {
    let (qos, retain, dup) = (words.qos(), words.flag("retain"), words.flag("dup"));
    let delivery = match (qos, words.number("id").map(|id| PacketId::new(id).unwrap())) {
        (QoS::AtMostOnce, None) => Delivery::AtMostOnce,
        (QoS::AtLeastOnce, Some(id)) => Delivery::AtLeastOnce { id, dup },
        (QoS::ExactlyOnce, Some(id)) => Delivery::ExactlyOnce { id, dup },
        other => panic!("a QoS and a packet identifier go together: {other:?}"),
    };
    let alias = words.number("alias").map(|alias| TopicAlias::new(alias).unwrap());
    let topic = match (words.bare(), alias) {
        ("-", Some(alias)) => PublishTopic::Alias(alias),
        (name, None) => PublishTopic::Name(TopicName::new(name).unwrap()),
        (name, Some(alias)) => PublishTopic::NameAndAlias(TopicName::new(name).unwrap(), alias),
    };
    let ids: Vec<_> = words.number("sub").map(|id| SubscriptionId::new(id).unwrap()).into_iter().collect();
    let users = words.users();
    let properties = words.properties(&users);
    let payload = words.payload.clone();
    let subscription_ids = ids.as_slice().into();
    put(Publish { delivery, retain, properties, subscription_ids, ..Publish::new(topic, &payload) }.into());
}

fn subscribe(words: &mut Words<'_>, put: &mut impl FnMut(Packet<'_>)) {
    let packet_id = words.id();
    let subscription_id = words.number("sub").map(|id| SubscriptionId::new(id).unwrap());
    let users = words.users();
    let subscriptions: Vec<_> = words.rest().into_iter().map(subscription).collect();
    let user_properties = UserProperties::new(&users);
    let subscriptions = subscriptions.as_slice().into();
    put(Subscribe { packet_id, subscription_id, user_properties, subscriptions }.into());
}

/// `a/b:q1:nl:rap:rh2`
fn subscription(text: &str) -> Subscription<'_> {
    let mut parts = text.split(':');
    let filter = TopicFilter::new(parts.next().unwrap()).unwrap();
    let mut options = SubscriptionOptions::default();
    for part in parts {
        match part {
            "q0" => {}
            "q1" => options.qos = QoS::AtLeastOnce,
            "q2" => options.qos = QoS::ExactlyOnce,
            "nl" => options.no_local = true,
            "rap" => options.retain_as_published = true,
            "rh1" => options.retain_handling = RetainHandling::SendIfNew,
            "rh2" => options.retain_handling = RetainHandling::DoNotSend,
            other => panic!("no option {other}"),
        }
    }
    Subscription { filter, options }
}
