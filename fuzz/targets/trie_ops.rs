//! Changes and visits of the tries.
#![cfg_attr(fuzzing, no_main)]

mqtt_fuzz::program!(mqtt_fuzz::trie_ops);
