//! The disagreements that `DISAGREEMENTS.md` lists, each as narrow as it can be told from our side. The letters and
//! numbers are those of its rows.

use mqtt_codec::{
    DecodeError, DecodeErrorKind as Kind, Packet, PacketType, PayloadFormat, PropertyId, Publish, ReasonCode,
    Version,
};
use mqtt_topic::TopicErrorKind;

use super::peers::{Peer, Verdict};

const RMQTT: &[Peer] = &[Peer::Rmqtt];
const PROTO: &[Peer] = &[Peer::MqttProto];
const CORE: &[Peer] = &[Peer::ProtocolCore];
const RMQTT_PROTO: &[Peer] = &[Peer::Rmqtt, Peer::MqttProto];
const RMQTT_CORE: &[Peer] = &[Peer::Rmqtt, Peer::ProtocolCore];
const PROTO_CORE: &[Peer] = &[Peer::MqttProto, Peer::ProtocolCore];
const ALL: &[Peer] = &Peer::ALL;

/// P: no peer has panicked in this harness yet; a new one is told without its input being kept.
pub(super) fn panics(_: Peer) -> bool {
    false
}

/// R: we refuse, a peer does not.
pub(super) fn refused_by_us_alone(
    peer: Peer,
    version: Version,
    error: &DecodeError,
    theirs: &Verdict,
) -> bool {
    use PacketType as Type;
    // R1: it reads through the end of the packet for what is missing, and asks for more bytes.
    if peer == Peer::MqttProto && *theirs == Verdict::Waits {
        return true;
    }
    if !matches!(theirs, Verdict::Accepted(_) | Verdict::Unwritable) {
        return false;
    }
    let Some(packet) = error.packet_type() else { return false };
    let is_v5 = version.is_v5();
    let peers = match error.kind() {
        // R2
        Kind::Flags { .. } if packet != Type::Publish => CORE,
        // R3
        Kind::Nul if is_v5 || packet == Type::Connect => ALL,
        Kind::Nul => RMQTT_CORE,
        // R4
        Kind::TopicName(error) if error.kind() == TopicErrorKind::Empty => ALL,
        Kind::TopicName(_) => RMQTT_CORE,
        // R5
        Kind::TopicFilter(error) if error.kind() == TopicErrorKind::SingleLevelWildcard => ALL,
        Kind::TopicFilter(_) => RMQTT_CORE,
        // R6
        Kind::ResponseTopic(error) if error.kind() == TopicErrorKind::Empty => ALL,
        Kind::ResponseTopic(_) => RMQTT_CORE,
        // R7
        Kind::DupOnQoS0 => ALL,
        // R8
        Kind::PacketIdZero => CORE,
        // R9
        Kind::NoTopic => ALL,
        // R10
        Kind::NotMinimal { .. } => ALL,
        // R11
        Kind::TrailingBytes { .. } if packet == Type::Connect => RMQTT_PROTO,
        Kind::TrailingBytes { .. } if matches!(packet, Type::PingReq | Type::PingResp) => RMQTT_PROTO,
        Kind::TrailingBytes { .. } if packet == Type::ConnAck && !is_v5 => RMQTT_PROTO,
        Kind::TrailingBytes { .. } if packet == Type::Disconnect && !is_v5 => RMQTT_PROTO,
        Kind::TrailingBytes { .. } if matches!(packet, Type::PubAck | Type::PubRec) => PROTO_CORE,
        Kind::TrailingBytes { .. } if matches!(packet, Type::PubRel | Type::PubComp | Type::UnsubAck) => {
            PROTO_CORE
        }
        Kind::TrailingBytes { .. } if matches!(packet, Type::ConnAck | Type::Disconnect | Type::Auth) => {
            PROTO
        }
        // R12
        Kind::ReservedConnectFlag => CORE,
        Kind::WillQoSWithoutWill { .. } => {
            if is_v5 {
                RMQTT_CORE
            } else {
                CORE
            }
        }
        Kind::WillRetainWithoutWill => {
            if is_v5 {
                ALL
            } else {
                PROTO_CORE
            }
        }
        Kind::QoS if packet == Type::Connect => CORE,
        // R13
        Kind::PasswordWithoutUserName => RMQTT_PROTO,
        // R14
        Kind::ProtocolLevel { .. } if !is_v5 => RMQTT,
        Kind::WrongVersion { found: Version::V3_1, .. } if !is_v5 => RMQTT_PROTO,
        // R15
        Kind::ConnAckFlags { .. } => CORE,
        Kind::SessionPresentOnRefusal => ALL,
        Kind::ReasonCode { .. } if packet == Type::ConnAck && !is_v5 => RMQTT,
        // R16
        Kind::NoAuthenticationMethod => ALL,
        Kind::AuthenticationDataWithoutMethod => ALL,
        // R17
        Kind::EmptyList if matches!(packet, Type::SubAck | Type::UnsubAck) => RMQTT_PROTO,
        // R18
        Kind::ReservedSubscriptionOptions { .. } if !is_v5 => RMQTT_CORE,
        Kind::NoLocalOnShared => ALL,
        // R19
        Kind::Truncated { needed: 1, left: 0 } if packet == Type::Auth => RMQTT_CORE,
        Kind::Truncated { .. } if packet == Type::Publish && is_v5 => CORE,
        // R20
        Kind::PropertyValue { property: PropertyId::MaximumPacketSize, .. } if packet == Type::ConnAck => {
            RMQTT_PROTO
        }
        Kind::PropertyValue { property: PropertyId::MaximumQoS, value: 2 } => RMQTT,
        Kind::PropertyValue { value: 0, .. } => PROTO,
        // R21
        Kind::DuplicateProperty { property: PropertyId::SubscriptionIdentifier }
            if packet == Type::Subscribe =>
        {
            CORE
        }
        _ => return false,
    };
    peers.contains(&peer)
}

/// A: we accept, a peer does not.
pub(super) fn accepted_by_us_alone(peer: Peer, version: Version, packet: &Packet<'_>) -> bool {
    match (peer, packet) {
        // A1
        (Peer::MqttProto | Peer::ProtocolCore, Packet::Disconnect(disconnect)) => {
            disconnect.reason == ReasonCode::BadAuthenticationMethod
        }
        // A2
        (Peer::ProtocolCore, Packet::Connect(connect)) => {
            version.is_v5() && connect.password.is_some() && connect.user_name.is_none()
        }
        // A3, A6
        (Peer::Rmqtt, Packet::Connect(connect)) => {
            connect.client_id.is_empty() && !connect.clean_start
                || connect.will.is_some_and(|will| will.properties.message_expiry_interval == Some(0))
        }
        // A6
        (Peer::Rmqtt, Packet::Publish(publish)) => publish.properties.message_expiry_interval == Some(0),
        // A4
        (Peer::MqttProto, Packet::Connect(connect)) => connect.will.is_some_and(|will| {
            will.properties.payload_format == Some(PayloadFormat::Utf8)
                && std::str::from_utf8(will.payload).is_err()
        }),
        // A4, A5
        (Peer::MqttProto, Packet::Publish(publish)) => {
            is_mislabelled(publish) || publish.subscription_ids.len() > 1
        }
        _ => false,
    }
}

fn is_mislabelled(publish: &Publish<'_>) -> bool {
    publish.properties.payload_format == Some(PayloadFormat::Utf8)
        && std::str::from_utf8(publish.payload).is_err()
}

/// M: a peer reads something else, or writes what we refuse (`None`).
pub(super) fn other_meaning(
    peer: Peer,
    version: Version,
    packet: &Packet<'_>,
    theirs: Option<&Packet<'_>>,
) -> bool {
    match (peer, packet) {
        // M1
        (Peer::MqttProto, Packet::SubAck(suback)) => {
            version == Version::V3_1_1
                && theirs.is_none()
                && suback.codes.iter().any(|code| code == ReasonCode::UnspecifiedError)
        }
        _ => false,
    }
}
