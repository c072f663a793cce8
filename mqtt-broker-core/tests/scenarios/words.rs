//! The words that a line is made of.

use mqtt_codec::{MessageProperties, PacketId, PayloadFormat, QoS, ReasonCode, TopicName, UserProperties};

/// Bare words, `name=value` pairs, and a payload in quotes at the end or `N bytes`.
pub(crate) struct Words<'a> {
    bare: Vec<&'a str>,
    pairs: Vec<(&'a str, &'a str)>,
    pub(crate) payload: Vec<u8>,
}

impl<'a> Words<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let (head, payload) = match text.split_once(" '") {
            Some((head, payload)) => {
                (head, payload.strip_suffix('\'').expect("a closing quote").as_bytes().to_vec())
            }
            None => match text.strip_suffix(" bytes").and_then(|text| text.rsplit_once(' ')) {
                Some((head, count)) => (head, vec![b'x'; count.parse().expect("a number of bytes")]),
                None => (text, Vec::new()),
            },
        };
        let (pairs, bare): (Vec<_>, Vec<_>) = head.split_whitespace().partition(|word| word.contains('='));
        let pairs = pairs.into_iter().map(|word: &str| word.split_once('=').unwrap()).collect();
        Self { bare, pairs, payload }
    }

    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let at = self.bare.iter().position(|&word| word == name);
        at.map(|at| self.bare.remove(at)).is_some()
    }

    pub(crate) fn get(&mut self, name: &str) -> Option<&'a str> {
        let at = self.pairs.iter().position(|&(found, _)| found == name)?;
        Some(self.pairs.remove(at).1)
    }

    pub(crate) fn number<T: std::str::FromStr<Err: std::fmt::Debug>>(&mut self, name: &str) -> Option<T> {
        self.get(name).map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
    }

    /// `name=0` or `name=1`.
    pub(crate) fn boolean(&mut self, name: &str) -> Option<bool> {
        self.get(name).map(|text| match text {
            "0" => false,
            "1" => true,
            other => panic!("{name}={other}"),
        })
    }

    pub(crate) fn bare(&mut self) -> &'a str {
        assert!(!self.bare.is_empty(), "the line says too little");
        self.bare.remove(0)
    }

    /// All bare words that are left.
    pub(crate) fn rest(&mut self) -> Vec<&'a str> {
        std::mem::take(&mut self.bare)
    }

    pub(crate) fn id(&mut self) -> PacketId {
        PacketId::new(self.bare().parse().expect("a packet identifier")).expect("not 0")
    }

    pub(crate) fn qos(&mut self) -> QoS {
        if self.flag("q2") {
            QoS::ExactlyOnce
        } else if self.flag("q1") {
            QoS::AtLeastOnce
        } else {
            QoS::AtMostOnce
        }
    }

    /// A reason code, or that of success.
    pub(crate) fn optional_code(&mut self) -> ReasonCode {
        if self.bare.is_empty() { ReasonCode::Success } else { code(self.bare()) }
    }

    pub(crate) fn users(&mut self) -> Vec<(&'a str, &'a str)> {
        std::iter::from_fn(|| self.get("user")).map(|pair| pair.split_once(':').unwrap()).collect()
    }

    pub(crate) fn properties<'u>(&mut self, users: &'u [(&'u str, &'u str)]) -> MessageProperties<'u>
    where
        'a: 'u,
    {
        MessageProperties {
            payload_format: self
                .boolean("format")
                .map(|is_utf8| if is_utf8 { PayloadFormat::Utf8 } else { PayloadFormat::Bytes }),
            message_expiry_interval: self.number("expiry"),
            content_type: self.get("type"),
            response_topic: self.get("response").map(|topic| TopicName::new(topic).unwrap()),
            correlation_data: self.get("correlation").map(str::as_bytes),
            user_properties: UserProperties::new(users),
        }
    }

    /// Every word has to mean something.
    pub(crate) fn finish(&self) {
        assert!(self.bare.is_empty() && self.pairs.is_empty(), "left over: {:?} {:?}", self.bare, self.pairs);
    }
}

pub(crate) fn code(text: &str) -> ReasonCode {
    let byte = u8::from_str_radix(text, 16).unwrap_or_else(|_| panic!("{text} is no reason code"));
    ReasonCode::from_u8(byte).unwrap_or_else(|| panic!("{text} is no reason code"))
}

pub(crate) fn millis(text: &str) -> u64 {
    match text.strip_suffix("ms") {
        Some(millis) => millis.parse().unwrap(),
        None => text.strip_suffix('s').expect("s or ms").parse::<u64>().unwrap() * 1000,
    }
}

/// `10 03 "a/b" 00`: bytes in hexadecimal, and text.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (index, part) in text.split('"').enumerate() {
        if index % 2 == 1 {
            bytes.extend_from_slice(part.as_bytes());
        } else {
            let byte = |word| u8::from_str_radix(word, 16).unwrap_or_else(|_| panic!("{word} is no byte"));
            bytes.extend(part.split_whitespace().map(byte));
        }
    }
    bytes
}
