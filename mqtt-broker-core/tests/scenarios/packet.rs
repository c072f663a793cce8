//! Packets from clients, as transcripts write them.

use std::num::{NonZeroU16, NonZeroU32};

use mqtt_broker_core::{Config, Message, Stats};
use mqtt_codec::{
    Auth, AuthProperties, Connect, ConnectProperties, Delivery, Disconnect, DisconnectProperties,
    MessageProperties, Packet, PacketId, PayloadFormat, PubAck, PubComp, PubRec, PubRel, Publish,
    PublishTopic, QoS, ReasonCode, RetainHandling, Subscribe, Subscription, SubscriptionId,
    SubscriptionOptions, TopicAlias, TopicFilter, TopicName, Unsubscribe, UserProperties, Version, Will,
};

use crate::world::new_message;

/// The words of a line: bare ones, `name=value` pairs, and a payload in quotes at the end or `N bytes`.
struct Words<'a> {
    bare: Vec<&'a str>,
    pairs: Vec<(&'a str, &'a str)>,
    payload: Vec<u8>,
}

impl<'a> Words<'a> {
    fn new(text: &'a str) -> Self {
        let (head, payload) = match text.split_once(" '") {
            Some((head, payload)) => {
                (head, payload.strip_suffix('\'').expect("a closing quote").as_bytes().to_vec())
            }
            None => match text.strip_suffix(" bytes").and_then(|text| text.rsplit_once(' ')) {
                Some((head, count)) => (head, vec![b'x'; count.parse().unwrap()]),
                None => (text, Vec::new()),
            },
        };
        let (pairs, bare): (Vec<_>, Vec<_>) = head.split_whitespace().partition(|word| word.contains('='));
        let pairs = pairs.into_iter().map(|word: &str| word.split_once('=').unwrap()).collect();
        Self { bare, pairs, payload }
    }

    fn flag(&mut self, name: &str) -> bool {
        let at = self.bare.iter().position(|&word| word == name);
        at.map(|at| self.bare.remove(at)).is_some()
    }

    fn get(&mut self, name: &str) -> Option<&'a str> {
        let at = self.pairs.iter().position(|&(found, _)| found == name)?;
        Some(self.pairs.remove(at).1)
    }

    fn number<T: std::str::FromStr<Err: std::fmt::Debug>>(&mut self, name: &str) -> Option<T> {
        self.get(name).map(|text| text.parse().unwrap())
    }

    fn bare(&mut self) -> &'a str {
        self.bare.remove(0)
    }

    fn id(&mut self) -> PacketId {
        PacketId::new(self.bare().parse().unwrap()).unwrap()
    }

    fn qos(&mut self) -> QoS {
        if self.flag("q2") {
            QoS::ExactlyOnce
        } else if self.flag("q1") {
            QoS::AtLeastOnce
        } else {
            QoS::AtMostOnce
        }
    }

    fn users(&mut self) -> Vec<(&'a str, &'a str)> {
        std::iter::from_fn(|| self.get("user")).map(|pair| pair.split_once(':').unwrap()).collect()
    }

    fn properties<'u>(&mut self, users: &'u [(&'u str, &'u str)]) -> MessageProperties<'u>
    where
        'a: 'u,
    {
        MessageProperties {
            payload_format: self.get("format").map(|_| PayloadFormat::Utf8),
            message_expiry_interval: self.number("expiry"),
            content_type: self.get("type"),
            response_topic: self.get("response").map(|topic| TopicName::new(topic).unwrap()),
            correlation_data: self.get("correlation").map(str::as_bytes),
            user_properties: UserProperties::new(users),
        }
    }

    /// Every word has to mean something.
    fn finish(&self) {
        assert!(self.bare.is_empty() && self.pairs.is_empty(), "left over: {:?} {:?}", self.bare, self.pairs);
    }
}

pub(crate) fn code(text: &str) -> ReasonCode {
    ReasonCode::from_u8(u8::from_str_radix(text, 16).unwrap()).unwrap()
}

pub(crate) fn millis(text: &str) -> u64 {
    match text.strip_suffix("ms") {
        Some(millis) => millis.parse().unwrap(),
        None => text.strip_suffix('s').expect("s or ms").parse::<u64>().unwrap() * 1000,
    }
}

pub(crate) fn connect_version(text: &str) -> Option<Version> {
    match text.strip_prefix("CONNECT ")?.split_whitespace().next()? {
        "v31" => Some(Version::V3_1),
        "v311" => Some(Version::V3_1_1),
        "v5" => Some(Version::V5),
        other => panic!("no version {other}"),
    }
}

pub(crate) fn configure(config: &mut Config, text: &str) {
    let mut words = Words::new(text);
    let mut set = |name: &str, field: &mut dyn FnMut(u64)| {
        if let Some(value) = words.number(name) {
            field(value);
        }
    };
    set("packet_size", &mut |value| config.limits.packet_size = value as u32);
    set("connect_packet_size", &mut |value| config.connect_packet_size = value as u32);
    set("receive_maximum", &mut |value| config.receive_maximum = value as u16);
    set("send_maximum", &mut |value| config.send_maximum = value as u16);
    set("topic_alias_maximum", &mut |value| config.topic_alias_maximum = value as u16);
    set("session_expiry_maximum", &mut |value| config.session_expiry_maximum = value as u32);
    set("server_keep_alive", &mut |value| config.server_keep_alive = Some(value as u16));
    set("queued_messages", &mut |value| config.queued_messages = value as usize);
    set("queued_bytes", &mut |value| config.queued_bytes = value as usize);
    set("output_window", &mut |value| config.output_window = value as usize);
    set("subscriptions", &mut |value| config.subscriptions = value as usize);
    set("filter_levels", &mut |value| config.filter_levels = value as usize);
    set("filter_bytes", &mut |value| config.filter_bytes = value as usize);
    set("outbound_topic_aliases", &mut |value| config.outbound_topic_aliases = value as u16);
    set("connections", &mut |value| config.connections = value as usize);
    set("sessions", &mut |value| config.sessions = value as usize);
    set("retained_messages", &mut |value| config.retained_messages = value as usize);
    words.finish();
}

/// The first count that is not as written.
pub(crate) fn wrong_count(stats: &Stats, text: &str) -> Option<String> {
    text.split_whitespace().find_map(|word| {
        let (name, expected) = word.split_once('=').unwrap();
        let found = match name {
            "connections" => stats.connections,
            "sessions" => stats.sessions,
            "subscriptions" => stats.subscriptions,
            "retained_messages" => stats.retained_messages,
            other => panic!("no count {other}"),
        };
        (found != expected.parse().unwrap()).then(|| format!("expected {word}, got {found}"))
    })
}

pub(crate) fn message(text: &str) -> Message {
    let mut words = Words::new(text);
    assert_eq!(words.bare(), "PUBLISH");
    let (qos, retain) = (words.qos(), words.flag("retain"));
    let users = words.users();
    let properties = words.properties(&users);
    let message = new_message(words.bare(), &words.payload).with_qos(qos).with_retain(retain);
    words.finish();
    message.with_properties(&properties).unwrap()
}

pub(crate) fn encode(text: &str, version: Version) -> Vec<u8> {
    if let Some(hex) = text.strip_prefix("hex ") {
        return hex.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
    }
    let mut words = Words::new(text);
    let mut bytes = Vec::new();
    let mut put = |packet: Packet<'_>| packet.encode(version, &mut bytes).unwrap();
    match words.bare() {
        "CONNECT" => connect(&mut words, &mut put),
        "PUBLISH" => publish(&mut words, &mut put),
        "PUBACK" => put(PubAck::new(words.id(), optional_code(&mut words)).into()),
        "PUBREC" => put(PubRec::new(words.id(), optional_code(&mut words)).into()),
        "PUBREL" => put(PubRel::new(words.id(), optional_code(&mut words)).into()),
        "PUBCOMP" => put(PubComp::new(words.id(), optional_code(&mut words)).into()),
        "SUBSCRIBE" => subscribe(&mut words, &mut put),
        "UNSUBSCRIBE" => {
            let packet_id = words.id();
            let filters: Vec<_> =
                words.bare.drain(..).map(|filter| TopicFilter::new(filter).unwrap()).collect();
            let user_properties = UserProperties::default();
            put(Unsubscribe { packet_id, user_properties, filters: filters.as_slice().into() }.into());
        }
        "PINGREQ" => put(Packet::PingReq),
        "PINGRESP" => put(Packet::PingResp),
        "DISCONNECT" => {
            let properties = DisconnectProperties {
                session_expiry_interval: words.number("expiry"),
                server_reference: words.get("reference"),
                ..Default::default()
            };
            put(Disconnect { reason: optional_code(&mut words), properties }.into());
        }
        "AUTH" => {
            let reason = optional_code(&mut words);
            let authentication_method = words.get("method").unwrap();
            put(Auth { reason, authentication_method, properties: AuthProperties::default() }.into());
        }
        other => panic!("no packet {other}"),
    }
    words.finish();
    bytes
}

fn optional_code(words: &mut Words<'_>) -> ReasonCode {
    if words.bare.is_empty() { ReasonCode::Success } else { code(words.bare()) }
}

fn connect(words: &mut Words<'_>, put: &mut impl FnMut(Packet<'_>)) {
    words.bare();
    let will = words.get("will").map(|will| will.split_once(':').unwrap());
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
            receive_maximum: words.number::<u16>("receive").and_then(NonZeroU16::new),
            maximum_packet_size: words.number::<u32>("size").and_then(NonZeroU32::new),
            topic_alias_maximum: words.number("aliases"),
            authentication_method: words.get("method"),
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
        other => panic!("{other:?}"),
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
    let subscriptions: Vec<_> = words.bare.drain(..).map(subscription).collect();
    let user_properties = UserProperties::default();
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
