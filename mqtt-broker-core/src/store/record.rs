//! Values: the version of the format, then fields of fixed size, and texts behind their length.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use bytes::{Buf as _, BufMut as _, Bytes};
use mqtt_codec::{MessageProperties, PacketId, QoS, SubscriptionId, Version};
use mqtt_session::{Handshake, LocalId, RemoteId, Timestamp};
use mqtt_topic::{RetainedCursor, TopicFilter, TopicFilterBuf, TopicName, TopicNameBuf};

use super::{RestoreError, StoreKey};
use crate::queue::{Parcel, SubscriptionIds};
use crate::router::{Granted, Subscribed};
use crate::session::{Owner, Replay, Will};
use crate::{ListenerId, Message};

/// A pair that was understood.
#[derive(Debug, PartialEq)]
pub(crate) enum Record {
    Session(SessionRecord),
    /// With the number of its group; 0 if it is not shared.
    Subscription(TopicFilterBuf, Subscribed, u64),
    Copy(CopyRecord),
    /// The number of the message for which the identifier stands; 0 if it was refused.
    Received(RemoteId, u64),
    /// Its place among those of the session.
    Released(LocalId, u64),
    Replay(ReplayRecord),
    Will(Will),
    Message(Message, MessageOrigin),
    Retained(TopicNameBuf, RetainedRecord),
    /// All messages with numbers up to this one went to all who should have them.
    Complete(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SessionRecord {
    pub(crate) expiry_interval: u32,
    /// When the connection ended, if it had.
    pub(crate) left: Option<Timestamp>,
}

/// Where a message comes from, which says whether all copies of it were stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum MessageOrigin {
    /// It does not matter.
    #[default]
    Other,
    /// A client's QoS 2 message: complete once its identifier is stored.
    ExactlyOnce,
    /// A will: complete once the will with this number is not stored any more.
    Will(u64),
}

/// A copy for one client.
#[derive(Debug, PartialEq)]
pub(crate) struct CopyRecord {
    pub(crate) message: u64,
    pub(crate) qos: Handshake,
    pub(crate) retain: bool,
    pub(crate) subscription_ids: SubscriptionIds,
    /// The number of its group; 0 if it is not shared.
    pub(crate) group: u64,
    pub(crate) state: CopyState,
    pub(crate) origin: CopyOrigin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CopyState {
    Queued,
    /// Under way, with its place among those of the session.
    Sent {
        id: LocalId,
        order: u64,
    },
}

/// Where a copy comes from, which says whether it is one at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum CopyOrigin {
    /// Its message.
    #[default]
    Message,
    /// It was another member's: it counts once the copy with this number is not stored any more.
    Copy(u64),
    /// A replay: it counts once that is past the topic, or not stored any more.
    Replay(u64),
}

/// A replay, and how far it is.
#[derive(Debug, PartialEq)]
pub(crate) struct ReplayRecord {
    pub(crate) filter: TopicFilterBuf,
    pub(crate) born: u32,
    pub(crate) last_retained: u64,
    pub(crate) place: Option<Box<str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RetainedRecord {
    /// Its place among all that were ever retained.
    pub(crate) number: u64,
    pub(crate) message: u64,
}

impl ReplayRecord {
    /// Whether it will not come to this topic any more.
    pub(crate) fn is_past(&self, topic: &TopicName) -> bool {
        self.place.as_deref().is_some_and(|place| RetainedCursor::at(&self.filter, place).is_past(topic))
    }
}

impl Record {
    /// The format that is written, and read.
    pub(crate) const FORMAT: u8 = 1;

    /// Reads a pair.
    pub(crate) fn parse(key: StoreKey<'_>, value: &[u8]) -> Result<Self, RestoreError> {
        let (&found, fields) = value.split_first().ok_or(RestoreError::Malformed)?;
        if found != Self::FORMAT {
            return Err(RestoreError::UnknownFormat { found });
        }
        let mut reader = Reader(fields);
        let record = reader.record(key).ok_or(RestoreError::Malformed)?;
        if reader.0.is_empty() { Ok(record) } else { Err(RestoreError::Malformed) }
    }
}

impl SessionRecord {
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        out.put_u32(self.expiry_interval);
        out.put_u64(self.left.map_or(CONNECTED, Timestamp::as_millis));
    }
}

/// In place of the moment when the connection ended.
const CONNECTED: u64 = u64::MAX;

pub(crate) fn write_subscription(out: &mut Vec<u8>, Subscribed { granted, born }: Subscribed, group: u64) {
    let Granted { qos, no_local, retain_as_published, id } = granted;
    out.put_u8(qos as u8);
    out.put_u8(u8::from(no_local));
    out.put_u8(u8::from(retain_as_published));
    out.put_u32(id.map_or(0, SubscriptionId::get));
    out.put_u32(born);
    out.put_u64(group);
}

/// A copy that waits or is under way, of a message with this number.
pub(crate) fn write_copy(
    out: &mut Vec<u8>,
    parcel: &Parcel,
    message: u64,
    group: u64,
    state: CopyState,
    origin: CopyOrigin,
) {
    out.put_u64(message);
    out.put_u8(parcel.qos as u8);
    out.put_u8(u8::from(parcel.retain));
    let (id, order) = match state {
        CopyState::Queued => (0, 0),
        CopyState::Sent { id, order } => (id.0.get(), order),
    };
    out.put_u16(id);
    out.put_u64(order);
    let (kind, number) = match origin {
        CopyOrigin::Message => (0, 0),
        CopyOrigin::Copy(number) => (1, number),
        CopyOrigin::Replay(number) => (2, number),
    };
    out.put_u8(kind);
    out.put_u64(number);
    out.put_u64(group);
    for id in parcel.subscription_ids.as_slice() {
        out.put_u32(id.get());
    }
}

pub(crate) fn write_replay(out: &mut Vec<u8>, replay: &Replay) {
    out.put_u32(replay.born);
    out.put_u64(replay.last_retained);
    put_text(out, replay.filter.as_str());
    put_option(out, replay.place());
}

pub(crate) fn write_message(out: &mut Vec<u8>, message: &Message, origin: MessageOrigin) {
    let (kind, number) = match origin {
        MessageOrigin::Other => (0, 0),
        MessageOrigin::ExactlyOnce => (1, 0),
        MessageOrigin::Will(number) => (2, number),
    };
    out.put_u8(kind);
    out.put_u64(number);
    put_message(out, message);
}

pub(crate) fn write_will(out: &mut Vec<u8>, will: &Will) {
    let Owner { user_name, identity, version, listener } = &will.owner;
    out.put_u32(will.delay);
    put_option(out, user_name.as_deref());
    put_option(out, identity.as_deref());
    out.put_u8(version.level());
    out.put_u32(listener.0);
    put_message(out, &will.message);
}

impl RetainedRecord {
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        out.put_u64(self.number);
        out.put_u64(self.message);
    }
}

fn put_message(out: &mut Vec<u8>, message: &Message) {
    out.put_u8(message.qos as u8);
    out.put_u8(u8::from(message.retain));
    out.put_u64(message.received.as_millis());
    out.put_u8(u8::from(message.expiry_interval.is_some()));
    out.put_u32(message.expiry_interval.unwrap_or(0));
    put_text(out, message.topic.as_str());
    put_option(out, message.publisher.as_deref());
    put_bytes(out, &message.properties);
    put_bytes(out, &message.payload);
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    // Nothing that came in a packet is longer than a packet can be.
    out.put_u32(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    out.put_slice(bytes);
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_bytes(out, text.as_bytes());
}

fn put_option(out: &mut Vec<u8>, text: Option<&str>) {
    out.put_u8(u8::from(text.is_some()));
    put_text(out, text.unwrap_or(""));
}

/// Reads fields off the front. What cannot be is `None`.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn record(&mut self, key: StoreKey<'_>) -> Option<Record> {
        Some(match key {
            StoreKey::Session(_) => Record::Session(SessionRecord {
                expiry_interval: self.u32()?,
                left: Some(self.u64()?).filter(|&left| left != CONNECTED).map(Timestamp::from_millis),
            }),
            StoreKey::Subscription { filter, .. } => Record::Subscription(
                TopicFilter::new(filter).ok()?.into(),
                self.subscription()?,
                self.number()?,
            ),
            StoreKey::Copy { .. } => Record::Copy(self.copy()?),
            StoreKey::Received { id, .. } => Record::Received(RemoteId(id), self.number()?),
            StoreKey::Released { id, .. } => Record::Released(LocalId(id), self.number()?),
            StoreKey::Replay { .. } => Record::Replay(ReplayRecord {
                born: self.u32()?,
                last_retained: self.u64()?,
                filter: TopicFilter::new(self.text()?).ok()?.into(),
                place: self.option()?.map(Into::into),
            }),
            StoreKey::Will { number, client_id } => {
                let mut will = self.will(number)?;
                will.message.publisher = Some(client_id.into());
                Record::Will(will)
            }
            StoreKey::Message(_) => {
                let (kind, number) = (self.u8()?, self.u64()?);
                let origin = match kind {
                    0 => MessageOrigin::Other,
                    1 => MessageOrigin::ExactlyOnce,
                    2 => MessageOrigin::Will(number),
                    _ => return None,
                };
                Record::Message(self.message()?, origin)
            }
            StoreKey::Retained(topic) => {
                let record = RetainedRecord { number: self.number()?, message: self.u64()? };
                Record::Retained(TopicName::new(topic).ok()?.into(), record)
            }
            StoreKey::Complete => Record::Complete(self.number()?),
        })
    }

    fn subscription(&mut self) -> Option<Subscribed> {
        let (qos, no_local, retain_as_published) = (self.qos()?, self.flag()?, self.flag()?);
        let id = match self.u32()? {
            0 => None,
            id => Some(SubscriptionId::new(id).ok()?),
        };
        Some(Subscribed { granted: Granted { qos, no_local, retain_as_published, id }, born: self.u32()? })
    }

    fn copy(&mut self) -> Option<CopyRecord> {
        let (message, qos, retain) = (self.u64()?, Handshake::of(self.qos()?)?, self.flag()?);
        let state = match (self.u16()?, self.number()?) {
            (0, _) => CopyState::Queued,
            (id, order) => CopyState::Sent { id: LocalId(PacketId::new(id).ok()?), order },
        };
        let origin = match (self.u8()?, self.u64()?) {
            (0, _) => CopyOrigin::Message,
            (1, number) => CopyOrigin::Copy(number),
            (2, number) => CopyOrigin::Replay(number),
            _ => return None,
        };
        let group = self.number()?;
        let mut subscription_ids = Vec::new();
        while !self.0.is_empty() {
            subscription_ids.push(SubscriptionId::new(self.u32()?).ok()?);
        }
        let subscription_ids = subscription_ids.as_slice().into();
        Some(CopyRecord { message, qos, retain, subscription_ids, group, state, origin })
    }

    fn will(&mut self, number: u64) -> Option<Will> {
        let delay = self.u32()?;
        let (user_name, identity) = (self.option()?.map(Into::into), self.option()?.map(Into::into));
        let level = self.u8()?;
        let version = Version::ALL.into_iter().find(|version| version.level() == level)?;
        let owner = Owner { user_name, identity, version, listener: ListenerId(self.u32()?) };
        Some(Will { message: self.message()?, delay, owner, number })
    }

    fn message(&mut self) -> Option<Message> {
        let (qos, retain, received) = (self.qos()?, self.flag()?, Timestamp::from_millis(self.u64()?));
        let (expires, interval) = (self.flag()?, self.u32()?);
        let topic = TopicName::new(self.text()?).ok()?;
        let publisher = self.option()?.map(Arc::from);
        let properties = self.bytes()?;
        if !properties.is_empty() && MessageProperties::decode(properties).is_err() {
            return None;
        }
        let payload = Bytes::copy_from_slice(self.bytes()?);
        Some(Message {
            properties: properties.to_vec(),
            expiry_interval: expires.then_some(interval),
            ..Message::new(topic, payload)
                .with_qos(qos)
                .with_retain(retain)
                .received_at(received)
                .published_by(publisher)
        })
    }

    fn u8(&mut self) -> Option<u8> {
        self.0.try_get_u8().ok()
    }

    fn u16(&mut self) -> Option<u16> {
        self.0.try_get_u16().ok()
    }

    fn u32(&mut self) -> Option<u32> {
        self.0.try_get_u32().ok()
    }

    fn u64(&mut self) -> Option<u64> {
        self.0.try_get_u64().ok()
    }

    /// One of a sequence that has to go on.
    fn number(&mut self) -> Option<u64> {
        self.u64().filter(|&number| number < super::key::NUMBERS)
    }

    fn flag(&mut self) -> Option<bool> {
        match self.u8()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn qos(&mut self) -> Option<QoS> {
        QoS::from_u8(self.u8()?)
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.u32()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(bytes)
    }

    fn text(&mut self) -> Option<&'a str> {
        str::from_utf8(self.bytes()?).ok()
    }

    fn option(&mut self) -> Option<Option<&'a str>> {
        let is_some = self.flag()?;
        let text = self.text()?;
        Some(is_some.then_some(text))
    }
}
