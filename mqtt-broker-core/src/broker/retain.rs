//! Retained messages (MQTT 5.0 §3.3.1.3).

use alloc::sync::Arc;
use core::ops::ControlFlow;

use mqtt_topic::TopicName;

use super::{Core, Cx};
use crate::queue::Parcel;
use crate::router::Granted;
use crate::session::Retained;
use crate::slab::Key;
use crate::timers::Timer;
use crate::{Message, Note};

impl Core {
    /// Stores a message with RETAIN as its topic's retained message, or removes that if the payload is empty
    /// (MQTT-3.3.1-5 to -7).
    pub(super) fn retain(&mut self, message: &Arc<Message>, cx: &mut Cx<'_>) {
        self.forget_retained(&message.topic);
        if message.payload.is_empty() || message.is_expired(self.now) {
            return;
        }
        if self.retained.len() >= self.config.retained_messages {
            return cx.out.note(&Note::NotRetained { topic: &message.topic });
        }
        if let Some(expires) = message.expires() {
            self.timers.add(expires, Timer::Retained(message.topic.clone()));
        }
        self.retained_ever += 1;
        let retained = Retained { message: Arc::clone(message), number: self.retained_ever };
        self.retained.insert(&message.topic, retained);
    }

    fn forget_retained(&mut self, topic: &TopicName) {
        if let Some(old) = self.retained.remove(topic)
            && let Some(expires) = old.message.expires()
        {
            self.timers.cancel(expires, Timer::Retained(topic.into()));
        }
    }

    pub(super) fn expire_retained(&mut self, topic: &TopicName) {
        if self.retained.get(topic).is_some_and(|retained| retained.message.is_expired(self.now)) {
            self.retained.remove(topic);
        }
    }

    /// Looks at one retained message for the first replay of a session, and sends it if it is to be sent.
    pub(super) fn replay_step(&mut self, key: Key, granted: Granted, cx: &mut Cx<'_>) {
        let Some(session) = self.sessions.get_mut(key) else { return };
        let Some(replay) = session.replays.front_mut() else { return };
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
            subscription_ids: granted.id.into_iter().collect(),
            group: None,
            message,
        };
        self.stats.copies_routed += 1;
        self.transmit(key, parcel, cx);
    }
}
