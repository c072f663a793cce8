//! What the broker called for, and whom it asks.

use std::collections::{BTreeMap, VecDeque};

use mqtt_broker_core::{
    Actions, AuthenticationData, ConnId, Decision, Note, Outgoing, Policy, Question, Refusal, Request,
    StoreOp, Ticket, Verdict,
};
use mqtt_codec::{QoS, ReasonCode};

/// Asks about what has `deep` or `slow` in it, and refuses what has `no/` in it.
#[derive(Clone, Debug)]
pub(crate) struct Rules;

impl Policy for Rules {
    fn decide(&mut self, question: &Question<'_>) -> Decision {
        let topic = match question.request {
            Request::Authenticate { data, .. } => {
                return match data {
                    Some(AuthenticationData([b'y', ..])) => Decision::Now(verdict(3)),
                    Some(AuthenticationData([b'n', ..])) => Decision::Now(verdict(5)),
                    Some(AuthenticationData([b'l', ..])) => Decision::Later,
                    _ => Decision::Now(verdict(4)),
                };
            }
            Request::Connect { .. } if question.client.client_id.contains("iii") => {
                return Decision::Now(verdict(2));
            }
            Request::Connect { .. } => question.client.client_id,
            Request::Will { topic, .. } | Request::Publish { topic, .. } | Request::Replay { topic, .. } => {
                topic.as_str()
            }
            Request::Subscribe { filter, .. } => filter.as_str(),
        };
        if topic.contains("deep") || topic.contains("slow") {
            Decision::Later
        } else if topic.contains("no/") {
            Decision::Now(verdict(5))
        } else {
            Decision::Now(Verdict::Allow)
        }
    }
}

/// All kinds of answers, many of which have something to tell.
pub(crate) fn verdict(kind: u8) -> Verdict {
    let text = || "t".repeat(300).into_boxed_str();
    match kind {
        0 => Verdict::Deny(ReasonCode::NotAuthorized),
        1 => Verdict::AllowUpTo(QoS::AtLeastOnce),
        2 => Verdict::AllowWith { response_information: text() },
        3 => Verdict::Authenticated(Some(vec![b'd'; 200].into())),
        4 => Verdict::Challenge(vec![b'c'; 400].into()),
        5 => Verdict::DenyWith(Box::new(Refusal {
            reason: ReasonCode::QuotaExceeded,
            reason_string: Some(text()),
            server_reference: Some(text()),
        })),
        _ => Verdict::Allow,
    }
}

/// Connections from here on belong to nobody who answers.
pub(crate) const CROWD: u64 = 1 << 32;

const ROOM: usize = 1 << 16;
const LOG: usize = 256 << 20;

/// What the broker called for, kept without allocating.
pub(crate) struct Outbox {
    /// Packets that have to be answered, and on which connection.
    pub(crate) acks: Vec<(ConnId, u8, u16)>,
    pub(crate) sent: Vec<(ConnId, usize)>,
    pub(crate) closed: Vec<ConnId>,
    pub(crate) paused: Vec<(ConnId, bool)>,
    pub(crate) asked: VecDeque<Ticket>,
    /// Changes of the store, one behind the other.
    log: Vec<u8>,
}

impl Outbox {
    pub(crate) fn new() -> Self {
        Self {
            acks: Vec::with_capacity(ROOM),
            sent: Vec::with_capacity(ROOM),
            closed: Vec::with_capacity(ROOM),
            paused: Vec::with_capacity(ROOM),
            asked: VecDeque::with_capacity(ROOM),
            log: Vec::with_capacity(LOG),
        }
    }

    /// Carries out what was called for.
    pub(crate) fn change(&mut self, store: &mut BTreeMap<Vec<u8>, Vec<u8>>) {
        let mut rest = &self.log[..];
        while let Some((&[is_put, a, b, c, d, e, f, g, h], bytes)) = rest.split_first_chunk() {
            let length = |bytes| u32::from_be_bytes(bytes) as usize;
            let (key, bytes) = bytes.split_at(length([a, b, c, d]));
            let (value, bytes) = bytes.split_at(length([e, f, g, h]));
            if is_put == 1 {
                store.insert(key.to_vec(), value.to_vec());
            } else {
                store.remove(key);
            }
            rest = bytes;
        }
        self.log.clear();
    }

    /// Nobody is there any more who would answer, but those who are asked.
    pub(crate) fn cut_off(&mut self) {
        self.acks.clear();
        self.sent.clear();
        self.closed.clear();
        self.paused.clear();
    }

    fn put(&mut self, is_put: u8, key: &[u8], value: &[u8]) {
        assert!(self.log.len() + 9 + key.len() + value.len() <= LOG, "one event changes too much");
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_be_bytes();
        self.log.push(is_put);
        self.log.extend(length(key));
        self.log.extend(length(value));
        self.log.extend_from_slice(key);
        self.log.extend_from_slice(value);
    }
}

impl Actions for Outbox {
    fn send(&mut self, conn: ConnId, packet: &Outgoing<'_>) {
        if conn.0 >= CROWD {
            return;
        }
        self.sent.push((conn, packet.encoded_len()));
        let kind = packet.head()[0] >> 4;
        if kind == 5 || kind == 6 {
            self.acks.push((conn, kind, u16::from_be_bytes([packet.head()[2], packet.head()[3]])));
        } else if kind == 3 && packet.head()[0] & 6 > 0 {
            let id = publish_id(packet.head());
            self.acks.push((conn, packet.head()[0] & 6, id));
        }
        assert!(self.acks.len() < ROOM && self.sent.len() < ROOM);
    }

    fn close(&mut self, conn: ConnId) {
        self.closed.push(conn);
        assert!(self.closed.len() < ROOM);
    }

    fn pause_reading(&mut self, conn: ConnId) {
        self.paused.push((conn, true));
        assert!(self.paused.len() < ROOM);
    }

    fn resume_reading(&mut self, conn: ConnId) {
        self.paused.push((conn, false));
        assert!(self.paused.len() < ROOM);
    }

    fn ask(&mut self, ticket: Ticket, _: &Question<'_>) {
        // Nobody may answer, and then the oldest are given up.
        if self.asked.len() + 1 == ROOM {
            self.asked.pop_front();
        }
        self.asked.push_back(ticket);
    }

    fn store(&mut self, op: StoreOp<'_>) {
        match op {
            StoreOp::Put { key, value } => self.put(1, key, value),
            StoreOp::Delete { key } => self.put(0, key, b""),
        }
    }

    fn note(&mut self, note: &Note<'_>) {
        assert!(!matches!(note, Note::NotRestored { .. }), "{note:?}");
    }
}

/// The Packet Identifier of a PUBLISH with QoS 1 or 2.
fn publish_id(head: &[u8]) -> u16 {
    let length = head[1..].iter().position(|byte| byte & 0x80 == 0).unwrap() + 2;
    let topic = usize::from(u16::from_be_bytes([head[length], head[length + 1]]));
    let at = length + 2 + topic;
    u16::from_be_bytes([head[at], head[at + 1]])
}
