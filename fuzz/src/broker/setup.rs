use mqtt_broker_core::{
    Config, Damping, Decision, Overlapping, Policy, Question, Request, SharedStrategy, Verdict,
};
use mqtt_codec::{Limits, QoS, ReasonCode};

/// Bit 0: small limits. Bit 1: clients may publish to `$` topics. Bit 2: the policy answers later. Bit 3: little is available.
/// Bit 4: a copy for each subscription, damping and `$SYS`. Bits 5 to 7: the strategy of shared subscriptions.
pub(super) fn from_byte(byte: u8) -> (Config, Rules) {
    let has = |bit: u8| byte & 1 << bit != 0;
    let mut config = if has(0) { small() } else { Config::default() };
    config.clients_publish_to_dollar_topics = has(1);
    if has(3) {
        config.maximum_qos = QoS::AtLeastOnce;
        config.retain_available = false;
        config.wildcard_subscription_available = false;
        config.subscription_identifier_available = false;
        config.maximum_keep_alive = Some(4);
    }
    if has(4) {
        config.overlapping = Overlapping::CopyEach;
        config.damping = Some(Damping { connects: 2, period: 5_000, pause: 1_000 });
        config.sys_interval = Some(7_000);
        config.report_no_subscribers = true;
    }
    config.shared_strategy = match byte >> 5 {
        0 => SharedStrategy::LeastInFlight,
        1 => SharedStrategy::Sticky,
        2 => SharedStrategy::HashTopic,
        3 => SharedStrategy::HashPublisher,
        _ => SharedStrategy::RoundRobin,
    };
    (config, Rules { later: has(2) })
}

/// A policy that depends on nothing but the question.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rules {
    later: bool,
}

impl Policy for Rules {
    fn decide(&mut self, question: &Question<'_>) -> Decision {
        let topic = match &question.request {
            Request::Connect { .. } => "",
            // One challenge, and whoever answers it is believed.
            Request::Authenticate { data: None, .. } => {
                return Decision::Now(Verdict::Challenge((&b"who?"[..]).into()));
            }
            Request::Authenticate { .. } => return Decision::Now(Verdict::Authenticated(None)),
            Request::Will { topic, .. } | Request::Publish { topic, .. } | Request::Replay { topic, .. } => {
                topic.as_str()
            }
            Request::Subscribe { filter, .. } => filter.as_str(),
        };
        match topic {
            "denied" => Decision::Now(Verdict::Deny(ReasonCode::NotAuthorized)),
            _ if self.later => Decision::Later,
            _ => Decision::Now(Verdict::Allow),
        }
    }
}

/// So small that a short script reaches every limit.
fn small() -> Config {
    Config {
        limits: Limits {
            packet_size: 256,
            user_properties: 2,
            filters: 2,
            subscription_ids: 2,
            ..Limits::default()
        },
        connect_packet_size: 128,
        receive_maximum: 2,
        send_maximum: 2,
        topic_alias_maximum: 1,
        outbound_topic_aliases: 1,
        session_expiry_maximum: 60,
        server_keep_alive: Some(3),
        queued_messages: 3,
        queued_bytes: 1000,
        output_window: 100,
        congestion_timeout: Some(5_000),
        subscriptions: 3,
        filter_levels: 4,
        retained_messages: 2,
        ..Config::default()
    }
}
