//! Subscriptions that were allowed once, and whether they still are.

use alloc::sync::Arc;
use alloc::vec::Vec;

use mqtt_topic::{SubscriptionTrie, TopicFilter, TopicFilterBuf};

use super::budget::{ENTRY, QUESTION, Want};
use super::questions::About;
use super::{Core, Cx};
use crate::router::{Granted, Subscribed};
use crate::session::Review;
use crate::slab::Key;
use crate::{DropReason, Note, Question, Request, Ticket, Verdict};

impl Core {
    /// The rights of a client have changed.
    pub(super) fn revoke(&mut self, client_id: &str, cx: &mut Cx<'_>) {
        let Some(key) = self.session_of(client_id) else { return };
        let Some(conn) = self.sessions.get(key).and_then(|session| session.conn) else { return };
        let connection = self.connections.get_mut(conn);
        if let Some(waiting) = connection.and_then(|connection| connection.waiting.as_mut()) {
            // Some of its answers may be those of before.
            waiting.is_outdated = true;
        }
        self.take_replay_back(key);
        self.review(key, cx);
        self.pump(key, cx);
    }

    /// Asks about each subscription of a connected client. Until all answers are there, nothing goes to it.
    pub(super) fn review(&mut self, key: Key, cx: &mut Cx<'_>) {
        // All are asked about again.
        self.end_review(key);
        let mut review = Review::default();
        let mut subscriptions: Vec<(TopicFilterBuf, Subscribed)> = Vec::new();
        self.router.visit_session(key, |filter, kept| subscriptions.push((filter.into(), kept)));
        for (filter, kept) in subscriptions {
            let Some(session) = self.sessions.get(key) else { return };
            let Some(connection) = session.conn.and_then(|conn| self.connections.get(conn)) else { return };
            let request = Request::Subscribe { filter: &filter, qos: kept.granted.qos, is_kept: true };
            let question = Question { client: connection.client(&session.client_id), request };
            match self.questions.put(&question, cx) {
                Ok(verdict) => {
                    if !self.may_keep(key, &filter, kept, verdict, cx) {
                        review.lose(filter, kept.born);
                    }
                }
                // As if it had been answered with no.
                Err(_) if !self.make_room(QUESTION + 2 * filter.as_str().len(), Want::Other, cx) => {
                    review.lose(filter, kept.born);
                }
                Err(ticket) => {
                    self.keep_open(ticket, About::Subscription { session: key, filter, born: kept.born });
                    review.tickets.push(ticket);
                    review.open += 1;
                }
            }
        }
        // What is lost ends when all is known, if there is room to remember it until then.
        let lost = if review.open == 0 || !self.make_room(ENTRY + review.heap(), Want::Other, cx) {
            review.take_lost()
        } else {
            Vec::new()
        };
        if review.open > 0
            && let Some(exchange) = self.exchange(key)
        {
            exchange.review = Some(review.into());
        }
        self.end_lost(key, lost, cx);
    }

    /// Whether a subscription stays; perhaps with a lower QoS.
    fn may_keep(
        &mut self,
        key: Key,
        filter: &TopicFilter,
        kept: Subscribed,
        verdict: Verdict,
        cx: &mut Cx<'_>,
    ) -> bool {
        let Subscribed { granted, born } = kept;
        let Ok(permission) =
            verdict.permission(&Request::Subscribe { filter, qos: granted.qos, is_kept: true })
        else {
            return false;
        };
        if permission.maximum_qos < granted.qos {
            let granted = Granted { qos: permission.maximum_qos, ..granted };
            self.router.subscribe(key, filter, Subscribed { granted, born }, 0);
            self.save_subscription(key, filter, Subscribed { granted, born }, cx);
        }
        true
    }

    pub(super) fn subscription_answered(
        &mut self,
        key: Key,
        filter: &TopicFilter,
        born: u32,
        verdict: Verdict,
        cx: &mut Cx<'_>,
    ) {
        // It may have ended, and come again, in the meantime.
        let kept = self.router.get(key, filter).filter(|kept| kept.born == born);
        let is_lost = kept.is_some_and(|kept| !self.may_keep(key, filter, kept, verdict, cx));
        let growth = self.open_review(key).map_or(0, |review| review.growth(filter));
        let has_room = !is_lost || self.make_room(growth, Want::Other, cx);
        let Some(review) = self.open_review(key) else { return };
        review.open -= 1;
        if is_lost {
            review.lose(filter.into(), born);
        }
        self.settle_review(key, !has_room, cx);
        self.pump(key, cx);
    }

    /// If all answers are there, what is lost ends, and messages go to the client again. Without room to remember it, it ends at once.
    pub(super) fn settle_review(&mut self, key: Key, at_once: bool, cx: &mut Cx<'_>) {
        let Some(review) = self.open_review(key) else { return };
        if review.open > 0 && !at_once {
            return self.recharge(key);
        }
        let lost = review.take_lost();
        self.end_lost(key, lost, cx);
        if let Some(exchange) = self.existing_exchange_mut(key) {
            exchange.review.take_if(|review| review.open == 0);
        }
        self.recharge(key);
    }

    /// A subscription was allowed anew: a question about it that is open does not count any more.
    pub(super) fn forget_question(&mut self, key: Key, filter: &TopicFilter) {
        let is_about_it = |ticket: &Ticket| match self.questions.open.get(ticket) {
            Some((_, About::Subscription { filter: asked, .. })) => asked.as_str() == filter.as_str(),
            _ => false,
        };
        let review = self.existing_exchange(key).and_then(|exchange| exchange.review.as_ref());
        let ticket = review.and_then(|review| review.tickets.iter().copied().find(is_about_it));
        if let Some(ticket) = ticket {
            self.withdraw(ticket);
            self.open_review(key).into_iter().for_each(|review| review.open -= 1);
        }
    }

    pub(super) fn open_review(&mut self, key: Key) -> Option<&mut Review> {
        self.existing_exchange_mut(key)?.review.as_deref_mut()
    }

    /// Withdraws the open questions of a review, and gives the subscriptions that are lost already.
    pub(super) fn end_review(&mut self, key: Key) -> Vec<(TopicFilterBuf, u32)> {
        let exchange = self.existing_exchange_mut(key);
        let Some(mut review) = exchange.and_then(|exchange| exchange.review.take()) else {
            return Vec::new();
        };
        for ticket in &review.tickets {
            self.withdraw(*ticket);
        }
        review.take_lost()
    }

    /// Ends subscriptions that may not stay, and what waits because of them alone.
    fn end_lost(&mut self, key: Key, mut ended: Vec<(TopicFilterBuf, u32)>, cx: &mut Cx<'_>) {
        let Some(session) = self.sessions.get(key) else { return };
        let client_id = Arc::clone(&session.client_id);
        ended.retain(|(filter, born)| {
            let is_it = self.router.get(key, filter).is_some_and(|kept| kept.born == *born);
            is_it && self.end_subscription(key, filter)
        });
        if !ended.is_empty() {
            self.drop_unsubscribed(key, &client_id, cx);
        }
        // After what waits because of them, which would be nobody's concern otherwise.
        for (filter, _) in &ended {
            self.forget_subscription(key, filter, cx);
            cx.out.note(&Note::Revoked { client_id: &client_id, filter });
        }
        self.recharge(key);
    }

    /// Drops what waits for a client because of subscriptions that it has no more.
    fn drop_unsubscribed(&mut self, key: Key, client_id: &str, cx: &mut Cx<'_>) {
        let mut left = SubscriptionTrie::with_seed(self.config.seed_of_tables());
        self.router.visit_session(key, |filter, _| {
            if !filter.is_shared() {
                left.insert(filter, (), ());
            }
        });
        let exchange = self.sessions.get_mut(key).and_then(|session| session.exchange.as_mut());
        let Some(exchange) = exchange else { return };
        let router = &self.router;
        let dropped = exchange.queue.take_all(|parcel| match parcel.group {
            Some(group) => router.group(group).is_none_or(|group| group.member(key).is_none()),
            None => {
                let mut is_left = false;
                left.visit(&parcel.message.topic, |(), ()| is_left = true);
                !is_left
            }
        });
        self.recharge(key);
        self.held_back(cx, |core, cx| {
            for parcel in dropped {
                core.waits_no_more(&parcel);
                core.hand_on(&parcel, client_id, DropReason::NotAuthorized, cx);
                core.drop_parcel(key, &parcel, cx);
            }
        });
    }

    /// The client is away: it will be asked about again when it comes back.
    pub(super) fn abandon_review(&mut self, key: Key, cx: &mut Cx<'_>) {
        let lost = self.end_review(key);
        self.end_lost(key, lost, cx);
    }
}
