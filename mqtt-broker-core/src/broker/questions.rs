//! What the policy is asked, and packets that wait for its answers.

use alloc::boxed::Box;

use super::{Core, Cx};
use crate::connection::Waiting;
use crate::slab::Key;
use crate::{Client, Decision, Question, Request, Ticket, Verdict};

impl Core {
    /// The answer to the next question about the packet at the front, behind those that had the answers `earlier`. `None` if it
    /// has to be waited for. Each question is asked once.
    pub(super) fn decide(
        &mut self,
        conn: Key,
        earlier: &[Option<Verdict>],
        client: Client<'_>,
        request: Request<'_>,
        cx: &mut Cx<'_>,
    ) -> Option<Verdict> {
        let connection = self.connections.get_mut(conn)?;
        let known = connection.waiting.as_ref().and_then(|waiting| waiting.verdicts.get(earlier.len()));
        if let Some(answer) = known {
            return answer.clone();
        }
        let question = Question { client, request };
        match cx.policy.decide(&question) {
            Decision::Now(verdict) => {
                if let Some(waiting) = &mut connection.waiting {
                    waiting.verdicts.push(Some(verdict.clone()));
                }
                Some(verdict)
            }
            Decision::Later => {
                let ticket = Ticket(self.next_ticket);
                self.next_ticket += 1;
                self.tickets.insert(ticket, (conn, earlier.len()));
                let now = self.now;
                let waiting = self.waiting(conn, earlier)?;
                waiting.verdicts.push(None);
                waiting.tickets.push(ticket);
                waiting.open += 1;
                waiting.since = waiting.since.min(now);
                cx.out.ask(ticket, &question);
                self.set_reading(conn, cx);
                None
            }
        }
    }

    /// Makes the packet at the front one that waits, with the answers that it has.
    pub(super) fn waiting(&mut self, conn: Key, answers: &[Option<Verdict>]) -> Option<&mut Waiting> {
        let now = self.now;
        let waiting = self.connections.get_mut(conn)?.waiting.get_or_insert_with(|| {
            let waiting = Waiting { since: now, ..Default::default() };
            Box::new(waiting)
        });
        let missing = answers.get(waiting.verdicts.len()..).unwrap_or_default();
        waiting.verdicts.extend_from_slice(missing);
        Some(waiting)
    }

    pub(super) fn answered(&mut self, ticket: Ticket, verdict: Verdict, cx: &mut Cx<'_>) {
        let Some((conn, index)) = self.tickets.remove(&ticket) else { return };
        let waiting = self.connections.get_mut(conn).and_then(|connection| connection.waiting.as_mut());
        let Some(waiting) = waiting else { return };
        waiting.open -= 1;
        if let Some(answer) = waiting.verdicts.get_mut(index) {
            *answer = Some(verdict);
        }
        self.set_reading(conn, cx);
    }
}
