//! What decodes encodes to a fixed point.
#![cfg_attr(fuzzing, no_main)]

mqtt_fuzz::program!(mqtt_fuzz::roundtrip);
