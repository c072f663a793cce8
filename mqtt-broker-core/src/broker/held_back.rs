//! What may go out only after a later change of the store.

use alloc::vec::Vec;
use core::ops::Range;

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
        let mut held = HeldBack { out: &mut *cx.out, actions: Vec::new(), heads: Heads::default() };
        let done = act(self, &mut Cx { policy: &mut *cx.policy, out: &mut held });
        held.let_go();
        done
    }
}

/// Passes on what only changes the store, asks or notes. The rest waits, in order.
struct HeldBack<'a> {
    out: &'a mut dyn Actions,
    actions: Vec<Held>,
    heads: Heads,
}

enum Held {
    Send(ConnId, Version, Head, Option<Bytes>),
    Close(ConnId),
    PauseReading(ConnId),
    ResumeReading(ConnId),
}

impl HeldBack<'_> {
    fn let_go(self) {
        let Self { out, actions, heads } = self;
        let mut buffer = Vec::new();
        for action in actions {
            match action {
                Held::Send(conn, version, head, payload) => {
                    buffer.clear();
                    heads.append(&head, &mut buffer);
                    out.send(conn, &Outgoing { version, head: &buffer, payload: payload.as_ref() });
                }
                Held::Close(conn) => out.close(conn),
                Held::PauseReading(conn) => out.pause_reading(conn),
                Held::ResumeReading(conn) => out.resume_reading(conn),
            }
        }
    }
}

/// The heads of packets. Of a message that goes to many, what is the same for all is kept once for each version.
#[derive(Default)]
struct Heads {
    bytes: Vec<u8>,
    /// The last that was kept as a whole, for 3.x and for 5.0.
    whole: [Range<usize>; 2],
}

/// Where its bytes are: what it begins with as another does, what it has alone, what it ends with as that other does.
type Head = [Range<usize>; 3];

impl Heads {
    fn keep(&mut self, version: Version, head: &[u8]) -> Head {
        let [v3, v5] = &mut self.whole;
        let whole = if version.is_v5() { v5 } else { v3 };
        let like = self.bytes.get(whole.clone()).unwrap_or_default();
        let first = equal(like, head);
        let (like_rest, rest) =
            (like.get(first..).unwrap_or_default(), head.get(first..).unwrap_or_default());
        let last = equal_at_end(like_rest, rest);
        let own = rest.get(..rest.len() - last).unwrap_or_default();
        let start = self.bytes.len();
        let is_like = own.len() <= head.len() / 2;
        self.bytes.extend_from_slice(if is_like { own } else { head });
        let end = self.bytes.len();
        if is_like {
            [whole.start..whole.start + first, start..end, whole.end - last..whole.end]
        } else {
            *whole = start..end;
            [start..end, end..end, end..end]
        }
    }

    fn append(&self, head: &Head, buffer: &mut Vec<u8>) {
        for part in head {
            buffer.extend_from_slice(self.bytes.get(part.clone()).unwrap_or_default());
        }
    }
}

/// Bytes that are compared at once.
const CHUNK: usize = 64;

/// How many bytes are the same from the front on.
fn equal(a: &[u8], b: &[u8]) -> usize {
    let chunks = a.chunks_exact(CHUNK).zip(b.chunks_exact(CHUNK)).take_while(|(a, b)| a == b).count();
    chunks * CHUNK + a.iter().zip(b).skip(chunks * CHUNK).take_while(|(a, b)| a == b).count()
}

/// The same from the end on.
fn equal_at_end(a: &[u8], b: &[u8]) -> usize {
    let chunks = a.rchunks_exact(CHUNK).zip(b.rchunks_exact(CHUNK)).take_while(|(a, b)| a == b).count();
    let rest = a.iter().rev().zip(b.iter().rev()).skip(chunks * CHUNK);
    chunks * CHUNK + rest.take_while(|(a, b)| a == b).count()
}

impl Actions for HeldBack<'_> {
    fn send(&mut self, conn: ConnId, packet: &Outgoing<'_>) {
        let head = self.heads.keep(packet.version, packet.head);
        self.actions.push(Held::Send(conn, packet.version, head, packet.payload.cloned()));
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

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn what_is_kept_comes_back() {
        let long = |id: u8, len: usize| [&[1, 2, id][..], &vec![7; len]].concat();
        let mut heads = Heads::default();
        let packets =
            [long(1, 1000), long(2, 1000), vec![1], vec![], long(3, 900), vec![7; 1002], long(1, 1000)];
        let kept: Vec<_> = packets
            .iter()
            .flat_map(|packet| Version::ALL.map(|version| (packet, heads.keep(version, packet))))
            .collect();
        for (packet, head) in kept {
            let mut buffer = Vec::new();
            heads.append(&head, &mut buffer);
            assert_eq!(buffer, *packet);
        }
        assert!(heads.bytes.len() < 2 * 2_000, "{}", heads.bytes.len());
    }

    #[test]
    fn equal_ends_are_found() {
        for len in [0, 1, 63, 64, 65, 200] {
            let a = vec![1; len];
            assert_eq!((equal(&a, &a), equal_at_end(&a, &a)), (len, len));
            assert_eq!((equal(&a, &[1; 300]), equal_at_end(&[1; 300], &a)), (len, len));
            for other in 0..len {
                let mut b = a.clone();
                b[other] = 0;
                assert_eq!((equal(&a, &b), equal_at_end(&a, &b)), (other, len - other - 1));
            }
        }
    }
}
