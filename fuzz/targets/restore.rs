//! Pairs of a store, damaged and made up.
#![cfg_attr(fuzzing, no_main)]

mqtt_fuzz::program!(mqtt_fuzz::restore);
