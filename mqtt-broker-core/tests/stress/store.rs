//! What the broker keeps in its store, and whether that is what it knows.

use std::collections::BTreeMap;

use mqtt_broker_core::{
    Action, Actions, AllowAll, Broker, Config, ConnId, Note, Outgoing, Question, StoreOp, Ticket, Timestamp,
};

#[derive(Clone, Debug, Default)]
pub(crate) struct Store(BTreeMap<Vec<u8>, Vec<u8>>);

impl Store {
    pub(crate) fn apply(&mut self, actions: &[Action]) {
        for action in actions {
            match action {
                Action::Put { key, value } => self.store(StoreOp::Put { key, value }),
                Action::Delete { key } => self.store(StoreOp::Delete { key }),
                _ => {}
            }
        }
    }

    /// What is restored from the store is what is restored from all that the broker would put into another one.
    pub(crate) fn check(&self, config: Config, broker: &Broker, now: u64) {
        let mut all = Self::default();
        broker.clone().store_all(&mut all);
        // Numbers go on from the last that was used, and the broker may have used some that are not in the store any more.
        let mut store = self.clone();
        store
            .0
            .extend(all.0.get_key_value(&b"complete"[..]).map(|(key, value)| (key.clone(), value.clone())));
        let is_same = store.restore(config, now) == all.restore(config, now);
        assert!(is_same, "the store has\n{}and the broker\n{}", self.text(), all.text());
    }

    fn text(&self) -> String {
        let line = |(key, value): (&Vec<u8>, &Vec<u8>)| format!("{} {value:?}\n", key.escape_ascii());
        self.0.iter().map(line).collect()
    }

    fn restore(&self, config: Config, now: u64) -> Broker {
        let now = Timestamp::from_millis(now);
        Broker::restore(config, AllowAll, now, &self.0, &mut self.clone())
    }
}

impl Actions for Store {
    fn store(&mut self, op: StoreOp<'_>) {
        match op {
            StoreOp::Put { key, value } => _ = self.0.insert(key.into(), value.into()),
            StoreOp::Delete { key } => {
                assert!(self.0.remove(key).is_some(), "{} is not there", key.escape_ascii());
            }
        }
    }

    /// Nothing may be left out.
    fn note(&mut self, note: &Note<'_>) {
        assert!(!matches!(note, Note::NotRestored { .. }), "{note:?}");
    }

    fn send(&mut self, _: ConnId, _: &Outgoing<'_>) {
        panic!("there are no connections");
    }

    fn close(&mut self, _: ConnId) {
        panic!("there are no connections");
    }

    fn pause_reading(&mut self, _: ConnId) {}

    fn resume_reading(&mut self, _: ConnId) {}

    fn ask(&mut self, _: Ticket, _: &Question<'_>) {}
}
