//! What the benches of topics have in common: the subscriptions, and ours, a limit and peers behind one trait.

mod datasets;
mod index;
mod limit;
mod matcher;
mod ours;
pub mod peers;
mod scan;

pub use datasets::{Dataset, Kind, Rng, key, value};
pub use index::{Index, Nothing};
pub use limit::Limit;
pub use matcher::{Equality, Matcher, SINGLE_FILTERS, SINGLE_NAME};
pub use ours::{Ours, OursFilter, OursSet, OursWithKeys};
pub use scan::Scan;

/// Calls a macro with the module's name and the type of each index.
#[macro_export]
macro_rules! for_each_index {
    ($call:ident) => {
        $call! {
            nothing: $crate::Nothing,
            limit: $crate::Limit,
            ours: $crate::Ours,
            ours_with_keys: $crate::OursWithKeys,
            rmqtt: $crate::peers::Rmqtt,
            mqtt_topic_engine: $crate::peers::MqttTopicEngine,
            scan_set: $crate::OursSet,
            scan_ours: $crate::Scan<$crate::OursFilter>,
            scan_rumqttc: $crate::Scan<$crate::peers::Rumqttc>,
            scan_ntex_mqtt: $crate::Scan<$crate::peers::NtexMqtt>,
        }
    };
}

/// Calls a macro with the module's name and the type of each matcher of a single filter.
#[macro_export]
macro_rules! for_each_matcher {
    ($call:ident) => {
        $call! {
            nothing: $crate::Nothing,
            limit: $crate::Equality,
            ours: $crate::OursFilter,
            rumqttc: $crate::peers::Rumqttc,
            ntex_mqtt: $crate::peers::NtexMqtt,
        }
    };
}
