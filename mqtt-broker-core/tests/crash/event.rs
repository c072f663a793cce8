//! What happens to the broker.

use std::mem;

use bytes::BytesMut;
use mqtt_broker_core::{ConnId, Event, Ticket, Timestamp};
use mqtt_codec::{QoS, ReasonCode, Version};

use crate::guard::{Asked, Decided, Mood, Ruling, Wish};
use crate::message::{CLIENT_IDS, Message};
use crate::random::Random;
use crate::request::{Request, by_program};
use crate::sink::{Act, Noted, Sink};
use crate::store::Op;
use crate::world::{Checked, World};

/// What happens to the broker, as the model has to know it.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// A packet of a client.
    Taken(usize, ConnId, Request, Terms),
    Closed(ConnId),
    /// A question was answered.
    Answered(Ticket, Ruling),
    /// By the embedding program.
    Published(Message),
    /// By the embedding program.
    EndedSession(usize),
    /// By the embedding program.
    Disconnected(usize),
    /// By the embedding program.
    Revoked(usize),
    /// The broker was made again.
    Restored,
    /// Nothing but what time and room on connections bring along.
    Nothing,
}

/// How a packet was taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// What the policy said to it.
    pub(crate) ruling: Ruling,
    /// When it was first looked at.
    pub(crate) since: u64,
    pub(crate) version: Version,
}

/// Something that has happened, and what is to be done because of it.
#[derive(Clone, Debug)]
pub(crate) struct Happened {
    pub(crate) what: What,
    /// What the policy was asked.
    pub(crate) decided: Vec<(Asked, Decided)>,
    pub(crate) notes: Vec<Noted>,
    pub(crate) acts: Vec<Act>,
    pub(crate) now: u64,
    pub(crate) seq: u64,
}

/// What can happen: output of a connection is written, the broker takes a packet, it learns that a client is gone, or gets an
/// answer.
#[derive(Clone, Copy)]
enum Possible {
    Write(ConnId),
    Take(ConnId),
    Close(ConnId),
    Answer(Ticket),
    /// To a broker that is dead.
    AnswerLate(Ticket),
}

impl Happened {
    pub(crate) fn ops(&self) -> impl Iterator<Item = &Op> {
        self.acts.iter().filter_map(|act| match act {
            Act::Store(op) => Some(op),
            Act::Send(..) | Act::Close(_) | Act::Ask(_) => None,
        })
    }
}

impl World {
    /// Something that can happen to the broker now, if there is anything: chosen by `choose` out of so many.
    pub(crate) fn next(
        &mut self,
        choose: impl FnOnce(&mut Random, usize) -> usize,
    ) -> Checked<Option<Happened>> {
        if self.deadline().is_some_and(|deadline| deadline <= self.now) {
            return self.handle(What::Nothing, Event::Tick).map(Some);
        }
        if let Some(what) = self.program.take() {
            return self.intervene(what).map(Some);
        }
        let mut possible = Vec::new();
        for (&conn, link) in &self.links {
            if link.unwritten > 0 {
                possible.push(Possible::Write(conn));
            }
            if !link.to_broker.is_empty() {
                possible.push(Possible::Take(conn));
            } else if !link.is_held {
                possible.push(Possible::Close(conn));
            }
        }
        possible.extend(self.asked.iter().map(|&ticket| Possible::Answer(ticket)));
        possible.extend(self.asked_before.iter().map(|&ticket| Possible::AnswerLate(ticket)));
        if possible.is_empty() {
            return Ok(None);
        }
        let happened = match possible[choose(&mut self.random, possible.len())] {
            Possible::Write(conn) => {
                let link = self.links.get_mut(&conn).ok_or("no link")?;
                let bytes = mem::take(&mut link.unwritten);
                self.handle(What::Nothing, Event::Written { conn, bytes })
            }
            Possible::Take(conn) => self.take(conn),
            Possible::Close(conn) => {
                self.links.remove(&conn);
                self.handle(What::Closed(conn), Event::Closed { conn })
            }
            Possible::Answer(ticket) => self.answer(ticket),
            Possible::AnswerLate(ticket) => self.answer_late(ticket),
        };
        happened.map(Some)
    }

    /// The embedding program wants something.
    fn intervene(&mut self, what: What) -> Checked<Happened> {
        let event = match what {
            What::Published(message) => Event::Publish(by_program(&message)),
            What::EndedSession(client) => Event::EndSession { client_id: CLIENT_IDS[client] },
            What::Revoked(client) => Event::Revoke { client_id: CLIENT_IDS[client] },
            What::Disconnected(client) => Event::Disconnect {
                client_id: CLIENT_IDS[client],
                reason: ReasonCode::AdministrativeAction,
                server_reference: None,
            },
            What::Taken(..) | What::Closed(_) | What::Answered(..) | What::Restored | What::Nothing => {
                Event::Tick
            }
        };
        self.handle(what, event)
    }

    /// The broker is offered a packet, which it may not want yet.
    fn take(&mut self, conn: ConnId) -> Checked<Happened> {
        let link = self.links.get_mut(&conn).ok_or("no link")?;
        let (client, request) = (link.client, *link.to_broker.front().ok_or("no packet")?);
        let mut bytes = Vec::new();
        let version = link.version;
        request.encode(client, version, &mut bytes);
        let mut bytes = BytesMut::from(&*bytes);
        let (sink, decided) = self.call(Event::Received { conn, bytes: &mut bytes });
        let now = self.now;
        let link = self.links.get_mut(&conn).ok_or("no link")?;
        for (asked, decided) in &decided {
            if asked.wish == Wish::Packet {
                link.since.get_or_insert(now);
                match decided {
                    Decided::Now(ruling) => link.rule(*ruling),
                    Decided::Later(ticket) => link.tickets.push(*ticket),
                }
            }
        }
        let what = if bytes.is_empty() {
            link.to_broker.pop_front();
            let (ruling, since) = link.taken();
            What::Taken(client, conn, request, Terms { ruling, since: since.unwrap_or(now), version })
        } else {
            What::Nothing
        };
        self.happened(what, sink, decided)
    }

    /// A question is answered.
    fn answer(&mut self, ticket: Ticket) -> Checked<Happened> {
        self.asked.remove(&ticket);
        let mood = self.broker.policy_mut().mood;
        let ruling = Ruling::any(&mut self.random, mood, QoS::AtLeastOnce);
        for link in self.links.values_mut() {
            link.answered(ticket, ruling);
        }
        self.handle(What::Answered(ticket, ruling), Event::Answered { ticket, verdict: ruling.verdict() })
    }

    /// An answer comes to a question of a broker that is dead. It is nobody's.
    fn answer_late(&mut self, ticket: Ticket) -> Checked<Happened> {
        self.asked_before.remove(&ticket);
        let ruling = Ruling::any(&mut self.random, Mood::Strict, QoS::AtMostOnce);
        let event = Event::Answered { ticket, verdict: ruling.verdict() };
        let happened = self.handle(What::Nothing, event)?;
        let is_nothing = happened.acts.is_empty() && happened.notes.is_empty();
        is_nothing.then_some(happened).ok_or_else(|| format!("{ticket:?} was asked before the crash"))
    }

    fn handle(&mut self, what: What, event: Event<'_>) -> Checked<Happened> {
        let (sink, decided) = self.call(event);
        self.happened(what, sink, decided)
    }

    /// Lets something happen. Gives what the broker calls for, and what its policy was asked.
    fn call(&mut self, event: Event<'_>) -> (Sink, Vec<(Asked, Decided)>) {
        self.seq += 1;
        let mut sink = Sink::default();
        self.broker.handle(Timestamp::from_millis(self.now), event, &mut sink);
        assert!(self.broker.stats().are_conserved(), "{:?}", self.broker.stats());
        let decided = self.decided(&sink);
        (sink, decided)
    }

    /// What the policy has answered.
    pub(crate) fn decided(&mut self, sink: &Sink) -> Vec<(Asked, Decided)> {
        let mut tickets = sink.tickets();
        let mut decided = |ruling: Option<Ruling>| match ruling {
            Some(ruling) => Decided::Now(ruling),
            None => Decided::Later(tickets.next().expect("a question")),
        };
        let answered = mem::take(&mut self.broker.policy_mut().answered);
        answered.into_iter().map(|(asked, ruling)| (asked, decided(ruling))).collect()
    }

    /// Something has happened: the model learns of it.
    fn happened(&mut self, what: What, sink: Sink, decided: Vec<(Asked, Decided)>) -> Checked<Happened> {
        let Sink { acts, notes, complaint } = sink;
        let happened = Happened { what, decided, notes, acts, now: self.now, seq: self.seq };
        self.trace(|| happened.text());
        if let Some(complaint) = complaint {
            return Err(complaint);
        }
        for noted in &happened.notes {
            match *noted {
                Noted::Refused(conn) => {
                    let was_refused = self.links.get(&conn).is_some_and(|link| !link.ruling.is_yes());
                    was_refused.then_some(()).ok_or_else(|| format!("{conn:?} is refused"))?;
                }
                Noted::NotAnswered(ticket) => {
                    for link in self.links.values_mut() {
                        link.answered(ticket, Ruling::No);
                    }
                }
                Noted::Connected { .. } | Noted::Revoked { .. } | Noted::Dropped { .. } => {}
            }
        }
        self.judge(|model| model.apply(&happened))?;
        Ok(happened)
    }
}

impl Happened {
    pub(crate) fn text(&self) -> String {
        let acts = self.acts.iter().map(|act| match act {
            Act::Store(op) => op.text(),
            Act::Send(conn, bytes) => format!("send {conn:?} {:02X?}", &bytes[..bytes.len().min(4)]),
            Act::Close(conn) => format!("close {conn:?}"),
            Act::Ask(ticket) => format!("ask {}", ticket.0),
        });
        let acts = acts.collect::<Vec<_>>().join(", ");
        format!("{:?} {:?} {:?}\n         -> {acts}", self.what, self.decided, self.notes)
    }
}
