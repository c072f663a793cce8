//! SUBSCRIBE and UNSUBSCRIBE.

use mqtt_topic::TopicFilter;

use super::{Body, Done, Lengths};
use crate::list::{ListItem, sealed, take_str, take_u8};
use crate::property::{Properties, properties};
use crate::reader::Reader;
use crate::writer::{Sink, text_len, total};
use crate::{
    DecodeError, DecodeErrorKind, EncodeError, Filters, PacketId, PacketType, QoS, Repeated, SubscriptionId,
    Subscriptions, UserProperties, Version,
};

/// SUBSCRIBE: asks for messages (MQTT 5.0 §3.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscribe<'a> {
    /// Packet Identifier.
    pub packet_id: PacketId,
    /// Subscription Identifier of all entries. Absent in 3.x.
    pub subscription_id: Option<SubscriptionId>,
    /// User Properties. Absent in 3.x.
    pub user_properties: UserProperties<'a>,
    /// One or more entries.
    pub subscriptions: Subscriptions<'a>,
}

/// UNSUBSCRIBE: ends subscriptions (MQTT 5.0 §3.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsubscribe<'a> {
    /// Packet Identifier.
    pub packet_id: PacketId,
    /// User Properties. Absent in 3.x.
    pub user_properties: UserProperties<'a>,
    /// One or more filters, compared as they are with the filters of the session.
    pub filters: Filters<'a>,
}

/// One entry of a SUBSCRIBE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscription<'a> {
    /// Which topics.
    pub filter: &'a TopicFilter,
    /// How to deliver.
    pub options: SubscriptionOptions,
}

/// Subscription Options (MQTT 5.0 §3.8.3.1). 3.x has the QoS alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SubscriptionOptions {
    /// Maximum QoS.
    pub qos: QoS,
    /// No Local: not the messages that this client published itself.
    pub no_local: bool,
    /// Retain As Published: keep the RETAIN flag of the publisher.
    pub retain_as_published: bool,
    /// Retain Handling.
    pub retain_handling: RetainHandling,
}

/// Whether a SUBSCRIBE brings retained messages (MQTT 5.0 §3.8.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum RetainHandling {
    /// 0: they are sent.
    #[default]
    Send = 0,
    /// 1: they are sent if the subscription is a new one.
    SendIfNew = 1,
    /// 2: they are not sent.
    DoNotSend = 2,
}

const NO_LOCAL: u8 = 0b0000_0100;
const RETAIN_AS_PUBLISHED: u8 = 0b0000_1000;
const RESERVED: u8 = 0b1100_0000;

impl SubscriptionOptions {
    /// The QoS, and 0 for all else.
    pub const fn new(qos: QoS) -> Self {
        Self { qos, no_local: false, retain_as_published: false, retain_handling: RetainHandling::Send }
    }

    /// Whether the options byte is one of this version; 3.1 ignores all but the QoS.
    #[inline]
    const fn is_legal(byte: u8, version: Version) -> bool {
        let most = match version {
            Version::V3_1 => 0xFF,
            Version::V3_1_1 => 0b10,
            // Retain Handling and the reserved bits are the highest.
            Version::V5 => 0b10_1111,
        };
        byte & 0b11 != 0b11 && byte <= most
    }

    /// Of a legal byte.
    fn from_byte(byte: u8, version: Version) -> Option<Self> {
        let qos = QoS::from_u8(byte & 0b11)?;
        if !version.is_v5() {
            return Some(Self::new(qos));
        }
        let retain_handling = match byte >> 4 {
            0 => RetainHandling::Send,
            1 => RetainHandling::SendIfNew,
            _ => RetainHandling::DoNotSend,
        };
        let [no_local, retain_as_published] = [NO_LOCAL, RETAIN_AS_PUBLISHED].map(|bit| byte & bit != 0);
        Some(Self { qos, no_local, retain_as_published, retain_handling })
    }

    fn to_byte(self, version: Version) -> u8 {
        let mut byte = self.qos as u8;
        if version.is_v5() {
            byte |= if self.no_local { NO_LOCAL } else { 0 };
            byte |= if self.retain_as_published { RETAIN_AS_PUBLISHED } else { 0 };
            byte |= (self.retain_handling as u8) << 4;
        }
        byte
    }
}

impl<'a> Subscription<'a> {
    /// Reads an entry for its errors alone.
    #[inline(always)]
    fn check(reader: &mut Reader<'_>, version: Version) -> Result<(), DecodeError> {
        let filter = reader.topic_filter()?;
        let found = reader.u8()?;
        if !SubscriptionOptions::is_legal(found, version) {
            let reserved = if version.is_v5() { RESERVED } else { !0b11 };
            return Err(reader.error_before(match (found & reserved, version) {
                (0, Version::V5) => DecodeErrorKind::SubscriptionOptions { found },
                (0, _) | (_, Version::V3_1) => DecodeErrorKind::QoS,
                _ => DecodeErrorKind::ReservedSubscriptionOptions { found },
            }));
        }
        if version.is_v5() && found & NO_LOCAL != 0 && filter.is_shared() {
            return Err(reader.error_before(DecodeErrorKind::NoLocalOnShared));
        }
        Ok(())
    }
}

impl<'a> ListItem<'a> for Subscription<'a> {}
impl<'a> sealed::Sealed<'a> for Subscription<'a> {
    fn next_on_wire(bytes: &mut &'a [u8], version: Version) -> Option<Self> {
        let filter = TopicFilter::new(take_str(bytes)?).ok()?;
        let options = SubscriptionOptions::from_byte(take_u8(bytes)?, version)?;
        Some(Self { filter, options })
    }
}

properties! {
    struct SubscribeProperties in Subscribe beside [] {
        subscription_id: SubscriptionId = SubscriptionIdentifier,
    }
}

properties! {
    struct UnsubscribeProperties in Unsubscribe beside [] {}
}

/// Reads entries to the end of the packet, of which there has to be one at least.
#[inline(always)]
fn read_entries<'a>(
    reader: &mut Reader<'a>,
    check: impl Fn(&mut Reader<'a>) -> Result<(), DecodeError>,
) -> Result<(&'a [u8], u32), DecodeError> {
    if reader.is_empty() {
        return Err(reader.error(DecodeErrorKind::EmptyList));
    }
    let bytes = reader.rest();
    let mut count = 0;
    while !reader.is_empty() {
        if count >= reader.limits.filters {
            return Err(reader
                .error(DecodeErrorKind::TooMany { what: Repeated::Entries, limit: reader.limits.filters }));
        }
        check(reader)?;
        count = count.saturating_add(1);
    }
    Ok((bytes, count))
}

impl<'a> Subscribe<'a> {
    fn properties(&self) -> SubscribeProperties<'a> {
        SubscribeProperties { subscription_id: self.subscription_id, user_properties: self.user_properties }
    }
}

impl<'a> Body<'a> for Subscribe<'a> {
    const TYPE: PacketType = PacketType::Subscribe;

    fn decode_body<R>(
        version: Version,
        _: u8,
        mut reader: Reader<'a>,
        done: Done<impl FnOnce(Self) -> R>,
    ) -> Result<R, DecodeError> {
        let packet_id = reader.packet_id()?;
        let mut properties = SubscribeProperties::default();
        properties.read_list_of(version, &mut reader)?;
        let SubscribeProperties { subscription_id, user_properties } = properties;
        let (bytes, count) = read_entries(&mut reader, |reader| Subscription::check(reader, version))?;
        let subscriptions = Subscriptions::on_wire(bytes, count, version);
        done.with(&reader, Self { packet_id, subscription_id, user_properties, subscriptions })
    }

    fn measure(&self, version: Version) -> Result<Lengths, EncodeError> {
        if self.subscriptions.is_empty() {
            return Err(EncodeError::EmptyList { packet: Self::TYPE });
        }
        let mut lengths = Lengths::new(2);
        if version.is_v5() {
            lengths.add_properties(self.properties().fields_len()?);
        }
        if let Some(subscriptions) = self.subscriptions.wire(version) {
            lengths.add(subscriptions.len());
            return Ok(lengths);
        }
        let lens = self.subscriptions.iter().map(|Subscription { filter, options }| {
            if version.is_v5() && options.no_local && filter.is_shared() {
                return Err(EncodeError::NoLocalOnShared);
            }
            Ok(text_len(filter.as_str()).wrapping_add(1))
        });
        lengths.add(total(lens)?);
        Ok(lengths)
    }

    fn write_body(&self, version: Version, lengths: &Lengths, sink: &mut impl Sink) {
        sink.u16(self.packet_id.get());
        if version.is_v5() {
            self.properties().write_list(lengths.properties, sink);
        }
        if let Some(subscriptions) = self.subscriptions.wire(version) {
            return sink.put(subscriptions);
        }
        for Subscription { filter, options } in self.subscriptions {
            sink.field(filter.as_str().as_bytes());
            sink.u8(options.to_byte(version));
        }
    }
}

impl<'a> Unsubscribe<'a> {
    fn properties(&self) -> UnsubscribeProperties<'a> {
        UnsubscribeProperties { user_properties: self.user_properties }
    }
}

impl<'a> Body<'a> for Unsubscribe<'a> {
    const TYPE: PacketType = PacketType::Unsubscribe;

    fn decode_body<R>(
        version: Version,
        _: u8,
        mut reader: Reader<'a>,
        done: Done<impl FnOnce(Self) -> R>,
    ) -> Result<R, DecodeError> {
        let packet_id = reader.packet_id()?;
        let mut properties = UnsubscribeProperties::default();
        properties.read_list_of(version, &mut reader)?;
        let UnsubscribeProperties { user_properties } = properties;
        let (bytes, count) = read_entries(&mut reader, |reader| reader.topic_filter().map(|_| ()))?;
        done.with(
            &reader,
            Self { packet_id, user_properties, filters: Filters::on_wire(bytes, count, version) },
        )
    }

    fn measure(&self, version: Version) -> Result<Lengths, EncodeError> {
        if self.filters.is_empty() {
            return Err(EncodeError::EmptyList { packet: Self::TYPE });
        }
        let mut lengths = Lengths::new(2);
        if version.is_v5() {
            lengths.add_properties(self.properties().fields_len()?);
        }
        if let Some(filters) = self.filters.wire(version) {
            lengths.add(filters.len());
            return Ok(lengths);
        }
        lengths.add(total(self.filters.iter().map(|filter| Ok(text_len(filter.as_str()))))?);
        Ok(lengths)
    }

    fn write_body(&self, version: Version, lengths: &Lengths, sink: &mut impl Sink) {
        sink.u16(self.packet_id.get());
        if version.is_v5() {
            self.properties().write_list(lengths.properties, sink);
        }
        if let Some(filters) = self.filters.wire(version) {
            return sink.put(filters);
        }
        for filter in self.filters {
            sink.field(filter.as_str().as_bytes());
        }
    }
}
