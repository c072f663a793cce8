//! Which messages were promised to whom, and what became of each.
//!
//! A copy is written down when the broker takes the message, and ticked off when it is sent and when the client's
//! application has got it. What is sent must have been promised; at the end, what was promised must have been sent.

use mqtt_codec::QoS;

use crate::message::{Delivery, FILTERS, Message, matches};

/// One of a client's sessions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Owner {
    pub(crate) client: usize,
    pub(crate) generation: u64,
}

/// Why a copy was promised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cause {
    /// A message came, and a subscription was there.
    Message,
    /// A subscription to this filter came, and a retained message was there.
    Retained(usize),
    /// It is that of a shared subscription: the number of the message in [`Ledger::shared`].
    Shared(usize),
}

#[derive(Debug)]
struct Copy {
    owner: Owner,
    delivery: Delivery,
    message: Message,
    cause: Cause,
    sent: bool,
    arrived: bool,
    /// It need not be sent.
    excused: bool,
}

/// A message for one member of a group.
#[derive(Debug)]
struct Shared {
    filter: usize,
    message: Message,
    /// Who may get it, and how.
    offers: Vec<(Owner, Delivery)>,
    /// Who got it.
    holder: Option<Owner>,
    /// Nobody else may get it.
    settled: bool,
    /// Nobody need get it.
    excused: bool,
    /// The group is no more.
    orphaned: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    copies: Vec<Copy>,
    /// Numbers of those that are promised and not sent.
    waiting: Vec<usize>,
    shared: Vec<Shared>,
}

impl Ledger {
    /// A copy for one client; `excused` if the broker may drop it.
    pub(crate) fn promise(
        &mut self,
        owner: Owner,
        message: Message,
        delivery: Delivery,
        cause: Cause,
        excused: bool,
    ) {
        self.waiting.push(self.copies.len());
        self.write_down(owner, message, delivery, cause, excused);
        self.excuse_twins();
    }

    /// The last message of QoS 0 that was promised to a client on this topic need not be sent: the client is slow.
    pub(crate) fn excuse_last(&mut self, client: usize, topic: &str) {
        let is_it = |copy: &Copy| {
            let Delivery { qos, .. } = copy.delivery;
            copy.owner.client == client
                && qos == QoS::AtMostOnce
                && copy.message.topic == topic
                && !copy.excused
        };
        let last = self.waiting.iter().rev().find(|&&at| is_it(&self.copies[at]));
        if let Some(&at) = last {
            self.copies[at].excused = true;
            self.excuse_twins();
        }
    }

    fn write_down(
        &mut self,
        owner: Owner,
        message: Message,
        delivery: Delivery,
        cause: Cause,
        excused: bool,
    ) {
        self.copies.push(Copy { owner, delivery, message, cause, sent: false, arrived: false, excused });
    }

    /// A message for one of these members of a group.
    pub(crate) fn promise_to_one(
        &mut self,
        filter: usize,
        message: Message,
        mut offers: Vec<(Owner, Delivery)>,
    ) {
        let excused = offers.iter().any(|(_, delivery)| delivery.qos == QoS::AtMostOnce);
        let (holder, settled, orphaned) = (None, false, false);
        // If QoS 1 was published twice, nobody can tell which of them a member gets.
        let repeats = |shared: &&mut Shared| shared.filter == filter && shared.message == message;
        for other in self.shared.iter_mut().filter(repeats) {
            let others = other.offers.clone();
            other.offers.extend_from_slice(&offers);
            offers.extend(others);
        }
        self.shared.push(Shared { filter, message, offers, holder, settled, excused, orphaned });
    }

    /// A new PUBLISH is sent. The number of the copy that it is.
    pub(crate) fn sent(&mut self, owner: Owner, delivery: &Delivery) -> usize {
        let is_it = |copy: &Copy| copy.owner == owner && copy.delivery == *delivery;
        let place = self.waiting.iter().position(|&at| is_it(&self.copies[at]));
        if let Some(place) = place {
            let at = self.waiting.remove(place);
            let copy = &mut self.copies[at];
            copy.sent = true;
            self.check_order(at, place);
            return at;
        }
        let is_offered = |shared: &Shared| {
            !shared.settled && shared.holder.is_none() && shared.offers.contains(&(owner, delivery.clone()))
        };
        let due = |shared: &Shared| is_offered(shared) && !shared.excused;
        let at = self.shared.iter().position(due).or_else(|| self.shared.iter().position(is_offered));
        let at = at.unwrap_or_else(|| panic!("nobody promised {owner:?} this: {delivery:?}\n{self:#?}"));
        let shared = &mut self.shared[at];
        shared.holder = Some(owner);
        shared.settled = delivery.qos != QoS::AtLeastOnce;
        self.copies.push(Copy {
            owner,
            delivery: delivery.clone(),
            message: shared.message,
            cause: Cause::Shared(at),
            sent: true,
            arrived: false,
            excused: false,
        });
        self.copies.len() - 1
    }

    /// Messages of one publisher, topic and QoS arrive in the order in which they were published (MQTT-4.6.0-5). What was
    /// promised before, in the first `place` of those that wait, may not have been overtaken.
    fn check_order(&self, at: usize, place: usize) {
        let lane = |copy: &Copy| {
            (copy.message.publisher, copy.message.topic, copy.message.qos, copy.delivery.qos, copy.owner)
        };
        let copy = &self.copies[at];
        let earlier = self.waiting[..place].iter().map(|&at| &self.copies[at]);
        let overtaken = earlier.filter(|other| !other.excused).find(|other| lane(other) == lane(copy));
        assert!(overtaken.is_none(), "{copy:?} overtakes {overtaken:?}");
    }

    /// The client has taken over a copy, by PUBACK or PUBREC.
    pub(crate) fn acknowledged(&mut self, at: usize) {
        if let Cause::Shared(at) = self.copies[at].cause {
            self.shared[at].settled = true;
        }
    }

    /// The client's application got a message.
    pub(crate) fn arrived(&mut self, owner: Owner, delivery: &Delivery) {
        let mut same =
            self.copies.iter_mut().filter(|copy| copy.owner == owner && copy.delivery == *delivery);
        if let Some(copy) = same.find(|copy| copy.sent && !copy.arrived) {
            copy.arrived = true;
            return;
        }
        assert_eq!(
            delivery.qos,
            QoS::AtLeastOnce,
            "{owner:?} got it twice, or as it was not sent: {delivery:?}"
        );
    }

    /// The client is away: QoS 0 may be dropped.
    pub(crate) fn left(&mut self, owner: Owner) {
        self.excuse(|copy| copy.owner == owner && copy.delivery.qos == QoS::AtMostOnce);
    }

    /// What waits for this subscription may still come, but need not.
    pub(crate) fn unsubscribed(&mut self, owner: Owner, filter: usize, is_last: bool) {
        self.excuse(|copy| copy.owner == owner && matches(FILTERS[filter], &copy.delivery.topic));
        for shared in self.shared.iter_mut().filter(|shared| shared.filter == filter) {
            shared.excused = true;
            shared.orphaned |= is_last;
        }
    }

    /// The options of a subscription change: retained messages that wait for it may come by the old ones or the new ones,
    /// or not at all, since they may be sent again because of the new ones.
    pub(crate) fn resubscribed(&mut self, owner: Owner, filter: usize, new: impl Fn(&Message) -> Delivery) {
        let cause = Cause::Retained(filter);
        for (place, at) in self.waiting.clone().into_iter().enumerate().rev() {
            let copy = &mut self.copies[at];
            if copy.owner != owner || copy.cause != cause {
                continue;
            }
            copy.excused = true;
            let (message, new) = (copy.message, new(&copy.message));
            if new != copy.delivery {
                // In the place of the other.
                self.waiting.insert(place + 1, self.copies.len());
                self.write_down(owner, message, new, cause, true);
            }
        }
        self.excuse_twins();
    }

    /// Another message is retained for this topic, or none: the one before need not come any more.
    pub(crate) fn replaced(&mut self, topic: &str) {
        self.excuse(|copy| matches!(copy.cause, Cause::Retained(_)) && copy.delivery.topic == topic);
    }

    /// A session has ended. What waits for it is lost, but what it has of groups goes to the members that are left,
    /// except QoS 2 that was begun (MQTT-4.8.2-5).
    pub(crate) fn ended(&mut self, owner: Owner, offers: impl Fn(usize, &Message) -> Vec<(Owner, Delivery)>) {
        self.excuse(|copy| copy.owner == owner);
        self.waiting.retain(|&at| self.copies[at].owner != owner);
        for shared in self.shared.iter_mut().filter(|shared| !shared.settled) {
            if shared.holder == Some(owner) {
                shared.holder = None;
            }
            let may_have_had_it = shared.offers.iter().any(|(member, _)| *member == owner);
            if shared.holder.is_some() || shared.orphaned || !may_have_had_it {
                continue;
            }
            let more = offers(shared.filter, &shared.message);
            shared.orphaned = more.is_empty();
            shared.excused |= more.is_empty() || more.iter().any(|(_, more)| more.qos == QoS::AtMostOnce);
            shared.offers.extend(more);
        }
    }

    fn excuse(&mut self, whom: impl Fn(&Copy) -> bool) {
        for &at in &self.waiting {
            let copy = &mut self.copies[at];
            copy.excused |= whom(copy);
        }
        self.excuse_twins();
    }

    /// Of two copies that look the same, one of which need not come, nobody can tell which it is that comes.
    fn excuse_twins(&mut self) {
        let excused: Vec<_> = self.waiting.iter().copied().filter(|&at| self.copies[at].excused).collect();
        for &at in self.waiting.iter().filter(|_| !excused.is_empty()) {
            let copy = &self.copies[at];
            let is_twin = |&other: &usize| {
                let other = &self.copies[other];
                copy.delivery == other.delivery && copy.owner == other.owner
            };
            if !copy.excused && excused.iter().any(is_twin) {
                self.copies[at].excused = true;
            }
        }
    }

    /// A client that could get more has nothing to wait for.
    pub(crate) fn check_nothing_waits(&self, owner: Owner) {
        let waiting = self.waiting.iter().map(|&at| &self.copies[at]);
        let forgotten = waiting.filter(|copy| copy.owner == owner).find(|copy| !copy.excused);
        assert!(forgotten.is_none(), "there is room, but it was not sent: {forgotten:#?}");
    }

    /// Everybody is back and nothing is on its way: every promise to a session that lives is kept.
    pub(crate) fn check_all_arrived(&self, lives: impl Fn(Owner) -> bool) {
        for copy in self.copies.iter().filter(|copy| lives(copy.owner)) {
            assert!(copy.sent || copy.excused, "never sent: {copy:#?}");
            let may_be_lost = copy.delivery.qos == QoS::AtMostOnce || !copy.sent;
            assert!(copy.arrived || may_be_lost, "never arrived: {copy:#?}");
        }
        for shared in self.shared.iter() {
            assert!(shared.holder.is_some() || shared.excused, "nobody of the group got it: {shared:#?}");
        }
    }
}
