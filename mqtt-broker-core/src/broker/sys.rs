//! The broker's own state, published as retained messages under `$SYS/broker/`, with the names that mosquitto gave them.
//!
//! The standard knows `$SYS` as a habit (MQTT 5.0 §4.7.2). Clients can read it, if the policy lets them, and never write it.

use alloc::format;
use alloc::string::{String, ToString as _};

use mqtt_codec::QoS;
use mqtt_session::Timestamp;
use mqtt_topic::TopicName;

use super::{Core, Cx};
use crate::store::MessageOrigin;
use crate::timers::{Alarm, Timer};
use crate::{Message, Stats};

const VERSION: &str = concat!("mqtt-broker-core ", env!("CARGO_PKG_VERSION"));

/// What is remembered from one publication to the next.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Sys {
    started: Option<Timestamp>,
    last: Timestamp,
    alarm: Alarm,
    loads: [Load; COUNTERS.len()],
}

impl Default for Sys {
    fn default() -> Self {
        Self {
            started: None,
            last: Timestamp::ZERO,
            alarm: Alarm::OFF,
            loads: [Load::default(); COUNTERS.len()],
        }
    }
}

/// How much a counter grows in a minute, averaged over 1, 5 and 15 minutes; what is older counts less, by a factor of e for
/// each such time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Load {
    count: u64,
    /// Bits of floating-point numbers, so that they can be hashed.
    averages: [u64; MINUTES.len()],
}

const MINUTES: [u8; 3] = [1, 5, 15];

/// The name of a counter, and what it counts.
type Counter = (&'static str, fn(&Stats) -> u64);

/// Counters whose growth is averaged.
const COUNTERS: [Counter; 8] = [
    ("messages/received", |stats| stats.packets_received),
    ("messages/sent", |stats| stats.packets_sent),
    ("bytes/received", |stats| stats.bytes_received),
    ("bytes/sent", |stats| stats.bytes_sent),
    ("publish/received", |stats| stats.publishes_received),
    ("publish/sent", |stats| stats.publishes_sent),
    ("publish/dropped", |stats| stats.all_copies().all_dropped()),
    ("connections", |stats| stats.connects),
];

/// What is published as it is.
const COUNTS: [Counter; 20] = [
    ("clients/connected", |stats| stats.clients_connected as u64),
    ("clients/disconnected", |stats| stats.sessions.saturating_sub(stats.clients_connected) as u64),
    ("clients/total", |stats| stats.sessions as u64),
    ("clients/maximum", |stats| stats.clients_maximum as u64),
    ("clients/expired", |stats| stats.sessions_expired),
    ("messages/received", |stats| stats.packets_received),
    ("messages/sent", |stats| stats.packets_sent),
    ("messages/stored", |stats| stats.retained_messages as u64 + stats.all_copies().queued),
    ("bytes/received", |stats| stats.bytes_received),
    ("bytes/sent", |stats| stats.bytes_sent),
    ("publish/messages/received", |stats| stats.publishes_received),
    ("publish/messages/sent", |stats| stats.publishes_sent),
    ("publish/messages/dropped", |stats| stats.all_copies().all_dropped()),
    ("publish/bytes/received", |stats| stats.publish_bytes_received),
    ("publish/bytes/sent", |stats| stats.publish_bytes_sent),
    ("retained messages/count", |stats| stats.retained_messages as u64),
    ("subscriptions/count", |stats| stats.subscriptions as u64),
    ("shared_subscriptions/count", |stats| stats.shared_subscriptions as u64),
    ("connections/count", |stats| stats.connections as u64),
    ("connections/damped", |stats| stats.connects_damped),
];

impl Load {
    fn add(&mut self, count: u64, seconds: f64) {
        #[expect(clippy::cast_precision_loss, reason = "an average need not be exact")]
        let per_minute = (count - self.count) as f64 * 60.0 / seconds;
        self.count = count;
        for (average, minutes) in self.averages.iter_mut().zip(MINUTES) {
            let kept = libm::exp(-seconds / (f64::from(minutes) * 60.0));
            *average = (f64::from_bits(*average) * kept + per_minute * (1.0 - kept)).to_bits();
        }
    }
}

impl Core {
    /// The first publication is due with the first event.
    pub(super) fn start_sys(&mut self) {
        if self.config.sys_interval.is_some() && self.sys.started.is_none() {
            self.sys.started = Some(self.now);
            self.sys.last = self.now;
            self.timers.set(&mut self.sys.alarm, Some(self.now), Timer::Sys);
        }
    }

    pub(super) fn publish_sys(&mut self, cx: &mut Cx<'_>) {
        self.sys.alarm = Alarm::OFF;
        let (Some(interval), Some(started)) = (self.config.sys_interval, self.sys.started) else { return };
        let stats = self.stats();
        let passed = self.now.as_millis() - self.sys.last.as_millis();
        if passed > 0 {
            self.sys.last = self.now;
            #[expect(clippy::cast_precision_loss, reason = "an average need not be exact")]
            let seconds = passed as f64 / 1000.0;
            for (load, (_, count)) in self.sys.loads.iter_mut().zip(COUNTERS) {
                load.add(count(&stats), seconds);
            }
        }
        self.publish_own("version", VERSION.to_string(), cx);
        self.publish_own("uptime", format!("{} seconds", self.now.whole_seconds_since(started)), cx);
        for (name, count) in COUNTS {
            self.publish_own(name, count(&stats).to_string(), cx);
        }
        for (load, (name, _)) in self.sys.loads.into_iter().zip(COUNTERS) {
            for (average, minutes) in load.averages.into_iter().zip(MINUTES) {
                let name = format!("load/{name}/{minutes}min");
                self.publish_own(&name, format!("{:.2}", f64::from_bits(average)), cx);
            }
        }
        let next = self.now.plus_millis(u64::from(interval.max(1)));
        self.timers.set(&mut self.sys.alarm, Some(next), Timer::Sys);
    }

    /// Publishes a value, if it is not what it was.
    fn publish_own(&mut self, name: &str, value: String, cx: &mut Cx<'_>) {
        let topic = format!("$SYS/broker/{name}");
        let Ok(topic) = TopicName::new(&topic) else { return };
        if self.retained.get(topic).is_some_and(|old| *old.payload == *value.as_bytes()) {
            return;
        }
        let message =
            Message::new(topic, value).with_qos(QoS::ExactlyOnce).with_retain(self.config.retain_available);
        self.route_message(message.received_at(self.now), MessageOrigin::Other, cx);
    }
}
