//! Retained messages (MQTT 5.0 §3.3.1.3).

use alloc::sync::Arc;
use core::mem;
use core::ops::ControlFlow;

use mqtt_codec::QoS;
use mqtt_topic::TopicName;

use super::budget::{ENTRY, QUESTION, Want, size_class};
use super::deliver::Terms;
use super::publish::is_sys;
use super::questions::About;
use super::{Core, Cx, TIMERS_PER_TICK};
use crate::message::Incoming;
use crate::router::Granted;
use crate::session::{Answer, Exchange, Held};
use crate::slab::Key;
use crate::store::{CopyOrigin, MessageOrigin};
use crate::timers::Alarm;
use crate::{DropReason, Message, Note, Question, Request, Ticket, Verdict};

/// How many topics there are, by the logarithm of their bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct Lengths([u32; 17]);

impl Lengths {
    fn count(&mut self, topic: &TopicName) -> Option<&mut u32> {
        self.0.get_mut(usize::from(size_class(topic.as_str().len())))
    }

    fn add(&mut self, topic: &TopicName) {
        self.count(topic).into_iter().for_each(|count| *count += 1);
    }

    fn remove(&mut self, topic: &TopicName) {
        self.count(topic).into_iter().for_each(|count| *count -= 1);
    }

    /// Bytes of the longest topic, or up to twice as many.
    pub(super) fn longest(&self) -> usize {
        let class = self.0.iter().rposition(|&count| count > 0).unwrap_or(0);
        (1 << class) - 1
    }
}

impl Core {
    /// Stores a message with RETAIN as its topic's retained message, or removes that if the payload is empty
    /// (MQTT-3.3.1-5 to -7).
    pub(super) fn retain(&mut self, incoming: &mut Incoming<'_>, cx: &mut Cx<'_>) {
        let old = self.take_retained(incoming.topic);
        let is_kept =
            !incoming.payload.is_empty() && !incoming.is_expired(self.now) && self.set_retained(incoming, cx);
        if let Some(old) = old {
            self.let_retained_go(incoming.topic, &old, is_kept, cx);
        }
    }

    /// A message is not retained any more, and perhaps another of its topic is.
    fn let_retained_go(&mut self, topic: &TopicName, old: &Message, is_replaced: bool, cx: &mut Cx<'_>) {
        let is_own = is_sys(topic);
        if !is_replaced && !is_own {
            self.forget_retained(topic, cx);
        }
        self.drop_retained(old, !is_own, cx);
    }

    /// Whether there was room for it.
    fn set_retained(&mut self, incoming: &mut Incoming<'_>, cx: &mut Cx<'_>) -> bool {
        let text = 2 * incoming.topic.as_str().len();
        let bytes = ENTRY + text + self.messages.growth(incoming.growth());
        if !is_sys(incoming.topic) && !self.make_room(bytes, Want::Retained, cx) {
            cx.out.note(&Note::NotRetained { topic: incoming.topic });
            return false;
        }
        let message = Arc::clone(incoming.message(&mut self.messages));
        if !self.has_room_to_retain(&message) {
            // What has expired and waits for its tick takes no room, as far as one tick would look.
            self.expire_retained(TIMERS_PER_TICK, cx);
            if !self.has_room_to_retain(&message) {
                cx.out.note(&Note::NotRetained { topic: incoming.topic });
                return false;
            }
        }
        self.messages.hold(&message);
        if !is_sys(incoming.topic) {
            self.save_retained(&message, incoming.origin.0, cx);
        }
        self.insert_retained(incoming.topic, message);
        true
    }

    pub(super) fn insert_retained(&mut self, topic: &TopicName, message: Arc<Message>) {
        if let Some(expires) = message.expires() {
            self.timers.retained_expires(expires, topic);
        }
        if !is_sys(topic) {
            self.retained_count += 1;
            self.retained_bytes += retained_size(&message);
        }
        *self.retained_text += topic.as_str().len();
        self.retained_lengths.add(topic);
        self.retained.insert(topic, message);
    }

    /// The broker's own are few and do not count.
    fn has_room_to_retain(&self, message: &Message) -> bool {
        is_sys(&message.topic)
            || self.retained_count < self.config.retained_messages
                && self.retained_bytes.saturating_add(retained_size(message)) <= self.config.retained_bytes
    }

    fn take_retained(&mut self, topic: &TopicName) -> Option<Arc<Message>> {
        let message = self.retained.remove(topic)?;
        *self.retained_text -= topic.as_str().len();
        self.retained_lengths.remove(topic);
        if let Some(expires) = message.expires() {
            self.timers.retained_goes(expires, topic);
        }
        if !is_sys(topic) {
            self.retained_count -= 1;
            self.retained_bytes -= retained_size(&message);
        }
        Some(message)
    }

    /// Removes retained messages that have expired, so many at most.
    pub(super) fn expire_retained(&mut self, limit: usize, cx: &mut Cx<'_>) {
        for _ in 0..limit {
            let Some(topic) = self.timers.next_retained(self.now) else { return };
            if let Some(old) = self.take_retained(&topic) {
                self.let_retained_go(&topic, &old, false, cx);
            }
        }
    }

    /// By how much the room for the place of a replay grows, if its session has one: its cursor comes to all topics.
    pub(super) fn replay_room_growth(&self, key: Key) -> usize {
        let room = self.existing_exchange(key).map_or(0, |exchange| *exchange.replay_room);
        (2 * self.retained_lengths.longest()).saturating_sub(room)
    }

    pub(super) fn keep_replay_room(&mut self, key: Key) {
        let growth = self.replay_room_growth(key);
        if let Some(exchange) = self.existing_exchange_mut(key).filter(|_| growth > 0) {
            *exchange.replay_room += growth;
            self.recharge(key);
        }
    }

    pub(super) fn replay_timer(&mut self, place: u32, cx: &mut Cx<'_>) {
        let Some(key) = self.sessions.key_at(place) else { return };
        if let Some(exchange) = self.existing_exchange_mut(key) {
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
        if replay.held.as_ref().is_some_and(|held| matches!(held.answer, Answer::Open(_))) {
            return false;
        }
        let (number, held) = (replay.number, replay.held.take());
        replay.is_ahead = true;
        let found = if let Some(held) = &held {
            self.retained.get(&held.topic)
        } else {
            let mut found = None;
            replay.cursor().step(&self.retained, 1, |_, retained| {
                found = Some(retained);
                ControlFlow::Break(())
            });
            found
        };
        let found = found.filter(|message| replay.includes(message)).map(Arc::clone);
        let is_last = replay.has_ended();
        let is_own =
            |message: &Message| granted.no_local && message.publisher.as_deref() == Some(&*session.client_id);
        if let Some(message) = found.filter(|message| !message.is_expired(self.now) && !is_own(message)) {
            let asked = held.map_or(Answer::NotAsked, |held| held.answer);
            let answer = if asked == Answer::NotAsked { self.may_replay(key, &message, cx) } else { asked };
            match answer {
                Answer::Open(_) | Answer::NotAsked => {
                    self.hold_replay(key, Held { topic: message.topic().into(), answer });
                    return false;
                }
                Answer::Yes => {
                    let terms = Terms {
                        qos: message.qos.min(granted.qos),
                        retain: true,
                        subscription_ids: granted.id.as_slice(),
                        group: None,
                    };
                    self.desk.tally.stats.copies_mut(terms.qos).routed += 1;
                    let bytes = ENTRY + self.window_growth(key) + size_of::<Exchange>();
                    if terms.qos > QoS::AtMostOnce && !self.make_room(bytes, Want::Copy(key), cx) {
                        self.drop_copy(key, message.topic(), terms.qos, DropReason::NoMemory, cx);
                    } else {
                        let parcel = self.parcel(message, &terms);
                        self.transmit(key, parcel, (MessageOrigin::Other, CopyOrigin::Replay(number)), cx);
                    }
                }
                Answer::NoRoom => {
                    let qos = message.qos.min(granted.qos);
                    self.desk.tally.stats.copies_mut(qos).routed += 1;
                    self.drop_copy(key, message.topic(), qos, DropReason::NoMemory, cx);
                }
                Answer::No => {}
            }
        }
        if is_last {
            self.end_replay(key, cx);
        }
        true
    }

    /// Asks whether the client may get a retained message.
    fn may_replay(&mut self, key: Key, message: &Message, cx: &mut Cx<'_>) -> Answer {
        let Some(session) = self.sessions.get(key) else { return Answer::No };
        let Some(connection) = session.conn.and_then(|conn| self.connections.get(conn)) else {
            return Answer::NotAsked;
        };
        let request = Request::Replay { topic: message.topic(), publisher: message.publisher.as_deref() };
        let question = Question { client: connection.client(&session.client_id), request };
        match self.questions.put(&question, cx) {
            Ok(verdict) => Answer::of(verdict),
            Err(_) if !self.make_room(QUESTION, Want::Other, cx) => Answer::NoRoom,
            Err(ticket) => {
                self.keep_open(ticket, About::Replay(key));
                Answer::Open(ticket)
            }
        }
    }

    fn hold_replay(&mut self, key: Key, held: Held) {
        if let Some(replay) =
            self.existing_exchange_mut(key).and_then(|exchange| exchange.replays.front_mut())
        {
            replay.held = Some(held);
        }
    }

    fn held(&mut self, key: Key) -> Option<&mut Held> {
        self.existing_exchange_mut(key)?.replays.front_mut()?.held.as_mut()
    }

    pub(super) fn replay_answered(&mut self, key: Key, ticket: Ticket, verdict: Verdict, cx: &mut Cx<'_>) {
        if let Some(held) = self.held(key).filter(|held| held.answer == Answer::Open(ticket)) {
            held.answer = Answer::of(verdict);
        }
        self.pump(key, cx);
    }

    /// The replay ends where it is.
    pub(super) fn replay_not_answered(&mut self, key: Key, cx: &mut Cx<'_>) {
        self.end_replay(key, cx);
        self.pump(key, cx);
    }

    /// The client is away, or its rights have changed: it will be asked again.
    pub(super) fn take_replay_back(&mut self, key: Key) {
        if let Some(held) = self.held(key)
            && let Answer::Open(ticket) = mem::replace(&mut held.answer, Answer::NotAsked)
        {
            self.withdraw(ticket);
        }
    }
}

impl Answer {
    /// A verdict of yes or no.
    fn of(verdict: Verdict) -> Self {
        if verdict == Verdict::Allow { Self::Yes } else { Self::No }
    }
}

/// Bytes of a retained message: its topic is in the trie too, and in a timer if it expires.
fn retained_size(message: &Message) -> usize {
    let topics = if message.expires().is_some() { 2 } else { 1 };
    message.size() + topics * message.topic.as_str().len()
}
