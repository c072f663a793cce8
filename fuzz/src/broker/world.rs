use std::collections::VecDeque;

use bytes::BytesMut;
use mqtt_broker_core::{
    Action, Broker, Config, ConnId, Event, ListenerId, Message, Ticket, Timestamp, Verdict,
};
use mqtt_codec::{Limits, QoS, ReasonCode, Version, frame};

use super::made::Made;
use super::packets;
use super::script::Script;
use super::setup::{self, Rules};

/// More ticks than any timers of so small a world need at one moment.
const MAX_TICKS: usize = 100;

/// A broker, and a runtime with a few places for connections.
pub(super) struct World {
    broker: Broker<Rules>,
    config: Config,
    now: Timestamp,
    places: [Option<Connection>; 4],
    opened: u64,
    asked: VecDeque<Ticket>,
    dropped: u64,
    log: Vec<Action>,
    byte_by_byte: bool,
}

/// What a runtime keeps of a connection.
struct Connection {
    id: ConnId,
    /// Of the last CONNECT that was made for it, for the packets after it.
    version: Version,
    buffer: BytesMut,
    paused: bool,
    unsent: usize,
}

impl World {
    pub(super) fn new(setup: u8, byte_by_byte: bool) -> Self {
        let (config, rules) = setup::from_byte(setup);
        Self {
            broker: Broker::new(config, rules),
            config,
            now: Timestamp::from_millis(1_000),
            places: [const { None }; 4],
            opened: 0,
            asked: VecDeque::new(),
            dropped: 0,
            log: Vec::new(),
            byte_by_byte,
        }
    }

    /// Does the next step, if there is one. The low two bits of its first byte choose the place.
    pub(super) fn step(&mut self, script: &mut Script<'_>) -> Option<()> {
        let first = script.byte()?;
        let place = usize::from(first & 3);
        match first >> 2 & 15 {
            0 => {
                let (version, bytes) = packets::connect(script)?;
                self.open(place).version = version;
                self.receive(place, &bytes);
            }
            1..=7 => {
                let version =
                    self.places[place].as_ref().map_or(Version::V5, |connection| connection.version);
                let bytes = packets::packet(version, script)?;
                self.receive(place, &bytes);
            }
            8 => {
                self.open(place);
                self.receive(place, script.bytes()?);
            }
            9 | 10 => self.written(place, usize::from(script.byte()?)),
            11 => self.close(place),
            12 => self.pass_time(script.byte()?),
            13 => self.answer(script.byte()?),
            14 => {
                let message = Message::new(packets::topic(script)?, &b"from within"[..]);
                let flags = script.byte()?;
                let qos = QoS::from_u8(flags % 3)?;
                self.handle(Event::Publish(message.with_qos(qos).with_retain(flags & 4 != 0)));
            }
            _ => match script.byte()? % 8 {
                0 => self.handle(Event::Shutdown),
                1 => self.handle(Event::Answered { ticket: Ticket(u64::MAX), verdict: Verdict::Allow }),
                2 => self.handle(Event::Closed { conn: ConnId(u64::MAX) }),
                _ => {
                    let reason = ReasonCode::AdministrativeAction;
                    let client_id = packets::CLIENT_IDS[place];
                    self.handle(Event::Disconnect { client_id, reason, server_reference: None });
                }
            },
        }
        Some(())
    }

    /// Closes everything, and gives what happened and the broker that is left.
    pub(super) fn finish(mut self) -> (Vec<Action>, impl PartialEq) {
        for place in 0..self.places.len() {
            self.close(place);
        }
        assert_eq!(self.broker.stats().connections, 0);
        self.pass_time(u8::MAX);
        (self.log, self.broker)
    }

    fn open(&mut self, place: usize) -> &mut Connection {
        if self.places[place].is_none() {
            self.opened += 1;
            let id = ConnId(self.opened);
            let connection =
                Connection { id, version: Version::V5, buffer: BytesMut::new(), paused: false, unsent: 0 };
            self.places[place] = Some(connection);
            self.handle(Event::Opened { conn: id, listener: ListenerId(0), identity: None });
        }
        // A broker that shuts down closes it at once; then what is sent on it goes nowhere.
        self.places[place].get_or_insert_with(|| Connection {
            id: ConnId(u64::MAX),
            version: Version::V5,
            buffer: BytesMut::new(),
            paused: true,
            unsent: 0,
        })
    }

    fn receive(&mut self, place: usize, bytes: &[u8]) {
        let reads = bytes.chunks(if self.byte_by_byte { 1 } else { bytes.len().max(1) });
        for read in reads {
            let Some(connection) = &mut self.places[place] else { return };
            connection.buffer.extend_from_slice(read);
            self.hand_over(place);
        }
    }

    /// Gives the broker what a connection has in its buffer.
    fn hand_over(&mut self, place: usize) {
        let Some(connection) = &mut self.places[place] else { return };
        let (conn, paused) = (connection.id, connection.paused);
        // The event borrows the buffer, and its actions may be about the connection.
        let mut buffer = std::mem::take(&mut connection.buffer);
        let before = buffer.len();
        let actions = self.log.len();
        let resumed = self.handle_only(Event::Received { conn, bytes: &mut buffer });
        if paused {
            assert_eq!((buffer.len(), self.log.len()), (before, actions), "reading is paused");
        }
        if let Some(connection) = self.places[place].as_mut().filter(|connection| connection.id == conn) {
            connection.buffer = buffer;
            if !connection.paused && !resumed.contains(&conn) {
                let rest = frame(&connection.buffer, &Limits::default());
                assert!(matches!(rest, Ok(None)), "left {:02X?}", connection.buffer);
            }
        }
        self.read_on(&resumed);
    }

    fn written(&mut self, place: usize, bytes: usize) {
        let Some(connection) = &mut self.places[place] else { return };
        let bytes = if bytes == 0 { connection.unsent } else { bytes.min(connection.unsent) };
        connection.unsent -= bytes;
        let conn = connection.id;
        self.handle(Event::Written { conn, bytes });
    }

    fn close(&mut self, place: usize) {
        if let Some(connection) = self.places[place].take() {
            self.handle(Event::Closed { conn: connection.id });
        }
    }

    /// Up to nine hours, and a tick if the broker wants one by then.
    fn pass_time(&mut self, exponent: u8) {
        self.now = self.now.plus_millis(1 << (exponent % 26));
        for _ in 0..MAX_TICKS {
            if self.broker.deadline().is_none_or(|deadline| deadline > self.now) {
                return;
            }
            self.handle(Event::Tick);
        }
        panic!("{:?} stays the deadline at {:?}", self.broker.deadline(), self.now);
    }

    fn answer(&mut self, choice: u8) {
        let Some(ticket) = self.asked.pop_front() else { return };
        let verdict = if choice == 0 { Verdict::Deny(ReasonCode::QuotaExceeded) } else { Verdict::Allow };
        self.handle(Event::Answered { ticket, verdict });
    }

    fn handle(&mut self, event: Event<'_>) {
        let resumed = self.handle_only(event);
        self.read_on(&resumed);
    }

    fn read_on(&mut self, resumed: &[ConnId]) {
        for &conn in resumed {
            if let Some(place) = self.place_of(conn) {
                self.hand_over(place);
            }
        }
    }

    /// Gives the connections that may be read again.
    fn handle_only(&mut self, event: Event<'_>) -> Vec<ConnId> {
        let mut made = Made::default();
        self.broker.handle(self.now, event, &mut made);
        let mut resumed = Vec::new();
        for (action, is_publish) in made.actions {
            match &action {
                Action::Send { conn, bytes } => {
                    let window = self.config.output_window;
                    let connection = self.connection(*conn, "sent to");
                    assert!(!is_publish || connection.unsent < window, "a message beyond the window");
                    connection.unsent += bytes.len();
                }
                Action::Close(conn) => {
                    self.connection(*conn, "closed");
                    let place = self.place_of(*conn).expect("it is there");
                    self.places[place] = None;
                }
                Action::PauseReading(conn) => {
                    let connection = self.connection(*conn, "paused");
                    assert!(!std::mem::replace(&mut connection.paused, true), "paused twice");
                }
                Action::ResumeReading(conn) => {
                    let connection = self.connection(*conn, "resumed");
                    assert!(std::mem::replace(&mut connection.paused, false), "resumed, but not paused");
                    resumed.push(*conn);
                }
                Action::Ask { ticket, .. } => self.asked.push_back(*ticket),
                Action::Dropped { .. } | Action::Put { .. } | Action::Delete { .. } => {}
            }
            self.log.push(action);
        }
        self.dropped += made.dropped;
        let stats = self.broker.stats();
        assert!(stats.are_conserved(), "each copy is somewhere: {stats:?}");
        assert_eq!(stats.all_copies().all_dropped(), self.dropped, "each dropped copy has a note");
        resumed
    }

    fn place_of(&self, conn: ConnId) -> Option<usize> {
        self.places.iter().position(|place| place.as_ref().is_some_and(|connection| connection.id == conn))
    }

    fn connection(&mut self, conn: ConnId, what: &str) -> &mut Connection {
        let place = self.place_of(conn).unwrap_or_else(|| panic!("{conn:?} is {what}, but not open"));
        self.places[place].as_mut().expect("it was found")
    }
}
