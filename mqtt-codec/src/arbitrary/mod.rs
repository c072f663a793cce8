//! Any legal packet, out of bytes that mean nothing: for fuzzers and property tests.

mod packets;
mod shapes;
mod values;

use alloc::vec::Vec;

use ::arbitrary::{Arbitrary, Result, Unstructured};

use crate::{
    List, Packet, PacketType, ReasonCode, Subscription, SubscriptionId, TopicFilter, UserProperties, Version,
};

pub(crate) use values::Generate;

/// A version and a packet that a sender of that version may send, made from unstructured bytes.
///
/// Every kind of packet, every property in every place, every reason code and every combination of flags can come
/// out, texts of 0 to 65,535 bytes, lists of thousands of items, and lengths on both sides of each step of a variable
/// byte integer. What comes out has only what its version can say, so it encodes and decodes to itself.
///
/// Legal is what the standard's rules for one packet allow. Rules about the sender's role and about earlier packets are not
/// applied: a DISCONNECT may have both a Session Expiry Interval, which only a client sends, and a Server Reference.
///
/// A packet borrows its lists, so this type owns them and [`packet`](Self::packet) lends them. Texts and payloads are
/// pieces of the input where the input is good for it, which lets a fuzzer that mutates the input see what it does, and
/// constants otherwise. The same input gives the same packet; input that runs out gives empty and small values.
///
/// ```
/// use arbitrary::{Arbitrary, Unstructured};
/// use mqtt_codec::{ArbitraryPacket, Limits, Packet, frame};
///
/// let made = ArbitraryPacket::arbitrary(&mut Unstructured::new(b"any bytes will do"))?;
/// let mut bytes = Vec::new();
/// made.packet().encode(made.version(), &mut bytes)?;
/// let found = frame(&bytes, &Limits::default())?.expect("a whole packet");
/// assert_eq!(Packet::decode(made.version(), found)?, made.packet());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ArbitraryPacket<'a> {
    version: Version,
    /// Its lists are empty.
    packet: Packet<'a>,
    lists: Lists<'a>,
}

/// The items of a packet's lists; those that its kind does not have are empty.
#[derive(Clone, Debug, Default)]
struct Lists<'a> {
    user_properties: Vec<(&'a str, &'a str)>,
    will_user_properties: Vec<(&'a str, &'a str)>,
    subscription_ids: Vec<SubscriptionId>,
    subscriptions: Vec<Subscription<'a>>,
    filters: Vec<&'a TopicFilter>,
    codes: Vec<ReasonCode>,
}

impl<'a> ArbitraryPacket<'a> {
    /// A packet of this version.
    ///
    /// # Errors
    /// None in practice: input that runs out is continued with zeros.
    pub fn of_version(version: Version, input: &mut Unstructured<'a>) -> Result<Self> {
        let last = if version.is_v5() { PacketType::Auth } else { PacketType::Disconnect };
        let number = input.int_in_range(PacketType::Connect as u8..=last as u8)?;
        let packet_type =
            PacketType::from_first_byte(number << 4).ok_or(::arbitrary::Error::IncorrectFormat)?;
        Self::of_type(version, packet_type, input)
    }

    /// The version that the packet is of.
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The packet.
    pub fn packet(&self) -> Packet<'_> {
        let mut packet: Packet<'_> = self.packet;
        let lists = &self.lists;
        let user_properties: UserProperties<'_> = List::new(&lists.user_properties);
        match &mut packet {
            Packet::Connect(connect) => {
                connect.properties.user_properties = user_properties;
                if let Some(will) = &mut connect.will {
                    will.properties.user_properties = List::new(&lists.will_user_properties);
                }
            }
            Packet::ConnAck(connack) => connack.properties.user_properties = user_properties,
            Packet::Publish(publish) => {
                publish.properties.user_properties = user_properties;
                publish.subscription_ids = List::new(&lists.subscription_ids);
            }
            Packet::PubAck(puback) => puback.properties.user_properties = user_properties,
            Packet::PubRec(pubrec) => pubrec.properties.user_properties = user_properties,
            Packet::PubRel(pubrel) => pubrel.properties.user_properties = user_properties,
            Packet::PubComp(pubcomp) => pubcomp.properties.user_properties = user_properties,
            Packet::Subscribe(subscribe) => {
                subscribe.user_properties = user_properties;
                subscribe.subscriptions = List::new(&lists.subscriptions);
            }
            Packet::SubAck(suback) => {
                suback.properties.user_properties = user_properties;
                suback.codes = List::new(&lists.codes);
            }
            Packet::Unsubscribe(unsubscribe) => {
                unsubscribe.user_properties = user_properties;
                unsubscribe.filters = List::new(&lists.filters);
            }
            Packet::UnsubAck(unsuback) => {
                unsuback.properties.user_properties = user_properties;
                unsuback.codes = List::new(&lists.codes);
            }
            Packet::PingReq | Packet::PingResp => {}
            Packet::Disconnect(disconnect) => disconnect.properties.user_properties = user_properties,
            Packet::Auth(auth) => auth.properties.user_properties = user_properties,
        }
        packet
    }
}

impl<'a> Arbitrary<'a> for ArbitraryPacket<'a> {
    /// A packet of any version, half of them of 5.0.
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Self> {
        let version = match input.arbitrary::<u8>()? % 4 {
            0 => Version::V3_1,
            1 => Version::V3_1_1,
            _ => Version::V5,
        };
        Self::of_version(version, input)
    }
}
