//! PUBLISH.

use core::fmt;

use mqtt_topic::TopicName;

use super::{Body, Done, Lengths};
use crate::property::{
    Properties, Value, ValueType, no_extra, once, optional_len, properties, write_optional,
};
use crate::reader::Reader;
use crate::writer::{Sink, SliceSink, fill, text_len, total};
use crate::{
    DecodeError, DecodeErrorKind, EncodeError, Limits, PacketId, PacketType, PropertyId, QoS, Repeated,
    SubscriptionId, SubscriptionIds, TopicAlias, Version,
};

properties! {
    /// Properties of an Application Message: those that travel with it from its publisher to every subscriber, in
    /// PUBLISH and in a will. What belongs to one connection only, Topic Alias and Subscription Identifiers, is not here.
    pub struct MessageProperties in
        Publish beside [TopicAlias SubscriptionIdentifier], Will beside [WillDelayInterval]
    {
        /// Payload Format Indicator. None: bytes (MQTT 5.0 §3.3.2.3.2).
        payload_format: PayloadFormat = PayloadFormatIndicator,
        /// Message Expiry Interval in seconds. None: never (MQTT 5.0 §3.3.2.3.3).
        message_expiry_interval: u32 = MessageExpiryInterval,
        /// Content Type, such as a MIME type (MQTT 5.0 §3.3.2.3.9).
        content_type: &'a str = ContentType,
        /// Response Topic: where the answer shall go (MQTT 5.0 §3.3.2.3.5).
        response_topic: &'a TopicName = ResponseTopic,
        /// Correlation Data: by what the requester knows the answer (MQTT 5.0 §3.3.2.3.6).
        correlation_data: &'a [u8] = CorrelationData,
    }
}

impl<'a> MessageProperties<'a> {
    /// Appends the properties as a list with its length in front, as they stand in PUBLISH; a way to store them.
    ///
    /// # Errors
    /// If a string is too long or has U+0000 in it, the list is longer than a packet can be, or the buffer has no room. Then
    /// nothing is written.
    #[cfg(feature = "bytes")]
    pub fn encode(&self, buffer: &mut impl bytes::BufMut) -> Result<(), EncodeError> {
        let Lengths { body, properties, .. } = self.lengths()?;
        crate::writer::append(buffer, body, |sink| self.write_list(properties, sink))
    }

    /// Bytes that [`encode`](Self::encode) appends.
    ///
    /// # Errors
    /// As those of `encode`.
    #[cfg(feature = "bytes")]
    pub fn encoded_len(&self) -> Result<usize, EncodeError> {
        Ok(self.lengths()?.body)
    }

    #[cfg(feature = "bytes")]
    fn lengths(&self) -> Result<Lengths, EncodeError> {
        let mut lengths = Lengths::default();
        lengths.add_properties(self.fields_len()?);
        lengths.check()
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// If the bytes are not one property list of such properties.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, bytes.len(), PacketType::Publish, Limits::default());
        let mut properties = Self::default();
        properties.read_list(&mut reader, no_extra)?;
        reader.finish()?;
        Ok(properties)
    }
}

/// Payload Format Indicator (MQTT 5.0 §3.3.2.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum PayloadFormat {
    /// Bytes of no stated format.
    Bytes = 0,
    /// UTF-8 text. The codec does not check it.
    Utf8 = 1,
}

impl<'a> Value<'a> for PayloadFormat {
    const TYPE: ValueType = ValueType::Bool;

    fn read(reader: &mut Reader<'a>, id: PropertyId) -> Result<Self, DecodeError> {
        bool::read(reader, id).map(|utf8| if utf8 { Self::Utf8 } else { Self::Bytes })
    }

    fn encoded_len(self) -> Result<usize, EncodeError> {
        Ok(1)
    }

    #[inline(always)]
    fn write(self, id: PropertyId, sink: &mut impl Sink) {
        sink.array([id as u8, self as u8]);
    }

    fn show(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bytes => "bytes",
            Self::Utf8 => "utf8",
        })
    }
}

/// PUBLISH: carries an Application Message (MQTT 5.0 §3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Publish<'a> {
    /// Topic Name, Topic Alias or both.
    pub topic: PublishTopic<'a>,
    /// QoS and what comes with it.
    pub delivery: Delivery,
    /// RETAIN.
    pub retain: bool,
    /// Subscription Identifiers, from a server only (MQTT-3.3.4-6). Absent in 3.x.
    pub subscription_ids: SubscriptionIds<'a>,
    /// The properties of the message. Absent in 3.x.
    pub properties: MessageProperties<'a>,
    /// The Application Message: any bytes.
    pub payload: &'a [u8],
}

/// How a PUBLISH says what its topic is (MQTT 5.0 §3.3.2.3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PublishTopic<'a> {
    /// In full.
    Name(&'a TopicName),
    /// In full, and from now on the alias stands for it. 3.x drops the alias.
    NameAndAlias(&'a TopicName, TopicAlias),
    /// The name that the alias stands for. 5.0 only.
    Alias(TopicAlias),
}

impl<'a> PublishTopic<'a> {
    /// The topic name, if it is in the packet.
    pub const fn name(&self) -> Option<&'a TopicName> {
        match *self {
            Self::Name(name) | Self::NameAndAlias(name, _) => Some(name),
            Self::Alias(_) => None,
        }
    }

    /// The topic alias, if there is one.
    pub const fn alias(&self) -> Option<TopicAlias> {
        match *self {
            Self::Name(_) => None,
            Self::NameAndAlias(_, alias) | Self::Alias(alias) => Some(alias),
        }
    }
}

impl<'a> From<&'a TopicName> for PublishTopic<'a> {
    fn from(name: &'a TopicName) -> Self {
        Self::Name(name)
    }
}

/// QoS of a PUBLISH with what belongs to it, so that a QoS 0 message can have neither identifier nor DUP
/// (MQTT-2.2.1-2, MQTT-3.3.1-2) and the others cannot be without an identifier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// QoS 0.
    #[default]
    AtMostOnce,
    /// QoS 1.
    AtLeastOnce {
        /// Packet Identifier.
        id: PacketId,
        /// DUP: this packet was sent before.
        dup: bool,
    },
    /// QoS 2.
    ExactlyOnce {
        /// Packet Identifier.
        id: PacketId,
        /// DUP: this packet was sent before.
        dup: bool,
    },
}

impl Delivery {
    /// The QoS.
    pub const fn qos(self) -> QoS {
        match self {
            Self::AtMostOnce => QoS::AtMostOnce,
            Self::AtLeastOnce { .. } => QoS::AtLeastOnce,
            Self::ExactlyOnce { .. } => QoS::ExactlyOnce,
        }
    }

    /// The Packet Identifier of a QoS 1 or 2 message.
    pub const fn packet_id(self) -> Option<PacketId> {
        match self {
            Self::AtMostOnce => None,
            Self::AtLeastOnce { id, .. } | Self::ExactlyOnce { id, .. } => Some(id),
        }
    }

    /// DUP.
    pub const fn dup(self) -> bool {
        match self {
            Self::AtMostOnce => false,
            Self::AtLeastOnce { dup, .. } | Self::ExactlyOnce { dup, .. } => dup,
        }
    }
}

impl<'a> Publish<'a> {
    /// A QoS 0 message without properties; a start for a struct literal that wants more.
    pub fn new(topic: impl Into<PublishTopic<'a>>, payload: &'a [u8]) -> Self {
        Self {
            topic: topic.into(),
            delivery: Delivery::AtMostOnce,
            retain: false,
            subscription_ids: SubscriptionIds::default(),
            properties: MessageProperties::default(),
            payload,
        }
    }

    /// Bytes of the packet without its payload, for a runtime that writes the payload from where it lies.
    ///
    /// # Errors
    /// Whatever makes the packet impossible to encode.
    pub fn head_len(&self, version: Version) -> Result<usize, EncodeError> {
        self.head(self.payload.len(), version).map(|(_, len)| len)
    }

    /// Encodes the packet without its payload, which has to follow on the wire, into the front of a slice and gives the
    /// number of bytes.
    ///
    /// # Errors
    /// If the slice is too short or the packet is not legal in this version. Then nothing is written.
    pub fn encode_head_to_slice(&self, version: Version, buffer: &mut [u8]) -> Result<usize, EncodeError> {
        self.fill_head(self.payload.len(), version, buffer)
    }

    /// Appends the packet without its payload, which has to follow on the wire.
    ///
    /// # Errors
    /// If the buffer has no room or the packet is not legal in this version. Then nothing is written.
    #[cfg(feature = "bytes")]
    pub fn encode_head(&self, version: Version, buffer: &mut impl bytes::BufMut) -> Result<(), EncodeError> {
        self.append_head(self.payload.len(), version, buffer)
    }

    /// The lengths of a packet with so many bytes of payload, and that of its head.
    pub(crate) fn head(&self, payload_len: usize, version: Version) -> Result<(Lengths, usize), EncodeError> {
        // A payload that is not there can have any length; the sum must not overflow.
        Lengths::new(payload_len).check()?;
        let lengths = self.lengths(payload_len, version)?.check()?;
        Ok((lengths, lengths.packet().saturating_sub(payload_len)))
    }

    pub(crate) fn fill_head(
        &self,
        payload_len: usize,
        version: Version,
        buffer: &mut [u8],
    ) -> Result<usize, EncodeError> {
        let (lengths, needed) = self.head(payload_len, version)?;
        fill(buffer, needed, |sink| self.write_whole_head(version, &lengths, sink))
    }

    #[cfg(feature = "bytes")]
    pub(crate) fn append_head(
        &self,
        payload_len: usize,
        version: Version,
        buffer: &mut impl bytes::BufMut,
    ) -> Result<(), EncodeError> {
        let (lengths, needed) = self.head(payload_len, version)?;
        crate::writer::append(buffer, needed, |sink| self.write_whole_head(version, &lengths, sink))
    }

    fn write_whole_head(&self, version: Version, lengths: &Lengths, sink: &mut impl Sink) {
        super::write_fixed_header(self, lengths, sink);
        self.write_head(version, lengths, sink);
    }

    #[inline(always)]
    fn lengths(&self, payload_len: usize, version: Version) -> Result<Lengths, EncodeError> {
        let mut lengths = self.plain_lengths(self.topic.name().map_or("", TopicName::as_str), payload_len);
        if version.is_v5() {
            lengths.add_properties(self.properties_len()?);
        } else if self.topic.name().is_none() {
            return Err(EncodeError::NotInVersion { packet: Self::TYPE, version });
        }
        Ok(lengths)
    }

    /// Those without the property list.
    #[inline(always)]
    fn plain_lengths(&self, topic: &str, payload_len: usize) -> Lengths {
        let mut lengths = Lengths::new(text_len(topic));
        lengths.add(if self.delivery.packet_id().is_some() { 2 } else { 0 });
        lengths.add(payload_len);
        lengths
    }

    #[inline(always)]
    fn has_properties(&self) -> bool {
        self.topic.alias().is_some() || !self.subscription_ids.is_empty() || !self.properties.is_empty()
    }

    #[inline(always)]
    fn properties_len(&self) -> Result<usize, EncodeError> {
        let mut len = self.properties.fields_len()?.wrapping_add(optional_len(self.topic.alias())?);
        if !self.subscription_ids.is_empty() {
            len = len.wrapping_add(subscription_ids_len(self.subscription_ids)?);
        }
        Ok(len)
    }

    #[inline(always)]
    fn write_head(&self, version: Version, lengths: &Lengths, sink: &mut impl Sink) {
        sink.field(self.topic.name().map_or("", TopicName::as_str).as_bytes());
        if let Some(id) = self.delivery.packet_id() {
            sink.u16(id.get());
        }
        if version.is_v5() {
            self.properties.write_list_with(lengths.properties, sink, |sink| {
                write_optional(self.topic.alias(), PropertyId::TopicAlias, sink);
                if !self.subscription_ids.is_empty() {
                    sink.apart(|sink| write_subscription_ids(self.subscription_ids, sink));
                }
            });
        }
    }
}

#[inline(never)]
fn subscription_ids_len(ids: SubscriptionIds<'_>) -> Result<usize, EncodeError> {
    total(ids.iter().map(|id| optional_len(Some(id))))
}

#[inline(never)]
fn write_subscription_ids(ids: SubscriptionIds<'_>, sink: &mut impl Sink) {
    for id in ids {
        write_optional(Some(id), PropertyId::SubscriptionIdentifier, sink);
    }
}

const DUP: u8 = 0b1000;
const RETAIN: u8 = 0b0001;

impl<'a> Body<'a> for Publish<'a> {
    const TYPE: PacketType = PacketType::Publish;

    #[inline(always)]
    fn decode_body<R>(
        version: Version,
        flags: u8,
        mut reader: Reader<'a>,
        done: Done<impl FnOnce(Self) -> R>,
    ) -> Result<R, DecodeError> {
        let Some(qos) = QoS::from_u8(flags >> 1 & 0b11) else {
            return Err(reader.error_at(0, DecodeErrorKind::QoS));
        };
        let dup = flags & DUP != 0;
        if dup && qos == QoS::AtMostOnce && version != Version::V3_1 {
            return Err(reader.error_at(0, DecodeErrorKind::DupOnQoS0));
        }
        let retain = flags & RETAIN != 0;
        let name = if version.is_v5() && reader.rest().starts_with(&[0, 0]) {
            reader.u16()?;
            None
        } else {
            Some(reader.topic_name()?)
        };
        let delivery = match qos {
            QoS::AtMostOnce => Delivery::AtMostOnce,
            QoS::AtLeastOnce => Delivery::AtLeastOnce { id: reader.packet_id()?, dup },
            QoS::ExactlyOnce => Delivery::ExactlyOnce { id: reader.packet_id()?, dup },
        };
        let is_simple = !version.is_v5() || name.is_some() && reader.skip_empty_list();
        let Some(name) = name.filter(|_| is_simple) else {
            return with_properties(name, delivery, retain, reader, done);
        };
        let payload = reader.take_rest();
        done.with(&reader, Self { delivery, retain, ..Self::new(name, payload) })
    }

    fn flags(&self) -> u8 {
        let dup = if self.delivery.dup() { DUP } else { 0 };
        dup | (self.delivery.qos() as u8) << 1 | if self.retain { RETAIN } else { 0 }
    }

    #[inline(always)]
    fn measure(&self, version: Version) -> Result<Lengths, EncodeError> {
        self.lengths(self.payload.len(), version)
    }

    #[inline(always)]
    fn write_body(&self, version: Version, lengths: &Lengths, sink: &mut impl Sink) {
        self.write_head(version, lengths, sink);
        sink.put(self.payload);
    }

    #[inline(always)]
    fn encode_usual(&self, version: Version, buffer: &mut [u8]) -> Option<usize> {
        let PublishTopic::Name(name) = self.topic else { return None };
        if version.is_v5() && self.has_properties() {
            return None;
        }
        let mut lengths = self.plain_lengths(name.as_str(), self.payload.len());
        lengths.add(if version.is_v5() { 1 } else { 0 });
        if lengths.body > 0x3FFF {
            return None;
        }
        let len = lengths.packet();
        let mut sink = SliceSink(buffer.get_mut(..len)?);
        super::write_fixed_header(self, &lengths, &mut sink);
        // The copies come last, so that nothing has to be kept for after a call.
        let space = sink.leave_field(name.as_str().len())?;
        if let Some(id) = self.delivery.packet_id() {
            sink.u16(id.get());
        }
        if version.is_v5() {
            sink.u8(0);
        }
        space.copy_from_slice(name.as_str().as_bytes());
        sink.put(self.payload);
        debug_assert!(sink.0.is_empty(), "a packet is as long as it was measured");
        Some(len)
    }
}

/// The rest of a PUBLISH from its property list on.
#[inline(never)]
fn with_properties<'a, R>(
    name: Option<&'a TopicName>,
    delivery: Delivery,
    retain: bool,
    mut reader: Reader<'a>,
    done: Done<impl FnOnce(Publish<'a>) -> R>,
) -> Result<R, DecodeError> {
    let list = reader.rest();
    let mut properties = MessageProperties::default();
    let mut alias = None;
    let mut ids = 0;
    #[expect(clippy::wildcard_enum_match_arm, reason = "two properties are not fields")]
    properties.read_list(&mut reader, |reader, id| match id {
        PropertyId::TopicAlias => once(&mut alias, reader, id),
        PropertyId::SubscriptionIdentifier => {
            if ids >= reader.limits.subscription_ids {
                let limit = reader.limits.subscription_ids;
                return Err(
                    reader.error_before(DecodeErrorKind::TooMany { what: Repeated::SubscriptionIds, limit })
                );
            }
            ids = ids.saturating_add(1);
            SubscriptionId::read(reader, id).map(|_| ())
        }
        _ => no_extra(reader, id),
    })?;
    let subscription_ids = match ids {
        0 => SubscriptionIds::default(),
        _ => SubscriptionIds::to_iterate(list_bytes(list), ids, Version::V5),
    };
    let topic = match (name, alias) {
        (Some(name), None) => PublishTopic::Name(name),
        (Some(name), Some(alias)) => PublishTopic::NameAndAlias(name, alias),
        (None, Some(alias)) => PublishTopic::Alias(alias),
        (None, None) => {
            // An empty topic and perhaps an identifier stand in front of the list.
            let head_len = if delivery.packet_id().is_some() { 4 } else { 2 };
            let at = reader.offset_of(list).saturating_sub(head_len);
            return Err(reader.error_at(at, DecodeErrorKind::NoTopic));
        }
    };
    let payload = reader.take_rest();
    done.with(&reader, Publish { topic, delivery, retain, subscription_ids, properties, payload })
}

/// The properties in a property list that has been read, and whatever comes behind it.
fn list_bytes(list: &[u8]) -> &[u8] {
    let last_of_len = list.iter().position(|&byte| byte & 0x80 == 0);
    last_of_len.and_then(|at| list.get(at..)?.get(1..)).unwrap_or_default()
}
