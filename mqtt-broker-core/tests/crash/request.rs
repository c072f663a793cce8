//! Packets of the clients.

use std::num::NonZeroU16;

use mqtt_broker_core::Message as Published;
use mqtt_codec::{
    Connect, ConnectProperties, Delivery, Disconnect, DisconnectProperties, MessageProperties, Packet,
    PacketId, PubAck, PubComp, PubRec, PubRel, Publish, PublishTopic, QoS, ReasonCode, RetainHandling,
    Subscribe, Subscription, SubscriptionId, SubscriptionOptions, TopicAlias, TopicFilter, TopicName,
    Unsubscribe, UserProperties, Version, Will,
};

use crate::message::{CLIENT_IDS, FILTERS, Message, Options, TOPICS};

/// How a client connects.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Hello {
    pub(crate) version: Version,
    pub(crate) clean_start: bool,
    /// Session Expiry Interval.
    pub(crate) expiry: u32,
    pub(crate) receive_maximum: u16,
    /// Topic Alias Maximum.
    pub(crate) alias_maximum: u16,
    /// With Will Delay Interval.
    pub(crate) will: Option<(Message, u32)>,
}

impl Hello {
    /// As 3.1.1 can say it: a session that is not clean lives as long as any.
    pub(crate) fn in_3_1_1(self) -> Self {
        Self {
            version: Version::V3_1_1,
            expiry: if self.clean_start { 0 } else { u32::MAX },
            receive_maximum: u16::MAX,
            alias_maximum: 0,
            will: self.will.map(|(message, _)| (message, 0)),
            ..self
        }
    }
}

/// How a message names its topic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Alias {
    None,
    /// By name, and with an alias from now on.
    New(u16),
    Known(u16),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Request {
    Connect(Hello),
    Publish {
        message: Message,
        id: u16,
        dup: bool,
        alias: Alias,
    },
    Subscribe {
        id: u16,
        filter: usize,
        options: Options,
    },
    Unsubscribe {
        id: u16,
        filter: usize,
    },
    /// For which message, and whether it was a replay or came through a group.
    PubAck {
        id: u16,
        number: u32,
        is_replay: bool,
        group: Option<usize>,
    },
    PubRec(u16),
    PubRel(u16),
    PubComp(u16),
    Disconnect {
        with_will: bool,
        expiry: Option<u32>,
    },
}

impl Request {
    pub(crate) fn encode(&self, client: usize, version: Version, bytes: &mut Vec<u8>) {
        let mut put = |packet: Packet<'_>| packet.encode(version, bytes).expect("it can be encoded");
        let success = ReasonCode::Success;
        match *self {
            Self::Connect(hello) => put(connect(&hello, client, &Contents::of(hello.will)).into()),
            Self::Publish { message, id, dup, alias: named } => {
                let delivery = match message.qos {
                    QoS::AtMostOnce => Delivery::AtMostOnce,
                    QoS::AtLeastOnce => Delivery::AtLeastOnce { id: packet_id(id), dup },
                    QoS::ExactlyOnce => Delivery::ExactlyOnce { id: packet_id(id), dup },
                };
                let contents = Contents::of(Some((message, 0)));
                let name = topic(&message);
                let alias = |number| TopicAlias::new(number).expect("not 0");
                let named = match named {
                    Alias::None => PublishTopic::Name(name),
                    Alias::New(number) => PublishTopic::NameAndAlias(name, alias(number)),
                    Alias::Known(number) => PublishTopic::Alias(alias(number)),
                };
                let publish = Publish::new(named, contents.payload());
                let properties = contents.properties();
                put(Publish { delivery, retain: message.retain, properties, ..publish }.into());
            }
            Self::Subscribe { id, filter, options } => {
                let options = SubscriptionOptions {
                    qos: options.qos,
                    no_local: options.no_local,
                    retain_as_published: false,
                    retain_handling: [
                        RetainHandling::Send,
                        RetainHandling::SendIfNew,
                        RetainHandling::DoNotSend,
                    ][usize::from(options.retain_handling)],
                };
                let subscription_id = u32::try_from(filter).expect("few") + 1;
                put(Subscribe {
                    packet_id: packet_id(id),
                    subscription_id: SubscriptionId::new(subscription_id).ok(),
                    user_properties: UserProperties::default(),
                    subscriptions: (&[Subscription { filter: topic_filter(filter), options }]).into(),
                }
                .into());
            }
            Self::Unsubscribe { id, filter } => put(Unsubscribe {
                packet_id: packet_id(id),
                user_properties: UserProperties::default(),
                filters: (&[topic_filter(filter)]).into(),
            }
            .into()),
            Self::PubAck { id, .. } => put(PubAck::new(packet_id(id), success).into()),
            Self::PubRec(id) => put(PubRec::new(packet_id(id), success).into()),
            Self::PubRel(id) => put(PubRel::new(packet_id(id), success).into()),
            Self::PubComp(id) => put(PubComp::new(packet_id(id), success).into()),
            Self::Disconnect { with_will, expiry } => {
                let reason = if with_will {
                    ReasonCode::DisconnectWithWillMessage
                } else {
                    ReasonCode::NORMAL_DISCONNECTION
                };
                let properties =
                    DisconnectProperties { session_expiry_interval: expiry, ..Default::default() };
                put(Disconnect { reason, properties }.into());
            }
        }
    }
}

/// A message of the embedding program.
pub(crate) fn by_program(message: &Message) -> Published {
    let contents = Contents::of(Some((*message, 0)));
    Published::new(topic(message), contents.payload().to_vec())
        .with_qos(message.qos)
        .with_retain(message.retain)
        .with_properties(&contents.properties())
        .expect("it can be encoded")
}

/// What stands for the number of a message.
struct Contents {
    number: [u8; 4],
    is_empty: bool,
    expiry: Option<u32>,
}

impl Contents {
    fn of(message: Option<(Message, u32)>) -> Self {
        let Some((message, _)) = message else {
            return Self { number: [0; 4], is_empty: true, expiry: None };
        };
        Self { number: message.number.to_be_bytes(), is_empty: message.is_empty, expiry: message.expiry }
    }

    fn payload(&self) -> &[u8] {
        if self.is_empty { &[] } else { &self.number }
    }

    fn properties(&self) -> MessageProperties<'_> {
        MessageProperties {
            correlation_data: self.is_empty.then_some(&self.number),
            message_expiry_interval: self.expiry,
            ..MessageProperties::default()
        }
    }
}

fn connect<'a>(hello: &Hello, client: usize, contents: &'a Contents) -> Connect<'a> {
    let will = hello.will.map(|(message, delay)| Will {
        topic: topic(&message),
        payload: contents.payload(),
        qos: message.qos,
        retain: message.retain,
        delay_interval: Some(delay),
        properties: contents.properties(),
    });
    let properties = ConnectProperties {
        session_expiry_interval: Some(hello.expiry),
        receive_maximum: NonZeroU16::new(hello.receive_maximum),
        topic_alias_maximum: Some(hello.alias_maximum),
        ..ConnectProperties::default()
    };
    let client_id = CLIENT_IDS[client];
    Connect { clean_start: hello.clean_start, client_id, will, properties, ..Connect::default() }
}

fn packet_id(id: u16) -> PacketId {
    PacketId::new(id).expect("not 0")
}

fn topic(message: &Message) -> &'static TopicName {
    TopicName::new(TOPICS[message.topic]).expect("a topic")
}

fn topic_filter(filter: usize) -> &'static TopicFilter {
    TopicFilter::new(FILTERS[filter].0).expect("a filter")
}
