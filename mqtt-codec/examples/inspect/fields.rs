//! The fields of a packet as JSON, in the form that `vectors/README.md` defines.

use std::fmt::Write;

use mqtt_codec::{
    AckProperties, AuthProperties, ConnAckProperties, ConnectProperties, Delivery, DisconnectProperties,
    MessageProperties, Packet, PacketId, ReasonCode, UserProperties, Version, Will,
};
use serde_json::{Map, Value, json};

/// The fields of the packet, in the order in which they stand in it.
pub(crate) fn fields(packet: &Packet<'_>, version: Version) -> Value {
    match packet {
        Packet::Connect(connect) => {
            let mut fields = Fields::default();
            fields.put("clean_start", connect.clean_start);
            fields.put("keep_alive", connect.keep_alive);
            fields.put("client_id", connect.client_id);
            fields.put_some("will", connect.will.as_ref().map(will));
            fields.put_some("user_name", connect.user_name);
            fields.put_some("password", connect.password.map(hex));
            fields.with(connect_properties(&connect.properties))
        }
        Packet::ConnAck(connack) => {
            let mut fields = Fields::default();
            fields.put("session_present", connack.session_present);
            if version.is_v5() {
                fields.put("reason_code", code(connack.reason));
            } else {
                fields.put_some("return_code", connack.reason.v3_return_code());
            }
            fields.with(connack_properties(&connack.properties))
        }
        Packet::Publish(publish) => {
            let mut fields = Fields::default();
            fields.put("topic", publish.topic.name().map_or("", |name| name.as_str()));
            fields.put("qos", publish.delivery.qos() as u8);
            fields.put("dup", publish.delivery.dup());
            fields.put("retain", publish.retain);
            if let Delivery::AtLeastOnce { id, .. } | Delivery::ExactlyOnce { id, .. } = publish.delivery {
                fields.put("packet_id", id.get());
            }
            let mut properties = message_properties(&publish.properties);
            properties.put_some("topic_alias", publish.topic.alias().map(|alias| alias.get()));
            let ids: Vec<u32> = publish.subscription_ids.iter().map(|id| id.get()).collect();
            properties.put_some("subscription_identifier", (!ids.is_empty()).then_some(ids));
            fields.put("payload", hex(publish.payload));
            fields.with(properties)
        }
        Packet::PubAck(ack) => acknowledgement(ack.packet_id, ack.reason, &ack.properties, version),
        Packet::PubRec(ack) => acknowledgement(ack.packet_id, ack.reason, &ack.properties, version),
        Packet::PubRel(ack) => acknowledgement(ack.packet_id, ack.reason, &ack.properties, version),
        Packet::PubComp(ack) => acknowledgement(ack.packet_id, ack.reason, &ack.properties, version),
        Packet::Subscribe(subscribe) => {
            let mut fields = Fields::default();
            fields.put("packet_id", subscribe.packet_id.get());
            let entries = subscribe.subscriptions.iter().map(|entry| {
                let mut fields = Fields::default();
                fields.put("filter", entry.filter.as_str());
                fields.put("qos", entry.options.qos as u8);
                if version.is_v5() {
                    fields.put("no_local", entry.options.no_local);
                    fields.put("retain_as_published", entry.options.retain_as_published);
                    fields.put("retain_handling", entry.options.retain_handling as u8);
                }
                fields.value()
            });
            fields.put("subscriptions", entries.collect::<Vec<_>>());
            let mut properties = Fields::default();
            properties.put_some("subscription_identifier", subscribe.subscription_id.map(|id| id.get()));
            properties.put_user_properties(subscribe.user_properties);
            fields.with(properties)
        }
        Packet::SubAck(ack) => {
            let mut fields = Fields::default();
            fields.put("packet_id", ack.packet_id.get());
            fields.put("reason_codes", ack.codes.iter().map(code).collect::<Vec<_>>());
            fields.with(ack_properties(&ack.properties))
        }
        Packet::Unsubscribe(unsubscribe) => {
            let mut fields = Fields::default();
            fields.put("packet_id", unsubscribe.packet_id.get());
            let filters = unsubscribe.filters.iter().map(|filter| filter.as_str());
            fields.put("filters", filters.collect::<Vec<_>>());
            let mut properties = Fields::default();
            properties.put_user_properties(unsubscribe.user_properties);
            fields.with(properties)
        }
        Packet::UnsubAck(ack) => {
            let mut fields = Fields::default();
            fields.put("packet_id", ack.packet_id.get());
            if version.is_v5() {
                fields.put("reason_codes", ack.codes.iter().map(code).collect::<Vec<_>>());
            }
            fields.with(ack_properties(&ack.properties))
        }
        Packet::PingReq | Packet::PingResp => json!({}),
        Packet::Disconnect(disconnect) => {
            let mut fields = Fields::default();
            if version.is_v5() {
                fields.put("reason_code", code(disconnect.reason));
            }
            fields.with(disconnect_properties(&disconnect.properties))
        }
        Packet::Auth(auth) => {
            let mut fields = Fields::default();
            fields.put("reason_code", code(auth.reason));
            let mut properties = auth_properties(&auth.properties);
            properties.put("authentication_method", auth.authentication_method);
            fields.with(properties)
        }
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The bytes of hexadecimal digits; `None` if the text is something else.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|value| value.try_into().ok())).collect();
    let (pairs, rest) = digits.as_ref()?.as_chunks();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

/// A reason code as text.
pub(crate) fn code(reason: ReasonCode) -> String {
    format!("0x{:02X}", reason.as_u8())
}

#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    fn put_some(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    fn put_user_properties(&mut self, list: UserProperties<'_>) {
        let pairs: Vec<Value> = list.iter().map(|(name, value)| json!([name, value])).collect();
        self.put_some("user_property", (!pairs.is_empty()).then_some(pairs));
    }

    fn with(mut self, properties: Self) -> Value {
        if !properties.0.is_empty() {
            self.put("properties", properties.value());
        }
        self.value()
    }

    fn value(self) -> Value {
        Value::Object(self.0)
    }
}

fn will(will: &Will<'_>) -> Value {
    let mut fields = Fields::default();
    fields.put("topic", will.topic.as_str());
    fields.put("payload", hex(will.payload));
    fields.put("qos", will.qos as u8);
    fields.put("retain", will.retain);
    let mut properties = message_properties(&will.properties);
    properties.put_some("will_delay_interval", will.delay_interval);
    fields.with(properties)
}

fn acknowledgement(
    id: PacketId,
    reason: ReasonCode,
    properties: &AckProperties<'_>,
    version: Version,
) -> Value {
    let mut fields = Fields::default();
    fields.put("packet_id", id.get());
    if version.is_v5() {
        fields.put("reason_code", code(reason));
    }
    fields.with(ack_properties(properties))
}

// Each struct is taken apart without `..`: a property that is added cannot be forgotten here.

fn connect_properties(properties: &ConnectProperties<'_>) -> Fields {
    let ConnectProperties {
        session_expiry_interval,
        receive_maximum,
        maximum_packet_size,
        topic_alias_maximum,
        request_response_information,
        request_problem_information,
        authentication_method,
        authentication_data,
        user_properties,
    } = *properties;
    let mut fields = Fields::default();
    fields.put_some("session_expiry_interval", session_expiry_interval);
    fields.put_some("receive_maximum", receive_maximum.map(|value| value.get()));
    fields.put_some("maximum_packet_size", maximum_packet_size.map(|value| value.get()));
    fields.put_some("topic_alias_maximum", topic_alias_maximum);
    fields.put_some("request_response_information", request_response_information);
    fields.put_some("request_problem_information", request_problem_information);
    fields.put_some("authentication_method", authentication_method);
    fields.put_some("authentication_data", authentication_data.map(hex));
    fields.put_user_properties(user_properties);
    fields
}

fn connack_properties(properties: &ConnAckProperties<'_>) -> Fields {
    let ConnAckProperties {
        session_expiry_interval,
        receive_maximum,
        maximum_qos,
        retain_available,
        maximum_packet_size,
        assigned_client_identifier,
        topic_alias_maximum,
        reason_string,
        wildcard_subscription_available,
        subscription_identifier_available,
        shared_subscription_available,
        server_keep_alive,
        response_information,
        server_reference,
        authentication_method,
        authentication_data,
        user_properties,
    } = *properties;
    let mut fields = Fields::default();
    fields.put_some("session_expiry_interval", session_expiry_interval);
    fields.put_some("receive_maximum", receive_maximum.map(|value| value.get()));
    fields.put_some("maximum_qos", maximum_qos.map(|qos| qos as u8));
    fields.put_some("retain_available", retain_available);
    fields.put_some("maximum_packet_size", maximum_packet_size.map(|value| value.get()));
    fields.put_some("assigned_client_identifier", assigned_client_identifier);
    fields.put_some("topic_alias_maximum", topic_alias_maximum);
    fields.put_some("reason_string", reason_string);
    fields.put_some("wildcard_subscription_available", wildcard_subscription_available);
    fields.put_some("subscription_identifier_available", subscription_identifier_available);
    fields.put_some("shared_subscription_available", shared_subscription_available);
    fields.put_some("server_keep_alive", server_keep_alive);
    fields.put_some("response_information", response_information);
    fields.put_some("server_reference", server_reference);
    fields.put_some("authentication_method", authentication_method);
    fields.put_some("authentication_data", authentication_data.map(hex));
    fields.put_user_properties(user_properties);
    fields
}

fn message_properties(properties: &MessageProperties<'_>) -> Fields {
    let MessageProperties {
        payload_format,
        message_expiry_interval,
        content_type,
        response_topic,
        correlation_data,
        user_properties,
    } = *properties;
    let mut fields = Fields::default();
    fields.put_some("payload_format_indicator", payload_format.map(|format| format as u8 == 1));
    fields.put_some("message_expiry_interval", message_expiry_interval);
    fields.put_some("content_type", content_type);
    fields.put_some("response_topic", response_topic.map(|topic| topic.as_str()));
    fields.put_some("correlation_data", correlation_data.map(hex));
    fields.put_user_properties(user_properties);
    fields
}

fn ack_properties(properties: &AckProperties<'_>) -> Fields {
    let AckProperties { reason_string, user_properties } = *properties;
    let mut fields = Fields::default();
    fields.put_some("reason_string", reason_string);
    fields.put_user_properties(user_properties);
    fields
}

fn disconnect_properties(properties: &DisconnectProperties<'_>) -> Fields {
    let DisconnectProperties { session_expiry_interval, reason_string, server_reference, user_properties } =
        *properties;
    let mut fields = Fields::default();
    fields.put_some("session_expiry_interval", session_expiry_interval);
    fields.put_some("reason_string", reason_string);
    fields.put_some("server_reference", server_reference);
    fields.put_user_properties(user_properties);
    fields
}

fn auth_properties(properties: &AuthProperties<'_>) -> Fields {
    let AuthProperties { authentication_data, reason_string, user_properties } = *properties;
    let mut fields = Fields::default();
    fields.put_some("authentication_data", authentication_data.map(hex));
    fields.put_some("reason_string", reason_string);
    fields.put_user_properties(user_properties);
    fields
}
