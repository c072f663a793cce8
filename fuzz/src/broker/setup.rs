use mqtt_broker_core::{Config, Decision, Policy, Question, Request, Verdict};
use mqtt_codec::{Limits, ReasonCode};

/// Bit 0: small limits. Bit 1: clients may publish to `$` topics. Bit 2: the policy answers later.
pub(super) fn from_byte(byte: u8) -> (Config, Rules) {
    let config = if byte & 1 == 0 { Config::default() } else { small() };
    let config = Config { clients_publish_to_dollar_topics: byte & 2 != 0, ..config };
    (config, Rules { later: byte & 4 != 0 })
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
            Request::Will { topic, .. } | Request::Publish { topic, .. } => topic.as_str(),
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
        subscriptions: 3,
        filter_levels: 4,
        retained_messages: 2,
        ..Config::default()
    }
}
