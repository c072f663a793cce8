//! Packets of the clients.

use std::num::NonZeroU16;

use mqtt_codec::{
    Connect, ConnectProperties, Delivery, Disconnect, DisconnectProperties, MessageProperties, Packet,
    PacketId, PubAck, PubComp, PubRec, PubRel, Publish, PublishTopic, QoS, ReasonCode, RetainHandling,
    Subscribe, Subscription, SubscriptionId, SubscriptionOptions, TopicAlias, TopicFilter, TopicName,
    Unsubscribe, UserProperties, Version, Will,
};

use crate::message::{FILTERS, Message, Options, contents, subscription_id};

/// How a client connects.
#[derive(Clone, Debug)]
pub(crate) struct Hello {
    pub(crate) clean_start: bool,
    /// Session Expiry Interval; 3.1.1 has none.
    pub(crate) expiry: u32,
    pub(crate) receive_maximum: u16,
    /// Messages that the client has under way at once.
    pub(crate) window: usize,
    /// Topic Alias Maximum; if it is not 0, the client uses aliases too.
    pub(crate) aliases: u16,
    /// With Will Delay Interval.
    pub(crate) will: Option<(Message, u32)>,
}

impl Hello {
    /// Seconds that the session lives on after the connection, by the table of MQTT 5.0's differences to 3.1.1.
    pub(crate) fn lifetime(&self, version: Version) -> u32 {
        match (version, self.clean_start) {
            (Version::V5, _) => self.expiry,
            (Version::V3_1 | Version::V3_1_1, true) => 0,
            (Version::V3_1 | Version::V3_1_1, false) => u32::MAX,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Request {
    Connect(Hello),
    Publish { message: Message, id: u16, dup: bool, alias: Alias },
    Subscribe { id: u16, filter: usize, options: Options },
    Unsubscribe { id: u16, filter: usize },
    PubAck(u16),
    PubRec(u16),
    PubRel(u16),
    PubComp(u16),
    Disconnect { with_will: bool, expiry: Option<u32> },
}

/// How a PUBLISH names its topic.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Alias {
    None,
    New(u16),
    Known(u16),
}

impl Request {
    pub(crate) fn encode(&self, version: Version, client_id: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut put = |packet: Packet<'_>| packet.encode(version, &mut bytes).unwrap();
        let success = ReasonCode::Success;
        match *self {
            Self::Connect(ref hello) => {
                let (payload, correlation) =
                    hello.will.map(|(message, _)| contents(&message)).unwrap_or_default();
                put(connect(hello, client_id, &payload, correlation.as_deref()).into());
            }
            Self::Publish { message, id, dup, alias } => {
                let delivery = match message.qos {
                    QoS::AtMostOnce => Delivery::AtMostOnce,
                    QoS::AtLeastOnce => Delivery::AtLeastOnce { id: packet_id(id), dup },
                    QoS::ExactlyOnce => Delivery::ExactlyOnce { id: packet_id(id), dup },
                };
                let name = topic(message.topic);
                let topic = match alias {
                    Alias::None => PublishTopic::Name(name),
                    Alias::New(alias) => PublishTopic::NameAndAlias(name, TopicAlias::new(alias).unwrap()),
                    Alias::Known(alias) => PublishTopic::Alias(TopicAlias::new(alias).unwrap()),
                };
                let (payload, correlation) = contents(&message);
                let properties = properties(correlation.as_deref());
                let publish = Publish::new(topic, &payload);
                put(Publish { delivery, retain: message.retain, properties, ..publish }.into());
            }
            Self::Subscribe { id, filter, options } => {
                let options = SubscriptionOptions {
                    qos: options.qos,
                    no_local: options.no_local,
                    retain_as_published: options.retain_as_published,
                    retain_handling: [
                        RetainHandling::Send,
                        RetainHandling::SendIfNew,
                        RetainHandling::DoNotSend,
                    ][usize::from(options.retain_handling)],
                };
                let entry = Subscription { filter: TopicFilter::new(FILTERS[filter]).unwrap(), options };
                put(Subscribe {
                    packet_id: packet_id(id),
                    subscription_id: SubscriptionId::new(subscription_id(filter)).ok(),
                    user_properties: UserProperties::default(),
                    subscriptions: (&[entry]).into(),
                }
                .into());
            }
            Self::Unsubscribe { id, filter } => put(Unsubscribe {
                packet_id: packet_id(id),
                user_properties: UserProperties::default(),
                filters: (&[TopicFilter::new(FILTERS[filter]).unwrap()]).into(),
            }
            .into()),
            Self::PubAck(id) => put(PubAck::new(packet_id(id), success).into()),
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
        bytes
    }
}

fn connect<'a>(
    hello: &Hello,
    client_id: &'a str,
    payload: &'a [u8],
    correlation: Option<&'a [u8]>,
) -> Connect<'a> {
    let will = hello.will.map(|(message, delay)| Will {
        topic: topic(message.topic),
        payload,
        qos: message.qos,
        retain: message.retain,
        delay_interval: Some(delay),
        properties: properties(correlation),
    });
    let properties = ConnectProperties {
        session_expiry_interval: Some(hello.expiry),
        receive_maximum: NonZeroU16::new(hello.receive_maximum),
        topic_alias_maximum: Some(hello.aliases),
        ..ConnectProperties::default()
    };
    Connect { clean_start: hello.clean_start, client_id, will, properties, ..Connect::default() }
}

fn properties(correlation_data: Option<&[u8]>) -> MessageProperties<'_> {
    MessageProperties { correlation_data, ..MessageProperties::default() }
}

fn packet_id(id: u16) -> PacketId {
    PacketId::new(id).unwrap()
}

fn topic(name: &'static str) -> &'static TopicName {
    TopicName::new(name).unwrap()
}
