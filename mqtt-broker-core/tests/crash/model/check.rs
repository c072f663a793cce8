//! What clients see, compared with what they were promised.

use std::collections::BTreeMap;

use mqtt_broker_core::ConnId;
use mqtt_codec::QoS;

use super::copies::{Copy, Key, Target, bit};
use super::{Accepted, Model, Session, Taken};
use crate::client::Answer;
use crate::message::Delivery;

impl Model {
    /// CONNACK came.
    pub(crate) fn accepted(&self, conn: ConnId, session_present: bool) -> Result<(), String> {
        match self.accepted.get(&conn) {
            Some(accepted) if accepted.session_present == session_present => Ok(()),
            other => Err(format!("session present: {session_present}, but {other:?}")),
        }
    }

    /// Which of the client's sessions a connection is in.
    pub(crate) fn generation(&self, conn: ConnId) -> Option<u32> {
        self.accepted.get(&conn).map(|accepted| accepted.generation)
    }

    /// PUBACK or PUBREC came.
    pub(crate) fn acknowledged(&self, number: u32) -> Result<(), String> {
        let is_whole = self.messages.get(&number).is_some_and(|taken| taken.is_whole);
        let is_whole = is_whole || self.denied_silently.contains(&number);
        is_whole.then_some(()).ok_or_else(|| format!("{number} is acknowledged, but was not taken over"))
    }

    /// PUBCOMP came.
    pub(crate) fn completed(&self, client: usize, id: u16) -> Result<(), String> {
        let is_open = self.session(client).is_some_and(|session| session.received.contains(&id));
        if is_open { Err(format!("{id} of client {client} was not released")) } else { Ok(()) }
    }

    /// PUBACK or PUBREC came, and said no.
    pub(crate) fn denied(&self, number: u32) -> Result<(), String> {
        let is_denied = self.denied.contains(&number);
        is_denied.then_some(()).ok_or_else(|| format!("{number} was not denied"))
    }

    /// SUBACK or UNSUBACK came.
    pub(crate) fn answered(&mut self, conn: ConnId, id: u16, answer: Answer) -> Result<(), String> {
        match self.answers.remove(&(conn, id)) {
            None => Err(format!("{id} is answered, but was not done")),
            Some(due) if due == answer => Ok(()),
            Some(due) => Err(format!("{id} is answered with {answer:?}, not {due:?}")),
        }
    }

    /// A message came that was sent then; a repeat of QoS 2 if the client knows its identifier.
    pub(crate) fn delivered(
        &mut self,
        conn: ConnId,
        delivery: &Delivery,
        is_repeat: bool,
        (sent_at, sent_seq): (u64, u64),
    ) -> Result<(), String> {
        let Some(&Accepted { client, generation, .. }) = self.accepted.get(&conn) else {
            return Err(format!("{delivery:?} on a connection that was not accepted"));
        };
        let own = Target::Session(client, generation);
        let target = delivery.group.map_or(own, Target::Group);
        let key = Key { number: delivery.number, target, is_replay: delivery.is_replay };
        let (Some(taken), Some(copy)) = (self.messages.get(&key.number), self.copies.get_mut(&key)) else {
            return Err(format!("{delivery:?} is not for {key:?}"));
        };
        // Those who have begun it and have not let it go.
        let holds = |&(client, session): &(usize, &Option<Session>)| {
            let session = session.as_ref()?;
            (session.let_go < copy.first_made).then_some((client, session.generation))
        };
        let holders: Vec<_> = self.sessions.iter().enumerate().filter_map(|entry| holds(&entry)).collect();
        if copy.qos & bit(delivery.qos) == 0 && delivery.group.is_none() {
            return Err(format!("{delivery:?} has another QoS: {copy:?}"));
        }
        if is_repeat {
            return delivery
                .dup
                .then_some(())
                .ok_or_else(|| format!("{delivery:?} is sent again without DUP"));
        }
        if !delivery.dup {
            check_first_sending(taken, delivery, sent_at, sent_seq)?;
        }
        let is_first = copy.deliveries() == 0;
        copy.deliver(delivery, (client, generation), &holders).map_err(|()| {
            format!("{delivery:?} comes to client {client} once more than it should: {copy:?}")
        })?;
        if is_first && !delivery.is_replay && delivery.group.is_none() {
            let message = &taken.message;
            let kind = (target, message.publisher, message.topic, message.qos, delivery.qos);
            let latest = self.latest.insert(kind, copy.first_made);
            if latest.is_some_and(|latest| latest > copy.last_made) {
                return Err(format!("{delivery:?} comes to client {client} after what came later: {copy:?}"));
            }
        }
        Ok(())
    }

    /// Everything has come to rest, all clients are connected, and a new one has seen what is retained.
    pub(crate) fn check_at_the_end(&self, retained: &BTreeMap<usize, u32>) -> Result<(), String> {
        for (key, copy) in &self.copies {
            let is_due = match key.target {
                Target::Session(client, generation) => {
                    self.session(client).is_some_and(|session| session.generation == generation)
                }
                Target::Group(_) => true,
            };
            if is_due && copy.deliveries() < copy.certain {
                return Err(format!("lost: {key:?}, {copy:?}, {:?}", self.messages[&key.number]));
            }
        }
        if !self.due.is_empty() {
            return Err(format!("wills wait that nobody was asked about: {:?}", self.due));
        }
        let expected = self.retained.iter().filter(|&(_, &number)| !self.is_expired(number));
        let expected: BTreeMap<_, _> = expected.map(|(&topic, &number)| (topic, number)).collect();
        if *retained != expected {
            return Err(format!("retained are {retained:?} and should be {expected:?}"));
        }
        Ok(())
    }
}

/// It is what was published, has not expired, and its interval is what is left; a replay is of what is still retained.
fn check_first_sending(taken: &Taken, delivery: &Delivery, at: u64, seq: u64) -> Result<(), String> {
    let fits = |&time: &u64| {
        let waited = at.saturating_sub(time);
        let left = taken.message.expiry.map(|expiry| u64::from(expiry).saturating_sub(waited / 1000));
        left != Some(0) && (left == delivery.expiry.map(u64::from) || !delivery.says_expiry)
    };
    if delivery.topic != taken.message.topic || delivery.qos > taken.message.qos {
        return Err(format!("{delivery:?} is not {taken:?}"));
    }
    if !taken.times.iter().any(fits) {
        return Err(format!("{delivery:?} has expired at {at}, or says what is not left of {taken:?}"));
    }
    if delivery.is_replay && taken.unretained.is_some_and(|unretained| unretained < seq) {
        return Err(format!("{delivery:?} is not retained any more"));
    }
    Ok(())
}

impl Copy {
    /// One of the copies arrives. Not if all are done with, or with somebody else.
    fn deliver(&mut self, delivery: &Delivery, to: (usize, u32), holders: &[(usize, u32)]) -> Result<(), ()> {
        let is_one_left = match delivery.qos {
            QoS::AtMostOnce => self.at_most_once < self.left(),
            QoS::AtLeastOnce | QoS::ExactlyOnce => self.done + self.exactly_once < self.left(),
        };
        if delivery.group.is_some() && delivery.qos == QoS::AtLeastOnce {
            if !self.owners.contains(&to) {
                self.owners.push(to);
            }
            if self.owners.iter().filter(|owner| holders.contains(owner)).count() > self.made {
                return Err(());
            }
        }
        *match delivery.qos {
            QoS::AtMostOnce => &mut self.at_most_once,
            QoS::AtLeastOnce => &mut self.at_least_once,
            QoS::ExactlyOnce => &mut self.exactly_once,
        } += 1;
        is_one_left.then_some(()).ok_or(())
    }

    fn deliveries(&self) -> usize {
        self.at_most_once + self.at_least_once + self.exactly_once
    }
}
