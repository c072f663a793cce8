//! Settings and counts of the broker, by their names.

use mqtt_broker_core::{Config, Damping, Overlapping, RateLimit, Relief, SharedStrategy, Stats};
use mqtt_codec::QoS;

use crate::words::Words;

/// Takes `config name=value ..`.
pub(crate) fn configure(config: &mut Config, text: &str) {
    let mut words = Words::new(text);
    let mut set = |name: &str, field: &mut dyn FnMut(u64)| {
        if let Some(value) = words.number(name) {
            field(value);
        }
    };
    set("packet_size", &mut |value| config.limits.packet_size = value as u32);
    set("connect_packet_size", &mut |value| config.connect_packet_size = value as u32);
    set("connect_timeout", &mut |value| config.connect_timeout = value);
    set("budget", &mut |value| config.budget.bytes = value as usize);
    set("congestion_timeout", &mut |value| config.congestion_timeout = Some(value));
    let mut rate = RateLimit { messages: 0, bytes: 0 };
    set("rate_messages", &mut |value| rate.messages = value as u32);
    set("rate_bytes", &mut |value| rate.bytes = value as u32);
    config.rate_limit = Some(rate).filter(|rate| rate.messages > 0 || rate.bytes > 0).or(config.rate_limit);
    set("answer_timeout", &mut |value| config.answer_timeout = value);
    set("receive_maximum", &mut |value| config.receive_maximum = value as u16);
    set("send_maximum", &mut |value| config.send_maximum = value as u16);
    set("topic_alias_maximum", &mut |value| config.topic_alias_maximum = value as u16);
    set("session_expiry_maximum", &mut |value| config.session_expiry_maximum = value as u32);
    set("server_keep_alive", &mut |value| config.server_keep_alive = Some(value as u16));
    set("queued_messages", &mut |value| config.queued_messages = value as usize);
    set("queued_bytes", &mut |value| config.queued_bytes = value as usize);
    set("output_window", &mut |value| config.output_window = value as usize);
    set("subscriptions", &mut |value| config.subscriptions = value as usize);
    set("filter_levels", &mut |value| config.filter_levels = value as usize);
    set("filter_bytes", &mut |value| config.filter_bytes = value as usize);
    set("outbound_topic_aliases", &mut |value| config.outbound_topic_aliases = value as u16);
    set("connections", &mut |value| config.connections = value as usize);
    set("sessions", &mut |value| config.sessions = value as usize);
    set("retained_messages", &mut |value| config.retained_messages = value as usize);
    set("retained_bytes", &mut |value| config.retained_bytes = value as usize);
    set("clients_publish_to_dollar_topics", &mut |value| {
        config.clients_publish_to_dollar_topics = value == 1
    });
    set("maximum_keep_alive", &mut |value| config.maximum_keep_alive = Some(value as u16));
    set("maximum_qos", &mut |value| config.maximum_qos = QoS::from_u8(value as u8).expect("a QoS"));
    set("retain_available", &mut |value| config.retain_available = value == 1);
    set("wildcard_subscription_available", &mut |value| config.wildcard_subscription_available = value == 1);
    set("subscription_identifier_available", &mut |value| {
        config.subscription_identifier_available = value == 1
    });
    set("shared_subscription_available", &mut |value| config.shared_subscription_available = value == 1);
    set("check_payload_format", &mut |value| config.check_payload_format = value == 1);
    set("report_no_subscribers", &mut |value| config.report_no_subscribers = value == 1);
    set("reason_strings", &mut |value| config.reason_strings = value == 1);
    set("sys_interval", &mut |value| config.sys_interval = Some(value as u32));
    if let Some(strategy) = words.get("shared_strategy") {
        config.shared_strategy = match strategy {
            "round-robin" => SharedStrategy::RoundRobin,
            "least-in-flight" => SharedStrategy::LeastInFlight,
            "sticky" => SharedStrategy::Sticky,
            "hash-topic" => SharedStrategy::HashTopic,
            "hash-publisher" => SharedStrategy::HashPublisher,
            other => panic!("no strategy {other}"),
        };
    }
    if let Some(relief) = words.get("relief") {
        let measure = |word| match word {
            "retained" => Relief::RefuseRetained,
            "oldest" => Relief::DropOldest,
            "newest" => Relief::DropNewest,
            "clients" => Relief::RefuseClients,
            other => panic!("no relief {other}"),
        };
        let measures: Vec<_> = relief.split(',').map(measure).collect();
        config.budget.relief = measures.try_into().expect("three of them");
    }
    if let Some(overlapping) = words.get("overlapping") {
        config.overlapping = match overlapping {
            "one-copy" => Overlapping::OneCopy,
            "copy-each" => Overlapping::CopyEach,
            other => panic!("no such {other}"),
        };
    }
    if let Some(connects) = words.number("damping_connects") {
        let period = words.number("damping_period").expect("damping_period=");
        let pause = words.number("damping_pause").expect("damping_pause=");
        config.damping = Some(Damping { connects, period, pause });
    }
    words.finish();
}

/// The counts that a line names, as they are.
pub(crate) fn counts(stats: &Stats, names: &str) -> String {
    let mut text = "stats".to_owned();
    for word in names.split_whitespace() {
        let (name, _) = word.split_once('=').expect("name=count");
        let count = match name {
            "connections" => stats.connections,
            "sessions" => stats.sessions,
            "subscriptions" => stats.subscriptions,
            "retained_messages" => stats.retained_messages,
            other => panic!("no count {other}"),
        };
        text += &format!(" {name}={count}");
    }
    text
}
