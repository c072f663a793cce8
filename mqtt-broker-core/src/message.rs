use alloc::sync::Arc;
use alloc::vec::Vec;

use bytes::Bytes;
use mqtt_codec::{DecodeError, EncodeError, MessageProperties, Publish, QoS};
use mqtt_session::Timestamp;
use mqtt_topic::{TopicName, TopicNameBuf};

use crate::encoder::MessageNumber;
use crate::messages::{Kept, Messages};
use crate::slab::Key;
use crate::store::{CopyOrigin, MessageOrigin};

/// Bytes of payload from which on it is made shareable before anybody gets it, so that many can be sent the same bytes.
pub(crate) const SHARED: usize = 4 << 10;

/// An Application Message: immutable, and shared by all who wait for it.
///
/// It holds what travels from the publisher to every subscriber, and nothing that belongs to one connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Message {
    pub(crate) topic: TopicNameBuf,
    pub(crate) payload: Bytes,
    /// The encoded property list, without Message Expiry Interval; empty if there are none.
    pub(crate) properties: Vec<u8>,
    pub(crate) qos: QoS,
    pub(crate) retain: bool,
    pub(crate) expiry_interval: Option<u32>,
    pub(crate) received: Timestamp,
    /// Client Identifier of the publisher, for No Local; none if the embedding program published it.
    pub(crate) publisher: Option<Arc<str>>,
    /// Where it is counted, if it is kept.
    pub(crate) kept: Option<Kept>,
}

impl Message {
    /// A QoS 0 message that is not retained.
    pub fn new(topic: &TopicName, payload: impl Into<Bytes>) -> Self {
        Self {
            topic: topic.into(),
            payload: payload.into(),
            properties: Vec::new(),
            qos: QoS::AtMostOnce,
            retain: false,
            expiry_interval: None,
            received: Timestamp::ZERO,
            publisher: None,
            kept: None,
        }
    }

    /// With this QoS.
    #[must_use]
    pub fn with_qos(self, qos: QoS) -> Self {
        Self { qos, ..self }
    }

    /// With RETAIN.
    #[must_use]
    pub fn with_retain(self, retain: bool) -> Self {
        Self { retain, ..self }
    }

    /// With these properties.
    ///
    /// # Errors
    /// If they cannot be encoded: a string too long, or with U+0000 in it.
    pub fn with_properties(mut self, properties: &MessageProperties<'_>) -> Result<Self, EncodeError> {
        self.properties = encoded(properties)?;
        self.expiry_interval = properties.message_expiry_interval;
        Ok(self)
    }

    pub(crate) fn with_payload(self, payload: Bytes) -> Self {
        Self { payload, ..self }
    }

    pub(crate) fn published_by(self, publisher: Option<Arc<str>>) -> Self {
        Self { publisher, ..self }
    }

    /// Message expiry counts from here.
    pub(crate) fn received_at(self, now: Timestamp) -> Self {
        Self { received: now, ..self }
    }

    /// Topic Name.
    pub fn topic(&self) -> &TopicName {
        &self.topic
    }

    /// The payload.
    pub fn payload(&self) -> &Bytes {
        &self.payload
    }

    /// The payload, if it is worth sharing with a runtime.
    pub(crate) fn shared_payload(&self) -> Option<&Bytes> {
        Some(&self.payload).filter(|payload| payload.len() >= SHARED)
    }

    /// The properties, with what is left of the Message Expiry Interval at `now` (MQTT-3.3.2-6).
    pub(crate) fn properties(&self, now: Timestamp) -> Result<MessageProperties<'_>, DecodeError> {
        let properties = if self.properties.is_empty() {
            MessageProperties::default()
        } else {
            MessageProperties::decode(&self.properties)?
        };
        let message_expiry_interval = left_of(self.expiry_interval, self.received, now);
        Ok(MessageProperties { message_expiry_interval, ..properties })
    }

    pub(crate) fn expires(&self) -> Option<Timestamp> {
        self.expiry_interval.map(|seconds| self.received.plus_seconds(seconds))
    }

    pub(crate) fn is_expired(&self, now: Timestamp) -> bool {
        self.expires().is_some_and(|expires| expires <= now)
    }

    /// Bytes that it has allocated once it is shared.
    pub(crate) fn heap(&self) -> usize {
        let publisher = self.publisher.as_ref().map_or(0, |publisher| shared_text(publisher));
        size_of::<Self>()
            + SHARING
            + self.topic.as_str().len()
            + self.properties.capacity()
            + shared_bytes(self.payload.len())
            + publisher
    }

    /// Bytes that it keeps in memory, roughly.
    pub(crate) fn size(&self) -> usize {
        let publisher = self.publisher.as_ref().map_or(0, |publisher| publisher.len());
        size_of::<Self>() + self.topic.as_str().len() + self.properties.len() + self.payload.len() + publisher
    }
}

/// A property list, without Message Expiry Interval; empty if there are none.
fn encoded(properties: &MessageProperties<'_>) -> Result<Vec<u8>, EncodeError> {
    let forwarded = MessageProperties { message_expiry_interval: None, ..*properties };
    let mut list = Vec::new();
    if forwarded != MessageProperties::default() {
        list.reserve_exact(forwarded.encoded_len()?);
        forwarded.encode(&mut list)?;
    }
    Ok(list)
}

/// Two counters, as those who share something have.
const SHARING: usize = 2 * size_of::<usize>();

/// What a text that is shared has allocated.
pub(crate) const fn shared_text(text: &str) -> usize {
    text.len() + SHARING
}

/// What a payload of this length has allocated, once somebody shares it.
const fn shared_bytes(len: usize) -> usize {
    if len == 0 { 0 } else { len + 4 * size_of::<usize>() }
}

fn left_of(expiry_interval: Option<u32>, received: Timestamp, now: Timestamp) -> Option<u32> {
    expiry_interval.map(|interval| interval.saturating_sub(now.whole_seconds_since(received)))
}

/// A message on its way through the broker. It is made into a [`Message`] when somebody has to keep it, and not before: most
/// messages of QoS 0 never are.
pub(crate) struct Incoming<'a> {
    pub(crate) topic: &'a TopicName,
    pub(crate) payload: &'a [u8],
    /// The payload, if it is shared already.
    pub(crate) shared_payload: Option<&'a Bytes>,
    /// But for the Message Expiry Interval.
    pub(crate) properties: &'a MessageProperties<'a>,
    /// What is left of the Message Expiry Interval.
    pub(crate) expiry_left: Option<u32>,
    /// The Message Expiry Interval as it was received.
    expiry_interval: Option<u32>,
    pub(crate) qos: QoS,
    pub(crate) retain: bool,
    pub(crate) received: Timestamp,
    /// The session of the publisher, if it has one.
    pub(crate) from: Option<Key>,
    /// Its Client Identifier, if somebody may ask for it.
    pub(crate) publisher: Option<Arc<str>>,
    /// Since it is on its way to all who subscribe.
    pub(crate) number: Option<MessageNumber>,
    message: Option<Arc<Message>>,
    /// Whether it was made for this, so that it is to be released in the end.
    is_made: bool,
    /// Where it comes from, and a copy that is made of it.
    pub(crate) origin: (MessageOrigin, CopyOrigin),
}

impl<'a> Incoming<'a> {
    /// One that came at `received` and goes on now.
    pub(crate) fn new(
        publish: &'a Publish<'a>,
        topic: &'a TopicName,
        (received, now): (Timestamp, Timestamp),
        from: Key,
    ) -> Self {
        let expiry_interval = publish.properties.message_expiry_interval;
        Self {
            topic,
            payload: publish.payload,
            shared_payload: None,
            properties: &publish.properties,
            expiry_left: left_of(expiry_interval, received, now),
            expiry_interval,
            qos: publish.delivery.qos(),
            retain: publish.retain,
            received,
            from: Some(from),
            publisher: None,
            number: None,
            message: None,
            is_made: false,
            origin: Default::default(),
        }
    }

    /// One that is kept already, with its properties at this time.
    pub(crate) fn stored(message: &'a Arc<Message>, properties: &'a MessageProperties<'a>) -> Self {
        Self {
            topic: &message.topic,
            payload: &message.payload,
            shared_payload: message.shared_payload(),
            properties,
            expiry_left: properties.message_expiry_interval,
            expiry_interval: message.expiry_interval,
            qos: message.qos,
            retain: message.retain,
            received: message.received,
            from: None,
            publisher: message.publisher.clone(),
            number: None,
            message: Some(Arc::clone(message)),
            is_made: false,
            origin: Default::default(),
        }
    }

    /// The [`Message::size`] of the message.
    pub(crate) fn size(&self) -> usize {
        self.message.as_ref().map_or_else(|| self.growth(), |message| message.size())
    }

    /// What it allocates if it has to be kept and is not yet.
    pub(crate) fn growth(&self) -> usize {
        if self.message.is_some() {
            return 0;
        }
        let has_any = *self.properties != MessageProperties::default();
        let properties = if has_any { self.properties.encoded_len().unwrap_or(0) } else { 0 };
        let publisher = self.publisher.as_ref().map_or(0, |publisher| shared_text(publisher));
        let text = self.topic.as_str().len();
        size_of::<Message>() + SHARING + text + properties + shared_bytes(self.payload.len()) + publisher
    }

    /// The message, to be kept.
    pub(crate) fn message(&mut self, messages: &mut Messages) -> &Arc<Message> {
        let Self { topic, payload, properties, expiry_interval, qos, retain, received, .. } = *self;
        self.is_made |= self.message.is_none();
        self.message.get_or_insert_with(|| {
            messages.keep(Message {
                topic: topic.into(),
                payload: Bytes::copy_from_slice(payload),
                properties: encoded(properties).expect("what was decoded can be encoded"),
                qos,
                retain,
                expiry_interval,
                received,
                publisher: self.publisher.clone(),
                kept: None,
            })
        })
    }

    /// It has gone to all. If the message was made for it, and nobody keeps it, it is forgotten.
    pub(crate) fn end(&mut self, messages: &mut Messages) {
        if let Some(message) = self.message.as_ref().filter(|_| self.is_made) {
            messages.release(message);
        }
        self.is_made = false;
    }

    /// The number of the message, if somebody kept it; else 0.
    pub(crate) fn kept_number(&self) -> u64 {
        self.message.as_ref().and_then(|message| message.kept).map_or(0, |kept| kept.number)
    }

    pub(crate) fn expires(&self) -> Option<Timestamp> {
        self.expiry_interval.map(|seconds| self.received.plus_seconds(seconds))
    }

    pub(crate) fn is_expired(&self, now: Timestamp) -> bool {
        self.expires().is_some_and(|expires| expires <= now)
    }

    /// Whether it waited until it expired. A message that expires at once is for those who can get it at once.
    pub(crate) fn is_late(&self, now: Timestamp) -> bool {
        self.is_expired(now) && self.received < now
    }
}
