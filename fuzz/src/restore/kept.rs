use std::collections::BTreeMap;

use mqtt_broker_core::{
    Actions, AllowAll, Broker, ConnId, Note, Outgoing, Question, StoreOp, Ticket, Timestamp,
};
use mqtt_codec::{Limits, Packet, frame};

use super::config;

/// When brokers are restored.
pub(super) const NOW: Timestamp = Timestamp::from_millis(100_000);

/// The key under which is something else after each restart.
const COMPLETE: &[u8] = b"complete";

/// What a store has.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Store(pub(super) BTreeMap<Vec<u8>, Vec<u8>>);

impl Store {
    /// All that a broker would put into another one.
    pub(super) fn of(broker: &Broker) -> Self {
        let mut out = Out::new(Self::default());
        broker.clone().store_all(&mut out);
        out.store
    }

    /// Whether what is restored from this is the other, but for the number of the restart. A replay whose subscription is gone
    /// ends when its turn would come, or at a restart.
    pub(super) fn becomes(mut self, other: &Self) -> bool {
        self.0.retain(|key, _| other.0.contains_key(key) || !key.starts_with(b"replay/"));
        self.0.extend(other.0.get_key_value(COMPLETE).map(|(key, value)| (key.clone(), value.clone())));
        self == *other
    }

    /// A broker whose store this is would put the same into another one.
    pub(super) fn check(&self, broker: &Broker) {
        let all = Self::of(broker);
        let mut own = self.clone();
        own.0.extend(all.0.get_key_value(COMPLETE).map(|(key, value)| (key.clone(), value.clone())));
        let restore =
            |store: &Self| Broker::restore(config(), AllowAll, NOW, &store.0, &mut Out::new(Self::default()));
        assert!(
            restore(&own) == restore(&all),
            "the store has\n{}and the broker\n{}",
            own.text(),
            all.text()
        );
    }

    pub(super) fn text(&self) -> String {
        let line = |(key, value): (&Vec<u8>, &Vec<u8>)| format!("{} {value:?}\n", key.escape_ascii());
        self.0.iter().map(line).collect()
    }
}

/// What a broker called for.
pub(super) struct Out {
    pub(super) store: Store,
    /// Keys of pairs.
    pub(super) left_out: Vec<Vec<u8>>,
    pub(super) sent: Vec<(ConnId, Vec<u8>)>,
    pub(super) closed: Vec<ConnId>,
    pub(super) dropped: u64,
}

impl Out {
    pub(super) fn new(store: Store) -> Self {
        Self { store, left_out: Vec::new(), sent: Vec::new(), closed: Vec::new(), dropped: 0 }
    }
}

impl Actions for Out {
    fn send(&mut self, conn: ConnId, packet: &Outgoing<'_>) {
        let mut bytes = Vec::new();
        packet.append_to(&mut bytes);
        let found = frame(&bytes, &Limits::default()).expect("a good header").expect("a whole packet");
        Packet::decode(packet.version(), found).unwrap_or_else(|error| panic!("sent {packet:?}: {error}"));
        self.sent.push((conn, bytes));
    }

    fn close(&mut self, conn: ConnId) {
        self.closed.push(conn);
    }

    fn pause_reading(&mut self, _: ConnId) {}

    fn resume_reading(&mut self, _: ConnId) {}

    fn ask(&mut self, _: Ticket, question: &Question<'_>) {
        panic!("the policy knows {question:?}");
    }

    fn store(&mut self, op: StoreOp<'_>) {
        match op {
            StoreOp::Put { key, value } => _ = self.store.0.insert(key.into(), value.into()),
            StoreOp::Delete { key } => _ = self.store.0.remove(key),
        }
    }

    fn note(&mut self, note: &Note<'_>) {
        match note {
            Note::NotRestored { key, .. } => self.left_out.push(key.to_vec()),
            Note::Dropped { .. } => self.dropped += 1,
            _ => {}
        }
    }
}
