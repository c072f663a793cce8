//! Connections, and how clients use them.

use std::collections::VecDeque;
use std::mem;

use mqtt_broker_core::{ConnId, Event, ListenerId, Ticket, Timestamp};
use mqtt_codec::Version;

use crate::client::Seen;
use crate::event::Happened;
use crate::guard::Ruling;
use crate::request::{Hello, Request};
use crate::sink::{Act, Sink};
use crate::world::{Checked, World};

/// A connection, and what is on its way there.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) client: usize,
    pub(crate) version: Version,
    pub(crate) is_held: bool,
    pub(crate) to_broker: VecDeque<Request>,
    pub(crate) from_broker: VecDeque<Sent>,
    /// Bytes that the broker has not been told are written.
    pub(crate) unwritten: usize,
    /// Of the first packet: what the policy said to it, the questions that are open, and when the first was asked.
    pub(crate) ruling: Ruling,
    pub(crate) tickets: Vec<Ticket>,
    pub(crate) since: Option<u64>,
}

#[derive(Clone, Debug)]
pub(crate) struct Sent {
    bytes: Vec<u8>,
    at: u64,
    seq: u64,
}

impl Link {
    /// The policy has answered a question about the first packet.
    pub(crate) fn rule(&mut self, ruling: Ruling) {
        if !ruling.is_yes() {
            self.ruling = ruling;
        }
    }

    /// A question was answered, perhaps one about the first packet.
    pub(crate) fn answered(&mut self, ticket: Ticket, ruling: Ruling) {
        if self.tickets.contains(&ticket) {
            self.tickets.retain(|open| *open != ticket);
            self.rule(ruling);
        }
    }

    /// The first packet was taken. Gives what the policy said to it, and when it was asked first.
    pub(crate) fn taken(&mut self) -> (Ruling, Option<u64>) {
        self.tickets.clear();
        (mem::replace(&mut self.ruling, Ruling::Yes), self.since.take())
    }
}

impl World {
    /// A client connects. If it has a connection it gives that up, of which the broker learns by the CONNECT.
    pub(crate) fn connect(&mut self, client: usize, hello: Hello) -> Checked {
        self.cut(client, usize::MAX);
        let conn = ConnId(self.next_conn);
        self.next_conn += 1;
        let link = Link {
            client,
            version: hello.version,
            is_held: true,
            to_broker: VecDeque::new(),
            from_broker: VecDeque::new(),
            unwritten: 0,
            ruling: Ruling::Yes,
            tickets: Vec::new(),
            since: None,
        };
        self.links.insert(conn, link);
        self.clients[client].connect(conn, hello);
        self.flush(client);
        let mut sink = Sink::default();
        let event = Event::Opened { conn, listener: ListenerId(0), identity: None };
        self.broker.handle(Timestamp::from_millis(self.now), event, &mut sink);
        if sink.acts.is_empty() { Ok(()) } else { Err(format!("{:?}", sink.acts)) }
    }

    /// The connection of a client breaks. So many of the packets on their way still arrive.
    pub(crate) fn cut(&mut self, client: usize, still_arrive: usize) {
        let Some(conn) = self.clients[client].held else { return };
        self.trace(|| format!("cut {client} {conn:?} {still_arrive}"));
        self.clients[client].disconnected();
        if let Some(link) = self.links.get_mut(&conn) {
            link.is_held = false;
            // A CONNECT that came after that of the next connection would take it over, and the client would not know.
            let is_connected = !matches!(link.to_broker.front(), Some(Request::Connect(_)));
            link.to_broker.truncate(if is_connected { still_arrive } else { 0 });
            link.from_broker.clear();
        }
    }

    /// A client sends DISCONNECT and closes.
    pub(crate) fn disconnect(&mut self, client: usize, with_will: bool, expiry: Option<u32>) {
        if self.clients[client].is_accepted() {
            self.clients[client].disconnect(with_will, expiry);
            self.flush(client);
            self.cut(client, usize::MAX);
        }
    }

    /// What a client wants to send gets on its way.
    pub(crate) fn flush(&mut self, client: usize) {
        self.clients[client].pump();
        let Some(link) = self.clients[client].held.and_then(|conn| self.links.get_mut(&conn)) else { return };
        link.to_broker.extend(self.clients[client].requests.drain(..));
    }

    /// A client reads so many packets. Whether there were any.
    pub(crate) fn read(&mut self, client: usize, count: usize) -> Checked<bool> {
        let Some(conn) = self.clients[client].held else { return Ok(false) };
        let mut any = false;
        for _ in 0..count {
            let Some(sent) = self.links.get_mut(&conn).and_then(|link| link.from_broker.pop_front()) else {
                break;
            };
            any = true;
            let seen = self.clients[client].read(&sent.bytes)?;
            self.trace(|| format!("client {client} {conn:?} sees {seen:?}"));
            self.see(client, conn, seen, (sent.at, sent.seq))?;
        }
        self.flush(client);
        Ok(any)
    }

    /// Compares what a client has seen with what may be so.
    fn see(&mut self, client: usize, conn: ConnId, seen: Seen, sent: (u64, u64)) -> Checked {
        match seen {
            Seen::ConnAck { session_present } => {
                self.judge(|model| model.accepted(conn, session_present))?;
                let generation = self.models[0].generation(conn).ok_or("no session")?;
                self.clients[client].accepted(generation);
                Ok(())
            }
            Seen::Acknowledged(number) => self.judge(|model| model.acknowledged(number)),
            Seen::Denied(number) => self.judge(|model| model.denied(number)),
            Seen::Answered(id, answer) => self.judge(|model| model.answered(conn, id, answer)),
            Seen::Completed(id) => self.judge(|model| model.completed(client, id)),
            Seen::Delivered(delivery, is_repeat) => {
                self.judge(|model| model.delivered(conn, &delivery, is_repeat, sent))
            }
            Seen::Nothing => Ok(()),
        }
    }

    /// What was sent gets on its way.
    pub(crate) fn release(&mut self, happened: &Happened) -> Checked {
        happened.acts.iter().try_for_each(|act| self.release_act(act, happened))
    }

    pub(crate) fn release_act(&mut self, act: &Act, happened: &Happened) -> Checked {
        match act {
            Act::Store(_) => {}
            Act::Ask(ticket) => {
                if !self.tickets.insert(*ticket) {
                    return Err(format!("{ticket:?} is used again"));
                }
                self.asked.insert(*ticket);
            }
            Act::Send(conn, bytes) => {
                if let Some(link) = self.links.get_mut(conn) {
                    link.unwritten += bytes.len();
                    if link.is_held {
                        let bytes = bytes.clone();
                        link.from_broker.push_back(Sent { bytes, at: happened.now, seq: happened.seq });
                    }
                }
            }
            Act::Close(conn) => {
                if let Some(link) = self.links.remove(conn)
                    && self.clients[link.client].held == Some(*conn)
                {
                    self.clients[link.client].disconnected();
                }
            }
        }
        Ok(())
    }
}
