//! The broker, and what each of its actions says.

use bytes::BytesMut;
use mqtt_broker_core::{
    Action, AllowAll, Broker, Budget, Config, ConnId, DropReason, Event, Message, Timestamp,
};
use mqtt_codec::{Limits, Packet, QoS, TopicName, frame};

use crate::clients::{COUNT, Client, Request};
use crate::model::{Model, TOPICS};
use crate::steps::Step;

const NOW: Timestamp = Timestamp::from_millis(1_000);

pub(crate) struct World {
    broker: Broker,
    budget: usize,
    pub(crate) clients: [Client; COUNT],
    pub(crate) model: Model,
    pub(crate) next_conn: u64,
    messages: u32,
    /// Those that take memory, and the topics that they do.
    pub(crate) takers: Vec<String>,
    pub(crate) taken: usize,
}

impl World {
    pub(crate) fn new(budget: Budget) -> Self {
        let config = Config {
            budget,
            output_window: 2_000,
            congestion_timeout: None,
            queued_messages: 100,
            send_maximum: 20,
            ..Config::default()
        };
        Self {
            broker: Broker::new(config, AllowAll),
            budget: budget.bytes,
            clients: std::array::from_fn(Client::new),
            model: Model::default(),
            next_conn: 0,
            messages: 0,
            takers: Vec::new(),
            taken: 0,
        }
    }

    pub(crate) fn take(&mut self, step: &Step) {
        match *step {
            Step::Connect { client, clean, stays } => _ = self.connect(client, clean, stays),
            Step::Drop { client } => self.drop_connection(client),
            Step::Subscribe { client, filter, qos } => self.request(client, Request::Subscribe(filter, qos)),
            Step::Unsubscribe { client, filter } => self.request(client, Request::Unsubscribe(filter)),
            Step::Publish { from, topic, qos, size, times } => {
                for _ in 0..times {
                    self.messages += 1;
                    let number = self.messages;
                    match from {
                        Some(client) => self.request(client, Request::Publish(topic, qos, number, size)),
                        None => {
                            let name = TopicName::new(TOPICS[topic]).unwrap();
                            let message = Message::new(name, payload(number, size)).with_qos(qos);
                            self.model.published(topic, qos, number);
                            self.handle(Event::Publish(message));
                        }
                    }
                }
            }
            Step::Read { client, most } => _ = self.read(client, most),
            Step::EndSession { client } => self.end_session(client),
            Step::Take { sessions, retained } => self.take_memory(sessions, retained),
            Step::Give => self.give_memory(),
        }
    }

    /// Bytes of a client. Whether they were taken.
    pub(crate) fn receive(&mut self, conn: ConnId, bytes: &[u8], request: Option<Request>) -> bool {
        let mut bytes = BytesMut::from(bytes);
        let mut actions = Vec::new();
        self.broker.handle(NOW, Event::Received { conn, bytes: &mut bytes }, &mut actions);
        let is_taken = bytes.is_empty();
        if is_taken && let Some(request) = request {
            self.taken(conn, request, &actions);
        }
        self.observe(actions);
        is_taken
    }

    pub(crate) fn handle(&mut self, event: Event<'_>) {
        let mut actions = Vec::new();
        self.broker.handle(NOW, event, &mut actions);
        self.observe(actions);
    }

    fn observe(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Send { conn, bytes } => self.sent(conn, bytes),
                Action::Close(conn) => self.closed(conn),
                Action::Dropped { client_id, topic, qos, reason } => {
                    assert_ne!(reason, DropReason::Expired);
                    self.model.dropped(&client_id, topic.as_str(), qos, reason);
                }
                Action::PauseReading(_) | Action::ResumeReading(_) => {}
                Action::Ask { .. } | Action::Put { .. } | Action::Delete { .. } => panic!("{action:?}"),
            }
        }
        let stats = self.broker.stats();
        let (charged, budget) = (stats.bytes_charged, self.budget);
        assert!(charged <= budget, "{charged} bytes are charged, of {budget}");
        self.model.check(&stats);
    }

    /// The broker has sent a packet.
    fn sent(&mut self, conn: ConnId, bytes: Vec<u8>) {
        let Some(client) = self.clients.iter_mut().find(|client| client.conn == Some(conn)) else { return };
        let found = frame(&bytes, &Limits::default()).unwrap().unwrap();
        match Packet::decode(client.version, found).unwrap() {
            Packet::Publish(publish) => {
                let number = publish.payload.first_chunk().map_or(0, |number| u32::from_be_bytes(*number));
                let topic = publish.topic.name().expect("no aliases").as_str();
                let qos = publish.delivery.qos();
                let id = publish.delivery.packet_id().map_or(0, |id| id.get());
                if qos == QoS::AtMostOnce {
                    self.model.sent(&client.client_id, number);
                    self.model.delivered(&client.client_id, topic, qos);
                } else if publish.delivery.dup() {
                    assert_eq!(client.in_flight[&id], (topic.to_owned(), qos, number), "sent again");
                } else {
                    self.model.sent(&client.client_id, number);
                    client.in_flight.insert(id, (topic.to_owned(), qos, number));
                }
            }
            Packet::ConnAck(connack) if !connack.reason.is_error() => {
                client.connected(connack.session_present);
                self.model.connected(&client.client_id, connack.session_present);
            }
            _ => {}
        }
        client.gets(bytes);
    }
}

/// A message that can be told from all others.
pub(crate) fn payload(number: u32, size: usize) -> Vec<u8> {
    let mut payload = vec![b'm'; size.max(4)];
    payload[..4].copy_from_slice(&number.to_be_bytes());
    payload
}
