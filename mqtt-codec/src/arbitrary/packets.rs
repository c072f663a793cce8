//! One function for each kind of packet: which values go together.

use alloc::vec::Vec;

use ::arbitrary::{Result, Unstructured};

use super::values::{Generate, list, payload};
use super::{ArbitraryPacket, Lists};
use crate::{
    AckProperties, Auth, AuthProperties, ConnAck, ConnAckProperties, Connect, ConnectProperties, Delivery,
    Disconnect, DisconnectProperties, Filters, MessageProperties, Packet, PacketId, PacketType, PubAck,
    PubComp, PubRec, PubRel, Publish, PublishTopic, QoS, ReasonCode, ReasonCodes, RetainHandling, SubAck,
    Subscribe, Subscription, SubscriptionIds, SubscriptionOptions, Subscriptions, TopicFilter, UnsubAck,
    Unsubscribe, UserProperties, Version, Will,
};

/// Characters of a Client Identifier in 3.1, at most.
const CLIENT_ID_MAX_3_1: usize = 23;

impl<'a> ArbitraryPacket<'a> {
    pub(super) fn of_type(
        version: Version,
        packet_type: PacketType,
        input: &mut Unstructured<'a>,
    ) -> Result<Self> {
        let mut lists = Lists::default();
        let packet = match packet_type {
            PacketType::Connect => Packet::Connect(connect(version, input, &mut lists)?),
            PacketType::ConnAck => Packet::ConnAck(connack(version, input)?),
            PacketType::Publish => Packet::Publish(publish(version, input, &mut lists)?),
            PacketType::PubAck => {
                let (packet_id, reason, properties) = ack(version, packet_type, input)?;
                Packet::PubAck(PubAck { packet_id, reason, properties })
            }
            PacketType::PubRec => {
                let (packet_id, reason, properties) = ack(version, packet_type, input)?;
                Packet::PubRec(PubRec { packet_id, reason, properties })
            }
            PacketType::PubRel => {
                let (packet_id, reason, properties) = ack(version, packet_type, input)?;
                Packet::PubRel(PubRel { packet_id, reason, properties })
            }
            PacketType::PubComp => {
                let (packet_id, reason, properties) = ack(version, packet_type, input)?;
                Packet::PubComp(PubComp { packet_id, reason, properties })
            }
            PacketType::Subscribe => {
                lists.subscriptions = list(
                    input,
                    1,
                    |entry: &Subscription<'_>| entry.filter.as_str().len(),
                    |u| subscription(version, u),
                )?;
                Packet::Subscribe(Subscribe {
                    packet_id: PacketId::generate(input)?,
                    subscription_id: if_v5(version, input)?,
                    user_properties: UserProperties::default(),
                    subscriptions: Subscriptions::default(),
                })
            }
            PacketType::SubAck => {
                lists.codes = list(input, 1, |_| 1, |u| suback_code(version, u))?;
                let (packet_id, properties) = (PacketId::generate(input)?, if_v5(version, input)?);
                Packet::SubAck(SubAck { packet_id, codes: ReasonCodes::default(), properties })
            }
            PacketType::Unsubscribe => {
                lists.filters =
                    list(input, 1, |filter: &&TopicFilter| filter.as_str().len(), <&TopicFilter>::generate)?;
                Packet::Unsubscribe(Unsubscribe {
                    packet_id: PacketId::generate(input)?,
                    user_properties: UserProperties::default(),
                    filters: Filters::default(),
                })
            }
            PacketType::UnsubAck => {
                if version.is_v5() {
                    lists.codes = list(input, 1, |_| 1, |u| reason(packet_type, u))?;
                }
                let (packet_id, properties) = (PacketId::generate(input)?, if_v5(version, input)?);
                Packet::UnsubAck(UnsubAck { packet_id, codes: ReasonCodes::default(), properties })
            }
            PacketType::PingReq => Packet::PingReq,
            PacketType::PingResp => Packet::PingResp,
            PacketType::Disconnect => {
                let (reason, properties): (_, DisconnectProperties<'_>) =
                    outcome(version, packet_type, input)?;
                Packet::Disconnect(Disconnect { reason, properties })
            }
            PacketType::Auth => {
                let (reason, properties): (_, AuthProperties<'_>) = outcome(version, packet_type, input)?;
                Packet::Auth(Auth { reason, authentication_method: Generate::generate(input)?, properties })
            }
        };
        if version.is_v5() && !matches!(packet_type, PacketType::PingReq | PacketType::PingResp) {
            lists.user_properties = user_properties(input)?;
        }
        Ok(Self { version, packet, lists })
    }
}

/// A value that only 5.0 has.
fn if_v5<'a, T: Generate<'a> + Default>(version: Version, input: &mut Unstructured<'a>) -> Result<T> {
    if version.is_v5() { T::generate(input) } else { Ok(T::default()) }
}

fn connect<'a>(version: Version, input: &mut Unstructured<'a>, lists: &mut Lists<'a>) -> Result<Connect<'a>> {
    let client_id = client_id(version, input)?;
    let user_name = Option::generate(input)?;
    let has_password = bool::generate(input)? && (version.is_v5() || user_name.is_some());
    let will = if bool::generate(input)? { Some(will(version, input, lists)?) } else { None };
    let mut properties: ConnectProperties<'_> = if_v5(version, input)?;
    if properties.authentication_method.is_none() {
        properties.authentication_data = None;
    }
    Ok(Connect {
        // 3.1.1 lets the server name the client if there is no session to find again (MQTT-3.1.3-7).
        clean_start: bool::generate(input)? || version == Version::V3_1_1 && client_id.is_empty(),
        keep_alive: u16::generate(input)?,
        client_id,
        will,
        user_name,
        password: if has_password { Some(Generate::generate(input)?) } else { None },
        properties,
    })
}

fn client_id<'a>(version: Version, input: &mut Unstructured<'a>) -> Result<&'a str> {
    let text = <&str>::generate(input)?;
    if version != Version::V3_1 {
        return Ok(text);
    }
    let end = text.char_indices().nth(CLIENT_ID_MAX_3_1).map_or(text.len(), |(at, _)| at);
    Ok(text.get(..end).filter(|text| !text.is_empty()).unwrap_or("c"))
}

fn will<'a>(version: Version, input: &mut Unstructured<'a>, lists: &mut Lists<'a>) -> Result<Will<'a>> {
    let properties: MessageProperties<'_> = if_v5(version, input)?;
    if version.is_v5() {
        lists.will_user_properties = user_properties(input)?;
    }
    Ok(Will {
        topic: Generate::generate(input)?,
        payload: Generate::generate(input)?,
        qos: qos(input)?,
        retain: bool::generate(input)?,
        delay_interval: if_v5(version, input)?,
        properties,
    })
}

fn connack<'a>(version: Version, input: &mut Unstructured<'a>) -> Result<ConnAck<'a>> {
    let reason = if version.is_v5() {
        reason(PacketType::ConnAck, input)?
    } else {
        ReasonCode::from_v3_return_code(input.int_in_range(0..=5)?).unwrap_or(ReasonCode::Success)
    };
    let may_be_present = reason == ReasonCode::Success && version != Version::V3_1;
    let session_present = bool::generate(input)? && may_be_present;
    Ok(ConnAck { session_present, reason, properties: if_v5::<ConnAckProperties<'_>>(version, input)? })
}

fn publish<'a>(version: Version, input: &mut Unstructured<'a>, lists: &mut Lists<'a>) -> Result<Publish<'a>> {
    let topic = match input.arbitrary::<u8>()? % 4 {
        2 if version.is_v5() => {
            PublishTopic::NameAndAlias(Generate::generate(input)?, Generate::generate(input)?)
        }
        3 if version.is_v5() => PublishTopic::Alias(Generate::generate(input)?),
        _ => PublishTopic::Name(Generate::generate(input)?),
    };
    let (id, dup) = (PacketId::generate(input)?, bool::generate(input)?);
    let delivery = match qos(input)? {
        QoS::AtMostOnce => Delivery::AtMostOnce,
        QoS::AtLeastOnce => Delivery::AtLeastOnce { id, dup },
        QoS::ExactlyOnce => Delivery::ExactlyOnce { id, dup },
    };
    let properties = if_v5(version, input)?;
    if version.is_v5() {
        lists.subscription_ids = list(input, 0, |_| 5, Generate::generate)?;
    }
    Ok(Publish {
        topic,
        delivery,
        retain: bool::generate(input)?,
        subscription_ids: SubscriptionIds::default(),
        properties,
        payload: payload(input)?,
    })
}

fn ack<'a>(
    version: Version,
    packet_type: PacketType,
    input: &mut Unstructured<'a>,
) -> Result<(PacketId, ReasonCode, AckProperties<'a>)> {
    let (reason, properties) = outcome(version, packet_type, input)?;
    Ok((PacketId::generate(input)?, reason, properties))
}

fn outcome<'a, P: Generate<'a> + Default>(
    version: Version,
    packet_type: PacketType,
    input: &mut Unstructured<'a>,
) -> Result<(ReasonCode, P)> {
    if !version.is_v5() {
        return Ok((ReasonCode::Success, P::default()));
    }
    Ok((reason(packet_type, input)?, P::generate(input)?))
}

/// A code that 5.0 allows in this packet.
fn reason(packet_type: PacketType, input: &mut Unstructured<'_>) -> Result<ReasonCode> {
    one_of(|code| code.is_allowed_in(packet_type), input)
}

fn suback_code(version: Version, input: &mut Unstructured<'_>) -> Result<ReasonCode> {
    one_of(
        |code| {
            let is_known = match version {
                Version::V3_1 => !code.is_error(),
                Version::V3_1_1 => !code.is_error() || code == ReasonCode::UnspecifiedError,
                Version::V5 => true,
            };
            is_known && code.is_allowed_in(PacketType::SubAck)
        },
        input,
    )
}

fn one_of(allowed: impl Fn(ReasonCode) -> bool, input: &mut Unstructured<'_>) -> Result<ReasonCode> {
    let codes = || ReasonCode::ALL.iter().copied().filter(|&code| allowed(code));
    let chosen = input.choose_index(codes().count())?;
    codes().nth(chosen).ok_or(::arbitrary::Error::EmptyChoose)
}

fn subscription<'a>(version: Version, input: &mut Unstructured<'a>) -> Result<Subscription<'a>> {
    let filter = <&TopicFilter>::generate(input)?;
    let mut options = SubscriptionOptions::new(qos(input)?);
    if version.is_v5() {
        // MQTT-3.8.3-4: a shared subscription has no No Local.
        options.no_local = bool::generate(input)? && !filter.is_shared();
        options.retain_as_published = bool::generate(input)?;
        options.retain_handling =
            *input.choose(&[RetainHandling::Send, RetainHandling::SendIfNew, RetainHandling::DoNotSend])?;
    }
    Ok(Subscription { filter, options })
}

fn qos(input: &mut Unstructured<'_>) -> Result<QoS> {
    input.choose(&[QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce]).copied()
}

fn user_properties<'a>(input: &mut Unstructured<'a>) -> Result<Vec<(&'a str, &'a str)>> {
    list(
        input,
        0,
        |(name, value): &(&str, &str)| name.len().saturating_add(value.len()),
        |u| Ok((Generate::generate(u)?, Generate::generate(u)?)),
    )
}
