//! What the policy is asked, and packets that wait for its answers.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;

use mqtt_codec::ReasonCode;
use mqtt_session::Timestamp;
use mqtt_topic::TopicFilterBuf;
use mqtt_topic::memory::of_map;

use super::budget::{QUESTION, Want};
use super::{Core, Cx, TIMERS_PER_TICK};
use crate::apart::Apart;
use crate::connection::Waiting;
use crate::session::Will;
use crate::slab::Key;
use crate::timers::{Alarm, Timer};
use crate::{Decision, Note, Question, Request, Ticket, Verdict};

/// The questions that are not answered yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Questions {
    /// Until when, and about what. The oldest end first, since all have the same time.
    pub(super) open: BTreeMap<Ticket, (Timestamp, About)>,
    /// How many of them are about wills.
    wills: usize,
    /// What they have allocated.
    text: Apart<usize>,
    next: u64,
    alarm: Alarm,
}

/// What waits for an answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum About {
    /// The packet at the front of a connection: this one of its questions.
    Packet(Key, usize),
    /// A subscription that a session has, and which it is.
    Subscription { session: Key, filter: TopicFilterBuf, born: u32 },
    /// The retained message that the first replay of a session has come to.
    Replay(Key),
    /// A will that is due.
    Will(Box<Will>),
}

impl About {
    fn heap(&self) -> usize {
        match self {
            Self::Packet(..) | Self::Replay(_) => 0,
            Self::Subscription { filter, .. } => filter.as_str().len(),
            Self::Will(will) => will.heap(),
        }
    }
}

impl Questions {
    /// Bytes that they have allocated, at most.
    pub(super) fn heap(&self) -> usize {
        of_map::<Ticket, (Timestamp, About)>(self.open.len()) + *self.text
    }

    /// None yet, in a broker that was restored so many numbers after the first one was made. No two have the same tickets.
    pub(super) const fn after(number: u64) -> Self {
        Self { open: BTreeMap::new(), wills: 0, text: Apart(0), next: number << 32, alarm: Alarm::OFF }
    }

    /// Wills that wait for an answer.
    pub(super) fn wills(&self) -> impl Iterator<Item = &Will> {
        self.open.values().filter_map(|(_, about)| match about {
            About::Will(will) => Some(&**will),
            About::Packet(..) | About::Subscription { .. } | About::Replay(_) => None,
        })
    }

    /// How many of them there are.
    pub(super) const fn count_wills(&self) -> usize {
        self.wills
    }

    /// Asks the policy, and the embedding program if the policy does not know. Then there is a ticket, which has to be
    /// [kept](Core::keep_open).
    pub(super) fn put(&mut self, question: &Question<'_>, cx: &mut Cx<'_>) -> Result<Verdict, Ticket> {
        match cx.policy.decide(question) {
            Decision::Now(verdict) => Ok(verdict),
            Decision::Later => {
                let ticket = Ticket(self.next);
                self.next = self.next.wrapping_add(1);
                cx.out.ask(ticket, question);
                Err(ticket)
            }
        }
    }
}

impl Core {
    /// The answer to the next question about the packet at the front, behind those that had the answers `earlier`. `None` if it
    /// has to be waited for. Each question is asked once. A client that is not connected yet is named.
    pub(super) fn decide(
        &mut self,
        conn: Key,
        client_id: Option<&str>,
        earlier: &[Option<Verdict>],
        request: Request<'_>,
        cx: &mut Cx<'_>,
    ) -> Option<Verdict> {
        let connection = self.connections.get_mut(conn)?;
        let known = connection.waiting.as_ref().and_then(|waiting| waiting.verdicts.get(earlier.len()));
        if let Some(answer) = known {
            return answer.clone();
        }
        let session = connection.session.and_then(|key| self.sessions.get(key));
        let client_id = client_id.or_else(|| session.map(|session| &*session.client_id))?;
        let question = Question { client: connection.client(client_id), request };
        let has_to_wait = connection.waiting.is_some();
        let verdict = match self.questions.put(&question, cx) {
            Ok(verdict) if has_to_wait => self.affordable(verdict, cx),
            Ok(verdict) => verdict,
            Err(ticket) if self.make_room(QUESTION + text_of(earlier), Want::Other, cx) => {
                self.keep_open(ticket, About::Packet(conn, earlier.len()));
                let now = self.now;
                let waiting = self.waiting(conn, earlier)?;
                waiting.verdicts.push(None);
                waiting.tickets.push(ticket);
                waiting.open += 1;
                waiting.since = waiting.since.min(now);
                self.recharge_connection(conn);
                self.set_reading(conn, cx);
                return None;
            }
            // As if it had been answered with no.
            Err(_) => Verdict::Deny(ReasonCode::QuotaExceeded),
        };
        if has_to_wait {
            // It has its place among the answers, whatever became of those before.
            let waiting = self.waiting(conn, earlier)?;
            waiting.text += verdict.heap();
            waiting.verdicts.push(Some(verdict.clone()));
            self.recharge_connection(conn);
        }
        Some(verdict)
    }

    /// Makes the packet at the front one that waits, with the answers that it has.
    pub(super) fn waiting(&mut self, conn: Key, answers: &[Option<Verdict>]) -> Option<&mut Waiting> {
        let now = self.now;
        let waiting = self.connections.get_mut(conn)?.waiting.get_or_insert_with(|| {
            let waiting = Waiting { since: now, ..Default::default() };
            Box::new(waiting)
        });
        let missing = answers.get(waiting.verdicts.len()..).unwrap_or_default();
        waiting.text += text_of(missing);
        waiting.verdicts.extend_from_slice(missing);
        Some(waiting)
    }

    /// Waits for the answer to a question.
    pub(super) fn keep_open(&mut self, ticket: Ticket, about: About) {
        let until = self.now.plus_millis(self.config.answer_timeout.max(1));
        *self.questions.text += about.heap();
        self.questions.wills += usize::from(matches!(about, About::Will(_)));
        self.questions.open.insert(ticket, (until, about));
        self.set_answer_timer();
    }

    /// Forgets a question, if it is open. Its answer changes nothing any more.
    pub(super) fn withdraw(&mut self, ticket: Ticket) -> Option<About> {
        let (_, about) = self.questions.open.remove(&ticket)?;
        *self.questions.text -= about.heap();
        self.questions.wills -= usize::from(matches!(about, About::Will(_)));
        self.set_answer_timer();
        Some(about)
    }

    pub(super) fn answered(&mut self, ticket: Ticket, verdict: Verdict, cx: &mut Cx<'_>) {
        match self.withdraw(ticket) {
            None => {}
            Some(About::Packet(conn, index)) => self.packet_answered(conn, index, verdict, cx),
            Some(About::Subscription { session, filter, born }) => {
                self.subscription_answered(session, &filter, born, verdict, cx);
            }
            Some(About::Replay(session)) => self.replay_answered(session, ticket, verdict, cx),
            Some(About::Will(will)) => self.will_answered(*will, verdict, cx),
        }
    }

    fn packet_answered(&mut self, conn: Key, index: usize, verdict: Verdict, cx: &mut Cx<'_>) {
        let verdict = self.affordable(verdict, cx);
        let waiting = self.connections.get_mut(conn).and_then(|connection| connection.waiting.as_mut());
        let Some(waiting) = waiting else { return };
        waiting.open -= 1;
        let text = verdict.heap();
        waiting.text += text;
        if let Some(answer) = waiting.verdicts.get_mut(index) {
            *answer = Some(verdict);
        }
        // Most have none, and then nothing has to be looked at.
        if text > 0 {
            self.recharge_connection(conn);
        }
        self.set_reading(conn, cx);
    }

    /// An answer that is kept for a while. Without room for what it says it is a no that says nothing.
    fn affordable(&mut self, verdict: Verdict, cx: &mut Cx<'_>) -> Verdict {
        let text = verdict.heap();
        if text == 0 || self.make_room(text, Want::Other, cx) {
            return verdict;
        }
        Verdict::Deny(if let Verdict::DenyWith(refusal) = verdict {
            refusal.reason
        } else {
            ReasonCode::QuotaExceeded
        })
    }

    /// Questions that have been open for too long are answered with no.
    pub(super) fn answer_timer(&mut self, cx: &mut Cx<'_>) {
        self.questions.alarm = Alarm::OFF;
        for _ in 0..TIMERS_PER_TICK {
            let Some((&ticket, &(until, _))) = self.questions.open.first_key_value() else { return };
            if until > self.now {
                break;
            }
            cx.out.note(&Note::NotAnswered { ticket });
            if let Some((_, About::Replay(session))) = self.questions.open.get(&ticket) {
                // Nobody waits for each of those behind it too.
                self.replay_not_answered(*session, cx);
            } else {
                self.answered(ticket, Verdict::Deny(ReasonCode::ServerUnavailable), cx);
            }
        }
        self.set_answer_timer();
    }

    fn set_answer_timer(&mut self) {
        let Questions { open, alarm, .. } = &mut self.questions;
        let first = open.first_key_value().map(|(_, &(until, _))| until);
        self.timers.set(alarm, first, Timer::Answers);
    }
}

/// What answers have allocated.
fn text_of(answers: &[Option<Verdict>]) -> usize {
    answers.iter().flatten().map(Verdict::heap).sum()
}
