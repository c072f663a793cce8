//! Packets as transcripts write them.

use std::fmt::Write as _;

use mqtt_codec::{
    ConnAck, Disconnect, MessageProperties, Packet, PacketId, PayloadFormat, Publish, ReasonCode, Version,
};

use crate::world::decode;

/// A packet from the broker. Limits in CONNACK that are the same for all clients are left out, if not asked for.
pub(crate) fn packet(version: Version, bytes: &[u8], shows_limits: bool) -> String {
    match decode(version, bytes) {
        Packet::ConnAck(connack) => print_connack(&connack, shows_limits),
        Packet::Publish(publish) => print_publish(&publish),
        Packet::PubAck(ack) => print_ack("PUBACK", ack.packet_id, ack.reason),
        Packet::PubRec(ack) => print_ack("PUBREC", ack.packet_id, ack.reason),
        Packet::PubRel(ack) => print_ack("PUBREL", ack.packet_id, ack.reason),
        Packet::PubComp(ack) => print_ack("PUBCOMP", ack.packet_id, ack.reason),
        Packet::SubAck(suback) => print_codes("SUBACK", suback.packet_id, suback.codes.iter()),
        Packet::UnsubAck(unsuback) => print_codes("UNSUBACK", unsuback.packet_id, unsuback.codes.iter()),
        Packet::PingResp => "PINGRESP".to_owned(),
        Packet::Disconnect(Disconnect { reason, .. }) => format!("DISCONNECT {:02X}", reason.as_u8()),
        other => panic!("a broker does not send {other:?}"),
    }
}

fn print_connack(connack: &ConnAck<'_>, shows_limits: bool) -> String {
    let mut text = format!("CONNACK {:02X}", connack.reason.as_u8());
    let properties = &connack.properties;
    if connack.session_present {
        text += " present";
    }
    option(&mut text, "expiry", properties.session_expiry_interval);
    option(&mut text, "assigned", properties.assigned_client_identifier);
    option(&mut text, "keep", properties.server_keep_alive);
    if shows_limits {
        option(&mut text, "receive", properties.receive_maximum);
        option(&mut text, "size", properties.maximum_packet_size);
        option(&mut text, "aliases", properties.topic_alias_maximum);
    }
    text
}

fn print_publish(publish: &Publish<'_>) -> String {
    let mut text = format!("PUBLISH {}", publish.topic.name().map_or("-", |name| name.as_str()));
    option(&mut text, "alias", publish.topic.alias());
    if let Some(id) = publish.delivery.packet_id() {
        write!(text, " q{} id={id}", publish.delivery.qos() as u8).unwrap();
    }
    if publish.delivery.dup() {
        text += " dup";
    }
    if publish.retain {
        text += " retain";
    }
    for id in publish.subscription_ids {
        write!(text, " sub={id}").unwrap();
    }
    let MessageProperties {
        payload_format,
        message_expiry_interval,
        content_type,
        response_topic,
        correlation_data,
        user_properties,
    } = publish.properties;
    option(&mut text, "expiry", message_expiry_interval);
    option(&mut text, "format", payload_format.map(|format| u8::from(format == PayloadFormat::Utf8)));
    option(&mut text, "type", content_type);
    option(&mut text, "response", response_topic);
    option(&mut text, "correlation", correlation_data.map(|data| String::from_utf8_lossy(data)));
    for (name, value) in user_properties {
        write!(text, " user={name}:{value}").unwrap();
    }
    if publish.payload.len() > 40 {
        write!(text, " {} bytes", publish.payload.len()).unwrap();
    } else {
        write!(text, " '{}'", String::from_utf8_lossy(publish.payload)).unwrap();
    }
    text
}

fn option(text: &mut String, name: &str, value: Option<impl std::fmt::Display>) {
    if let Some(value) = value {
        write!(text, " {name}={value}").unwrap();
    }
}

fn print_ack(name: &str, id: PacketId, reason: ReasonCode) -> String {
    match reason {
        ReasonCode::Success => format!("{name} {id}"),
        reason => format!("{name} {id} {:02X}", reason.as_u8()),
    }
}

fn print_codes(name: &str, id: PacketId, codes: impl Iterator<Item = ReasonCode>) -> String {
    codes.fold(format!("{name} {id}"), |text, code| format!("{text} {:02X}", code.as_u8()))
}
