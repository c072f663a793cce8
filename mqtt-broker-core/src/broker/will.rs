//! Wills: refused, kept and published (MQTT 5.0 §3.1.2.5). When one is due, the session says.

use alloc::boxed::Box;
use alloc::sync::Arc;

use mqtt_codec::{Connect, PayloadFormat, Version};

use super::{Core, Cx};
use crate::session::Will;
use crate::slab::Key;
use crate::{Fault, Message};

impl Core {
    /// What is wrong with the will for this broker.
    pub(super) fn will_fault(&self, version: Version, connect: &Connect<'_>) -> Option<Fault> {
        let will = connect.will?;
        if will.qos > self.config.maximum_qos {
            return Some(Fault::WillQoS);
        }
        if will.retain && !self.config.retain_available {
            return Some(Fault::WillRetain);
        }
        if self.is_reserved(will.topic) {
            return Some(Fault::WillTopic);
        }
        let is_text = will.properties.payload_format == Some(PayloadFormat::Utf8) && version.is_v5();
        let is_broken = is_text && self.config.check_payload_format && str::from_utf8(will.payload).is_err();
        is_broken.then_some(Fault::PayloadFormat)
    }

    /// Publishes the will of a session whose client is gone, if it has left one (MQTT-3.1.2-8, -10).
    pub(super) fn publish_will(&mut self, key: Key, cx: &mut Cx<'_>) {
        if let Some(will) = self.sessions.get_mut(key).and_then(|session| session.will.take()) {
            self.route_message(&Arc::new(will.message.received_at(self.now)), cx);
        }
    }
}

/// The will of a CONNECT, to be kept.
pub(super) fn kept(connect: &Connect<'_>, client_id: &Arc<str>) -> Result<Option<Box<Will>>, Fault> {
    let Some(will) = connect.will else { return Ok(None) };
    let message = Message::new(will.topic, will.payload.to_vec()).with_qos(will.qos).with_retain(will.retain);
    let message = message.with_properties(&will.properties).map_err(|_| Fault::PropertyValue)?;
    let message = message.published_by(Some(Arc::clone(client_id)));
    Ok(Some(Box::new(Will { message, delay: will.delay_interval.unwrap_or(0) })))
}
