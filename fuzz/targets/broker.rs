//! A sequence of events for the broker.
#![cfg_attr(fuzzing, no_main)]

mqtt_fuzz::program!(mqtt_fuzz::broker);
