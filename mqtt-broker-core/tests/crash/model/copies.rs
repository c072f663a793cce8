//! Which message is for whom.

use std::collections::BTreeSet;

use mqtt_codec::QoS;

use super::{Model, Session};
use crate::message::{FILTERS, FIRST_SHARED, Message, Options, matches};

impl Copy {
    /// How many may still come.
    pub(super) const fn left(&self) -> usize {
        self.made.saturating_sub(self.dropped)
    }

    /// One of them does not come.
    pub(super) fn drop_one(&mut self) {
        self.dropped += 1;
        self.times.pop();
        self.certain = self.certain.saturating_sub(1);
    }

    /// The broker has died.
    pub(super) fn crash(&mut self) {
        let again = std::mem::take(&mut self.refused);
        self.dropped -= again;
        self.times.extend(std::iter::repeat_n(self.last_made, again));
    }

    /// They need not arrive, if that is so.
    pub(super) const fn release_if(&mut self, is_so: bool) {
        if is_so {
            self.certain = 0;
        }
    }
}

/// Whose a copy is: a client's in one of its sessions, or of whoever is in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    Session(usize, u32),
    Group(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) number: u32,
    pub(super) target: Target,
    /// It was retained before the client subscribed.
    pub(super) is_replay: bool,
}

/// All copies of a message for one target: there are several if a message of QoS 1 was published again, or a client
/// subscribed again.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Copy {
    pub(super) made: usize,
    /// Deliveries at QoS 0 and at QoS 1.
    pub(super) at_most_once: usize,
    pub(super) at_least_once: usize,
    /// Deliveries at QoS 2 that the client did not know.
    pub(super) exactly_once: usize,
    /// PUBACKs that the broker has taken.
    pub(super) done: usize,
    /// Those that the client does not get, as was noted or decided.
    pub(super) dropped: usize,
    /// Those of them about which the policy is asked again after a crash, since the replay may not have come further.
    pub(super) refused: usize,
    /// When the others were made.
    pub(super) times: Vec<u64>,
    /// QoS that it may have, by their bits.
    pub(super) qos: u8,
    /// When the first and the last was made.
    pub(super) first_made: u64,
    pub(super) last_made: u64,
    /// Replays that No Local holds back, and another SUBSCRIBE may let go.
    pub(super) held_back: usize,
    /// How many have to arrive.
    pub(super) certain: usize,
    /// Sessions of a group that got it at QoS 1.
    pub(super) owners: Vec<(usize, u32)>,
    /// The subscriptions of replays.
    pub(super) filters: BTreeSet<usize>,
}

impl Model {
    /// A message goes to all who subscribe. If that is not certain, they may get it and need not.
    pub(super) fn route(&mut self, message: &Message, from: Option<usize>, is_certain: bool) {
        let must = is_certain && message.expiry.is_none();
        for client in 0..self.sessions.len() {
            let Some(session) = self.session(client) else { continue };
            let heard = |&(&filter, options): &(&usize, &Options)| {
                filter < FIRST_SHARED
                    && matches(filter, message.topic)
                    && !(options.no_local && from == Some(client))
            };
            let granted = session.subscriptions.iter().filter(heard).map(|(_, options)| options.qos);
            let granted: Vec<_> =
                if self.copies_each { granted.collect() } else { granted.max().into_iter().collect() };
            let target = Target::Session(client, session.generation);
            let key = Key { number: message.number, target, is_replay: false };
            for granted in granted {
                self.make(key, granted.min(message.qos), must);
            }
        }
        for filter in (FIRST_SHARED..FILTERS.len()).filter(|&filter| matches(filter, message.topic)) {
            let granted = |session: &Session| session.subscriptions.get(&filter).map(|options| options.qos);
            let granted: Vec<_> = self.sessions.iter().flatten().filter_map(granted).collect();
            let key = Key { number: message.number, target: Target::Group(filter), is_replay: false };
            for qos in granted.iter().take(1) {
                self.make(key, *qos.min(&message.qos), must);
            }
        }
    }

    /// Retained messages go to a client that subscribes.
    pub(super) fn replay(
        &mut self,
        client: usize,
        filter: usize,
        options: Options,
        is_new: bool,
        is_certain: bool,
    ) {
        if options.retain_handling == 2 || options.retain_handling == 1 && !is_new {
            return;
        }
        let Some(generation) = self.session(client).map(|session| session.generation) else { return };
        let found = self.retained.iter().filter(|&(&topic, _)| matches(filter, topic));
        let found: Vec<_> = found.map(|(_, number)| self.messages[number].message).collect();
        for message in found {
            let target = Target::Session(client, generation);
            let key = Key { number: message.number, target, is_replay: true };
            let must = is_certain && message.expiry.is_none();
            let copy = if options.no_local && message.publisher == client {
                let copy = self.copies.entry(key).or_default();
                copy.held_back += 1;
                copy
            } else {
                self.make(key, options.qos.min(message.qos), must)
            };
            copy.filters.insert(filter);
        }
    }

    /// Those that are on their way come as the subscription is now, or not if there is none.
    pub(super) fn replace_replays(&mut self, client: usize, filter: usize, options: Option<Options>) {
        let Some(generation) = self.session(client).map(|session| session.generation) else { return };
        for (key, copy) in &mut self.copies {
            if key.is_replay
                && key.target == Target::Session(client, generation)
                && copy.filters.contains(&filter)
            {
                let message = &self.messages[&key.number].message;
                copy.release_if(
                    options.is_none_or(|options| options.no_local || options.qos == QoS::AtMostOnce),
                );
                if let Some(options) = options {
                    copy.qos |= bit(options.qos.min(message.qos));
                    copy.made += if options.no_local { 0 } else { std::mem::take(&mut copy.held_back) };
                }
            }
        }
    }

    fn make(&mut self, key: Key, qos: QoS, must: bool) -> &mut Copy {
        let copy = self.copies.entry(key).or_default();
        if copy.made == 0 {
            copy.first_made = self.seq;
        }
        copy.last_made = self.seq;
        copy.times.push(self.seq);
        copy.made += 1;
        copy.qos |= bit(qos);
        copy.certain += usize::from(must && qos > QoS::AtMostOnce);
        copy
    }

    /// A client has acknowledged a message.
    pub(super) fn done(
        &mut self,
        client: usize,
        generation: u32,
        number: u32,
        is_replay: bool,
        group: Option<usize>,
    ) {
        let target = group.map_or(Target::Session(client, generation), Target::Group);
        if let Some(copy) = self.copies.get_mut(&Key { number, target, is_replay }) {
            copy.done += 1;
        }
    }

    /// A session that may have messages of a group ends, or the group does. Those of QoS 2 may have been begun, and then nobody
    /// else gets them; those of QoS 1 go on if there is somebody.
    pub(super) fn give_up(&mut self, filter: usize, all: bool) {
        for (key, copy) in &mut self.copies {
            if key.target == Target::Group(filter) {
                copy.release_if(all || self.messages[&key.number].message.qos != QoS::AtLeastOnce);
            }
        }
    }

    /// The topic has another retained message, or none.
    pub(super) fn retain(&mut self, message: &Message, since: u64) {
        if !message.retain {
            return;
        }
        if let Some(old) = self.retained.remove(&message.topic) {
            if let Some(taken) = self.messages.get_mut(&old) {
                taken.unretained = Some(self.seq);
            }
            for (key, copy) in &mut self.copies {
                copy.release_if(key.is_replay && key.number == old);
            }
        }
        if message.is_empty {
            return;
        }
        self.taken(message, false, since);
        if let Some(taken) = self.messages.get_mut(&message.number) {
            taken.unretained = None;
        }
        self.retained.insert(message.topic, message.number);
    }

    /// Whether a message has expired, however often it was published.
    pub(super) fn is_expired(&self, number: u32) -> bool {
        let taken = &self.messages[&number];
        let latest = taken.times.iter().max().copied().unwrap_or_default();
        taken.message.expiry.is_some_and(|expiry| latest + u64::from(expiry) * 1000 <= self.now)
    }
}

pub(super) const fn bit(qos: QoS) -> u8 {
    match qos {
        QoS::AtMostOnce => 1,
        QoS::AtLeastOnce => 2,
        QoS::ExactlyOnce => 4,
    }
}
