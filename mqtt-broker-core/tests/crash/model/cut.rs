//! What may be left of an event of which only the beginning has become durable.

use mqtt_codec::QoS;

use super::Model;
use super::session::CONNECT_STEPS;
use super::will::Due;
use crate::event::{Happened, What};
use crate::guard::{Decided, Ruling, Wish};
use crate::message::{Message, Options};
use crate::request::Request;

impl Happened {
    /// What may be so if some but not all of its changes are durable.
    pub(crate) fn models_within(&self, before: &[Model]) -> Vec<Model> {
        let mut models = Vec::new();
        for model in before {
            // It was in memory that all of it happened.
            let mut after = model.clone();
            if after.apply(self).is_ok() {
                models.push(model.clone());
                // A restored broker publishes wills in the order in which it got them, which the model does not know.
                let orders = if matches!(self.what, What::Restored) { model.due.len().max(1) } else { 1 };
                let mut model = model.clone();
                for _ in 0..orders {
                    models.extend(model.beginnings(self));
                    if orders > 1 {
                        model.due.reverse();
                        models.extend(model.beginnings(self));
                        model.due.reverse();
                        model.due.rotate_left(1);
                    }
                }
                models.push(after);
            }
        }
        models
    }

    /// What may be so if all of its changes are durable.
    pub(crate) fn models_after(&self, before: &[Model]) -> Vec<Model> {
        let mut models = before.to_vec();
        models.retain_mut(|model| model.apply(self).is_ok());
        models
    }
}

/// More parts than an event has.
const MANY: usize = 1000;

type Change<'a> = Box<dyn Fn(&mut Model) + 'a>;

impl Model {
    /// What may be left of something if only the beginning of its changes became durable, besides nothing and everything.
    fn beginnings(&self, happened: &Happened) -> Vec<Self> {
        let mut before = self.clone();
        before.begin(happened, 0);
        let mut beginnings = Vec::new();
        let parts = self.parts(happened);
        let mut add = |change: &dyn Fn(&mut Self)| {
            for sure in 0..=parts {
                let mut beginning = self.clone();
                beginning.begin(happened, sure);
                change(&mut beginning);
                if beginning.finish(happened).is_err() {
                    continue;
                }
                // One that is allowed may be in the store already, and not yet sent to anybody.
                for (at, due) in beginning.due.iter().enumerate() {
                    let is_allowed = happened.decided.iter().any(|(asked, decided)| {
                        let is_it = asked.client == due.client && asked.wish == Wish::Will;
                        is_it && matches!(decided, Decided::Now(ruling) if ruling.is_yes())
                    });
                    if is_allowed && due.ticket.is_none() {
                        let mut begun = beginning.clone();
                        begun.due[at].is_begun = true;
                        beginnings.push(begun);
                    }
                }
                beginnings.push(beginning);
            }
        };
        for change in before.changes(&happened.what) {
            add(&change);
        }
        if parts > 0 || !happened.notes.is_empty() || !happened.decided.is_empty() {
            add(&|model| _ = model.happen(&happened.what));
        }
        beginnings
    }

    /// How many parts of an event become durable one by one.
    fn parts(&self, happened: &Happened) -> usize {
        let mut model = self.clone();
        model.begin(happened, MANY);
        if model.happen(&happened.what).is_err() || model.look_around(happened).is_err() {
            return 0;
        }
        MANY - model.turn.sure
    }

    /// The changes that may be left.
    fn changes<'a>(&self, what: &'a What) -> Vec<Change<'a>> {
        let mut changes: Vec<Change<'a>> = Vec::new();
        let (client, conn, request, terms) = match what {
            What::Taken(client, conn, request, terms) => (*client, *conn, request, terms),
            What::Published(message) => {
                changes.push(Box::new(|model| model.retain(message, model.now)));
                changes.push(Box::new(|model| model.publish_partly(message, None, model.now)));
                return changes;
            }
            What::Answered(ticket, ruling) if ruling.is_yes() => {
                let is_it = |due: &Due| due.ticket == Some(*ticket);
                changes.push(Box::new(move |model| {
                    let due = model.due.iter_mut().find(|due| is_it(due));
                    due.into_iter().for_each(|due| (due.is_begun, due.ticket) = (true, None));
                }));
                return changes;
            }
            What::EndedSession(client) => {
                changes.push(Box::new(|model| model.let_go(*client)));
                return changes;
            }
            What::Answered(..)
            | What::Closed(_)
            | What::Disconnected(_)
            | What::Revoked(_)
            | What::Restored
            | What::Nothing => return changes,
        };
        match request {
            Request::Connect(hello) => {
                for steps in 1..CONNECT_STEPS {
                    changes.push(Box::new(move |model| model.connect(client, conn, hello, steps)));
                }
                if hello.clean_start {
                    changes.push(Box::new(move |model| model.let_go(client)));
                }
            }
            Request::Disconnect { with_will: false, .. } => {
                changes.push(Box::new(move |model| model.forget_will(client)));
            }
            Request::Publish { message, id, .. }
                if terms.ruling.is_yes() && !self.is_repeat(client, message, *id) =>
            {
                changes.push(Box::new(|model| model.retain(message, terms.since)));
                // With QoS 2 all get it or none, if the session survives.
                let is_stored = self.session(client).is_some_and(|session| session.is_stored);
                if message.qos != QoS::ExactlyOnce || !is_stored {
                    changes.push(Box::new(move |model| {
                        model.publish_partly(message, Some(client), terms.since);
                    }));
                }
            }
            // Retained messages come for the subscription that there is, as it was.
            Request::Subscribe { filter, options, .. } if terms.ruling != Ruling::No => {
                changes.push(Box::new(move |model| {
                    let existing =
                        model.session(client).and_then(|session| session.subscriptions.get(filter).copied());
                    if let Some(existing) = existing {
                        let options = Options { retain_handling: options.retain_handling, ..existing };
                        model.replay(client, *filter, options, false, false);
                    }
                }));
            }
            _ => {}
        }
        changes
    }

    fn publish_partly(&mut self, message: &Message, from: Option<usize>, since: u64) {
        self.retain(message, since);
        self.taken(message, false, since);
        self.route(message, from, false);
    }
}
