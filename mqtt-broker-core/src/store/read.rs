//! Values as they are read.

use alloc::sync::Arc;
use alloc::vec::Vec;

use bytes::{Buf as _, Bytes};
use mqtt_codec::{MessageProperties, PacketId, QoS, SubscriptionId, Version};
use mqtt_session::{Handshake, LocalId, RemoteId, Timestamp};
use mqtt_topic::{TopicFilter, TopicName};

use super::write::CONNECTED;
use super::{
    CopyOrigin, CopyRecord, CopyState, MessageOrigin, ReceivedRecord, Record, ReleasedRecord, ReplayRecord,
    SessionRecord, StoreKey, SubscriptionRecord, WillRecord,
};
use crate::router::{Granted, Subscribed};
use crate::session::{Owner, Will};
use crate::{ListenerId, Message};

/// Reads fields off the front. What cannot be is `None`.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn new(fields: &'a [u8]) -> Self {
        Self(fields)
    }

    pub(super) const fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn record(&mut self, key: StoreKey<'_>) -> Option<Record> {
        Some(match key {
            StoreKey::Session(_) => Record::Session(SessionRecord {
                number: self.number()?,
                expiry_interval: self.u32()?,
                left: Some(self.u64()?).filter(|&left| left != CONNECTED).map(Timestamp::from_millis),
                will: self.number()?,
            }),
            StoreKey::Subscription { filter, .. } => {
                let filter = TopicFilter::new(filter).ok()?;
                let record = self.subscription()?;
                if (record.group > 0) != filter.is_shared() {
                    return None;
                }
                Record::Subscription(filter.into(), record)
            }
            StoreKey::Copy { .. } => Record::Copy(self.copy()?),
            StoreKey::Received { id, .. } => {
                let record = ReceivedRecord { session: self.number()?, message: self.number()? };
                Record::Received(RemoteId(id), record)
            }
            StoreKey::Released { id, .. } => {
                let record = ReleasedRecord { session: self.number()?, order: self.number()? };
                Record::Released(LocalId(id), record)
            }
            StoreKey::Replay { .. } => Record::Replay(ReplayRecord {
                session: self.number()?,
                born: self.u32()?,
                filter: TopicFilter::new(self.text()?).ok()?.into(),
                place: self.option()?.map(Into::into),
            }),
            StoreKey::Will { number, client_id } => {
                let is_due = self.flag()?;
                let mut will = self.will(number)?;
                will.message.publisher = Some(client_id.into());
                Record::Will(WillRecord { will, is_due })
            }
            StoreKey::Message(_) => {
                let origin = match (self.u8()?, self.number()?) {
                    (0, _) => MessageOrigin::Other,
                    (1, _) => MessageOrigin::ExactlyOnce,
                    (2, number) => MessageOrigin::Will(number),
                    _ => return None,
                };
                Record::Message(self.message()?, origin)
            }
            StoreKey::Retained(topic) => Record::Retained(TopicName::new(topic).ok()?.into(), self.number()?),
            StoreKey::Complete => Record::Complete(self.number()?),
        })
    }

    fn subscription(&mut self) -> Option<SubscriptionRecord> {
        let session = self.number()?;
        let (qos, no_local, retain_as_published) = (self.qos()?, self.flag()?, self.flag()?);
        let id = match self.u32()? {
            0 => None,
            id => Some(SubscriptionId::new(id).ok()?),
        };
        let granted = Granted { qos, no_local, retain_as_published, id };
        let subscribed = Subscribed { granted, born: self.u32()? };
        Some(SubscriptionRecord { session, subscribed, group: self.number()? })
    }

    fn copy(&mut self) -> Option<CopyRecord> {
        let (session, message) = (self.number()?, self.number()?);
        let (qos, retain) = (Handshake::of(self.qos()?)?, self.flag()?);
        let state = match (self.u16()?, self.number()?) {
            (0, _) => CopyState::Queued,
            (id, order) => CopyState::Sent { id: LocalId(PacketId::new(id).ok()?), order },
        };
        let origin = match (self.u8()?, self.number()?) {
            (0, _) => CopyOrigin::Message,
            (1, number) => CopyOrigin::Copy(number),
            (2, number) => CopyOrigin::Replay(number),
            _ => return None,
        };
        let group = self.number()?;
        let mut subscription_ids = Vec::new();
        for _ in 0..self.u32()? {
            subscription_ids.push(SubscriptionId::new(self.u32()?).ok()?);
        }
        let subscription_ids = subscription_ids.as_slice().into();
        Some(CopyRecord { session, message, qos, retain, subscription_ids, group, state, origin })
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

    /// One of a sequence that goes on.
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
