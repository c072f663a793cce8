//! What happened to the broker and what it called for, to see whether it does so again.

use bytes::BytesMut;
use mqtt_broker_core::{Action, AllowAll, Broker, Config, ConnId, Event, ListenerId, Timestamp};

/// An event that can be kept.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    Opened(ConnId),
    Received(ConnId, BytesMut),
    Written(ConnId, usize),
    Closed(ConnId),
    Tick,
}

impl Input {
    /// Tells the broker. What it calls for, and what it has left of the bytes.
    pub(crate) fn apply(&self, broker: &mut Broker, now: u64) -> (Vec<Action>, BytesMut) {
        let mut rest = BytesMut::new();
        let event = match *self {
            Self::Opened(conn) => Event::Opened { conn, listener: ListenerId(0), identity: None },
            Self::Received(conn, ref bytes) => {
                rest = bytes.clone();
                Event::Received { conn, bytes: &mut rest }
            }
            Self::Written(conn, bytes) => Event::Written { conn, bytes },
            Self::Closed(conn) => Event::Closed { conn },
            Self::Tick => Event::Tick,
        };
        let mut actions = Vec::new();
        broker.handle(Timestamp::from_millis(now), event, &mut actions);
        (actions, rest)
    }
}

#[derive(Default)]
pub(crate) struct Log(Vec<(u64, Input, Vec<Action>)>);

impl Log {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn push(&mut self, now: u64, input: Input, actions: &[Action]) {
        self.0.push((now, input, actions.to_vec()));
    }

    /// The same events give the same actions, and leave the same broker.
    pub(crate) fn check_replay(&self, config: Config, broker: &Broker) {
        let mut again = Broker::new(config, AllowAll);
        for (now, input, actions) in &self.0 {
            assert_eq!(input.apply(&mut again, *now).0, *actions, "{input:?} at {now}");
        }
        assert!(again == *broker, "the same actions, and another state");
    }
}
