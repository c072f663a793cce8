//! What the broker does, as transcripts write it.

use std::fmt::{Display, Write as _};

use mqtt_broker_core::{End, Note, Question, Request};
use mqtt_codec::{
    AckProperties, Auth, ConnAck, Disconnect, Limits, MessageProperties, Packet, PacketId, PayloadFormat,
    PubAck, Publish, QoS, ReasonCode, ReasonCodes, UserProperties, Version,
};

/// What is left out of a transcript that does not ask for it.
#[derive(Clone, Copy, Default)]
pub(crate) struct Shown {
    /// The limits in CONNACK, which are the same for all clients.
    pub(crate) limits: bool,
    /// Reason Strings.
    pub(crate) reasons: bool,
    /// Who comes and goes.
    pub(crate) notes: bool,
}

/// A packet from the broker.
pub(crate) fn packet(version: Version, bytes: &[u8], shown: Shown) -> String {
    let mut text = String::new();
    match decode(version, bytes) {
        Packet::ConnAck(packet) => connack(&mut text, &packet, shown),
        Packet::Publish(packet) => publish(&mut text, &packet),
        Packet::PubAck(PubAck { packet_id, reason, properties }) => {
            ack(&mut text, "PUBACK", packet_id, reason, &properties, shown);
        }
        Packet::PubRec(packet) => {
            ack(&mut text, "PUBREC", packet.packet_id, packet.reason, &packet.properties, shown)
        }
        Packet::PubRel(packet) => {
            ack(&mut text, "PUBREL", packet.packet_id, packet.reason, &packet.properties, shown)
        }
        Packet::PubComp(packet) => {
            ack(&mut text, "PUBCOMP", packet.packet_id, packet.reason, &packet.properties, shown)
        }
        Packet::SubAck(packet) => {
            codes(&mut text, "SUBACK", packet.packet_id, packet.codes, &packet.properties, shown)
        }
        Packet::UnsubAck(packet) => {
            codes(&mut text, "UNSUBACK", packet.packet_id, packet.codes, &packet.properties, shown)
        }
        Packet::PingResp => text += "PINGRESP",
        Packet::Disconnect(packet) => disconnect(&mut text, &packet, shown),
        Packet::Auth(packet) => auth(&mut text, &packet, shown),
        other => panic!("a broker does not send {other:?}"),
    }
    text
}

/// Checks that bytes are one whole packet.
fn decode(version: Version, bytes: &[u8]) -> Packet<'_> {
    let found = mqtt_codec::frame(bytes, &Limits::default()).unwrap().expect("a whole packet");
    assert_eq!(found.bytes().len(), bytes.len());
    Packet::decode(version, found).unwrap()
}

/// A question to the embedding program.
pub(crate) fn question(question: &Question<'_>) -> String {
    let client_id = question.client.client_id;
    let retained = |retain| if retain { " retain" } else { "" };
    match question.request {
        Request::Connect { .. } => format!("asked {client_id} CONNECT"),
        Request::Authenticate { method, is_connected, .. } => {
            format!("asked {client_id} AUTH {method}{}", if is_connected { " again" } else { "" })
        }
        Request::Will { topic, qos: level, retain, is_due } => {
            let due = if is_due { " due" } else { "" };
            format!("asked {client_id} will {topic}{}{}{due}", qos(level), retained(retain))
        }
        Request::Publish { topic, qos: level, retain } => {
            format!("asked {client_id} PUBLISH {topic}{}{}", qos(level), retained(retain))
        }
        Request::Subscribe { filter, qos: level, is_kept } => {
            let kept = if is_kept { " kept" } else { "" };
            format!("asked {client_id} SUBSCRIBE {filter}{}{kept}", qos(level))
        }
        Request::Replay { topic, publisher } => {
            let publisher = publisher.map(|publisher| format!(" of {publisher}")).unwrap_or_default();
            format!("asked {client_id} retained {topic}{publisher}")
        }
    }
}

/// Something that an operator may want to know.
pub(crate) fn note(note: &Note<'_>, shown: Shown) -> Option<String> {
    match note {
        Note::Dropped { client_id, topic, reason, .. } => {
            Some(format!("dropped {client_id} {topic} {reason:?}"))
        }
        Note::NotRetained { topic } => Some(format!("not retained {topic}")),
        Note::Revoked { client_id, filter } => Some(format!("revoked {client_id} {filter}")),
        Note::WillRefused { client_id, topic, reason } => {
            Some(format!("will refused {client_id} {topic} {:02X}", reason.as_u8()))
        }
        Note::NotAnswered { ticket } => Some(format!("not answered {}", ticket.0)),
        Note::Damped { client_id, .. } => Some(format!("damped {client_id}")),
        _ if !shown.notes => None,
        Note::Connected { client_id, version, session_present, .. } => {
            let present = if *session_present { " present" } else { "" };
            Some(format!("note {client_id} connected with {version}{present}"))
        }
        Note::Refused { reason, .. } => Some(format!("note refused {:02X}", reason.as_u8())),
        Note::Malformed { error, .. } => Some(format!("note malformed: {error}")),
        Note::Disconnected { client_id, end, .. } => Some(match end {
            End::ByClient(reason) => format!("note {client_id} disconnected {:02X}", reason.as_u8()),
            End::ByBroker(reason) => format!("note {client_id} was disconnected {:02X}", reason.as_u8()),
            End::Transport => format!("note {client_id} is gone"),
        }),
        other => Some(format!("note {other:?}")),
    }
}

fn connack(text: &mut String, packet: &ConnAck<'_>, shown: Shown) {
    write!(text, "CONNACK {:02X}", packet.reason.as_u8()).unwrap();
    let properties = &packet.properties;
    if packet.session_present {
        *text += " present";
    }
    option(text, "expiry", properties.session_expiry_interval);
    option(text, "assigned", properties.assigned_client_identifier);
    option(text, "keep", properties.server_keep_alive);
    option(text, "response-information", properties.response_information);
    option(text, "reference", properties.server_reference);
    option(text, "method", properties.authentication_method);
    option(text, "data", properties.authentication_data.map(String::from_utf8_lossy));
    if shown.limits {
        option(text, "receive", properties.receive_maximum);
        option(text, "size", properties.maximum_packet_size);
        option(text, "aliases", properties.topic_alias_maximum);
        option(text, "maximum-qos", properties.maximum_qos.map(|qos| qos as u8));
        option(text, "retain-available", properties.retain_available.map(u8::from));
        option(text, "wildcard-available", properties.wildcard_subscription_available.map(u8::from));
        option(text, "identifier-available", properties.subscription_identifier_available.map(u8::from));
        option(text, "shared-available", properties.shared_subscription_available.map(u8::from));
    }
    reason_string(text, properties.reason_string, shown);
    users(text, properties.user_properties);
}

fn publish(text: &mut String, packet: &Publish<'_>) {
    *text += "PUBLISH ";
    *text += &packet.topic.name().map_or_else(|| "-".to_owned(), |name| visible(name.as_str()));
    option(text, "alias", packet.topic.alias());
    if let Some(id) = packet.delivery.packet_id() {
        write!(text, "{} id={id}", qos(packet.delivery.qos())).unwrap();
    }
    if packet.delivery.dup() {
        *text += " dup";
    }
    if packet.retain {
        *text += " retain";
    }
    for id in packet.subscription_ids {
        write!(text, " sub={id}").unwrap();
    }
    let MessageProperties {
        payload_format,
        message_expiry_interval,
        content_type,
        response_topic,
        correlation_data,
        user_properties,
    } = packet.properties;
    option(text, "expiry", message_expiry_interval);
    option(text, "format", payload_format.map(|format| u8::from(format == PayloadFormat::Utf8)));
    option(text, "type", content_type);
    option(text, "response", response_topic);
    option(text, "correlation", correlation_data.map(String::from_utf8_lossy));
    users(text, user_properties);
    if packet.payload.len() > 40 {
        write!(text, " {} bytes", packet.payload.len()).unwrap();
    } else {
        write!(text, " '{}'", visible(&String::from_utf8_lossy(packet.payload))).unwrap();
    }
}

fn disconnect(text: &mut String, packet: &Disconnect<'_>, shown: Shown) {
    write!(text, "DISCONNECT {:02X}", packet.reason.as_u8()).unwrap();
    let properties = &packet.properties;
    option(text, "expiry", properties.session_expiry_interval);
    option(text, "reference", properties.server_reference);
    reason_string(text, properties.reason_string, shown);
    users(text, properties.user_properties);
}

fn auth(text: &mut String, packet: &Auth<'_>, shown: Shown) {
    write!(text, "AUTH {:02X} method={}", packet.reason.as_u8(), packet.authentication_method).unwrap();
    option(text, "data", packet.properties.authentication_data.map(String::from_utf8_lossy));
    reason_string(text, packet.properties.reason_string, shown);
    users(text, packet.properties.user_properties);
}

fn ack(
    text: &mut String,
    name: &str,
    id: PacketId,
    reason: ReasonCode,
    properties: &AckProperties<'_>,
    shown: Shown,
) {
    write!(text, "{name} {id}").unwrap();
    if reason != ReasonCode::Success {
        write!(text, " {:02X}", reason.as_u8()).unwrap();
    }
    reason_string(text, properties.reason_string, shown);
    users(text, properties.user_properties);
}

fn codes(
    text: &mut String,
    name: &str,
    id: PacketId,
    codes: ReasonCodes<'_>,
    properties: &AckProperties<'_>,
    shown: Shown,
) {
    write!(text, "{name} {id}").unwrap();
    for code in codes {
        write!(text, " {:02X}", code.as_u8()).unwrap();
    }
    reason_string(text, properties.reason_string, shown);
    users(text, properties.user_properties);
}

/// Characters that nobody sees are escaped, as Rust does it.
fn visible(text: &str) -> String {
    let is_hidden = |c: char| c.is_control() || c == '\u{feff}';
    text.chars().map(|c| if is_hidden(c) { c.escape_unicode().to_string() } else { c.to_string() }).collect()
}

const fn qos(qos: QoS) -> &'static str {
    match qos {
        QoS::AtMostOnce => "",
        QoS::AtLeastOnce => " q1",
        QoS::ExactlyOnce => " q2",
    }
}

fn option(text: &mut String, name: &str, value: Option<impl Display>) {
    if let Some(value) = value {
        write!(text, " {name}={value}").unwrap();
    }
}

fn reason_string(text: &mut String, reason: Option<&str>, shown: Shown) {
    if let Some(reason) = reason.filter(|_| shown.reasons) {
        write!(text, " reason={reason:?}").unwrap();
    }
}

fn users(text: &mut String, users: UserProperties<'_>) {
    for (name, value) in users {
        write!(text, " user={name}:{value}").unwrap();
    }
}
