//! A place in the bytes of a packet that leaves a row behind for each field that it reads.

use mqtt_codec::Version;

/// One field.
pub(crate) struct Row {
    /// Where it begins in the packet.
    pub(crate) offset: usize,
    /// Its bytes, with the length in front of them if it has one.
    pub(crate) len: usize,
    pub(crate) name: String,
    pub(crate) value: String,
    /// The statement that the field obeys, without `MQTT-`, or nothing.
    pub(crate) statement: &'static str,
}

/// A statement in 3.x (that of 3.1.1) and its counterpart in 5.0.
pub(crate) type Rule = [&'static str; 2];

pub(crate) struct Cursor<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) at: usize,
    /// The end of the packet or of the property list, which may lie behind the bytes that are there.
    pub(crate) end: usize,
    pub(crate) version: Version,
    rows: Vec<Row>,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8], version: Version) -> Self {
        Self { bytes, at: 0, end: bytes.len(), version, rows: Vec::new() }
    }

    pub(crate) fn into_rows(self) -> Vec<Row> {
        self.rows
    }

    // Fields by type. Each is a row.

    pub(crate) fn number(
        &mut self,
        width: usize,
        name: &str,
        rule: Rule,
        text: impl FnOnce(u32) -> String,
    ) -> Option<u32> {
        let start = self.at;
        let value = big_endian(self.take(width)?);
        self.row(start, name, rule, text(value));
        Some(value)
    }

    pub(crate) fn varint(&mut self, name: &str, rule: Rule) -> Option<u32> {
        let start = self.at;
        let value = self.take_varint()?;
        self.row(start, name, rule, value.to_string());
        Some(value)
    }

    pub(crate) fn string(&mut self, name: &str, rule: Rule) -> Option<&'a str> {
        let start = self.at;
        let text = self.take_text()?;
        self.row(start, name, rule, quoted(text));
        Some(text)
    }

    pub(crate) fn binary(&mut self, name: &str, rule: Rule) -> Option<&'a [u8]> {
        let start = self.at;
        let bytes = self.take_field()?;
        self.row(start, name, rule, shown(bytes));
        Some(bytes)
    }

    pub(crate) fn rest(&mut self, name: &str, rule: Rule) -> Option<&'a [u8]> {
        let start = self.at;
        let bytes = self.take(self.end.checked_sub(start)?)?;
        self.row(start, name, rule, shown(bytes));
        Some(bytes)
    }

    pub(crate) fn row(&mut self, offset: usize, name: &str, [v3, v5]: Rule, value: String) {
        let statement = if self.version.is_v5() { v5 } else { v3 };
        self.rows.push(Row { offset, len: self.at - offset, name: name.to_owned(), value, statement });
    }

    // Bytes.

    pub(crate) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(len).filter(|&end| end <= self.end)?;
        let bytes = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(bytes)
    }

    pub(crate) fn take_field(&mut self) -> Option<&'a [u8]> {
        let len = big_endian(self.take(2)?);
        self.take(len as usize)
    }

    pub(crate) fn take_text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.take_field()?).ok()
    }

    pub(crate) fn take_varint(&mut self) -> Option<u32> {
        let mut value = 0;
        for shift in [0, 7, 14, 21] {
            let byte = *self.take(1)?.first()?;
            value |= u32::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }
}

pub(crate) fn big_endian(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |value, &byte| value << 8 | u32::from(byte))
}

/// The front of a text in quotation marks, with escapes as in Rust.
pub(crate) fn quoted(text: &str) -> String {
    const SHOWN: usize = 48;
    let front: String = text.chars().take(SHOWN).collect();
    let more = if front.len() < text.len() { format!(".. ({} bytes)", text.len()) } else { String::new() };
    format!("{front:?}{more}")
}

/// Bytes as text if they are text, else how many they are.
pub(crate) fn shown(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => quoted(text),
        Err(_) => format!("{} bytes", bytes.len()),
    }
}
