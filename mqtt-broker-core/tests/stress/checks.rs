//! What every event is checked for.

use mqtt_broker_core::{Action, ConnId, DropReason};
use mqtt_codec::{Limits, Packet, PacketType, QoS, ReasonCode, frame};

use crate::model::Answer;
use crate::world::{World, client_of};

impl World {
    /// The model has been told what happened: now for what the broker makes of it.
    pub(crate) fn observe(&mut self, actions: Vec<Action>) {
        let mut resumed = Vec::new();
        for action in actions {
            match action {
                Action::Send { conn, bytes } => self.sent(conn, &bytes),
                Action::Close(conn) => self.closed_by_broker(conn),
                Action::PauseReading(conn) => self.links.get_mut(&conn).expect("open").is_paused = true,
                Action::ResumeReading(conn) => {
                    self.links.get_mut(&conn).expect("open").is_paused = false;
                    resumed.push(conn);
                }
                Action::Put { .. } | Action::Delete { .. } => {}
                Action::Ask { .. } => panic!("the policy answers at once"),
                Action::Dropped { reason: DropReason::Offline | DropReason::SessionEnded, .. } => {}
                Action::Dropped { client_id, topic, reason: DropReason::Congested, .. } => {
                    self.model.ledger.excuse_last(client_of(&client_id), topic.as_str());
                }
                Action::Dropped { reason, .. } => panic!("dropped: {reason:?}"),
            }
        }
        self.check_stats();
        self.check_nothing_waits();
        for conn in resumed {
            self.broker_reads(conn);
        }
    }

    /// The broker has sent a packet.
    fn sent(&mut self, conn: ConnId, bytes: &[u8]) {
        let link = self.links.get_mut(&conn).filter(|link| !link.is_closed).expect("open");
        let found = frame(bytes, &Limits::default()).unwrap().unwrap();
        let packet = Packet::decode(link.version, found).unwrap();
        link.sent_by_broker(bytes);
        let answer = |packet_id: mqtt_codec::PacketId, reason: ReasonCode| Answer {
            packet: packet.packet_type(),
            id: packet_id.get(),
            code: reason.as_u8(),
        };
        let answer = match packet {
            Packet::Publish(publish) => {
                let session = self.model.sessions.get_mut(&link.client).expect("a session");
                assert_eq!(session.conn, Some(conn), "a message on a connection that is over");
                let delivery = link.aliases.read(&publish, link.alias_maximum);
                let id = publish.delivery.packet_id();
                if publish.delivery.dup() {
                    let id = id.expect("DUP is for QoS 1 and 2");
                    return session.wire.publish_again(conn, id.get(), &delivery);
                }
                let copy = self.model.ledger.sent(session.owner, &delivery);
                if let Some(id) = id {
                    session.wire.publish(conn, id.get(), delivery, copy);
                }
                return;
            }
            Packet::PubRel(ack) => {
                return self.model.sessions[&link.client].wire.pubrel(ack.packet_id.get());
            }
            Packet::Disconnect(disconnect) => {
                assert!(link.may_end, "{disconnect:?} to a client that did nothing wrong");
                assert_eq!(disconnect.reason, ReasonCode::SessionTakenOver);
                return;
            }
            Packet::ConnAck(connack) => {
                assert_eq!(connack.reason, ReasonCode::Success);
                let code = u8::from(connack.session_present);
                Answer { packet: PacketType::ConnAck, id: 0, code }
            }
            Packet::PubAck(ack) => answer(ack.packet_id, ack.reason),
            Packet::PubRec(ack) => answer(ack.packet_id, ack.reason),
            Packet::PubComp(ack) => answer(ack.packet_id, ack.reason),
            Packet::SubAck(ack) => answer(ack.packet_id, ack.codes.iter().next().expect("a code")),
            Packet::UnsubAck(ack) => {
                answer(ack.packet_id, ack.codes.iter().next().unwrap_or(ReasonCode::Success))
            }
            other => panic!("{other:?}"),
        };
        // Those of one type come in order (MQTT-4.6.0-2, MQTT-4.6.0-3).
        let due = link.answers.iter().position(|due| due.packet == answer.packet);
        let due = due.and_then(|at| link.answers.remove(at));
        assert_eq!(due, Some(answer));
    }

    /// The broker closes what its client has left or taken over, or what sends no CONNECT.
    fn closed_by_broker(&mut self, conn: ConnId) {
        let link = self.links.get_mut(&conn).filter(|link| !link.is_closed).expect("open");
        let has_timed_out = link.generation == 0 && link.opened + self.config.connect_timeout <= self.now;
        assert!(link.may_end || has_timed_out, "closed, but its client did nothing wrong");
        link.is_closed = true;
        if !link.is_held {
            self.links.remove(&conn);
        }
    }

    /// Nothing is lost without being counted, and the broker has what the model has.
    fn check_stats(&self) {
        let stats = self.broker.stats();
        assert!(stats.are_conserved(), "{stats:?}");
        let sessions = &self.model.sessions;
        let mut expected = stats;
        expected.connections = self.links.values().filter(|link| !link.is_closed).count();
        expected.sessions = sessions.len();
        expected.clients_connected = sessions.values().filter(|session| session.conn.is_some()).count();
        expected.subscriptions = sessions.values().map(|session| session.subscriptions.len()).sum();
        expected.retained_messages = self.model.retained.len();
        assert_eq!(stats, expected);
    }

    /// The moment there is room, what waits is sent (MQTT-3.3.4-9); and so is a will that is due.
    fn check_nothing_waits(&self) {
        for session in self.model.sessions.values() {
            let Some(conn) = session.conn else { continue };
            let window_is_open = self.links[&conn].unwritten() < self.config.output_window;
            if window_is_open && session.wire.has_room(conn, self.config.send_maximum) {
                self.model.ledger.check_nothing_waits(session.owner);
            }
        }
    }

    /// The network is mended, all clients come back, and all that waits gets through: every promise is kept, and in the
    /// end nothing is left.
    pub(crate) fn check_at_the_end(&mut self) {
        let last = self.clients.len() - 1;
        self.drain(0..last);
        self.connect(last, crate::steps::calm_hello());
        self.drain(last..last + 1);
        let options = crate::message::Options { qos: QoS::ExactlyOnce, ..Default::default() };
        self.clients[last].subscribe(crate::message::EVERYTHING, options);
        self.pump(last);
        self.drain(0..last + 1);
        let sessions = &self.model.sessions;
        self.model.ledger.check_all_arrived(|owner| {
            sessions.get(&owner.client).is_some_and(|session| session.owner == owner)
        });
        let stats = self.broker.stats();
        assert_eq!(stats.all_copies().queued, 0, "{stats:?}");

        for client in 0..=last {
            self.cut(client, 0);
            self.notice(client);
        }
        self.wait(1_000_000);
        let stats = self.broker.stats();
        assert_eq!((stats.connections, stats.sessions, stats.subscriptions), (0, 0, 0));
        assert_eq!((stats.all_copies().queued, self.broker.deadline()), (0, None));
        self.check_replay();
    }

    /// Lets these clients and the broker talk until they have no more to say.
    fn drain(&mut self, clients: std::ops::Range<usize>) {
        for client in clients.clone() {
            while self.given_up(client).next().is_some() {
                self.notice(client);
            }
        }
        for _round in 0..100_000 {
            let mut any = false;
            for client in clients.clone() {
                if self.held[client].is_none() {
                    self.connect(client, crate::steps::calm_hello());
                }
                any |= self.exchange(client);
            }
            if !any {
                for client in clients {
                    assert!(self.clients[client].is_connected() && self.clients[client].is_done(), "stalled");
                    assert!(self.model.sessions[&client].wire.is_empty(), "stalled");
                    assert!(self.links.values().all(|link| link.answers.is_empty()), "not answered");
                }
                return;
            }
        }
        panic!("it does not come to an end");
    }
}
