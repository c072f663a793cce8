//! Retained messages (MQTT 5.0 §3.3.1.3).

use alloc::sync::Arc;
use core::mem;
use core::ops::ControlFlow;

use mqtt_topic::TopicName;

use super::publish::is_sys;
use super::questions::About;
use super::{Core, Cx, TIMERS_PER_TICK};
use crate::message::Incoming;
use crate::queue::Parcel;
use crate::router::Granted;
use crate::session::{Answer, Held, Retained};
use crate::slab::Key;
use crate::timers::Alarm;
use crate::{Message, Note, Question, Request, Verdict};

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

    /// Looks at one retained message for the first replay of a session, and sends it if it is to be sent. False if that waits for
    /// an answer.
    pub(super) fn replay_step(&mut self, key: Key, granted: Granted, cx: &mut Cx<'_>) -> bool {
        let Some(session) = self.sessions.get_mut(key) else { return false };
        let Some(replay) = session.exchange.as_mut().and_then(|exchange| exchange.replays.front_mut()) else {
            return false;
        };
        let held = replay.held.take().or_else(|| {
            let mut found = None;
            replay.cursor().step(&self.retained, 1, |_, retained| {
                found = Some(retained);
                ControlFlow::Break(())
            });
            let message = Arc::clone(&found.filter(|retained| replay.includes(retained))?.message);
            Some(Held { message, answer: Answer::NotAsked })
        });
        let is_last = replay.cursor().is_done();
        let is_own =
            |message: &Message| granted.no_local && message.publisher.as_deref() == Some(&*session.client_id);
        let held = held.filter(|held| !held.message.is_expired(self.now) && !is_own(&held.message));
        let held = held.map(|held| self.may_replay(key, held, cx));
        let Some(session) = self.sessions.get_mut(key) else { return false };
        match held {
            Some(held) if matches!(held.answer, Answer::Open(_)) => {
                let exchange = session.exchange.as_mut();
                if let Some(replay) = exchange.and_then(|exchange| exchange.replays.front_mut()) {
                    replay.held = Some(held);
                }
                return false;
            }
            Some(Held { message, answer: Answer::Yes }) => {
                if is_last {
                    session.end_replay();
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
            Some(_) | None => {
                if is_last {
                    session.end_replay();
                }
            }
        }
        true
    }

    /// Asks whether the client may get a retained message, if that was not asked yet.
    fn may_replay(&mut self, key: Key, held: Held, cx: &mut Cx<'_>) -> Held {
        let connection = |conn| self.connections.get(conn);
        let session = self.sessions.get(key);
        let client = session.and_then(|session| {
            session.conn.and_then(connection).map(|connection| connection.client(&session.client_id))
        });
        let (Some(client), Answer::NotAsked) = (client, held.answer) else { return held };
        let request =
            Request::Replay { topic: held.message.topic(), publisher: held.message.publisher.as_deref() };
        let answer = match self.questions.put(&Question { client, request }, cx) {
            Ok(verdict) => Answer::of(verdict, &request),
            Err(ticket) => {
                self.keep_open(ticket, About::Replay(key));
                Answer::Open(ticket)
            }
        };
        Held { answer, ..held }
    }

    fn held(&mut self, key: Key) -> Option<&mut Held> {
        self.sessions.get_mut(key)?.exchange.as_mut()?.replays.front_mut()?.held.as_mut()
    }

    pub(super) fn replay_answered(&mut self, key: Key, verdict: Verdict, cx: &mut Cx<'_>) {
        if let Some(held) = self.held(key) {
            let Message { topic, publisher, .. } = &*held.message;
            let request = Request::Replay { topic, publisher: publisher.as_deref() };
            held.answer = Answer::of(verdict, &request);
        }
        self.pump(key, cx);
    }

    /// The client is away: it will be asked again when it comes back.
    pub(super) fn take_replay_back(&mut self, key: Key) {
        if let Some(held) = self.held(key)
            && let Answer::Open(ticket) = mem::replace(&mut held.answer, Answer::NotAsked)
        {
            self.withdraw(ticket);
        }
    }
}

impl Answer {
    fn of(verdict: Verdict, request: &Request<'_>) -> Self {
        if verdict.permission(request).is_ok() { Self::Yes } else { Self::No }
    }
}

/// Bytes of a retained message: its topic is in the trie too, and in a timer if it expires.
fn retained_size(message: &Message) -> usize {
    let topics = if message.expires().is_some() { 2 } else { 1 };
    message.size() + topics * message.topic.as_str().len()
}
