//! A byte stream that arrives in pieces.
#![cfg_attr(fuzzing, no_main)]

mqtt_fuzz::program!(mqtt_fuzz::stream);
