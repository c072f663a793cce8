//! What may go out only after a later change of the store.

use alloc::vec::Vec;

use bytes::Bytes;
use mqtt_codec::Version;

use super::{Core, Cx};
use crate::{Actions, ConnId, Note, Outgoing, Question, StoreOp, Ticket};

impl Core {
    /// Does something of which the last change of the store says that it counts. Nothing of it goes to a client before that change:
    /// after a crash in between, the client would have what the broker knows nothing of.
    pub(super) fn held_back<T>(
        &mut self,
        cx: &mut Cx<'_>,
        act: impl FnOnce(&mut Self, &mut Cx<'_>) -> T,
    ) -> T {
        if !self.config.durable {
            return act(self, cx);
        }
        let mut held = HeldBack { out: &mut *cx.out, actions: Vec::new(), heads: Vec::new() };
        let done = act(self, &mut Cx { policy: &mut *cx.policy, out: &mut held });
        held.let_go();
        done
    }
}

/// Passes on what only changes the store, asks or notes. The rest waits, in order.
struct HeldBack<'a> {
    out: &'a mut dyn Actions,
    actions: Vec<Held>,
    /// The heads of all packets.
    heads: Vec<u8>,
}

enum Held {
    /// With the length of its head.
    Send(ConnId, Version, usize, Option<Bytes>),
    Close(ConnId),
    PauseReading(ConnId),
    ResumeReading(ConnId),
}

impl HeldBack<'_> {
    fn let_go(self) {
        let Self { out, actions, heads } = self;
        let mut heads = &heads[..];
        for action in actions {
            match action {
                Held::Send(conn, version, len, payload) => {
                    let (head, rest) = heads.split_at_checked(len).unwrap_or_default();
                    heads = rest;
                    out.send(conn, &Outgoing { version, head, payload: payload.as_ref() });
                }
                Held::Close(conn) => out.close(conn),
                Held::PauseReading(conn) => out.pause_reading(conn),
                Held::ResumeReading(conn) => out.resume_reading(conn),
            }
        }
    }
}

impl Actions for HeldBack<'_> {
    fn send(&mut self, conn: ConnId, packet: &Outgoing<'_>) {
        self.heads.extend_from_slice(packet.head);
        self.actions.push(Held::Send(conn, packet.version, packet.head.len(), packet.payload.cloned()));
    }

    fn close(&mut self, conn: ConnId) {
        self.actions.push(Held::Close(conn));
    }

    fn pause_reading(&mut self, conn: ConnId) {
        self.actions.push(Held::PauseReading(conn));
    }

    fn resume_reading(&mut self, conn: ConnId) {
        self.actions.push(Held::ResumeReading(conn));
    }

    fn ask(&mut self, ticket: Ticket, question: &Question<'_>) {
        self.out.ask(ticket, question);
    }

    fn store(&mut self, op: StoreOp<'_>) {
        self.out.store(op);
    }

    fn note(&mut self, note: &Note<'_>) {
        self.out.note(note);
    }
}
