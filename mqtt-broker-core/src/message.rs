use alloc::sync::Arc;
use alloc::vec::Vec;

use bytes::Bytes;
use mqtt_codec::{DecodeError, EncodeError, MessageProperties, QoS};
use mqtt_session::Timestamp;
use mqtt_topic::{TopicName, TopicNameBuf};

/// An Application Message: immutable, and shared by all who wait for it.
///
/// It holds what travels from the publisher to every subscriber, and nothing that belongs to one connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Message {
    pub(crate) topic: TopicNameBuf,
    pub(crate) payload: Bytes,
    /// The encoded property list, without Message Expiry Interval; empty if there are none.
    properties: Vec<u8>,
    pub(crate) qos: QoS,
    pub(crate) retain: bool,
    expiry_interval: Option<u32>,
    received: Timestamp,
    /// Client Identifier of the publisher, for No Local; none if the embedding program published it.
    pub(crate) publisher: Option<Arc<str>>,
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
        let forwarded = MessageProperties { message_expiry_interval: None, ..*properties };
        self.properties = Vec::new();
        if forwarded != MessageProperties::default() {
            forwarded.encode(&mut self.properties)?;
        }
        self.expiry_interval = properties.message_expiry_interval;
        Ok(self)
    }

    pub(crate) fn with_payload(self, payload: Bytes) -> Self {
        Self { payload, ..self }
    }

    pub(crate) fn published_by(self, publisher: Arc<str>) -> Self {
        Self { publisher: Some(publisher), ..self }
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

    /// The properties, with what is left of the Message Expiry Interval at `now` (MQTT-3.3.2-6).
    pub(crate) fn properties(&self, now: Timestamp) -> Result<MessageProperties<'_>, DecodeError> {
        let properties = if self.properties.is_empty() {
            MessageProperties::default()
        } else {
            MessageProperties::decode(&self.properties)?
        };
        let waited = now.whole_seconds_since(self.received);
        let message_expiry_interval = self.expiry_interval.map(|interval| interval.saturating_sub(waited));
        Ok(MessageProperties { message_expiry_interval, ..properties })
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

    /// Bytes that it keeps in memory, roughly.
    pub(crate) fn size(&self) -> usize {
        size_of::<Self>() + self.topic.as_str().len() + self.properties.len() + self.payload.len()
    }
}
