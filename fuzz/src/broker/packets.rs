//! Packets of a client with few different topics, identifiers and lengths, so that they have to do with each other.

use std::num::{NonZeroU16, NonZeroU32};

use mqtt_codec::{
    Auth, AuthProperties, Connect, ConnectProperties, Delivery, Disconnect, DisconnectProperties, Filters,
    MessageProperties, Packet, PacketId, PubAck, PubComp, PubRec, PubRel, Publish, PublishTopic, QoS,
    ReasonCode, RetainHandling, Subscribe, Subscription, SubscriptionId, SubscriptionOptions, Subscriptions,
    TopicAlias, TopicFilter, TopicName, Unsubscribe, UserProperties, Version, Will,
};

use super::script::Script;

pub(crate) const TOPICS: [&str; 5] = ["a", "a/b", "$x", "denied", "a/b/c/d/e"];
const FILTERS: [&str; 10] =
    ["a", "a/+", "#", "+/b", "$share/g/a/+", "$share/h/#", "$share/g/a", "a/b/c/d/e/f", "$x", "denied"];
pub(crate) const CLIENT_IDS: [&str; 4] = ["c0", "c1", "c2", ""];
const QOS: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

/// CONNECT, with its version.
pub(crate) fn connect(script: &mut Script<'_>) -> Option<(Version, Vec<u8>)> {
    let version = script.pick(Version::ALL)?;
    let client_id = script.pick(CLIENT_IDS)?;
    let flags = script.byte()?;
    let has = |bit: u8| flags & 1 << bit != 0;
    let properties = ConnectProperties {
        session_expiry_interval: script.pick([None, Some(10), Some(u32::MAX), Some(0)])?,
        receive_maximum: script.pick([None, NonZeroU16::new(1), NonZeroU16::new(2)])?,
        maximum_packet_size: if has(0) { NonZeroU32::new(40) } else { None },
        topic_alias_maximum: has(1).then_some(1),
        request_problem_information: has(2).then_some(false),
        authentication_method: has(6).then_some("M"),
        ..ConnectProperties::default()
    };
    let will = if has(3) { Some(will(script)?) } else { None };
    let connect = Connect {
        clean_start: has(4),
        keep_alive: if has(5) { 5 } else { 0 },
        client_id,
        will,
        user_name: has(7).then_some("user"),
        password: has(7).then_some(b"password"),
        properties,
    };
    Some((version, encode(version, connect)))
}

fn will(script: &mut Script<'_>) -> Option<Will<'static>> {
    Some(Will {
        topic: topic(script)?,
        payload: b"will",
        qos: script.pick(QOS)?,
        retain: script.byte()? & 1 != 0,
        delay_interval: script.pick([None, Some(1), Some(20)])?,
        properties: MessageProperties::default(),
    })
}

/// Any other packet of a client.
pub(crate) fn packet(version: Version, script: &mut Script<'_>) -> Option<Vec<u8>> {
    let kind = script.byte()? % 11;
    Some(match kind {
        0..=2 => publish(version, script)?,
        3 => encode(version, PubAck::new(id(script)?, ReasonCode::Success)),
        4 => {
            let reason = script.pick([ReasonCode::Success, ReasonCode::QuotaExceeded])?;
            encode(version, PubRec::new(id(script)?, reason))
        }
        5 => encode(version, PubRel::new(id(script)?, ReasonCode::Success)),
        6 => encode(version, PubComp::new(id(script)?, ReasonCode::Success)),
        7 => subscribe(version, script)?,
        8 => {
            let (packet_id, filters) = (id(script)?, [filter(script)?]);
            let user_properties = UserProperties::default();
            encode(version, Unsubscribe { packet_id, user_properties, filters: Filters::new(&filters) })
        }
        9 => disconnect(version, script)?,
        _ => match script.byte()? % 4 {
            0 => encode(version, auth(script)?),
            _ => encode(version, Packet::PingReq),
        },
    })
}

fn publish(version: Version, script: &mut Script<'_>) -> Option<Vec<u8>> {
    let alias = script.pick([None, TopicAlias::new(1).ok(), TopicAlias::new(2).ok()])?;
    let flags = script.byte()?;
    let topic = match (alias, flags & 1) {
        (None, _) => PublishTopic::Name(topic(script)?),
        (Some(alias), 0) => PublishTopic::NameAndAlias(topic(script)?, alias),
        (Some(alias), _) => PublishTopic::Alias(alias),
    };
    let dup = flags & 2 != 0;
    let delivery = match script.byte()? % 3 {
        0 => Delivery::AtMostOnce,
        1 => Delivery::AtLeastOnce { id: id(script)?, dup },
        _ => Delivery::ExactlyOnce { id: id(script)?, dup },
    };
    let payload = [b'x'; 600];
    let properties = MessageProperties {
        message_expiry_interval: script.pick([None, Some(0), Some(1), Some(30)])?,
        ..MessageProperties::default()
    };
    let len = script.pick([1, 0, 20, 200, 600])?;
    let publish =
        Publish { delivery, retain: flags & 4 != 0, properties, ..Publish::new(topic, &payload[..len]) };
    Some(encode(version, publish))
}

fn subscribe(version: Version, script: &mut Script<'_>) -> Option<Vec<u8>> {
    let packet_id = id(script)?;
    let subscription_id = script.pick([None, SubscriptionId::new(1).ok(), SubscriptionId::new(200).ok()])?;
    let mut subscriptions = Vec::new();
    for _ in 0..=script.byte()? % 3 {
        let filter = filter(script)?;
        let options = SubscriptionOptions {
            qos: script.pick(QOS)?,
            no_local: !filter.is_shared() && script.byte()? & 1 != 0,
            retain_as_published: script.byte()? & 1 != 0,
            retain_handling: script.pick([
                RetainHandling::Send,
                RetainHandling::SendIfNew,
                RetainHandling::DoNotSend,
            ])?,
        };
        subscriptions.push(Subscription { filter, options });
    }
    let subscribe = Subscribe {
        packet_id,
        subscription_id,
        user_properties: UserProperties::default(),
        subscriptions: Subscriptions::new(&subscriptions),
    };
    Some(encode(version, subscribe))
}

fn disconnect(version: Version, script: &mut Script<'_>) -> Option<Vec<u8>> {
    let reason = script.pick([ReasonCode::Success, ReasonCode::DisconnectWithWillMessage])?;
    let session_expiry_interval = script.pick([None, Some(0), Some(5)])?;
    let properties = DisconnectProperties { session_expiry_interval, ..DisconnectProperties::default() };
    Some(encode(version, Disconnect { reason, properties }))
}

fn auth(script: &mut Script<'_>) -> Option<Auth<'static>> {
    let reason = script.pick([ReasonCode::ContinueAuthentication, ReasonCode::ReAuthenticate])?;
    let authentication_data = script.pick([None, Some(&b"me"[..])])?;
    let properties = AuthProperties { authentication_data, ..AuthProperties::default() };
    Some(Auth { reason, authentication_method: "M", properties })
}

fn id(script: &mut Script<'_>) -> Option<PacketId> {
    PacketId::new(u16::from(script.byte()? % 4) + 1).ok()
}

pub(crate) fn topic(script: &mut Script<'_>) -> Option<&'static TopicName> {
    TopicName::new(script.pick(TOPICS)?).ok()
}

fn filter(script: &mut Script<'_>) -> Option<&'static TopicFilter> {
    TopicFilter::new(script.pick(FILTERS)?).ok()
}

/// Nothing, if the version has no such packet.
fn encode<'a>(version: Version, packet: impl Into<Packet<'a>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = packet.into().encode(version, &mut bytes);
    bytes
}
