use std::thread;

use mqtt_codec::QoS;

use crate::client::Client;
use crate::process::Process;

/// A client's own input waits while its output is full, so it cannot flood itself: the broker stops reading from it and
/// goes on when there is room. If reading were not resumed, or what had been read already were forgotten then, messages
/// would be missing at the end.
#[test]
fn a_client_that_floods_itself_loses_nothing() {
    const MESSAGES: u32 = 40_000;
    let process = Process::start();
    let mut client = Client::connect(process.address(), "narcissus");
    client.subscribe("mirror", QoS::AtMostOnce);
    let mut writer = client.writer();
    let writing = thread::spawn(move || {
        for n in 0..MESSAGES {
            let mut payload = n.to_be_bytes().to_vec();
            payload.resize(1000, 0);
            writer.publish("mirror", &payload);
        }
    });
    for n in 0..MESSAGES {
        client.receive_payload(|payload| assert_eq!(payload[..4], n.to_be_bytes()));
    }
    writing.join().unwrap();
}
