//! SUBSCRIBE and UNSUBSCRIBE (MQTT 5.0 §3.8 to §3.11).

use alloc::boxed::Box;
use alloc::vec::Vec;

use mqtt_codec::{
    AckProperties, PacketType, QoS, ReasonCode, RetainHandling, SubAck, Subscribe, Subscription,
    SubscriptionId, UnsubAck, Unsubscribe, Version,
};
use mqtt_topic::TopicFilter;

use super::budget::{ENTRY, Want};
use super::{Core, Cx, Taken};
use crate::router::{Granted, Subscribed};
use crate::session::{Exchange, Replay, length};
use crate::slab::Key;
use crate::{Fault, Request, Verdict};

impl Core {
    pub(super) fn on_subscribe(
        &mut self,
        conn: Key,
        key: Key,
        version: Version,
        packet: &Subscribe<'_>,
        cx: &mut Cx<'_>,
    ) -> Taken {
        if version.is_v5()
            && let Some(fault) = self.not_available(packet)
        {
            self.end(conn, fault, cx);
            return Taken::Done;
        }
        let Some(verdicts) = self.ask_about_all(conn, packet, cx) else { return Taken::Waits };
        let mut reason_string: Option<Box<str>> = None;
        let mut codes = Vec::with_capacity(packet.subscriptions.len());
        for (entry, verdict) in packet.subscriptions.iter().zip(verdicts) {
            let Subscription { filter, options } = entry;
            let request = Request::Subscribe { filter, qos: options.qos, is_kept: false };
            let code = match verdict.permission(&request) {
                Ok(permission) => {
                    let maximum_qos = permission.maximum_qos.min(self.config.maximum_qos);
                    self.subscribe(key, entry, maximum_qos, packet.subscription_id, cx)
                }
                Err(refusal) => {
                    let code = refusal.reason_in(PacketType::SubAck);
                    reason_string = reason_string.or(refusal.reason_string);
                    code
                }
            };
            codes.push(match version {
                // 3.1 has no failure code; it is told the QoS that it asked for and gets nothing.
                Version::V3_1 if code.is_error() => granted(entry.options.qos),
                Version::V3_1 | Version::V3_1_1 | Version::V5 => code,
            });
        }
        let properties =
            AckProperties { reason_string: reason_string.as_deref(), ..AckProperties::default() };
        let codes = codes.as_slice().into();
        self.send(conn, SubAck { packet_id: packet.packet_id, codes, properties }, cx);
        let waiting = self.connections.get(conn).and_then(|connection| connection.waiting.as_ref());
        if waiting.is_some_and(|waiting| waiting.is_outdated) {
            self.review(key, cx);
        }
        self.settle_review(key, false, cx);
        self.pump(key, cx);
        self.rest(key);
        Taken::Done
    }

    /// What a SUBSCRIBE uses though CONNACK said that it is not available.
    fn not_available(&self, packet: &Subscribe<'_>) -> Option<Fault> {
        if packet.subscription_id.is_some() && !self.config.subscription_identifier_available {
            return Some(Fault::Identifier);
        }
        packet.subscriptions.iter().find_map(|entry| self.filter_not_available(entry))
    }

    fn filter_not_available(&self, entry: Subscription<'_>) -> Option<Fault> {
        if entry.filter.is_shared() && !self.config.shared_subscription_available {
            return Some(Fault::Shared);
        }
        let is_wild = !self.config.wildcard_subscription_available && entry.filter.has_wildcards();
        is_wild.then_some(Fault::Wildcard)
    }

    /// The answers about all entries, before anything changes; `None` if some have to be waited for. All that have to be
    /// waited for are asked for at once, so the packet is looked at twice and not once for each.
    fn ask_about_all(&mut self, conn: Key, packet: &Subscribe<'_>, cx: &mut Cx<'_>) -> Option<Vec<Verdict>> {
        let mut verdicts = Vec::with_capacity(packet.subscriptions.len());
        for Subscription { filter, options } in packet.subscriptions {
            let request = Request::Subscribe { filter, qos: options.qos, is_kept: false };
            let verdict = self.decide(conn, None, &verdicts, request, cx);
            verdicts.push(verdict);
        }
        verdicts.into_iter().collect()
    }

    /// Makes or replaces one subscription (MQTT-3.8.4-3), with this QoS at most. One that fails leaves what there was.
    fn subscribe(
        &mut self,
        key: Key,
        entry: Subscription<'_>,
        maximum_qos: QoS,
        id: Option<SubscriptionId>,
        cx: &mut Cx<'_>,
    ) -> ReasonCode {
        let Subscription { filter, options } = entry;
        let existing = self.router.get(key, filter);
        let is_new = existing.is_none();
        if filter.limit_levels(self.config.filter_levels).is_err() {
            return ReasonCode::TopicFilterInvalid;
        }
        if let Some(fault) = self.filter_not_available(entry) {
            return fault.reason_code();
        }
        let wants_retained = match options.retain_handling {
            RetainHandling::Send => true,
            RetainHandling::SendIfNew => is_new,
            RetainHandling::DoNotSend => false,
        };
        // A shared subscription gets no retained messages (MQTT 5.0 §4.8.2).
        let wants_retained = wants_retained && !filter.is_shared() && !self.retained.is_empty();
        let entries = u32::from(is_new) + u32::from(wants_retained);
        let Some(session) = self.sessions.get_mut(key) else { return ReasonCode::UnspecifiedError };
        let replays = session.exchange.as_ref().map_or(0, |exchange| exchange.replays.len());
        let bytes = session.filter_bytes.saturating_add(entries.saturating_mul(length(filter)));
        let has_too_many_subscriptions =
            is_new && session.subscriptions as usize >= self.config.subscriptions;
        let has_too_many_replays = wants_retained && replays >= self.config.subscriptions;
        let has_too_many_bytes = entries > 0 && bytes as usize > self.config.filter_bytes;
        if has_too_many_subscriptions || has_too_many_replays || has_too_many_bytes {
            return ReasonCode::QuotaExceeded;
        }
        let text = length(filter) as usize;
        let replay = if wants_retained {
            size_of::<Exchange>()
                + (replays.max(4) + 1) * size_of::<Replay>()
                + 4 * text
                + self.replay_room_growth(key)
        } else {
            0
        };
        let bytes = ENTRY + replay + if is_new { self.router.growth(key, filter) } else { 0 };
        if !self.make_room(bytes, Want::Other, cx) {
            return ReasonCode::QuotaExceeded;
        }
        let Some(session) = self.sessions.get_mut(key) else { return ReasonCode::UnspecifiedError };
        let born = existing.map_or_else(|| session.subscribed.wrapping_add(1), |existing| existing.born);
        if is_new {
            session.subscribed = born;
            session.subscriptions += 1;
            session.filter_bytes = session.filter_bytes.saturating_add(length(filter));
            self.desk.tally.stats.subscriptions += 1;
            self.desk.tally.stats.shared_subscriptions += usize::from(filter.is_shared());
        }
        let qos = options.qos.min(maximum_qos);
        let granted_options =
            Granted { qos, no_local: options.no_local, retain_as_published: options.retain_as_published, id };
        if wants_retained && self.exchange(key).is_some() {
            let mut replay = Replay::new(filter, born, self.number());
            // Before the subscription, without which it does not count.
            self.save_replay(key, &mut replay, cx);
            if let Some(session) = self.sessions.get_mut(key) {
                session.replay(replay);
            }
            self.keep_replay_room(key);
            self.recharge(key);
        }
        let subscribed = Subscribed { granted: granted_options, born };
        // It was allowed anew.
        if let Some(review) = self.open_review(key) {
            review.spare(filter);
            self.forget_question(key, filter);
        }
        let number = self.number();
        self.router.subscribe(key, filter, subscribed, number);
        self.save_subscription(key, filter, subscribed, cx);
        granted(qos)
    }

    pub(super) fn on_unsubscribe(&mut self, conn: Key, key: Key, packet: &Unsubscribe<'_>, cx: &mut Cx<'_>) {
        let mut codes = Vec::with_capacity(packet.filters.len());
        for filter in packet.filters {
            // Compared as text, never matched (MQTT-3.10.4-1).
            let existed = self.end_subscription(key, filter);
            if existed {
                self.forget_subscription(key, filter, cx);
            }
            codes.push(if existed { ReasonCode::Success } else { ReasonCode::NoSubscriptionExisted });
        }
        let codes = codes.as_slice().into();
        let properties = AckProperties::default();
        self.send(conn, UnsubAck { packet_id: packet.packet_id, codes, properties }, cx);
    }

    /// Ends a subscription, if the session has it, but not in the store.
    pub(super) fn end_subscription(&mut self, key: Key, filter: &TopicFilter) -> bool {
        let existed = self.router.unsubscribe(key, filter);
        if existed && let Some(session) = self.sessions.get_mut(key) {
            session.subscriptions -= 1;
            session.filter_bytes = session.filter_bytes.saturating_sub(length(filter));
            self.desk.tally.stats.subscriptions -= 1;
            self.desk.tally.stats.shared_subscriptions -= usize::from(filter.is_shared());
        }
        existed
    }
}

/// The code that grants this QoS.
const fn granted(qos: QoS) -> ReasonCode {
    match qos {
        QoS::AtMostOnce => ReasonCode::GRANTED_QOS_0,
        QoS::AtLeastOnce => ReasonCode::GrantedQoS1,
        QoS::ExactlyOnce => ReasonCode::GrantedQoS2,
    }
}
