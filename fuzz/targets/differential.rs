//! Our verdicts beside those of other codecs.
#![cfg_attr(fuzzing, no_main)]

mqtt_fuzz::program!(mqtt_fuzz::differential);
