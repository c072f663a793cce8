//! What is allocated, and whether there is room for more (see [`Budget`](crate::Budget)).
//!
//! Tables say themselves what they have allocated. What belongs to one session or connection is counted when it changes, by
//! comparing it with what was counted before.

use alloc::sync::Arc;

use mqtt_topic::TopicNameBuf;
use mqtt_topic::memory::of_map;

use super::deliver::Terms;
use super::{Core, Cx};
use crate::connection::saturated;
use crate::message::Incoming;
use crate::queue::Parcel;
use crate::session::{Exchange, Session};
use crate::slab::Key;
use crate::{DropReason, Message, Relief};

/// Bytes of buffers that are used again, which do not grow beyond it between events.
const WORKSPACE: usize = 192 << 10;

/// Bytes for what is small and not asked for one by one: entries of maps, how far a replay is. Besides, one of 64 bytes of the
/// budget is for that.
const HEADROOM: usize = 32 << 10;

/// Bytes of an entry of the maps that lead to something, roughly.
pub(super) const ENTRY: usize = 256;

/// Bytes of an open question, roughly.
pub(super) const QUESTION: usize = 1024;

/// Messages that are dropped to make room for one thing, at most.
const DROPPED_AT_ONCE: usize = 64;

/// What room is wanted for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    Retained,
    /// A client that comes. It may have half of the headroom, so that it need not push out what waits for it.
    Client,
    /// A copy for this session.
    Copy(Key),
    Other,
}

/// How much room there was, and how much has been asked for since.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spare {
    found: usize,
    asked: usize,
}

impl Core {
    /// Bytes that are allocated, at most.
    pub(super) fn charged(&self) -> usize {
        let tables = self.connections.heap()
            + self.by_name.heap()
            + self.sessions.heap()
            + self.by_client.heap()
            + self.router.heap()
            + self.messages.heap()
            + self.timers.heap(self.connections.len() + self.sessions.len())
            + self.questions.heap()
            + self.damper.heap()
            + of_map::<(u8, Key), ()>(self.by_queue.len());
        let retained = of_map::<TopicNameBuf, Arc<Message>>(self.retained.len()) + *self.retained_text;
        WORKSPACE + tables + retained + *self.heap
    }

    /// Counts what a session has for messages as it is now.
    pub(super) fn recharge(&mut self, key: Key) {
        let exchange = self.sessions.get_mut(key).and_then(|session| session.exchange.as_mut());
        if let Some(exchange) = exchange {
            let now = exchange.heap();
            *self.heap = *self.heap + now - *exchange.charged;
            // Whether or not it was asked for.
            self.spare.asked = self.spare.asked.saturating_add(now.saturating_sub(*exchange.charged));
            *exchange.charged = now;
            let class = size_class(exchange.queue.bytes());
            let before = core::mem::replace(&mut *exchange.queue_class, class);
            if before != class {
                self.by_queue.remove(&(before, key));
                if class > 0 {
                    self.by_queue.insert((class, key));
                }
            }
        }
    }

    /// What a session had for messages is gone.
    pub(super) fn uncharge(&mut self, key: Key, exchange: &Exchange) {
        *self.heap -= *exchange.charged;
        self.by_queue.remove(&(*exchange.queue_class, key));
    }

    /// Gives back what a session has for messages, if there are none.
    pub(super) fn rest(&mut self, key: Key) {
        if let Some(exchange) = self.sessions.get_mut(key).and_then(Session::rest) {
            self.uncharge(key, &exchange);
        }
    }

    /// Counts what a connection has as it is now.
    pub(super) fn recharge_connection(&mut self, conn: Key) {
        let connection = self.connections.get_mut(conn);
        if let Some(connection) = connection.filter(|connection| !connection.lends_aliases) {
            let (before, now) = (*connection.charged, saturated(connection.heap()));
            *self.heap = *self.heap + now as usize - before as usize;
            self.spare.asked = self.spare.asked.saturating_add(now.saturating_sub(before) as usize);
            *connection.charged = now;
        }
    }

    /// Makes room for so many bytes, as the settings say. False if there is none.
    pub(super) fn make_room(&mut self, bytes: usize, want: Want, cx: &mut Cx<'_>) -> bool {
        let headroom = HEADROOM + self.config.budget.bytes / 64;
        let headroom = if want == Want::Client { headroom / 2 } else { headroom };
        let bytes = bytes.saturating_add(headroom);
        // Far from the limit it is not counted each time.
        let Spare { found, asked } = &mut *self.spare;
        *asked = asked.saturating_add(bytes - headroom);
        if *asked + headroom < *found / 2 {
            return true;
        }
        let (charged, budget) = (self.charged(), self.config.budget.bytes);
        *self.spare = Spare { found: budget.saturating_sub(charged), asked: bytes - headroom };
        let wanted = charged.saturating_add(bytes);
        if wanted <= budget {
            return true;
        }
        if wanted - budget > self.freeable() {
            // Whatever is dropped, it will not fit.
            return false;
        }
        for relief in self.config.budget.relief {
            match (relief, want) {
                (Relief::RefuseRetained, Want::Retained) | (Relief::RefuseClients, Want::Client) => {
                    return false;
                }
                (Relief::RefuseRetained | Relief::RefuseClients, _) => {}
                // It is the newest itself.
                (Relief::DropNewest, Want::Copy(key)) if self.has_largest_queue(key) => return false,
                (Relief::DropOldest, _) => self.drop_until(bytes, false, cx),
                (Relief::DropNewest, _) => self.drop_until(bytes, true, cx),
            }
            if self.fits(bytes) {
                return true;
            }
        }
        false
    }

    /// What is freed, about, if all copies that wait are dropped.
    fn freeable(&self) -> usize {
        let stats = &self.desk.tally.stats;
        let copies = stats.at_most_once.queued + stats.at_least_once.queued + stats.exactly_once.queued;
        let places = usize::try_from(copies).unwrap_or(usize::MAX).saturating_mul(size_of::<Parcel>());
        self.messages.freeable().saturating_add(places)
    }

    /// A message that is kept while it is on its way, for which no room was made.
    pub(super) fn keep(&mut self, message: Message) -> Arc<Message> {
        self.spare.asked = self.spare.asked.saturating_add(message.heap());
        self.messages.keep(message)
    }

    fn has_largest_queue(&self, key: Key) -> bool {
        let exchange = self.existing_exchange(key);
        let class = exchange.map_or(0, |exchange| *exchange.queue_class);
        self.by_queue.last().is_none_or(|&(largest, _)| class >= largest)
    }

    /// Whether there is room to the last byte, for what is small or makes room by itself soon.
    pub(super) fn fits(&self, bytes: usize) -> bool {
        self.charged().saturating_add(bytes) <= self.config.budget.bytes
    }

    /// By how much the window of a session grows by another message.
    pub(super) fn window_growth(&self, key: Key) -> usize {
        let exchange = self.existing_exchange(key);
        exchange.map_or(0, |exchange| exchange.send.growth())
    }

    /// Makes room for a copy of a message that waits or is under way.
    pub(super) fn make_room_for_copy(
        &mut self,
        key: Key,
        incoming: &Incoming<'_>,
        terms: &Terms<'_>,
        cx: &mut Cx<'_>,
    ) -> bool {
        let exchange = self.existing_exchange(key);
        let places = exchange.map_or(size_of::<Exchange>() + 8 * size_of::<Parcel>(), |exchange| {
            exchange.queue.growth(terms.qos) + exchange.send.growth()
        });
        let ids = size_of_val::<[_]>(terms.subscription_ids);
        let message = self.messages.growth(incoming.growth());
        self.make_room(ENTRY + places + ids + message, Want::Copy(key), cx)
    }

    /// Drops messages of the largest queues until there is room, but not too many.
    fn drop_until(&mut self, bytes: usize, newest: bool, cx: &mut Cx<'_>) {
        for _ in 0..DROPPED_AT_ONCE {
            if self.fits(bytes) {
                return;
            }
            let Some(&(_, key)) = self.by_queue.last() else { return };
            let exchange = self.existing_exchange_mut(key);
            let Some(parcel) = exchange.and_then(|exchange| exchange.queue.take_one(newest)) else {
                return;
            };
            self.waits_no_more(&parcel);
            self.drop_copy(key, &parcel.message.topic, parcel.qos, DropReason::NoMemory, cx);
            self.drop_parcel(key, &parcel, cx);
        }
    }
}

/// Of those in one class none is twice as large as another; 0 is empty.
pub(super) fn size_class(bytes: usize) -> u8 {
    u8::try_from(usize::BITS - bytes.leading_zeros()).unwrap_or(u8::MAX)
}
