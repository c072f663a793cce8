//! What the policy says of subscriptions that there are, and of retained messages that are on their way.

use std::collections::BTreeSet;

use mqtt_broker_core::Ticket;

use super::copies::{Key, Target};
use super::{Model, Question};
use crate::guard::{Asked, Decided, Ruling, Wish};
use crate::message::Options;

impl Model {
    /// Questions of an event. Those about subscriptions take the place of earlier ones.
    pub(super) fn review(&mut self, decided: &[(Asked, Decided)]) -> Result<(), String> {
        let mut begun = BTreeSet::new();
        for &(Asked { client, wish }, decided) in decided {
            match wish {
                Wish::Packet | Wish::Will => {}
                Wish::Keep(filter) => {
                    if begun.insert(client) {
                        self.begin_review(client);
                    }
                    self.asked(client, Question::Keep(filter), decided)?;
                }
                Wish::Replay(topic) => {
                    let number = self.retained.get(&topic).copied().unwrap_or_default();
                    self.asked(client, Question::Replay(number), decided)?;
                }
            }
        }
        Ok(())
    }

    fn begin_review(&mut self, client: usize) {
        if let Some(session) = self.sessions[client].as_mut() {
            session.denied.clear();
            session.open.retain(|_, question| matches!(question, Question::Replay(_)));
        }
    }

    /// What is open about retained messages is asked again.
    pub(super) fn take_replays_back(&mut self, client: usize) {
        if let Some(session) = self.sessions[client].as_mut() {
            session.open.retain(|_, question| !matches!(question, Question::Replay(_)));
        }
    }

    fn asked(&mut self, client: usize, question: Question, decided: Decided) -> Result<(), String> {
        let is_cut = self.is_cut();
        let Some(session) = self.sessions[client].as_mut().filter(|session| session.conn.is_some()) else {
            return if is_cut { Ok(()) } else { Err(format!("{question:?} about {client}, who is away")) };
        };
        let is_known = match question {
            Question::Keep(filter) => session.subscriptions.contains_key(&filter),
            Question::Replay(number) => {
                let target = Target::Session(client, session.generation);
                self.copies.contains_key(&Key { number, target, is_replay: true })
            }
            Question::Ended => false,
        };
        if !is_known && !is_cut {
            return Err(format!("{question:?} about {client}, who has not asked for it"));
        }
        match decided {
            Decided::Later(ticket) => _ = session.open.insert(ticket, question),
            Decided::Now(ruling) => self.answer(client, question, ruling, false),
        }
        Ok(())
    }

    /// An answer that comes later. The replay to which nobody answers in time ends, and all that is behind it too.
    pub(super) fn decide_review(&mut self, ticket: Ticket, ruling: Ruling) {
        for client in 0..self.sessions.len() {
            let question = self.sessions[client].as_mut().and_then(|session| session.open.remove(&ticket));
            if let Some(question) = question {
                self.answer(client, question, ruling, true);
            }
        }
    }

    /// Nobody has answered in time.
    pub(super) fn not_answered(&mut self, ticket: Ticket) {
        for client in 0..self.sessions.len() {
            let Some(session) = self.sessions[client].as_mut() else { continue };
            if let Some(Question::Replay(_)) = session.open.get(&ticket) {
                session.open.remove(&ticket);
                let target = Target::Session(client, session.generation);
                for (key, copy) in &mut self.copies {
                    copy.release_if(key.is_replay && key.target == target);
                }
            }
        }
        self.decide(ticket, Ruling::No);
    }

    fn answer(&mut self, client: usize, question: Question, ruling: Ruling, is_late: bool) {
        let Some(session) = self.sessions[client].as_mut() else { return };
        match question {
            Question::Ended => {}
            Question::Keep(filter) => {
                let Some(&options) = session.subscriptions.get(&filter) else { return };
                match ruling.limit(options.qos) {
                    None => _ = session.denied.insert(filter),
                    Some(qos) if qos < options.qos && self.is_sure() => {
                        let options = Options { qos, ..options };
                        if let Some(session) = self.sessions[client].as_mut() {
                            session.subscriptions.insert(filter, options);
                        }
                        self.replace_replays(client, filter, Some(options));
                    }
                    Some(_) => {}
                }
            }
            Question::Replay(_) if ruling.is_yes() => {}
            Question::Replay(number) => {
                let target = Target::Session(client, session.generation);
                let is_cut = self.is_cut();
                if let Some(copy) = self.copies.get_mut(&Key { number, target, is_replay: true }) {
                    if is_cut {
                        copy.certain = 0;
                    } else {
                        copy.drop_one();
                        copy.refused += usize::from(is_late);
                    }
                }
            }
        }
    }

    /// A subscription has ended because the policy said so.
    pub(super) fn revoked(&mut self, client: usize, filter: usize) -> Result<(), String> {
        let of_session = self.session(client).is_some_and(|session| session.denied.contains(&filter));
        let of_connection = self.turn.denied.remove(&(client, filter));
        if self.is_cut() {
            if self.is_sure() {
                self.end_subscription(client, filter);
            }
            return Ok(());
        }
        let is_gone = self.session(client).is_none_or(|session| !session.subscriptions.contains_key(&filter));
        if !of_session && !of_connection && !is_gone {
            return Err(format!("client {client} loses {filter}, which was not denied"));
        }
        self.end_subscription(client, filter);
        Ok(())
    }

    /// What is denied has ended, unless more is open.
    pub(super) fn check_review(&self) -> Result<(), String> {
        for (client, session) in self.sessions.iter().enumerate() {
            let Some(session) = session else { continue };
            let is_open = session.open.values().any(|question| !matches!(question, Question::Replay(_)));
            if !is_open && !session.denied.is_empty() {
                return Err(format!("client {client} keeps what it may not: {:?}", session.denied));
            }
        }
        Ok(())
    }
}
