//! The layout of each packet, walked field by field.
//!
//! It says where fields are and what they are called, and checks nothing. That it reads them as the codec does is shown by
//! its second result: the same JSON as that of the decoded packet.

use mqtt_codec::{PacketType, Property, PropertyId, ReasonCode, ValueType, Version};
use serde_json::{Map, Value, json};

use crate::cursor::{Cursor, Row, Rule, big_endian, quoted, shown};
use crate::fields::{code, hex};

/// The fields in the order in which they stand, each beginning where the one before it ends; and what they say together,
/// or `None` if the bytes end within the packet or have no such layout.
pub(crate) fn walk(bytes: &[u8], version: Version) -> (Vec<Row>, Option<Value>) {
    let mut cursor = Cursor::new(bytes, version);
    let fields = cursor.packet().map(Value::Object);
    (cursor.into_rows(), fields)
}

const NONE: Rule = ["", ""];
const NEW_ID: Rule = ["2.3.1-1", "2.2.1-3"];

impl Cursor<'_> {
    fn packet(&mut self) -> Option<Map<String, Value>> {
        let first = *self.bytes.first()?;
        let packet = PacketType::from_first_byte(first)?;
        let (dup, qos, retain) = (first >> 3 & 1, first >> 1 & 3, first & 1);
        let rule = match packet {
            PacketType::Publish => ["3.3.1-4"; 2],
            PacketType::PubRel => ["3.6.1-1"; 2],
            PacketType::Subscribe => ["3.8.1-1"; 2],
            PacketType::Unsubscribe => ["3.10.1-1"; 2],
            PacketType::Disconnect => ["3.14.1-1"; 2],
            PacketType::Auth => ["", "3.15.1-1"],
            _ => ["2.2.2-1", "2.1.3-1"],
        };
        self.number(1, "Packet Type and flags", rule, |_| match packet {
            PacketType::Publish => format!("{packet}, DUP {dup}, QoS {qos}, RETAIN {retain}"),
            _ => format!("{packet}, flags {:04b}", first & 0x0F),
        })?;
        let length = self.varint("Remaining Length", ["", "1.5.5-1"])?;
        self.end = self.at + length as usize;

        let mut fields = Map::new();
        let v5 = self.version.is_v5();
        match packet {
            PacketType::Connect => self.connect(&mut fields)?,
            PacketType::ConnAck => self.connack(&mut fields)?,
            PacketType::Publish => {
                let topic = self.string("Topic Name", ["3.3.2-1"; 2])?;
                put(&mut fields, "topic", topic);
                put(&mut fields, "qos", qos);
                put(&mut fields, "dup", dup == 1 && qos > 0);
                put(&mut fields, "retain", retain == 1);
                if qos > 0 {
                    self.packet_id(NEW_ID, &mut fields)?;
                }
                self.properties(packet, &mut fields)?;
                put(&mut fields, "payload", hex(self.rest("Payload", NONE)?));
            }
            PacketType::PubAck => self.acknowledgement(["", "3.4.2-1"], packet, &mut fields)?,
            PacketType::PubRec => self.acknowledgement(["", "3.5.2-1"], packet, &mut fields)?,
            PacketType::PubRel => self.acknowledgement(["", "3.6.2-1"], packet, &mut fields)?,
            PacketType::PubComp => self.acknowledgement(["", "3.7.2-1"], packet, &mut fields)?,
            PacketType::Subscribe => {
                self.packet_id(NEW_ID, &mut fields)?;
                self.properties(packet, &mut fields)?;
                let mut entries = Vec::new();
                while self.at < self.end {
                    entries.push(self.subscription()?);
                }
                put(&mut fields, "subscriptions", entries);
            }
            PacketType::Unsubscribe => {
                self.packet_id(NEW_ID, &mut fields)?;
                self.properties(packet, &mut fields)?;
                let mut filters = Vec::new();
                while self.at < self.end {
                    filters.push(self.string("Topic Filter", ["3.10.3-1"; 2])?);
                }
                put(&mut fields, "filters", filters);
            }
            PacketType::SubAck => {
                self.packet_id(["2.3.1-7", "2.2.1-6"], &mut fields)?;
                self.properties(packet, &mut fields)?;
                put(&mut fields, "reason_codes", self.codes(packet, ["3.9.3-2"; 2])?);
            }
            PacketType::UnsubAck => {
                self.packet_id(["2.3.1-7", "2.2.1-6"], &mut fields)?;
                self.properties(packet, &mut fields)?;
                if v5 {
                    put(&mut fields, "reason_codes", self.codes(packet, ["", "3.11.3-2"])?);
                }
            }
            PacketType::PingReq | PacketType::PingResp => {}
            PacketType::Disconnect => self.outcome(["", "3.14.2-1"], packet, &mut fields)?,
            PacketType::Auth => self.outcome(["", "3.15.2-1"], packet, &mut fields)?,
        }
        (self.at == self.end).then_some(fields)
    }

    fn connect(&mut self, fields: &mut Map<String, Value>) -> Option<()> {
        let v5 = self.version.is_v5();
        self.string("Protocol Name", ["3.1.2-1"; 2])?;
        let level = if v5 { "Protocol Version" } else { "Protocol Level" };
        self.number(1, level, ["3.1.2-2"; 2], |level| level.to_string())?;
        let clean = if v5 { "Clean Start" } else { "Clean Session" };
        let flags = self.number(1, "Connect Flags", ["3.1.2-3"; 2], |flags| {
            let names = [
                (0x80, "User Name"),
                (0x40, "Password"),
                (0x20, "Will Retain"),
                (0x04, "Will"),
                (0x02, clean),
            ];
            let mut set: Vec<_> = names
                .iter()
                .filter(|(bit, _)| flags & bit != 0)
                .map(|(_, name)| (*name).to_owned())
                .collect();
            if flags & 0x04 != 0 {
                set.push(format!("Will QoS {}", flags >> 3 & 3));
            }
            if set.is_empty() { "none".to_owned() } else { set.join(", ") }
        })?;
        let has = |bit| flags & bit != 0;
        put(fields, "clean_start", has(0x02));
        let keep_alive = |seconds| if seconds == 0 { "off".to_owned() } else { format!("{seconds} s") };
        let seconds = self.number(2, "Keep Alive", ["3.1.2-24", "3.1.2-22"], keep_alive)?;
        put(fields, "keep_alive", seconds);
        self.properties(PacketType::Connect, fields)?;
        put(fields, "client_id", self.string("Client Identifier", ["3.1.3-4"; 2])?);
        if has(0x04) {
            let mut will = Map::new();
            self.property_list("Will Property Length", false, &mut will)?;
            put(&mut will, "topic", self.string("Will Topic", ["3.1.3-10", "3.1.3-11"])?);
            put(&mut will, "payload", hex(self.binary("Will Payload", ["3.1.2-9"; 2])?));
            put(&mut will, "qos", flags >> 3 & 3);
            put(&mut will, "retain", has(0x20));
            put(fields, "will", will);
        }
        // In 3.1 the remaining length wins over these two flags.
        let may_end = self.version == Version::V3_1;
        if has(0x80) && !(may_end && self.at == self.end) {
            put(fields, "user_name", self.string("User Name", ["3.1.3-11", "3.1.3-12"])?);
        }
        if has(0x40) && !(may_end && self.at == self.end) {
            put(fields, "password", hex(self.binary("Password", ["3.1.2-21", "3.1.2-19"])?));
        }
        Some(())
    }

    fn connack(&mut self, fields: &mut Map<String, Value>) -> Option<()> {
        if self.version == Version::V3_1 {
            self.number(1, "reserved", NONE, |_| "no meaning".to_owned())?;
            put(fields, "session_present", false);
        } else {
            let present = |flags| format!("Session Present {}", flags & 1);
            let flags = self.number(1, "Connect Acknowledge Flags", ["3.2.2-4", "3.2.2-1"], present)?;
            put(fields, "session_present", flags & 1 != 0);
        }
        if self.version.is_v5() {
            let reason = self.reason_code(PacketType::ConnAck, ["", "3.2.2-8"])?;
            put(fields, "reason_code", reason);
        } else {
            let reason = |code: u32| ReasonCode::from_v3_return_code(u8::try_from(code).ok()?);
            let text = |code: u32| {
                reason(code).map_or_else(|| code.to_string(), |reason| format!("{code} {}", reason.name()))
            };
            let code = self.number(1, "Connect Return Code", NONE, text)?;
            put(fields, "return_code", code);
        }
        self.properties(PacketType::ConnAck, fields)
    }

    fn acknowledgement(
        &mut self,
        rule: Rule,
        packet: PacketType,
        fields: &mut Map<String, Value>,
    ) -> Option<()> {
        self.packet_id(["2.3.1-6", "2.2.1-5"], fields)?;
        self.outcome(rule, packet, fields)
    }

    /// Reason code and properties at the end of a packet, which may be left out.
    fn outcome(&mut self, rule: Rule, packet: PacketType, fields: &mut Map<String, Value>) -> Option<()> {
        if !self.version.is_v5() {
            return Some(());
        }
        put(fields, "reason_code", "0x00");
        if self.at < self.end {
            put(fields, "reason_code", self.reason_code(packet, rule)?);
        }
        if self.at < self.end { self.properties(packet, fields) } else { Some(()) }
    }

    fn subscription(&mut self) -> Option<Value> {
        let mut entry = Map::new();
        put(&mut entry, "filter", self.string("Topic Filter", ["3.8.3-1"; 2])?);
        if self.version.is_v5() {
            let options = self.number(1, "Subscription Options", ["", "3.8.3-5"], |options| {
                format!(
                    "QoS {}, No Local {}, Retain As Published {}, Retain Handling {}",
                    options & 3,
                    options >> 2 & 1,
                    options >> 3 & 1,
                    options >> 4 & 3
                )
            })?;
            put(&mut entry, "no_local", options & 4 != 0);
            put(&mut entry, "retain_as_published", options & 8 != 0);
            put(&mut entry, "retain_handling", options >> 4 & 3);
            put(&mut entry, "qos", options & 3);
        } else {
            let qos = self.number(1, "Requested QoS", ["3.8.3-4", ""], |qos| (qos & 3).to_string())?;
            put(&mut entry, "qos", qos & 3);
        }
        Some(entry.into())
    }

    fn codes(&mut self, packet: PacketType, rule: Rule) -> Option<Vec<String>> {
        let mut codes = Vec::new();
        while self.at < self.end {
            codes.push(self.reason_code(packet, rule)?);
        }
        Some(codes)
    }

    fn reason_code(&mut self, packet: PacketType, rule: Rule) -> Option<String> {
        let name = if self.version.is_v5() { "Reason Code" } else { "Return Code" };
        let reason = |value: u32| ReasonCode::from_u8(u8::try_from(value).ok()?);
        let text = |value: u32| {
            reason(value).map_or_else(
                || value.to_string(),
                |reason| format!("{} {}", code(reason), reason.name_in(packet)),
            )
        };
        reason(self.number(1, name, rule, text)?).map(code)
    }

    fn packet_id(&mut self, rule: Rule, fields: &mut Map<String, Value>) -> Option<()> {
        let id = self.number(2, "Packet Identifier", rule, |id| id.to_string())?;
        put(fields, "packet_id", id);
        Some(())
    }

    fn properties(&mut self, packet: PacketType, fields: &mut Map<String, Value>) -> Option<()> {
        self.property_list("Property Length", packet == PacketType::Publish, fields)
    }

    /// A property list and its length, in 5.0.
    fn property_list(&mut self, name: &str, is_publish: bool, fields: &mut Map<String, Value>) -> Option<()> {
        if !self.version.is_v5() {
            return Some(());
        }
        let length = self.varint(name, ["", "2.2.2-1"])?;
        let end = std::mem::replace(&mut self.end, self.at + length as usize);
        let mut values = Map::new();
        while self.at < self.end {
            let property = PropertyId::from_u8(*self.bytes.get(self.at)?)?.property();
            let key = property.name.to_lowercase().replace(' ', "_");
            let value = self.property(&property)?;
            if property.id == PropertyId::UserProperty
                || (is_publish && property.id == PropertyId::SubscriptionIdentifier)
            {
                values.entry(key).or_insert_with(|| json!([])).as_array_mut()?.push(value);
            } else {
                values.insert(key, value);
            }
        }
        if self.at != self.end {
            return None;
        }
        self.end = end;
        if !values.is_empty() {
            put(fields, "properties", values);
        }
        Some(())
    }

    /// Identifier and value in one row.
    fn property(&mut self, property: &Property) -> Option<Value> {
        let rule = match property.id {
            PropertyId::ContentType => "3.3.2-19",
            PropertyId::ResponseTopic => "3.3.2-14",
            PropertyId::TopicAlias => "3.3.2-8",
            PropertyId::UserProperty => "1.5.7-1",
            PropertyId::AuthenticationMethod => "4.12.0-5",
            _ if matches!(property.value_type, ValueType::String) => "1.5.4-1",
            _ if matches!(property.value_type, ValueType::NonZeroVarint) => "1.5.5-1",
            _ => "",
        };
        let start = self.at;
        self.take(1)?;
        let mut number = |width| self.take(width).map(big_endian);
        let (value, text) = match property.value_type {
            ValueType::Bool => {
                let byte = number(1)?;
                (json!(byte == 1), byte.to_string())
            }
            ValueType::MaximumQoS => {
                let qos = number(1)?;
                (json!(qos), qos.to_string())
            }
            ValueType::U16 | ValueType::NonZeroU16 => {
                let value = number(2)?;
                (json!(value), value.to_string())
            }
            ValueType::U32 | ValueType::NonZeroU32 => {
                let value = number(4)?;
                (json!(value), value.to_string())
            }
            ValueType::NonZeroVarint => {
                let value = self.take_varint()?;
                (json!(value), value.to_string())
            }
            ValueType::String | ValueType::TopicName => {
                let text = self.take_text()?;
                (json!(text), quoted(text))
            }
            ValueType::Binary => {
                let bytes = self.take_field()?;
                (json!(hex(bytes)), shown(bytes))
            }
            ValueType::StringPair => {
                let (name, value) = (self.take_text()?, self.take_text()?);
                (json!([name, value]), format!("{} = {}", quoted(name), quoted(value)))
            }
        };
        self.row(start, &format!("  {}", property.name), ["", rule], text);
        Some(value)
    }
}

fn put(fields: &mut Map<String, Value>, name: &str, value: impl Into<Value>) {
    fields.insert(name.to_owned(), value.into());
}
