use core::fmt;

use mqtt_codec::PacketId;

/// What is under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum StoreKey<'a> {
    /// `session/CLIENT`
    Session(&'a str),
    /// `subscription/BYTES/CLIENT/FILTER`, with the length of the Client Identifier, since both may have slashes.
    Subscription { client_id: &'a str, filter: &'a str },
    /// `copy/NUMBER/CLIENT`
    Copy { number: u64, client_id: &'a str },
    /// `received/IDENTIFIER/CLIENT`
    Received { id: PacketId, client_id: &'a str },
    /// `released/IDENTIFIER/CLIENT`
    Released { id: PacketId, client_id: &'a str },
    /// `replay/NUMBER/CLIENT`
    Replay { number: u64, client_id: &'a str },
    /// `will/NUMBER/CLIENT`
    Will { number: u64, client_id: &'a str },
    /// `message/NUMBER`
    Message(u64),
    /// `retained/TOPIC`
    Retained(&'a str),
    /// `complete`
    Complete,
}

/// Numbers from here on are damage: no broker comes so far.
pub(crate) const NUMBERS: u64 = 1 << 61;

impl fmt::Display for StoreKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Session(client_id) => write!(f, "session/{client_id}"),
            Self::Subscription { client_id, filter } => {
                write!(f, "subscription/{}/{client_id}/{filter}", client_id.len())
            }
            Self::Copy { number, client_id } => write!(f, "copy/{number}/{client_id}"),
            Self::Received { id, client_id } => write!(f, "received/{id}/{client_id}"),
            Self::Released { id, client_id } => write!(f, "released/{id}/{client_id}"),
            Self::Replay { number, client_id } => write!(f, "replay/{number}/{client_id}"),
            Self::Will { number, client_id } => write!(f, "will/{number}/{client_id}"),
            Self::Message(number) => write!(f, "message/{number}"),
            Self::Retained(topic) => write!(f, "retained/{topic}"),
            Self::Complete => f.write_str("complete"),
        }
    }
}

impl<'a> StoreKey<'a> {
    /// Reads what `Display` writes, and nothing else.
    pub(crate) fn parse(key: &'a [u8]) -> Option<Self> {
        let key = str::from_utf8(key).ok()?;
        if key == "complete" {
            return Some(Self::Complete);
        }
        let (kind, rest) = key.split_once('/')?;
        let numbered = || {
            let (number, client_id) = rest.split_once('/')?;
            Some((parse_number(number)?, client_id))
        };
        let identified = || {
            let (id, client_id) = numbered()?;
            Some((PacketId::new(u16::try_from(id).ok()?).ok()?, client_id))
        };
        Some(match kind {
            "session" => Self::Session(rest),
            "subscription" => {
                let (len, rest) = numbered()?;
                let (client_id, filter) = rest.split_at_checked(usize::try_from(len).ok()?)?;
                Self::Subscription { client_id, filter: filter.strip_prefix('/')? }
            }
            "copy" => numbered().map(|(number, client_id)| Self::Copy { number, client_id })?,
            "received" => identified().map(|(id, client_id)| Self::Received { id, client_id })?,
            "released" => identified().map(|(id, client_id)| Self::Released { id, client_id })?,
            "replay" => numbered().map(|(number, client_id)| Self::Replay { number, client_id })?,
            "will" => numbered().map(|(number, client_id)| Self::Will { number, client_id })?,
            "message" => Self::Message(parse_number(rest)?),
            "retained" => Self::Retained(rest),
            _ => return None,
        })
    }

    /// Its number in the one sequence; 0 if it has none.
    pub(crate) const fn number(&self) -> u64 {
        match *self {
            Self::Copy { number, .. }
            | Self::Replay { number, .. }
            | Self::Will { number, .. }
            | Self::Message(number) => number,
            Self::Session(_)
            | Self::Subscription { .. }
            | Self::Received { .. }
            | Self::Released { .. }
            | Self::Retained(_)
            | Self::Complete => 0,
        }
    }

    /// The session that it belongs to.
    pub(crate) const fn client_id(&self) -> Option<&'a str> {
        match *self {
            Self::Session(client_id)
            | Self::Subscription { client_id, .. }
            | Self::Copy { client_id, .. }
            | Self::Received { client_id, .. }
            | Self::Released { client_id, .. }
            | Self::Replay { client_id, .. }
            | Self::Will { client_id, .. } => Some(client_id),
            Self::Message(_) | Self::Retained(_) | Self::Complete => None,
        }
    }
}

/// A number in the one way in which it is written.
fn parse_number(text: &str) -> Option<u64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|&number| is_plain && number < NUMBERS)
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    #[test]
    fn keys_are_readable_and_read_again() {
        let id = PacketId::new(65_535).unwrap();
        let client_id = "a/b";
        let filter = "x/#";
        let largest = NUMBERS - 1;
        for (key, text) in [
            (StoreKey::Session(""), "session/"),
            (StoreKey::Session(client_id), "session/a/b"),
            (StoreKey::Subscription { client_id, filter }, "subscription/3/a/b/x/#"),
            (StoreKey::Subscription { client_id: "", filter: "/" }, "subscription/0///"),
            (StoreKey::Copy { number: 0, client_id }, "copy/0/a/b"),
            (StoreKey::Copy { number: largest, client_id: "" }, "copy/2305843009213693951/"),
            (StoreKey::Received { id, client_id }, "received/65535/a/b"),
            (StoreKey::Released { id, client_id }, "released/65535/a/b"),
            (StoreKey::Replay { number: 10, client_id }, "replay/10/a/b"),
            (StoreKey::Will { number: 7, client_id }, "will/7/a/b"),
            (StoreKey::Message(1024), "message/1024"),
            (StoreKey::Retained("a/b"), "retained/a/b"),
            (StoreKey::Complete, "complete"),
        ] {
            assert_eq!(key.to_string(), text);
            assert_eq!(StoreKey::parse(text.as_bytes()), Some(key));
        }
    }

    #[test]
    fn other_keys_are_not_taken_for_ours() {
        for text in [
            "",
            "complete/",
            "session",
            "sessions/a",
            "copy/1",
            "copy/x/a",
            "copy//a",
            "copy/01/a",
            "copy/+1/a",
            "copy/2305843009213693952/a",
            "copy/18446744073709551616/a",
            "received/0/a",
            "received/65536/a",
            "subscription/2/a/x",
            "subscription/5/a/x",
            "subscription/1/\u{e9}/x",
            "message/",
            "message/1/",
            "message/-1",
        ] {
            assert_eq!(StoreKey::parse(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(StoreKey::parse(b"session/\xFF"), None);
    }
}
