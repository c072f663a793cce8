//! Retained messages (MQTT 5.0 §3.3.1.3).

use alloc::sync::Arc;
use core::ops::ControlFlow;

use mqtt_topic::TopicName;

use super::publish::is_sys;
use super::{Core, Cx, TIMERS_PER_TICK};
use crate::message::Incoming;
use crate::queue::Parcel;
use crate::router::Granted;
use crate::session::Retained;
use crate::slab::Key;
use crate::timers::Alarm;
use crate::{Message, Note};

impl Core {
    /// Stores a message with RETAIN as its topic's retained message, or removes that if the payload is empty
    /// (MQTT-3.3.1-5 to -7).
    pub(super) fn retain(&mut self, incoming: &mut Incoming<'_>, cx: &mut Cx<'_>) {
        self.forget_retained(incoming.topic);
        if incoming.payload.is_empty() || incoming.is_expired(self.now) {
            return;
        }
        let message = Arc::clone(incoming.message());
        if !self.has_room_to_retain(&message) {
            // What has expired and waits for its tick takes no room, as far as one tick would look.
            self.expire_retained(TIMERS_PER_TICK);
            if !self.has_room_to_retain(&message) {
                return cx.out.note(&Note::NotRetained { topic: incoming.topic });
            }
        }
        if let Some(expires) = incoming.expires() {
            self.timers.retained_expires(expires, incoming.topic);
        }
        if !is_sys(incoming.topic) {
            self.retained_count += 1;
            self.retained_bytes += retained_size(&message);
        }
        self.retained_ever += 1;
        self.retained.insert(incoming.topic, Retained { message, number: self.retained_ever });
    }

    /// The broker's own are few and do not count.
    fn has_room_to_retain(&self, message: &Message) -> bool {
        is_sys(&message.topic)
            || self.retained_count < self.config.retained_messages
                && self.retained_bytes.saturating_add(retained_size(message)) <= self.config.retained_bytes
    }

    fn forget_retained(&mut self, topic: &TopicName) {
        let Some(Retained { message, .. }) = self.retained.remove(topic) else { return };
        if let Some(expires) = message.expires() {
            self.timers.retained_goes(expires, topic);
        }
        if !is_sys(topic) {
            self.retained_count -= 1;
            self.retained_bytes -= retained_size(&message);
        }
    }

    /// Removes retained messages that have expired, so many at most.
    pub(super) fn expire_retained(&mut self, limit: usize) {
        for _ in 0..limit {
            let Some(topic) = self.timers.next_retained(self.now) else { return };
            self.forget_retained(&topic);
        }
    }

    pub(super) fn replay_timer(&mut self, place: u32, cx: &mut Cx<'_>) {
        let Some(key) = self.sessions.key_at(place) else { return };
        let exchange = self.sessions.get_mut(key).and_then(|session| session.exchange.as_mut());
        if let Some(exchange) = exchange {
            exchange.replay_alarm = Alarm::OFF;
        }
        self.pump(key, cx);
    }

    /// Looks at one retained message for the first replay of a session, and sends it if it is to be sent.
    pub(super) fn replay_step(&mut self, key: Key, granted: Granted, cx: &mut Cx<'_>) {
        let Some(session) = self.sessions.get_mut(key) else { return };
        let Some(replay) = session.exchange.as_mut().and_then(|exchange| exchange.replays.front_mut()) else {
            return;
        };
        let mut found = None;
        replay.cursor().step(&self.retained, 1, |_, retained| {
            found = Some(retained);
            ControlFlow::Break(())
        });
        let found =
            found.filter(|retained| replay.includes(retained)).map(|found| Arc::clone(&found.message));
        if replay.cursor().is_done() {
            session.end_replay();
        }
        let Some(message) = found else { return };
        let is_own = granted.no_local && message.publisher.as_deref() == Some(&*session.client_id);
        if is_own || message.is_expired(self.now) {
            return;
        }
        let parcel = Parcel {
            qos: message.qos.min(granted.qos),
            retain: true,
            subscription_ids: granted.id.as_slice().into(),
            group: None,
            message,
        };
        self.desk.tally.stats.copies_routed += 1;
        self.transmit(key, parcel, cx);
    }
}

/// Bytes of a retained message: its topic is in the trie too, and in a timer if it expires.
fn retained_size(message: &Message) -> usize {
    let topics = if message.expires().is_some() { 2 } else { 1 };
    message.size() + topics * message.topic.as_str().len()
}
