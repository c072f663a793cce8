//! Wills: refused, kept and published (MQTT 5.0 §3.1.2.5). When one is due, the session says.

use alloc::boxed::Box;
use alloc::sync::Arc;

use mqtt_codec::{Connect, PacketType, PayloadFormat, ReasonCode, Version};

use super::questions::About;
use super::{Core, Cx};
use crate::session::{Owner, Will};
use crate::slab::Key;
use crate::store::MessageOrigin;
use crate::{Client, Fault, Message, Note, Question, Request, Verdict};

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

    /// Gives a session a will, which it has not.
    pub(super) fn set_will(&mut self, key: Key, will: Box<Will>) {
        if let Some(session) = self.sessions.get_mut(key) {
            *self.heap += will.heap();
            session.will = Some(will);
        }
    }

    pub(super) fn take_will(&mut self, key: Key) -> Option<Box<Will>> {
        let will = self.sessions.get_mut(key)?.will.take()?;
        *self.heap -= will.heap();
        Some(will)
    }

    /// Publishes the will of a session whose client is gone, if it has left one (MQTT-3.1.2-8, -10).
    pub(super) fn publish_will(&mut self, key: Key, cx: &mut Cx<'_>) {
        if let Some(will) = self.take_will(key) {
            self.will_due(will, cx);
        }
    }

    /// Publishes a will if its client may do that now. Who it was is known though the client is gone.
    pub(super) fn will_due(&mut self, mut will: Box<Will>, cx: &mut Cx<'_>) {
        will.message.received = self.now;
        if self.questions.count_wills() >= self.config.sessions {
            return self.will_answered(*will, Verdict::Deny(ReasonCode::QuotaExceeded), cx);
        }
        let question = Question { client: will.client(), request: will.request() };
        match self.questions.put(&question, cx) {
            Ok(verdict) => self.will_answered(*will, verdict, cx),
            Err(ticket) => {
                // Whatever becomes of the session now, it is due.
                self.save_due_will(&will, cx);
                self.keep_open(ticket, About::Will(will));
            }
        }
    }

    pub(super) fn will_answered(&mut self, will: Will, verdict: Verdict, cx: &mut Cx<'_>) {
        if let Err(refusal) = verdict.permission(&will.request()) {
            let Client { client_id, .. } = will.client();
            let reason = refusal.reason_in(PacketType::PubAck);
            cx.out.note(&Note::WillRefused { client_id, topic: will.message.topic(), reason });
            return self.forget_will(&will, cx);
        }
        self.publish_allowed_will(&will, cx);
    }

    pub(super) fn publish_allowed_will(&mut self, will: &Will, cx: &mut Cx<'_>) {
        self.held_back(cx, |core, cx| {
            core.route_message(will.message.clone(), MessageOrigin::Will(will.number), cx);
            core.forget_will(will, cx);
        });
    }
}

impl Will {
    /// What it asks for when it is due.
    fn request(&self) -> Request<'_> {
        let Message { topic, qos, retain, .. } = &self.message;
        Request::Will { topic, qos: *qos, retain: *retain, is_due: true }
    }
}

/// The will of a CONNECT, to be kept.
pub(super) fn kept(
    connect: &Connect<'_>,
    client_id: &Arc<str>,
    owner: Owner,
    number: u64,
) -> Result<Option<Box<Will>>, Fault> {
    let Some(will) = connect.will else { return Ok(None) };
    let message = Message::new(will.topic, will.payload.to_vec()).with_qos(will.qos).with_retain(will.retain);
    let message = message.with_properties(&will.properties).map_err(|_| Fault::PropertyValue)?;
    let message = message.published_by(Some(Arc::clone(client_id)));
    Ok(Some(Box::new(Will { message, delay: will.delay_interval.unwrap_or(0), owner, number })))
}
