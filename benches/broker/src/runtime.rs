use bytes::BytesMut;
use mqtt_broker_core::{
    Actions, AllowAll, Broker, Config, ConnId, Event, ListenerId, Note, Outgoing, Question, StoreOp, Ticket,
    Timestamp,
};
use mqtt_codec::{
    Connect, ConnectProperties, Packet, PacketId, QoS, Subscribe, Subscription, SubscriptionOptions,
    TopicFilter, UserProperties, Version,
};

/// As much of a runtime as the broker needs: it has a read buffer, and a write buffer for each connection.
#[derive(Debug)]
pub struct Runtime {
    /// The broker.
    pub broker: Broker,
    /// The time.
    pub now: Timestamp,
    input: BytesMut,
    outputs: Outputs,
}

/// The write buffers, by the number of the connection.
#[derive(Debug, Default)]
struct Outputs {
    buffers: Vec<Vec<u8>>,
    /// Those that are not empty.
    filled: Vec<ConnId>,
    packets: usize,
}

impl Actions for Outputs {
    fn send(&mut self, conn: ConnId, packet: &Outgoing<'_>) {
        let buffer = &mut self.buffers[conn.0 as usize];
        if buffer.is_empty() {
            self.filled.push(conn);
        }
        packet.append_to(buffer);
        self.packets += 1;
    }

    fn close(&mut self, _: ConnId) {}
    fn pause_reading(&mut self, _: ConnId) {}
    fn resume_reading(&mut self, _: ConnId) {}
    fn ask(&mut self, _: Ticket, _: &Question<'_>) {}
    fn store(&mut self, _: StoreOp<'_>) {}

    fn note(&mut self, _: &Note<'_>) {}
}

impl Runtime {
    /// With a broker that has no clients.
    pub fn new() -> Self {
        let config = Config {
            queued_messages: 1_000_000,
            output_window: 1 << 30,
            connections: 2_000_000,
            sessions: 2_000_000,
            seed: 1,
            ..Config::default()
        };
        Self {
            broker: Broker::new(config, AllowAll),
            now: Timestamp::from_millis(1_000),
            input: BytesMut::with_capacity(64 << 10),
            outputs: Outputs::default(),
        }
    }

    /// Opens a connection and sends CONNECT on it. The session outlives it.
    pub fn connect(&mut self, client_id: &str, keep_alive: u16) -> ConnId {
        let conn = self.connect_without_reading(client_id, keep_alive);
        self.report_written();
        conn
    }

    /// The same, and what the broker sends stays where it is.
    pub fn connect_without_reading(&mut self, client_id: &str, keep_alive: u16) -> ConnId {
        let conn = ConnId(self.outputs.buffers.len() as u64);
        self.outputs.buffers.push(Vec::new());
        self.broker.handle(
            self.now,
            Event::Opened { conn, listener: ListenerId(0), identity: None },
            &mut self.outputs,
        );
        let properties =
            ConnectProperties { session_expiry_interval: Some(1_000_000), ..ConnectProperties::default() };
        let connect = Connect { client_id, keep_alive, properties, ..Connect::default() };
        self.receive(conn, &encode(connect));
        conn
    }

    /// Subscribes to one filter.
    pub fn subscribe(&mut self, conn: ConnId, filter: &str, qos: QoS) {
        let filter = TopicFilter::new(filter).expect("a filter");
        let entries = [Subscription { filter, options: SubscriptionOptions::new(qos) }];
        let subscribe = Subscribe {
            packet_id: PacketId::new(1).expect("not 0"),
            subscription_id: None,
            user_properties: UserProperties::default(),
            subscriptions: (&entries).into(),
        };
        self.receive(conn, &encode(subscribe));
        self.report_written();
    }

    /// Bytes were read on a connection.
    pub fn receive(&mut self, conn: ConnId, bytes: &[u8]) {
        self.input.clear();
        self.input.extend_from_slice(bytes);
        let event = Event::Received { conn, bytes: &mut self.input };
        self.broker.handle(self.now, event, &mut self.outputs);
        assert!(self.input.is_empty(), "whole packets are taken");
    }

    /// The connection is closed by the client.
    pub fn close(&mut self, conn: ConnId) {
        self.broker.handle(self.now, Event::Closed { conn }, &mut self.outputs);
    }

    /// What is to be written on a connection.
    pub fn output(&self, conn: ConnId) -> &[u8] {
        &self.outputs.buffers[conn.0 as usize]
    }

    /// What is to be written on all connections that there is something for.
    pub fn outputs(&self) -> impl Iterator<Item = &[u8]> {
        self.outputs.filled.iter().map(|&conn| self.output(conn))
    }

    /// All that was to be written is written. How many packets that were.
    pub fn report_written(&mut self) -> usize {
        while let Some(conn) = self.outputs.filled.pop() {
            let buffer = &mut self.outputs.buffers[conn.0 as usize];
            let bytes = buffer.len();
            buffer.clear();
            self.broker.handle(self.now, Event::Written { conn, bytes }, &mut self.outputs);
        }
        std::mem::take(&mut self.outputs.packets)
    }

    /// Time passes, with a tick at each deadline until then.
    pub fn pass(&mut self, millis: u64) {
        let end = self.now.plus_millis(millis);
        while let Some(deadline) = self.broker.deadline().filter(|&deadline| deadline <= end) {
            self.now = self.now.max(deadline);
            self.broker.handle(self.now, Event::Tick, &mut self.outputs);
        }
        self.now = end;
    }

    /// A while later all of the first so many connections send PINGREQ.
    pub fn all_ping(&mut self, count: usize, keep_alive: u16) {
        self.outputs.buffers.resize_with(count, Vec::new);
        self.now = self.now.plus_millis(u64::from(keep_alive) * 1000);
        for conn in 0..count as u64 {
            self.receive(ConnId(conn), &[0xC0, 0]);
        }
        self.report_written();
    }

    /// Gives back what empty write buffers have, which is the runtime's and not the broker's.
    pub fn forget_buffers(&mut self) {
        self.outputs = Outputs::default();
        self.input = BytesMut::new();
    }
}

impl Default for Runtime {
    fn default() -> Self {
        Self::new()
    }
}

pub(crate) fn encode<'a>(packet: impl Into<Packet<'a>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    packet.into().encode(Version::V5, &mut bytes).expect("a legal packet");
    bytes
}
