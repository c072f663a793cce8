use mqtt_broker_core::{Action, Actions, ConnId, Note, Outgoing, Question, StoreOp, Ticket};
use mqtt_codec::{Limits, Packet, PacketType, frame};

/// The actions of one event, and whether each sends a PUBLISH.
#[derive(Default)]
pub(super) struct Made {
    pub(super) actions: Vec<(Action, bool)>,
    pub(super) dropped: u64,
}

impl Actions for Made {
    fn send(&mut self, conn: ConnId, packet: &Outgoing<'_>) {
        let version = packet.version();
        let mut bytes = Vec::new();
        packet.append_to(&mut bytes);
        assert_eq!(bytes.len(), packet.encoded_len());
        let frame = frame(&bytes, &Limits::default()).expect("a good header").expect("a whole packet");
        Packet::decode(version, frame).unwrap_or_else(|error| panic!("sent {packet:?}: {error}"));
        assert!(frame.packet_type().is_sent_by_server(version), "sent {packet:?}");
        let is_publish = frame.packet_type() == PacketType::Publish;
        self.actions.push((Action::Send { conn, bytes }, is_publish));
    }

    fn close(&mut self, conn: ConnId) {
        self.actions.push((Action::Close(conn), false));
    }

    fn pause_reading(&mut self, conn: ConnId) {
        self.actions.push((Action::PauseReading(conn), false));
    }

    fn resume_reading(&mut self, conn: ConnId) {
        self.actions.push((Action::ResumeReading(conn), false));
    }

    fn ask(&mut self, ticket: Ticket, question: &Question<'_>) {
        self.actions.push((Action::Ask { ticket, question: format!("{question:?}") }, false));
    }

    fn store(&mut self, _: StoreOp<'_>) {}

    fn note(&mut self, note: &Note<'_>) {
        if let Note::Dropped { client_id, topic, qos, reason } = *note {
            self.dropped += 1;
            self.actions.push((
                Action::Dropped { client_id: client_id.into(), topic: topic.into(), qos, reason },
                false,
            ));
        }
    }
}
