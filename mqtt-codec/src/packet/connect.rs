//! CONNECT and the will in it.

use core::fmt;
use core::num::{NonZeroU16, NonZeroU32};

use mqtt_topic::TopicName;

use super::{Body, Done, Lengths, MessageProperties};
use crate::display::SECRET;
use crate::property::{Properties, no_extra, once, optional_len, properties, write_optional};
use crate::reader::Reader;
use crate::writer::{Sink, binary_len, str_len, text_len};
use crate::{DecodeError, DecodeErrorKind, EncodeError, PacketType, PropertyId, QoS, Version};

properties! {
    /// Properties of CONNECT (MQTT 5.0 §3.1.2.11). What a `None` means is given with each.
    pub struct ConnectProperties in Connect beside [] {
        /// Session Expiry Interval: seconds that the session outlives the connection; 0xFFFF_FFFF is for ever. None: 0.
        session_expiry_interval: u32 = SessionExpiryInterval,
        /// Receive Maximum: QoS 1 and 2 messages that the server may have open. None: 65,535.
        receive_maximum: NonZeroU16 = ReceiveMaximum,
        /// Maximum Packet Size in bytes that the client accepts. None: no limit.
        maximum_packet_size: NonZeroU32 = MaximumPacketSize,
        /// Topic Alias Maximum that the client accepts. None: 0, no aliases.
        topic_alias_maximum: u16 = TopicAliasMaximum,
        /// Request Response Information. None: no.
        request_response_information: bool = RequestResponseInformation,
        /// Request Problem Information: whether acknowledgements may have Reason String and User Properties. None: yes.
        request_problem_information: bool = RequestProblemInformation,
        /// Authentication Method. None: no enhanced authentication.
        authentication_method: &'a str = AuthenticationMethod,
        /// Authentication Data, only along with a method.
        authentication_data: &'a [u8] = AuthenticationData,
    }
}

/// CONNECT: the first packet on a connection (MQTT 5.0 §3.1).
///
/// Its protocol version is not a field: it is the version that the packet is encoded or decoded as.
/// [`connect_version`](crate::connect_version) finds it out.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Connect<'a> {
    /// Clean Start in 5.0, Clean Session in 3.x.
    pub clean_start: bool,
    /// Keep Alive in seconds; 0 is off.
    pub keep_alive: u16,
    /// Client Identifier; may be empty. Which ones a server takes is left to it, for the answer is a CONNACK: 3.1.1 wants
    /// [`clean_start`](Self::clean_start) with an empty one (3.1.1 MQTT-3.1.3-7), 3.1 one of 1 to 23 characters.
    pub client_id: &'a str,
    /// The message to publish when the connection ends without a DISCONNECT.
    pub will: Option<Will<'a>>,
    /// User Name.
    pub user_name: Option<&'a str>,
    /// Password. In 3.x only along with a User Name.
    pub password: Option<&'a [u8]>,
    /// Properties. Absent in 3.x.
    pub properties: ConnectProperties<'a>,
}

/// Without the password.
impl fmt::Debug for Connect<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { clean_start, keep_alive, client_id, will, user_name, password, properties } = self;
        f.debug_struct("Connect")
            .field("clean_start", clean_start)
            .field("keep_alive", keep_alive)
            .field("client_id", client_id)
            .field("will", will)
            .field("user_name", user_name)
            .field("password", &password.map(|_| SECRET))
            .field("properties", properties)
            .finish()
    }
}

/// The Will Message in a CONNECT (MQTT 5.0 §3.1.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Will<'a> {
    /// Will Topic.
    pub topic: &'a TopicName,
    /// Will Payload, at most 65,535 bytes.
    pub payload: &'a [u8],
    /// Will QoS.
    pub qos: QoS,
    /// Will Retain.
    pub retain: bool,
    /// Will Delay Interval in seconds. Absent in 3.x.
    pub delay_interval: Option<u32>,
    /// The properties that are published with it. Absent in 3.x.
    pub properties: MessageProperties<'a>,
}

const USER_NAME: u8 = 0b1000_0000;
const PASSWORD: u8 = 0b0100_0000;
const WILL_RETAIN: u8 = 0b0010_0000;
const WILL_QOS: u8 = 0b0001_1000;
const WILL: u8 = 0b0000_0100;
const CLEAN_START: u8 = 0b0000_0010;
const RESERVED: u8 = 0b0000_0001;

impl<'a> Connect<'a> {
    fn connect_flags(&self) -> u8 {
        let mut flags = 0;
        let mut set = |condition, flag| flags |= if condition { flag } else { 0 };
        set(self.user_name.is_some(), USER_NAME);
        set(self.password.is_some(), PASSWORD);
        set(self.clean_start, CLEAN_START);
        if let Some(will) = &self.will {
            set(true, WILL | (will.qos as u8) << 3);
            set(will.retain, WILL_RETAIN);
        }
        flags
    }
}

impl<'a> Will<'a> {
    #[inline(always)]
    fn read<const V5: bool>(qos: QoS, retain: bool, reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let mut delay_interval = None;
        let mut properties = MessageProperties::default();
        if V5 {
            properties.read_list(reader, |reader, id| {
                if id == PropertyId::WillDelayInterval {
                    return once(&mut delay_interval, reader, id);
                }
                no_extra(reader, id)
            })?;
        }
        let topic = reader.topic_name()?;
        let payload = reader.binary()?;
        Ok(Self { topic, payload, qos, retain, delay_interval, properties })
    }

    fn measure(&self, version: Version, lengths: &mut Lengths) -> Result<(), EncodeError> {
        lengths.add(text_len(self.topic.as_str()));
        lengths.add(binary_len(self.payload)?);
        if version.is_v5() {
            let delay_interval = optional_len(self.delay_interval)?;
            lengths.add_will_properties(self.properties.fields_len()?.wrapping_add(delay_interval));
        }
        Ok(())
    }

    fn write(&self, version: Version, lengths: &Lengths, sink: &mut impl Sink) {
        if version.is_v5() {
            self.properties.write_list_with(lengths.will_properties, sink, |sink| {
                write_optional(self.delay_interval, PropertyId::WillDelayInterval, sink);
            });
        }
        sink.field(self.topic.as_str().as_bytes());
        sink.field(self.payload);
    }
}

impl<'a> Body<'a> for Connect<'a> {
    const TYPE: PacketType = PacketType::Connect;

    fn decode_body<R>(
        version: Version,
        _: u8,
        reader: Reader<'a>,
        done: Done<impl FnOnce(Self) -> R>,
    ) -> Result<R, DecodeError> {
        if version.is_v5() {
            read::<true, R>(version, reader, done)
        } else {
            read::<false, R>(version, reader, done)
        }
    }

    fn measure(&self, version: Version) -> Result<Lengths, EncodeError> {
        if !version.is_v5() && self.password.is_some() && self.user_name.is_none() {
            return Err(EncodeError::PasswordWithoutUserName);
        }
        let mut lengths = Lengths::new(text_len(version.protocol_name()));
        // Level, flags, Keep Alive.
        lengths.add(1 + 1 + 2);
        lengths.add(str_len(self.client_id)?);
        if version.is_v5() {
            if self.properties.authentication_data.is_some()
                && self.properties.authentication_method.is_none()
            {
                return Err(EncodeError::AuthenticationDataWithoutMethod);
            }
            lengths.add_properties(self.properties.fields_len()?);
        }
        if let Some(will) = &self.will {
            will.measure(version, &mut lengths)?;
        }
        lengths.add(self.user_name.map_or(Ok(0), str_len)?);
        lengths.add(self.password.map_or(Ok(0), binary_len)?);
        Ok(lengths)
    }

    fn write_body(&self, version: Version, lengths: &Lengths, sink: &mut impl Sink) {
        sink.field(version.protocol_name().as_bytes());
        sink.u8(version.level());
        sink.u8(self.connect_flags());
        sink.u16(self.keep_alive);
        if version.is_v5() {
            self.properties.write_list(lengths.properties, sink);
        }
        sink.field(self.client_id.as_bytes());
        if let Some(will) = &self.will {
            will.write(version, lengths, sink);
        }
        if let Some(user_name) = self.user_name {
            sink.field(user_name.as_bytes());
        }
        if let Some(password) = self.password {
            sink.field(password);
        }
    }
}

/// Decodes a CONNECT. What 5.0 has beyond 3.x is decided when compiling, so that absent fields cost no more than a store.
fn read<'a, const V5: bool, R>(
    version: Version,
    mut reader: Reader<'a>,
    done: Done<impl FnOnce(Connect<'a>) -> R>,
) -> Result<R, DecodeError> {
    let start = reader.offset();
    let found = reader.protocol()?;
    if found != version {
        return Err(reader.error_at(start, DecodeErrorKind::WrongVersion { expected: version, found }));
    }
    let flags_at = reader.offset();
    let flags = reader.u8()?;
    let has = |flag| flags & flag != 0;
    if version != Version::V3_1 {
        if has(RESERVED) {
            return Err(reader.error_at(flags_at, DecodeErrorKind::ReservedConnectFlag));
        }
        if !has(WILL) && has(WILL_QOS) {
            return Err(reader
                .error_at(flags_at, DecodeErrorKind::WillQoSWithoutWill { found: (flags & WILL_QOS) >> 3 }));
        }
        if !has(WILL) && has(WILL_RETAIN) {
            return Err(reader.error_at(flags_at, DecodeErrorKind::WillRetainWithoutWill));
        }
    }
    if !V5 && has(PASSWORD) && !has(USER_NAME) {
        return Err(reader.error_at(flags_at, DecodeErrorKind::PasswordWithoutUserName));
    }
    let will_qos = QoS::from_u8((flags & WILL_QOS) >> 3).filter(|_| has(WILL));
    if has(WILL) && will_qos.is_none() {
        return Err(reader.error_at(flags_at, DecodeErrorKind::QoS));
    }
    let keep_alive = reader.u16()?;
    let mut properties = ConnectProperties::default();
    if V5 {
        let list_at = reader.offset();
        properties.read_list(&mut reader, no_extra)?;
        if properties.authentication_data.is_some() && properties.authentication_method.is_none() {
            return Err(reader.error_at(list_at, DecodeErrorKind::AuthenticationDataWithoutMethod));
        }
    }
    let client_id = reader.str()?;
    let mut will = None;
    if let Some(qos) = will_qos {
        will = Some(Will::read::<V5>(qos, has(WILL_RETAIN), &mut reader)?);
    }
    // In 3.1 the remaining length wins over these two flags.
    let present = |flag, reader: &Reader<'_>| has(flag) && !(version == Version::V3_1 && reader.is_empty());
    let user_name = if present(USER_NAME, &reader) { Some(reader.str()?) } else { None };
    let password = if present(PASSWORD, &reader) { Some(reader.binary()?) } else { None };
    let clean_start = has(CLEAN_START);
    done.with(&reader, Connect { clean_start, keep_alive, client_id, will, user_name, password, properties })
}
