//! What a packet means, however it is said.

use mqtt_codec::{Packet, PayloadFormat};

/// The packet without the properties that say what their absence says. Codecs that keep a value instead of "absent"
/// leave these out when they write, and no rule forbids it.
pub(super) fn plain(mut packet: Packet<'_>) -> Packet<'_> {
    match &mut packet {
        Packet::Connect(connect) => {
            let properties = &mut connect.properties;
            absent(&mut properties.session_expiry_interval, |value| value == 0);
            absent(&mut properties.receive_maximum, |value| value.get() == u16::MAX);
            absent(&mut properties.topic_alias_maximum, |value| value == 0);
            absent(&mut properties.request_response_information, |value| !value);
            absent(&mut properties.request_problem_information, |value| value);
            if let Some(will) = &mut connect.will {
                absent(&mut will.delay_interval, |value| value == 0);
                absent(&mut will.properties.payload_format, |value| value == PayloadFormat::Bytes);
            }
        }
        Packet::ConnAck(connack) => {
            let properties = &mut connack.properties;
            absent(&mut properties.receive_maximum, |value| value.get() == u16::MAX);
            absent(&mut properties.topic_alias_maximum, |value| value == 0);
            absent(&mut properties.retain_available, |value| value);
            absent(&mut properties.wildcard_subscription_available, |value| value);
            absent(&mut properties.subscription_identifier_available, |value| value);
            absent(&mut properties.shared_subscription_available, |value| value);
        }
        Packet::Publish(publish) => {
            absent(&mut publish.properties.payload_format, |value| value == PayloadFormat::Bytes);
        }
        _ => {}
    }
    packet
}

fn absent<T: Copy>(property: &mut Option<T>, is_default: impl Fn(T) -> bool) {
    if property.is_some_and(is_default) {
        *property = None;
    }
}
