//! Retained messages (MQTT 5.0 §3.3.1.3).

use alloc::sync::Arc;
use core::ops::ControlFlow;

use mqtt_codec::QoS;
use mqtt_topic::TopicName;

use super::{Core, Cx};
use crate::session::{Parcel, Session};
use crate::slab::Key;
use crate::timers::Timer;
use crate::{Message, Note};

/// Retained messages that are looked at for one session before others have their turn.
const REPLAY_STEPS: usize = 64;

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
        self.retained.insert(&message.topic, Arc::clone(message));
    }

    fn forget_retained(&mut self, topic: &TopicName) {
        if let Some(old) = self.retained.remove(topic)
            && let Some(expires) = old.expires()
        {
            self.timers.cancel(expires, Timer::Retained(topic.into()));
        }
    }

    pub(super) fn expire_retained(&mut self, topic: &TopicName) {
        if self.retained.get(topic).is_some_and(|message| message.is_expired(self.now)) {
            self.retained.remove(topic);
        }
    }

    /// Sends retained messages for new subscriptions, as many as there is room for and a few at a time.
    pub(super) fn replay(&mut self, key: Key, cx: &mut Cx<'_>) {
        for _ in 0..REPLAY_STEPS {
            let replay = self.sessions.get_mut(key).and_then(Session::next_replay);
            let Some(granted) = replay.map(|replay| replay.subscription.granted) else { return };
            // Whatever is in the way calls again when it is gone. The QoS of what will be found is not known yet.
            let may_send_now = |session: &Session| {
                self.may_send_now(session, QoS::AtMostOnce) && self.may_send_now(session, granted.qos)
            };
            if !self.sessions.get(key).is_some_and(may_send_now) {
                return;
            }
            let Some(session) = self.sessions.get_mut(key) else { return };
            let Some(replay) = session.replays.front_mut() else { return };
            let mut found = None;
            replay.cursor.step(&self.retained, 1, |_, message| {
                found = Some(Arc::clone(message));
                ControlFlow::Break(())
            });
            if replay.cursor.is_done() {
                session.replays.pop_front();
            }
            let Some(message) = found else { continue };
            let is_own = granted.no_local && message.publisher.as_deref() == Some(&*session.client_id);
            if is_own || message.is_expired(self.now) {
                continue;
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
        if let Some(session) = self.sessions.get_mut(key).filter(|session| !session.replays.is_empty()) {
            self.timers.set(&mut session.replay_timer, Some(self.now), Timer::Replay(key));
        }
    }
}
