//! The generator forgets nothing: over many seeds it makes every kind of packet in every version, with every property,
//! reason code, flag and length.

use std::collections::BTreeSet;

use mqtt_codec::{Packet, PacketType, Property, PropertyId, ReasonCode, Section, ValueType, Version};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng};

use crate::{encoded, made};

const SEEDS: usize = 100_000;

/// What was seen, in words, so that what is missing can be read.
#[derive(Default)]
struct Seen(BTreeSet<String>);

impl Seen {
    fn note(&mut self, what: String) {
        self.0.insert(what);
    }

    fn packet(&mut self, version: Version, packet: &Packet<'_>, bytes: &[u8]) {
        let kind = packet.packet_type();
        self.note(format!("{version} {kind}"));
        self.note(format!("{version} {kind} flags {:04b}", bytes[0] & 0x0F));
        let width = bytes[1..].iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
        self.note(format!("remaining length of {width}"));
        let body = &bytes[1 + width..];
        match packet {
            Packet::Connect(connect) => {
                let name = version.protocol_name().len() + 3;
                self.note(format!("{version} connect flags {:08b}", body[name]));
                self.text("client identifier", connect.client_id);
                self.optional_text("user name", connect.user_name);
            }
            Packet::ConnAck(connack) => {
                self.note(format!("{version} {kind} {:02X} {}", body[1], connack.session_present));
            }
            Packet::Publish(publish) => {
                self.note(format!(
                    "{version} topic {} {}",
                    publish.topic.name().is_some(),
                    publish.topic.alias().is_some()
                ));
                self.optional_text("topic", publish.topic.name().map(|name| name.as_str()));
                self.list("subscription identifiers", publish.subscription_ids.len());
                for id in publish.subscription_ids {
                    self.note(format!("subscription identifier of {}", (id.get().ilog2() / 7) + 1));
                }
                self.length("payload", publish.payload.len());
            }
            Packet::Subscribe(subscribe) => {
                self.list("subscriptions", subscribe.subscriptions.len());
                for entry in subscribe.subscriptions {
                    self.text("filter", entry.filter.as_str());
                    self.note(format!("filter with wildcard {}", entry.filter.has_wildcards()));
                }
            }
            Packet::Unsubscribe(unsubscribe) => self.list("filters", unsubscribe.filters.len()),
            Packet::SubAck(suback) => {
                self.list("codes", suback.codes.len());
                suback
                    .codes
                    .iter()
                    .for_each(|code| self.note(format!("{version} {kind} {:02X}", code.as_u8())));
            }
            Packet::UnsubAck(unsuback) => {
                unsuback
                    .codes
                    .iter()
                    .for_each(|code| self.note(format!("{version} {kind} {:02X}", code.as_u8())));
            }
            Packet::PubAck(_) | Packet::PubRec(_) | Packet::PubRel(_) | Packet::PubComp(_)
                if version.is_v5() =>
            {
                self.note(format!("{version} {kind} {:02X}", body.get(2).unwrap_or(&0)));
            }
            Packet::Disconnect(_) | Packet::Auth(_) if version.is_v5() => {
                self.note(format!("{version} {kind} {:02X}", body.first().unwrap_or(&0)));
            }
            _ => {}
        }
        if version.is_v5() {
            self.properties(kind, bytes[0], body);
        }
    }

    /// Walks the bytes and not the packet, so that what the structs lack is missed too.
    fn properties(&mut self, kind: PacketType, first: u8, body: &[u8]) {
        let u16_at = |at: usize| usize::from(u16::from_be_bytes([body[at], body[at + 1]]));
        let (section, list_at) = match kind {
            PacketType::Connect => (Section::Connect, 10),
            PacketType::ConnAck => (Section::ConnAck, 2),
            PacketType::Publish => (Section::Publish, 2 + u16_at(0) + if first & 6 == 0 { 0 } else { 2 }),
            PacketType::PubAck => (Section::PubAck, 3),
            PacketType::PubRec => (Section::PubRec, 3),
            PacketType::PubRel => (Section::PubRel, 3),
            PacketType::PubComp => (Section::PubComp, 3),
            PacketType::Subscribe => (Section::Subscribe, 2),
            PacketType::SubAck => (Section::SubAck, 2),
            PacketType::Unsubscribe => (Section::Unsubscribe, 2),
            PacketType::UnsubAck => (Section::UnsubAck, 2),
            PacketType::Disconnect => (Section::Disconnect, 1),
            PacketType::Auth => (Section::Auth, 1),
            PacketType::PingReq | PacketType::PingResp => return,
        };
        if list_at >= body.len() {
            return;
        }
        let end = self.property_list(section, body, list_at);
        if kind == PacketType::Connect && body[7] & 0b100 != 0 {
            self.property_list(Section::Will, body, end + 2 + u16_at(end));
        }
    }

    fn property_list(&mut self, section: Section, body: &[u8], at: usize) -> usize {
        let width = body[at..].iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
        self.note(format!("property length of {width}"));
        let len = body[at..at + width].iter().rev().fold(0, |len, byte| len << 7 | usize::from(byte & 0x7F));
        let (mut at, end) = (at + width, at + width + len);
        while at < end {
            let id = PropertyId::from_u8(body[at]).unwrap();
            self.note(format!("{section:?} {id}"));
            let field = |at: usize| 2 + usize::from(u16::from_be_bytes([body[at], body[at + 1]]));
            at += 1;
            at += match id.property().value_type {
                ValueType::Bool | ValueType::MaximumQoS => {
                    self.note(format!("{section:?} {id} {}", body[at]));
                    1
                }
                ValueType::U16 | ValueType::NonZeroU16 => 2,
                ValueType::U32 | ValueType::NonZeroU32 => 4,
                ValueType::NonZeroVarint => body[at..].iter().position(|byte| byte & 0x80 == 0).unwrap() + 1,
                ValueType::String | ValueType::TopicName | ValueType::Binary => {
                    self.length("property", field(at) - 2);
                    field(at)
                }
                ValueType::StringPair => field(at) + field(at + field(at)),
            };
        }
        end
    }

    fn text(&mut self, what: &str, text: &str) {
        self.length(what, text.len());
        self.note(format!("{what} of ASCII {}", text.is_ascii()));
    }

    fn optional_text(&mut self, what: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(what, text);
        }
    }

    fn length(&mut self, what: &str, len: usize) {
        if matches!(len, 0 | 65_535 | 65_536) {
            self.note(format!("{what} of {len} bytes"));
        }
    }

    fn list(&mut self, what: &str, len: usize) {
        self.note(format!("{} {what}", if len > 100 { "many".to_owned() } else { len.min(3).to_string() }));
    }
}

/// Everything that has to be seen, from the tables of the crate and from those of the standard.
fn wanted() -> BTreeSet<String> {
    let mut wanted = BTreeSet::new();
    let kinds = (1..=15u8).map(|number| PacketType::from_first_byte(number << 4).unwrap());
    for (version, kind) in
        Version::ALL.into_iter().flat_map(|version| kinds.clone().map(move |kind| (version, kind)))
    {
        if kind != PacketType::Auth || version.is_v5() {
            wanted.insert(format!("{version} {kind}"));
        }
    }
    for version in Version::ALL {
        for flags in (0..16u8).filter(|flags| flags & 6 != 6 && (flags & 8 == 0 || flags & 6 != 0)) {
            wanted.insert(format!("{version} PUBLISH flags {flags:04b}"));
        }
        for flags in (0..=255u8).filter(|flags| flags & 1 == 0) {
            let will = if flags & 4 == 0 { flags & 0x38 == 0 } else { flags & 0x18 != 0x18 };
            let password = version.is_v5() || flags & 0x40 == 0 || flags & 0x80 != 0;
            if will && password {
                wanted.insert(format!("{version} connect flags {flags:08b}"));
            }
        }
        for what in ["topic true false", "topic true true", "topic false true"] {
            if version.is_v5() || what == "topic true false" {
                wanted.insert(format!("{version} {what}"));
            }
        }
        for code in 0..6 {
            if !version.is_v5() {
                wanted.insert(format!("{version} CONNACK {code:02X} false"));
            }
        }
        let codes: &[u8] = if version == Version::V3_1 { &[0, 1, 2] } else { &[0, 1, 2, 0x80] };
        codes.iter().for_each(|code| {
            wanted.insert(format!("{version} SUBACK {code:02X}"));
        });
    }
    wanted.insert("3.1.1 CONNACK 00 true".to_owned());
    wanted.insert("5.0 CONNACK 00 true".to_owned());
    for (code, kind) in ReasonCode::ALL.iter().flat_map(|code| kinds.clone().map(move |kind| (code, kind))) {
        if code.is_allowed_in(kind) {
            let present = if kind == PacketType::ConnAck { " false" } else { "" };
            wanted.insert(format!("5.0 {kind} {:02X}{present}", code.as_u8()));
        }
    }
    use Section as S;
    let sections = [
        S::Connect,
        S::Will,
        S::ConnAck,
        S::Publish,
        S::PubAck,
        S::PubRec,
        S::PubRel,
        S::PubComp,
        S::Subscribe,
        S::SubAck,
        S::Unsubscribe,
        S::UnsubAck,
        S::Disconnect,
        S::Auth,
    ];
    for section in sections {
        for property in Property::ALL.iter().filter(|property| property.is_allowed_in(section)) {
            wanted.insert(format!("{section:?} {}", property.id));
            if matches!(property.value_type, ValueType::Bool | ValueType::MaximumQoS) {
                wanted.insert(format!("{section:?} {} 0", property.id));
                wanted.insert(format!("{section:?} {} 1", property.id));
            }
        }
    }
    for width in 1..=4 {
        wanted.insert(format!("remaining length of {width}"));
        wanted.insert(format!("property length of {width}"));
        wanted.insert(format!("subscription identifier of {width}"));
    }
    for what in ["client identifier", "user name", "property", "payload"] {
        wanted.insert(format!("{what} of 0 bytes"));
    }
    for what in ["client identifier", "user name", "property", "payload", "topic", "filter"] {
        wanted.insert(format!("{what} of 65535 bytes"));
    }
    wanted.insert("payload of 65536 bytes".to_owned());
    for what in ["client identifier", "user name", "topic", "filter"] {
        wanted.insert(format!("{what} of ASCII true"));
        wanted.insert(format!("{what} of ASCII false"));
    }
    for what in ["subscriptions", "filters", "codes", "subscription identifiers"] {
        ["1", "2", "3", "many"].iter().for_each(|count| {
            wanted.insert(format!("{count} {what}"));
        });
    }
    wanted.insert("0 subscription identifiers".to_owned());
    wanted.insert("filter with wildcard true".to_owned());
    wanted.insert("filter with wildcard false".to_owned());
    wanted
}

#[test]
fn everything_is_made() {
    let mut rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut seen = Seen::default();
    let mut options = BTreeSet::new();
    for _ in 0..SEEDS {
        let mut seed = [0; 200];
        rng.fill_bytes(&mut seed);
        let made = made(&seed);
        let bytes = encoded(&made);
        seen.packet(made.version(), &made.packet(), &bytes);
        if let Packet::Subscribe(subscribe) = made.packet() {
            for entry in subscribe.subscriptions {
                let options_of = entry.options;
                options.insert((
                    options_of.qos,
                    options_of.no_local,
                    options_of.retain_as_published,
                    options_of.retain_handling as u8,
                    entry.filter.is_shared(),
                ));
            }
        }
    }
    let missing: Vec<_> = wanted().difference(&seen.0).cloned().collect();
    assert!(missing.is_empty(), "never made: {missing:#?}");
    assert_eq!(options.len(), 36 + 18, "subscription options, and those of shared subscriptions");
}
