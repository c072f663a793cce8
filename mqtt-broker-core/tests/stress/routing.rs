//! Which message is promised to whom.

use std::collections::BTreeMap;

use mqtt_codec::QoS;

use crate::ledger::{Cause, Owner};
use crate::message::{Delivery, FILTERS, Message, Options, PLAIN, matches};
use crate::model::{Model, Session};

impl Model {
    pub(crate) fn subscribe(&mut self, client: usize, filter: usize, options: Options) {
        let Some(session) = self.sessions.get_mut(&client) else { return };
        let (owner, version) = (session.owner, session.version);
        let options =
            if version.is_v5() { options } else { Options { qos: options.qos, ..Options::default() } };
        let existed = session.subscriptions.insert(filter, options).is_some();
        let delivery =
            |message: &Message| Delivery::new(message, version, options.qos, true, [filter].into_iter());
        if existed {
            self.ledger.resubscribed(owner, filter, delivery);
        }
        let wanted = options.retain_handling == 0 || options.retain_handling == 1 && !existed;
        for (topic, message) in self.retained.iter().filter(|_| wanted && filter < PLAIN) {
            if matches(FILTERS[filter], topic) {
                // The standard does not say whether No Local is about retained messages too.
                let is_own = options.no_local && message.publisher == client;
                self.ledger.promise(owner, *message, delivery(message), Cause::Retained(filter), is_own);
            }
        }
    }

    /// The sessions that subscribe to this filter.
    pub(crate) fn members(&self, filter: usize) -> impl Iterator<Item = &Session> {
        self.sessions.values().filter(move |session| session.subscriptions.contains_key(&filter))
    }

    /// One copy for each client with plain subscriptions that match, and one for each group.
    pub(crate) fn route(&mut self, message: Message) {
        if message.retain {
            self.ledger.replaced(message.topic);
            self.retained.remove(message.topic);
            if !message.is_empty {
                self.retained.insert(message.topic, message);
            }
        }
        for session in self.sessions.values() {
            let heard = session.subscriptions.iter().filter(|&(&filter, options)| {
                let is_own = options.no_local && message.publisher == session.owner.client;
                filter < PLAIN && matches(FILTERS[filter], message.topic) && !is_own
            });
            let heard: Vec<_> = heard.collect();
            let Some(qos) = heard.iter().map(|(_, options)| options.qos).max() else { continue };
            let retain = message.retain && heard.iter().any(|(_, options)| options.retain_as_published);
            let filters = heard.iter().map(|&(&filter, _)| filter);
            let delivery = Delivery::new(&message, session.version, qos, retain, filters);
            let excused = delivery.qos == QoS::AtMostOnce && session.conn.is_none();
            self.ledger.promise(session.owner, message, delivery, Cause::Message, excused);
        }
        for filter in (PLAIN..FILTERS.len()).filter(|&filter| matches(FILTERS[filter], message.topic)) {
            let offers = offers(&self.sessions, filter, &message);
            if !offers.is_empty() {
                self.ledger.promise_to_one(filter, message, offers);
            }
        }
    }
}

/// How each member of a group would get a message.
pub(crate) fn offers(
    sessions: &BTreeMap<usize, Session>,
    filter: usize,
    message: &Message,
) -> Vec<(Owner, Delivery)> {
    let offer = |session: &Session| {
        let options = session.subscriptions.get(&filter)?;
        let retain = message.retain && options.retain_as_published;
        let filters = [filter].into_iter();
        Some((session.owner, Delivery::new(message, session.version, options.qos, retain, filters)))
    };
    sessions.values().filter_map(offer).collect()
}
