//! Any legal packet.
#![cfg_attr(fuzzing, no_main)]

mqtt_fuzz::program!(mqtt_fuzz::structured);
