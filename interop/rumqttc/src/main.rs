//! Drives a broker with rumqttc.
fn main() {}
