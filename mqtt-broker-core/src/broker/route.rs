//! From a message to its subscribers (MQTT 5.0 §3.3.4).

use core::mem;

use mqtt_codec::QoS;

use super::deliver::Terms;
use super::{Core, Cx};
use crate::message::Incoming;
use crate::router::{Granted, PackedTarget, Target};
use crate::slab::Key;
use crate::store::MessageOrigin;
use crate::{Message, Overlapping};

/// Room for targets that is kept from one message to the next.
const TARGETS_KEPT: usize = 2048;

impl Core {
    /// Routes a message that is kept already.
    pub(super) fn route_message(&mut self, message: Message, origin: MessageOrigin, cx: &mut Cx<'_>) {
        let message = self.keep(message);
        // It was written by us, so it can be read.
        if let Ok(properties) = message.properties(self.now) {
            let mut incoming = Incoming::stored(&message, &properties);
            incoming.from = message.publisher.as_ref().and_then(|publisher| self.session_of(publisher));
            incoming.origin.0 = origin;
            self.route(&mut incoming, cx);
        }
        self.messages.release(&message);
    }

    /// Gives a message to all who subscribe to its topic, and keeps it if it is to be retained. Whether there is anybody.
    pub(super) fn route(&mut self, incoming: &mut Incoming<'_>, cx: &mut Cx<'_>) -> bool {
        if incoming.retain {
            self.retain(incoming, cx);
        }
        incoming.number = Some(self.desk.encoder.begin_message());
        let mut targets = mem::take(&mut self.scratch.targets);
        self.router.visit(incoming.topic, |target, granted| targets.push((target, granted)));
        let has_subscribers = !targets.is_empty();
        // One client's subscriptions side by side. The subscribers of one filter mostly are in order.
        if !targets.is_sorted_by_key(|&(target, _)| target) {
            targets.sort_by_key(|&(target, _)| target);
        }
        for matches in targets.chunk_by(|(a, _), (b, _)| a == b) {
            match matches.first().map(|(target, _)| target.unpack()) {
                Some(Target::Session(place)) => {
                    if let Some(key) = self.sessions.key_at(place) {
                        self.deliver_matches(key, incoming, matches, cx);
                    }
                }
                Some(Target::Group(place)) => {
                    if let Some(group) = self.router.group_at(place) {
                        self.deliver_to_group(group, incoming, cx);
                    }
                }
                None => {}
            }
        }
        targets.clear();
        targets.shrink_to(TARGETS_KEPT);
        self.scratch.targets = targets;
        incoming.end(&mut self.messages);
        has_subscribers
    }

    /// Gives a message to one client, whose subscriptions match it.
    fn deliver_matches(
        &mut self,
        key: Key,
        incoming: &mut Incoming<'_>,
        matches: &[(PackedTarget, Granted)],
        cx: &mut Cx<'_>,
    ) {
        let is_own = incoming.from == Some(key);
        // MQTT-3.8.3-3
        let heard =
            matches.iter().map(|(_, granted)| granted).filter(|granted| !(is_own && granted.no_local));
        if self.config.overlapping == Overlapping::CopyEach || matches.len() == 1 {
            for granted in heard {
                self.deliver(key, incoming, &Terms::of(granted, incoming, None), cx);
            }
            return;
        }
        let mut subscription_ids = mem::take(&mut self.scratch.subscription_ids);
        let mut best: Option<(QoS, bool)> = None;
        for granted in heard {
            let (qos, retain) = best.unwrap_or_default();
            best = Some((qos.max(granted.qos), retain || granted.retain_as_published));
            subscription_ids.extend(granted.id);
        }
        if let Some((qos, retain_as_published)) = best {
            // At the highest QoS, with all identifiers (MQTT-3.3.4-2, MQTT-3.3.4-4).
            let terms = Terms {
                qos: qos.min(incoming.qos),
                retain: retain_as_published && incoming.retain,
                subscription_ids: &subscription_ids,
                group: None,
            };
            self.deliver(key, incoming, &terms, cx);
        }
        subscription_ids.clear();
        self.scratch.subscription_ids = subscription_ids;
    }
}
