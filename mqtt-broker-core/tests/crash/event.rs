//! What happens to the broker.

use bytes::BytesMut;
use mqtt_broker_core::{Broker, ConnId, Event, Timestamp};

use crate::message::{CLIENT_IDS, Message};
use crate::model::Model;
use crate::random::Random;
use crate::request::{Request, by_program};
use crate::store::{Act, Op, Sink};
use crate::world::{Checked, World};

/// What happens to the broker, as the model has to know it.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// A packet of a client.
    Taken(usize, ConnId, Request),
    Closed(ConnId),
    /// By the embedding program.
    Published(Message),
    /// By the embedding program.
    EndedSession(usize),
    /// Nothing but what time and room on connections bring along.
    Nothing,
}

/// Something that has happened, and what is to be done because of it.
#[derive(Clone, Debug)]
pub(crate) struct Happened {
    pub(crate) what: What,
    pub(crate) acts: Vec<Act>,
    pub(crate) now: u64,
    pub(crate) seq: u64,
}

/// What can happen on a connection: its output is written, the broker takes a packet, or it learns that the client is gone.
#[derive(Clone, Copy)]
enum Possible {
    Write,
    Take,
    Close,
}

impl Happened {
    pub(crate) fn ops(&self) -> impl Iterator<Item = &Op> {
        self.acts.iter().filter_map(|act| match act {
            Act::Store(op) => Some(op),
            Act::Send(..) | Act::Close(_) => None,
        })
    }

    /// What may be so if some but not all of its changes are durable.
    pub(crate) fn models_within(&self, before: &[Model]) -> Vec<Model> {
        let mut models = before.to_vec();
        for model in before {
            models.extend(model.beginnings(&self.what, self.now, self.seq));
        }
        models.extend(self.models_after(before));
        models
    }

    /// What may be so if all of its changes are durable.
    pub(crate) fn models_after(&self, before: &[Model]) -> Vec<Model> {
        let mut models = before.to_vec();
        for model in &mut models {
            model.apply(&self.what, self.now, self.seq);
        }
        models
    }
}

impl World {
    /// Something that can happen to the broker now, if there is anything: chosen by `choose` out of so many.
    pub(crate) fn next(
        &mut self,
        choose: impl FnOnce(&mut Random, usize) -> usize,
    ) -> Checked<Option<Happened>> {
        if self.deadline().is_some_and(|deadline| deadline <= self.now) {
            return self.handle(What::Nothing, |broker, now, sink| {
                broker.handle(now, Event::Tick, sink);
                true
            });
        }
        if let Some(what) = self.program.take() {
            return self.intervene(what);
        }
        let mut possible: Vec<(ConnId, Possible)> = Vec::new();
        for (&conn, link) in &self.links {
            if link.unwritten > 0 {
                possible.push((conn, Possible::Write));
            }
            if !link.to_broker.is_empty() {
                possible.push((conn, Possible::Take));
            } else if !link.is_held {
                possible.push((conn, Possible::Close));
            }
        }
        if possible.is_empty() {
            return Ok(None);
        }
        let (conn, what) = possible[choose(&mut self.random, possible.len())];
        match what {
            Possible::Write => self.write(conn),
            Possible::Take => self.take(conn),
            Possible::Close => {
                self.links.remove(&conn);
                self.handle(What::Closed(conn), |broker, now, sink| {
                    broker.handle(now, Event::Closed { conn }, sink);
                    true
                })
            }
        }
    }

    /// The embedding program wants something.
    fn intervene(&mut self, what: What) -> Checked<Option<Happened>> {
        let wanted = what.clone();
        self.handle(what, |broker, now, sink| {
            let event = match wanted {
                What::Published(message) => Event::Publish(by_program(&message)),
                What::EndedSession(client) => Event::EndSession { client_id: CLIENT_IDS[client] },
                What::Taken(..) | What::Closed(_) | What::Nothing => Event::Tick,
            };
            broker.handle(now, event, sink);
            true
        })
    }

    fn write(&mut self, conn: ConnId) -> Checked<Option<Happened>> {
        let link = self.links.get_mut(&conn).ok_or("no link")?;
        let bytes = std::mem::take(&mut link.unwritten);
        self.handle(What::Nothing, |broker, now, sink| {
            broker.handle(now, Event::Written { conn, bytes }, sink);
            true
        })
    }

    /// The broker is offered a packet, which it may not want yet.
    fn take(&mut self, conn: ConnId) -> Checked<Option<Happened>> {
        let link = self.links.get_mut(&conn).ok_or("no link")?;
        let (client, request) = (link.client, *link.to_broker.front().ok_or("no packet")?);
        let mut bytes = Vec::new();
        request.encode(client, &mut bytes);
        let mut bytes = BytesMut::from(&*bytes);
        let happened = self.handle(What::Taken(client, conn, request), |broker, now, sink| {
            broker.handle(now, Event::Received { conn, bytes: &mut bytes }, sink);
            bytes.is_empty()
        })?;
        if happened.as_ref().is_some_and(|happened| !matches!(happened.what, What::Nothing))
            && let Some(link) = self.links.get_mut(&conn)
        {
            link.to_broker.pop_front();
        }
        Ok(happened)
    }

    /// Lets something happen; nothing has if `event` says so.
    fn handle(
        &mut self,
        what: What,
        event: impl FnOnce(&mut Broker, Timestamp, &mut Sink) -> bool,
    ) -> Checked<Option<Happened>> {
        self.seq += 1;
        let (now, seq) = (self.now, self.seq);
        let mut sink = Sink::default();
        let has_happened = event(&mut self.broker, Timestamp::from_millis(now), &mut sink);
        if let Some(complaint) = sink.complaint {
            return Err(complaint);
        }
        let what = if has_happened { what } else { What::Nothing };
        for model in &mut self.models {
            model.apply(&what, now, seq);
        }
        self.trace(|| {
            let acts = sink.acts.iter().map(|act| match act {
                Act::Store(op) => op.text(),
                Act::Send(conn, bytes) => format!("send {conn:?} {:02X?}", &bytes[..bytes.len().min(4)]),
                Act::Close(conn) => format!("close {conn:?}"),
            });
            format!("{what:?}\n         -> {}", acts.collect::<Vec<_>>().join(", "))
        });
        Ok(Some(Happened { what, acts: sink.acts, now, seq }))
    }
}
