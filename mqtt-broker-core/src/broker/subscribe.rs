//! SUBSCRIBE and UNSUBSCRIBE (MQTT 5.0 §3.8 to §3.11).

use alloc::sync::Arc;
use alloc::vec::Vec;

use mqtt_codec::{
    AckProperties, PacketType, QoS, ReasonCode, RetainHandling, SubAck, Subscribe, Subscription,
    SubscriptionId, UnsubAck, Unsubscribe, Version,
};

use super::{Core, Cx, Taken, failure};
use crate::router::Granted;
use crate::slab::Key;
use crate::{Client, ConnId, Request, Verdict};

impl Core {
    pub(super) fn on_subscribe(
        &mut self,
        conn: ConnId,
        key: Key,
        version: Version,
        packet: &Subscribe<'_>,
        cx: &mut Cx<'_>,
    ) -> Taken {
        let Some(verdicts) = self.ask_about_all(conn, key, version, packet, cx) else { return Taken::Waits };
        let mut codes = Vec::with_capacity(packet.subscriptions.len());
        for (entry, verdict) in packet.subscriptions.iter().zip(verdicts) {
            let code = match verdict {
                Verdict::Deny(reason) => failure(reason, PacketType::SubAck, ReasonCode::NotAuthorized),
                Verdict::Allow => self.subscribe(key, entry, packet.subscription_id),
            };
            codes.push(match version {
                // 3.1 has no failure code; it is told the QoS that it asked for and gets nothing.
                Version::V3_1 if code.is_error() => granted(entry.options.qos),
                Version::V3_1 | Version::V3_1_1 | Version::V5 => code,
            });
        }
        let properties = AckProperties::default();
        self.send(
            conn,
            SubAck { packet_id: packet.packet_id, codes: codes.as_slice().into(), properties },
            cx,
        );
        self.pump(key, cx);
        Taken::Done
    }

    /// The answers about all entries, before anything changes; `None` if some have to be waited for. All that have to be
    /// waited for are asked for at once, so the packet is looked at twice and not once for each.
    fn ask_about_all(
        &mut self,
        conn: ConnId,
        key: Key,
        version: Version,
        packet: &Subscribe<'_>,
        cx: &mut Cx<'_>,
    ) -> Option<Vec<Verdict>> {
        let connection = self.connections.get(&conn)?;
        let listener = connection.listener;
        let user_name = connection.connected.as_ref()?.user_name.clone();
        let client_id = Arc::clone(&self.sessions.get(key)?.client_id);
        let client = Client { client_id: &client_id, user_name: user_name.as_deref(), version, listener };
        let mut verdicts = Vec::with_capacity(packet.subscriptions.len());
        for (index, Subscription { filter, options }) in packet.subscriptions.iter().enumerate() {
            let request = Request::Subscribe { filter, qos: options.qos };
            verdicts.push(self.decide(conn, index, client, request, cx));
        }
        verdicts.into_iter().collect()
    }

    /// Makes or replaces one subscription (MQTT-3.8.4-3). One that fails leaves what there was.
    fn subscribe(&mut self, key: Key, entry: Subscription<'_>, id: Option<SubscriptionId>) -> ReasonCode {
        let Subscription { filter, options } = entry;
        let Some(session) = self.sessions.get_mut(key) else { return ReasonCode::UnspecifiedError };
        let existed = session.subscriptions.contains_key(filter);
        if filter.limit_levels(self.config.filter_levels).is_err() {
            return ReasonCode::TopicFilterInvalid;
        }
        let wants_retained = match options.retain_handling {
            RetainHandling::Send => true,
            RetainHandling::SendIfNew => !existed,
            RetainHandling::DoNotSend => false,
        };
        // A shared subscription gets no retained messages (MQTT 5.0 §4.8.2).
        let wants_retained = wants_retained && !filter.is_shared();
        let entries = usize::from(!existed) + usize::from(wants_retained);
        let bytes = session.filter_bytes.saturating_add(entries * filter.as_str().len());
        let has_too_many_subscriptions = !existed && session.subscriptions.len() >= self.config.subscriptions;
        let has_too_many_replays = wants_retained && session.replays.len() >= self.config.subscriptions;
        let has_too_many_bytes = entries > 0 && bytes > self.config.filter_bytes;
        if has_too_many_subscriptions || has_too_many_replays || has_too_many_bytes {
            return ReasonCode::QuotaExceeded;
        }
        let granted_options = Granted {
            qos: options.qos,
            no_local: options.no_local,
            retain_as_published: options.retain_as_published,
            id,
        };
        session.subscribe(filter, granted_options);
        if wants_retained {
            session.replay(filter, self.retained_ever);
        }
        self.router.subscribe(key, filter, granted_options);
        self.stats.subscriptions += usize::from(!existed);
        granted(options.qos)
    }

    pub(super) fn on_unsubscribe(
        &mut self,
        conn: ConnId,
        key: Key,
        packet: &Unsubscribe<'_>,
        cx: &mut Cx<'_>,
    ) {
        let Some(session) = self.sessions.get_mut(key) else { return };
        let mut codes = Vec::with_capacity(packet.filters.len());
        for filter in packet.filters {
            // Compared as text, never matched (MQTT-3.10.4-1).
            let existed = session.unsubscribe(filter);
            if existed {
                self.router.unsubscribe(key, filter);
                self.stats.subscriptions -= 1;
            }
            codes.push(if existed { ReasonCode::Success } else { ReasonCode::NoSubscriptionExisted });
        }
        let properties = AckProperties::default();
        self.send(
            conn,
            UnsubAck { packet_id: packet.packet_id, codes: codes.as_slice().into(), properties },
            cx,
        );
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
