use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;

use mqtt_codec::Version;
use mqtt_session::{LocalId, ReceiveWindow, SendWindow, Timestamp};
use mqtt_topic::memory::{list_growth, of_map};
use mqtt_topic::{RetainedCursor, TopicFilter, TopicFilterBuf, TopicNameBuf};

use crate::apart::Apart;
use crate::connection::saturated;
use crate::message::shared_text;
use crate::queue::{Parcel, Queue};
use crate::slab::{Generation, Key, item};
use crate::store::{SessionRecord, StoreKey};
use crate::timers::Alarm;
use crate::{Client, ListenerId, Message, Ticket};

/// What outlives a connection, as long as the Session Expiry Interval says (MQTT 5.0 §4.1). Its subscriptions are in the router.
///
/// What a session without messages does not need is apart, so that an idle one is small.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Session {
    generation: Generation,
    pub(crate) client_id: Arc<str>,
    pub(crate) conn: Option<Key>,
    /// Session Expiry Interval in force, in seconds.
    pub(crate) expiry_interval: u32,
    /// When the connection ended.
    pub(crate) left: Timestamp,
    pub(crate) will: Option<Box<Will>>,
    pub(crate) alarm: Alarm,
    pub(crate) subscriptions: u32,
    /// Bytes of their filters, and of those of replays.
    pub(crate) filter_bytes: u32,
    /// Counts subscriptions that were made anew.
    pub(crate) subscribed: u32,
    /// The last Packet Identifier, while there is no `exchange`.
    last_id: u16,
    /// Whether it is in the store.
    pub(crate) is_stored: bool,
    /// Tells it there from earlier ones of its client.
    pub(crate) number: Apart<u64>,
    pub(crate) exchange: Option<Box<Exchange>>,
}

item!(Session);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Will {
    pub(crate) message: Message,
    /// Will Delay Interval in seconds.
    pub(crate) delay: u32,
    pub(crate) owner: Owner,
    /// Tells it from all others.
    pub(crate) number: u64,
}

/// Who left a will, as far as a policy can ask. The Client Identifier is in the message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Owner {
    pub(crate) user_name: Option<Arc<str>>,
    pub(crate) identity: Option<Arc<str>>,
    pub(crate) version: Version,
    pub(crate) listener: ListenerId,
}

impl Will {
    /// Bytes that it has allocated.
    pub(crate) fn heap(&self) -> usize {
        let Owner { user_name, identity, .. } = &self.owner;
        let text = |text: &Option<Arc<str>>| text.as_deref().map_or(0, shared_text);
        // It may have to wait for an answer.
        let question = of_map::<Ticket, [u64; 6]>(1) / 2;
        size_of::<Self>() + self.message.heap() + text(user_name) + text(identity) + question
    }

    /// Where the store has it.
    pub(crate) fn key(&self) -> StoreKey<'_> {
        StoreKey::Will { number: self.number, client_id: self.client().client_id }
    }

    /// Whose it is, as a policy sees it.
    pub(crate) fn client(&self) -> Client<'_> {
        let Owner { user_name, identity, version, listener } = &self.owner;
        Client {
            client_id: self.message.publisher.as_deref().unwrap_or(""),
            user_name: user_name.as_deref(),
            identity: identity.as_deref(),
            version: *version,
            listener: *listener,
        }
    }
}

/// Messages of a session that are under way or wait.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Exchange {
    pub(crate) send: SendWindow<Parcel>,
    /// Bytes of the messages in `send`.
    pub(crate) in_flight_bytes: usize,
    pub(crate) receive: ReceiveWindow,
    pub(crate) queue: Queue,
    pub(crate) replays: VecDeque<Replay>,
    pub(crate) replay_alarm: Alarm,
    /// While it is asked whether the client may keep its subscriptions. Nothing goes to it until then.
    pub(crate) review: Option<Box<Review>>,
    /// What replays have allocated, but for the place of the first.
    replays_heap: Apart<usize>,
    /// What is kept free for that.
    pub(crate) replay_room: Apart<usize>,
    /// What was counted of it, and the size class of the queue.
    pub(crate) charged: Apart<usize>,
    pub(crate) queue_class: Apart<u8>,
}

/// Subscriptions that are asked about again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Review {
    /// The questions that were not answered at once.
    pub(crate) tickets: Vec<Ticket>,
    /// How many of them are not answered yet.
    pub(crate) open: usize,
    /// What the client may not keep, and which subscriptions these are.
    lost: Vec<(TopicFilterBuf, u32)>,
    /// Bytes of these filters.
    text: usize,
}

/// Retained messages on their way, because of one SUBSCRIBE. It ends with its subscription, which is looked up when its turn
/// comes: so UNSUBSCRIBE need not search.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Replay {
    pub(crate) filter: TopicFilterBuf,
    /// Which subscription it is for.
    pub(crate) born: u32,
    /// Messages with lower numbers were there before. What was retained later came as a message of its own already.
    pub(crate) number: u64,
    /// Where it is, once it has begun.
    cursor: Option<RetainedCursor>,
    /// What it has come to, while it is asked whether the client may get it.
    pub(crate) held: Option<Held>,
    /// Whether it is in the store, and whether the store does not know how far it is.
    pub(crate) is_stored: bool,
    pub(crate) is_ahead: bool,
}

/// A topic whose retained message waits for an answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Held {
    pub(crate) topic: TopicNameBuf,
    pub(crate) answer: Answer,
}

/// Whether a client may get what it waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Answer {
    /// Nobody was asked yet.
    NotAsked,
    /// It is being asked.
    Open(Ticket),
    Yes,
    No,
    /// It could not be asked.
    NoRoom,
}

impl Review {
    /// By how much it grows if another subscription is lost.
    pub(crate) fn growth(&self, filter: &TopicFilter) -> usize {
        list_growth::<(TopicFilterBuf, u32)>(self.lost.len(), self.lost.capacity(), 1) + filter.as_str().len()
    }

    pub(crate) fn lose(&mut self, filter: TopicFilterBuf, born: u32) {
        self.text += filter.as_str().len();
        self.lost.push((filter, born));
    }

    /// It is not lost after all.
    pub(crate) fn spare(&mut self, filter: &TopicFilter) {
        self.lost.retain(|(lost, _)| **lost != *filter);
        self.text = self.lost.iter().map(|(filter, _)| filter.as_str().len()).sum();
    }

    pub(crate) fn take_lost(&mut self) -> Vec<(TopicFilterBuf, u32)> {
        self.text = 0;
        mem::take(&mut self.lost)
    }

    /// Bytes that it has allocated, and its own.
    pub(crate) fn heap(&self) -> usize {
        size_of::<Self>()
            + self.tickets.capacity() * size_of::<Ticket>()
            + self.lost.capacity() * size_of::<(TopicFilterBuf, u32)>()
            + self.text
    }
}

impl Replay {
    /// Bytes that it has allocated, but for its place: its cursor has the filter too.
    fn heap(&self) -> usize {
        2 * self.filter.as_str().len()
    }

    /// Bytes of the place where it is, and of the topic that waits for an answer.
    fn places(&self) -> usize {
        let place = self.cursor.as_ref().and_then(RetainedCursor::place).map_or(0, str::len);
        place + self.held.as_ref().map_or(0, |held| held.topic.as_str().len())
    }

    /// Messages that are retained now, for the subscription that was `born`.
    pub(crate) fn new(filter: &TopicFilter, born: u32, number: u64) -> Self {
        Self {
            filter: filter.into(),
            born,
            number,
            cursor: None,
            held: None,
            is_stored: false,
            is_ahead: false,
        }
    }

    /// The same, from a place on.
    pub(crate) fn at(self, place: Option<&str>) -> Self {
        Self { cursor: place.map(|place| RetainedCursor::at(&self.filter, place)), ..self }
    }

    /// Where it has to go on after a restart, once it has begun. What waits for an answer is to be asked about again.
    pub(crate) fn next_place(&self) -> Option<&str> {
        match &self.held {
            Some(held) => Some(held.topic.as_str()),
            None => self.cursor.as_ref()?.place(),
        }
    }

    /// Whether nothing can follow, nor waits for an answer.
    pub(crate) fn has_ended(&self) -> bool {
        self.held.is_none() && self.cursor.as_ref().is_some_and(RetainedCursor::is_done)
    }

    /// Whether a retained message was there at the SUBSCRIBE.
    pub(crate) fn includes(&self, retained: &Message) -> bool {
        retained.kept.is_some_and(|kept| kept.number < self.number)
    }

    pub(crate) fn cursor(&mut self) -> &mut RetainedCursor {
        self.cursor.get_or_insert_with(|| RetainedCursor::new(&self.filter))
    }
}

impl Session {
    pub(crate) const fn new(client_id: Arc<str>, number: u64) -> Self {
        Self {
            generation: Generation::FIRST,
            client_id,
            conn: None,
            expiry_interval: 0,
            left: Timestamp::ZERO,
            will: None,
            alarm: Alarm::OFF,
            subscriptions: 0,
            filter_bytes: 0,
            subscribed: 0,
            last_id: 0,
            is_stored: false,
            number: Apart(number),
            exchange: None,
        }
    }

    /// Whose it is and its number there.
    pub(crate) fn in_store(&self) -> (&str, u64) {
        (&self.client_id, *self.number)
    }

    /// What the store has of it.
    pub(crate) fn record(&self) -> SessionRecord {
        SessionRecord {
            number: *self.number,
            expiry_interval: self.expiry_interval,
            left: self.conn.is_none().then_some(self.left),
            will: self.will.as_ref().map_or(0, |will| will.number),
        }
    }

    /// When it ends, if its client is away and does not come back.
    pub(crate) fn expires(&self) -> Option<Timestamp> {
        (self.conn.is_none() && self.expiry_interval != u32::MAX)
            .then(|| self.left.plus_seconds(self.expiry_interval))
    }

    /// When the will is due, if its client is away and has left one (MQTT-3.1.2-8).
    pub(crate) fn will_due(&self) -> Option<Timestamp> {
        let will = self.will.as_ref().filter(|_| self.conn.is_none())?;
        let due = self.left.plus_seconds(will.delay);
        Some(self.expires().map_or(due, |expires| due.min(expires)))
    }

    /// The messages under way. `send_maximum` is how many there may be at once; the quotas are those of the connection,
    /// if there is one.
    pub(crate) fn exchange(&mut self, send_maximum: u16, quotas: Option<Quotas>) -> &mut Exchange {
        self.exchange.get_or_insert_with(|| {
            let mut exchange = Exchange {
                send: SendWindow::after(self.last_id, send_maximum),
                in_flight_bytes: 0,
                receive: ReceiveWindow::new(),
                queue: Queue::default(),
                replays: VecDeque::new(),
                replay_alarm: Alarm::OFF,
                review: None,
                replays_heap: Apart(0),
                replay_room: Apart(0),
                charged: Apart(0),
                queue_class: Apart(0),
            };
            if let Some(quotas) = quotas {
                exchange.connected(quotas);
            }
            Box::new(exchange)
        })
    }

    /// Gives back what it has for messages, if there are none.
    pub(crate) fn rest(&mut self) -> Option<Box<Exchange>> {
        let exchange = self.exchange.take_if(|exchange| exchange.is_idle())?;
        self.last_id = exchange.send.last_id();
        Some(exchange)
    }

    /// Retained messages are to be sent because of a SUBSCRIBE.
    pub(crate) fn replay(&mut self, replay: Replay) {
        let Some(exchange) = &mut self.exchange else { return };
        self.filter_bytes = self.filter_bytes.saturating_add(length(&replay.filter));
        *exchange.replays_heap += replay.heap();
        exchange.replays.push_back(replay);
    }

    /// The first replay has come to its end.
    pub(crate) fn end_replay(&mut self) -> Option<Replay> {
        let exchange = self.exchange.as_mut()?;
        let ended = exchange.replays.pop_front()?;
        *exchange.replays_heap -= ended.heap();
        if exchange.replays.is_empty() {
            *exchange.replay_room = 0;
        }
        self.filter_bytes = self.filter_bytes.saturating_sub(length(&ended.filter));
        Some(ended)
    }
}

/// Bytes of a filter, which are 65,535 at most.
pub(crate) fn length(filter: &TopicFilter) -> u32 {
    saturated(filter.as_str().len())
}

/// How many messages may be open on a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quotas {
    /// By us.
    pub(crate) send: u16,
    /// By the client.
    pub(crate) receive: u16,
}

impl Exchange {
    pub(crate) fn connected(&mut self, quotas: Quotas) {
        self.send.connected(quotas.send);
        self.receive.connected(quotas.receive);
    }

    fn is_idle(&self) -> bool {
        self.send.is_empty()
            && self.receive.unreleased().len() == 0
            && self.queue.is_empty()
            && self.replays.is_empty()
            && self.replay_alarm == Alarm::OFF
            && self.review.is_none()
    }

    /// Whether something waits that may go to the client when there is room.
    pub(crate) fn has_something_to_send(&self) -> bool {
        let waits = self.send.is_resending() || !self.queue.is_empty() || !self.replays.is_empty();
        waits && self.review.is_none()
    }

    /// Bytes that it has allocated, without messages.
    pub(crate) fn heap(&self) -> usize {
        // Only the first has a place.
        let place = self.replays.front().map_or(0, |first| first.places().max(*self.replay_room));
        let replays = self.replays.capacity() * size_of::<Replay>() + *self.replays_heap + place;
        let review = self.review.as_ref().map_or(0, |review| review.heap());
        size_of::<Self>() + self.send.heap() + self.receive.heap() + self.queue.heap() + replays + review
    }

    /// A message that was under way is not any more.
    pub(crate) fn landed(&mut self, parcel: &Parcel) {
        self.in_flight_bytes = self.in_flight_bytes.saturating_sub(parcel.size());
    }

    /// Gives up a message under way, which cannot be sent to this client.
    pub(crate) fn abandon(&mut self, id: LocalId) -> Option<Parcel> {
        let parcel = self.send.abandon(id)?;
        self.landed(&parcel);
        Some(parcel)
    }
}
