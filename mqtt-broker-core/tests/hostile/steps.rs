//! What can happen, and how often.

use mqtt_broker_core::{ConnId, Event, Verdict};
use mqtt_codec::{QoS, ReasonCode, Version};
use proptest::prelude::*;
use proptest::sample::select;

use crate::attack::{Damage, connect, damage, packet, version};
use crate::honest::{COUNT, HonestStep, TOPICS};
use crate::world::{PUBLIC, World};

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Honest(HonestStep),
    Hostile(HostileStep),
    Wait { millis: u64 },
}

/// A `place` is one of the open connections.
#[derive(Clone, Debug)]
pub(crate) enum HostileStep {
    /// Opens a connection, and sends a packet that may be a CONNECT.
    Open {
        version: Version,
        bytes: Vec<u8>,
    },
    Send {
        place: usize,
        packets: [Vec<u8>; Version::ALL.len()],
        damage: Damage,
    },
    /// Reads so many bytes.
    Read {
        place: usize,
        bytes: usize,
    },
    Close {
        place: usize,
    },
    /// Many connections at once, which send a part of a CONNECT or all of it.
    Crowd {
        count: usize,
        version: Version,
        bytes: Vec<u8>,
    },
    /// The policy answers the oldest question.
    Answer {
        allow: bool,
    },
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => honest().prop_map(Step::Honest),
        31 => step_without_honest(),
    ]
}

/// Boxed, since it is larger than the stack of a test likes.
pub(crate) fn step_without_honest() -> BoxedStrategy<Step> {
    prop_oneof![
        30 => hostile().prop_map(Step::Hostile),
        1 => prop_oneof![1..100_u64, 1000..20_000_u64].prop_map(|millis| Step::Wait { millis }),
    ]
    .boxed()
}

fn honest() -> impl Strategy<Value = HonestStep> {
    let qos = select(&[QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce][..]);
    prop_oneof![
        10 => (0..COUNT, 0..TOPICS.len(), qos, prop::bool::weighted(0.2))
            .prop_map(|(from, topic, qos, retain)| HonestStep::Publish { from, topic, qos, retain }),
        1 => (0..COUNT).prop_map(|client| HonestStep::Subscribe { client }),
        1 => (0..COUNT).prop_map(|client| HonestStep::Stall { client }),
        2 => (0..COUNT).prop_map(|client| HonestStep::Read { client }),
        1 => (0..COUNT).prop_map(|client| HonestStep::Reconnect { client }),
    ]
}

fn hostile() -> impl Strategy<Value = HostileStep> {
    let open = |version| connect(version).prop_map(move |bytes| HostileStep::Open { version, bytes });
    let crowd = |version| {
        (20..120_usize, connect(version), damage()).prop_map(move |(count, bytes, damage)| {
            HostileStep::Crowd { count, version, bytes: damage.apply(bytes) }
        })
    };
    let packets = [packet(Version::ALL[0]), packet(Version::ALL[1]), packet(Version::ALL[2])];
    prop_oneof![
        8 => version().prop_flat_map(open),
        60 => (any::<usize>(), packets, damage())
            .prop_map(|(place, packets, damage)| HostileStep::Send { place, packets, damage }),
        8 => (any::<usize>(), prop_oneof![0..100_usize, Just(usize::MAX)])
            .prop_map(|(place, bytes)| HostileStep::Read { place, bytes }),
        3 => any::<usize>().prop_map(|place| HostileStep::Close { place }),
        1 => version().prop_flat_map(crowd),
        2 => any::<bool>().prop_map(|allow| HostileStep::Answer { allow }),
    ]
}

impl World {
    pub(crate) fn hostile_step(&mut self, step: &HostileStep) {
        match step {
            HostileStep::Open { version, bytes } => self.attack(*version, bytes),
            HostileStep::Send { place, packets, damage } => {
                let Some(conn) = self.hostile_at(*place) else { return };
                let version = self.connections[&conn].version;
                let at = Version::ALL.iter().position(|other| *other == version).expect("one of all");
                self.receive(conn, &damage.apply(packets[at].clone()));
            }
            HostileStep::Read { place, bytes } => {
                if let Some(conn) = self.hostile_at(*place) {
                    self.written(conn, *bytes);
                }
            }
            HostileStep::Close { place } => {
                if let Some(conn) = self.hostile_at(*place) {
                    self.close(conn);
                }
            }
            HostileStep::Crowd { count, version, bytes } => {
                for at in 0..*count {
                    self.attack(*version, &bytes[..bytes.len() * (at % 3) / 2]);
                }
            }
            HostileStep::Answer { allow } => {
                let Some(ticket) = self.asked.pop_front() else { return };
                let verdict = match ticket.0 % 3 {
                    _ if !*allow => Verdict::Deny(ReasonCode::NotAuthorized),
                    0 => Verdict::Authenticated(None),
                    1 => Verdict::Challenge(b"who?".to_vec().into()),
                    _ => Verdict::Allow,
                };
                self.handle(Event::Answered { ticket, verdict });
            }
        }
    }

    fn attack(&mut self, version: Version, bytes: &[u8]) {
        let conn = self.open(PUBLIC, None, version);
        if self.connections.contains_key(&conn) {
            self.hostile.push(conn);
            self.receive(conn, bytes);
        }
    }

    /// One of those that are connected, or of those that the broker still waits for.
    fn hostile_at(&self, place: usize) -> Option<ConnId> {
        let is_accepted = |conn: &ConnId| self.connections[conn].is_accepted;
        let (accepted, others): (Vec<_>, Vec<_>) = self.hostile.iter().partition(|conn| is_accepted(conn));
        let from = if accepted.is_empty() || place.is_multiple_of(8) { others } else { accepted };
        from.get(place / 8 % from.len().max(1)).copied()
    }
}
