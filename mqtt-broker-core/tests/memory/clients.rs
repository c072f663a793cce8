//! Clients, each of which takes its steps.

use mqtt_broker_core::{ConnId, Event, ListenerId, Message};
use mqtt_codec::{PubAck, PubComp, PubRec, PubRel, ReasonCode, TopicName};

use crate::names::{OVERLAPPED, SPECIAL, client_id, in_crowd, overlapping};
use crate::outbox::{CROWD, verdict};
use crate::packets::{self, Hello, encode, in_version, packet_id, qos};
use crate::steps::{CLIENTS, Flood, Step, calm_hello};
use crate::world::{Client, World};

impl World {
    /// All clients are there, and subscribe to something.
    pub(crate) fn begin(&mut self) {
        self.come(true);
        for client in 0..CLIENTS {
            self.take(&Step::Subscribe { client, filters: vec![0, client, 4 * client], qos: 2 });
        }
    }

    fn come(&mut self, all: bool) {
        for client in (0..CLIENTS).filter(|_| all) {
            self.connect(client, client % 3, &calm_hello());
        }
    }

    pub(crate) fn take(&mut self, step: &Step) {
        match *step {
            Step::Connect { client, id, ref hello } => self.connect(client, id, hello),
            Step::Drop { client } => self.drop_connection(client),
            Step::Auth { client, again, ref data } => self.send_as(client, &packets::auth(again, data)),
            Step::Publish { client, topic: number, qos, retain, size, alias, properties } => {
                let id = self.id(client);
                let name = self.topic(number);
                self.send_as(client, &packets::publish(&name, qos, id, retain, size, alias, properties));
            }
            Step::PublishWithin { topic: number, qos: level, retain, size } => {
                let name = self.topic(number);
                let name = TopicName::new(&name).unwrap();
                self.handle_made(|| {
                    let message = Message::new(name, vec![b'p'; size]);
                    Event::Publish(message.with_qos(qos(level)).with_retain(retain))
                });
            }
            Step::Subscribe { client, ref filters, qos } => {
                let filters: Vec<_> = filters.iter().map(|&number| self.filter(number)).collect();
                let id = self.id(client);
                self.send_as(client, &packets::subscribe(id, &filters, qos));
            }
            Step::SubscribeOften { client, count } => {
                self.entries += count;
                for at in 0..count {
                    let id = self.id(client);
                    self.send_as(client, &packets::subscribe(id, &[overlapping(at)], 1));
                }
                let name = self.topic(OVERLAPPED);
                for _ in 0..10 * self.scale {
                    let id = self.id(client);
                    self.send_as(client, &packets::publish(&name, 1, id, false, 10, 0, 0));
                }
            }
            Step::Unsubscribe { client, filter: number } => {
                let (id, filter) = (self.id(client), self.filter(number));
                self.send_as(client, &packets::unsubscribe(id, &filter));
            }
            Step::Exchange { client, most } => self.exchange(client, most),
            Step::Flood { client, of, first, count, size } => {
                for at in first..first + count * self.scale {
                    let packet = self.one_of_many(client, of, first, at, size);
                    self.send_as(client, &packet);
                }
            }
            Step::Crowd { first, count, ref hello, stay } => {
                for at in first..first + count * self.scale {
                    self.visit(&in_crowd(at), hello, stay);
                }
            }
            Step::Blackout { back } => {
                self.black_out();
                self.come(back);
            }
            Step::Tick { millis } => {
                self.now += millis;
                self.handle(Event::Tick);
            }
            Step::Answer { kind, count } => {
                for ticket in (0..count).map_while(|_| self.outbox.asked.pop_front()).collect::<Vec<_>>() {
                    self.handle_made(|| Event::Answered { ticket, verdict: verdict(kind) });
                }
            }
            Step::EndSession { client } => {
                let client_id = self.clients[client].client_id.clone();
                self.handle(Event::EndSession { client_id: &client_id });
            }
            Step::Disconnect { client } => {
                let client_id = self.clients[client].client_id.clone();
                let reason = ReasonCode::UseAnotherServer;
                let server_reference = Some("elsewhere");
                self.handle(Event::Disconnect { client_id: &client_id, reason, server_reference });
            }
            Step::Revoke { client } => {
                let client_id = self.clients[client].client_id.clone();
                self.handle(Event::Revoke { client_id: &client_id });
            }
            Step::Restore { back } => {
                if self.restore() {
                    self.come(back);
                }
            }
        }
        for client in 0..CLIENTS {
            self.read(client);
        }
    }

    fn connect(&mut self, client: usize, id: usize, hello: &Hello) {
        self.drop_connection(client);
        let conn = ConnId(self.next_conn);
        self.next_conn += 1;
        let client_id = client_id(client, id);
        self.names.insert(client_id.clone());
        let packet = packets::connect(&client_id, hello);
        let version = Some(hello.version);
        self.clients[client] = Client { conn: Some(conn), version, client_id, ..Client::default() };
        let identity = id.is_multiple_of(2).then_some("somebody");
        self.handle(Event::Opened { conn, listener: ListenerId(0), identity });
        self.send(client, packet);
    }

    /// A packet in the version of the client.
    fn send_as(&mut self, client: usize, packet: &[u8]) {
        if let Some(version) = self.clients[client].version.filter(|_| self.clients[client].conn.is_some()) {
            self.send(client, in_version(version, packet));
        }
    }

    fn id(&mut self, client: usize) -> u16 {
        let id = &mut self.clients[client].next_id;
        *id = *id % 60_000 + 1;
        *id
    }

    fn one_of_many(&mut self, client: usize, of: Flood, first: usize, at: usize, size: usize) -> Vec<u8> {
        let id = self.id(client);
        match of {
            Flood::Retained => {
                let size = (at % 300).min(size);
                let alias = u16::try_from(at % 32).unwrap();
                packets::publish(&self.topic(at % SPECIAL), 0, id, true, size, alias, at % 2)
            }
            Flood::Messages => packets::publish(&self.topic(at % 40), 1, id, false, size, 0, 0),
            Flood::Subscriptions => packets::subscribe(id, &[self.filter(at % SPECIAL)], 1),
            Flood::Unreleased => packets::publish(&self.topic(first), 2, id, false, 10, 0, 0),
        }
    }

    /// A client comes, and may go.
    fn visit(&mut self, client_id: &str, hello: &Hello, stay: bool) {
        let conn = ConnId(CROWD + self.next_conn);
        self.next_conn += 1;
        self.crowd.insert(conn);
        self.names.insert(client_id.to_owned());
        let identity =
            hello.clean.then_some("one of many in a crowd of which the transport knows who they all are");
        self.handle(Event::Opened { conn, listener: ListenerId(0), identity });
        self.entries += 2;
        let mut filters = vec!["$share/crowd/t/1".to_owned(), "t/2".to_owned()];
        if hello.asks {
            filters.push("deep/of/a/crowd".to_owned());
        }
        let subscribe = in_version(hello.version, &packets::subscribe(1, &filters, 1));
        for packet in [packets::connect(client_id, hello), subscribe] {
            if self.crowd.contains(&conn) {
                self.receive(conn, &packet);
            }
        }
        if !stay && self.crowd.remove(&conn) {
            self.handle(Event::Closed { conn });
        }
    }

    /// Nobody is connected any more.
    pub(crate) fn black_out(&mut self) {
        while let Some(conn) = self.crowd.pop_first() {
            self.handle(Event::Closed { conn });
        }
        for client in 0..CLIENTS {
            self.drop_connection(client);
        }
    }

    fn exchange(&mut self, client: usize, most: usize) {
        let Some(conn) = self.clients[client].conn else { return };
        let bytes = self.outbox.sent.iter().filter(|(to, _)| *to == conn).map(|(_, bytes)| bytes).sum();
        self.outbox.sent.retain(|(to, _)| *to != conn);
        self.handle(Event::Written { conn, bytes });
        let acks = self.outbox.acks.iter().enumerate().filter(|(_, (to, ..))| *to == conn);
        let acks: Vec<_> = acks.map(|(at, ack)| (at, *ack)).take(most).collect();
        for &(at, _) in acks.iter().rev() {
            self.outbox.acks.remove(at);
        }
        for (_, (_, kind, id)) in acks {
            let id = packet_id(id);
            let success = ReasonCode::Success;
            let packet = match kind {
                2 => encode(PubAck::new(id, success)),
                4 => encode(PubRec::new(id, success)),
                5 => encode(PubRel::new(id, success)),
                _ => encode(PubComp::new(id, success)),
            };
            self.send_as(client, &packet);
        }
    }
}
