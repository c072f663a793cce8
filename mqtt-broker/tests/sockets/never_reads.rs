use mqtt_codec::QoS;

use crate::client::Client;
use crate::process::Process;

const MIB: usize = 1 << 20;

/// 200 MiB go to a client that never reads. Another one gets each of its messages before the next MiB is sent, and the
/// broker does not keep what cannot be delivered.
#[test]
#[cfg(target_os = "linux")]
fn a_client_that_never_reads_costs_nobody_but_itself() {
    let process = Process::start();
    let mut publisher = Client::connect(process.address(), "publisher");
    let mut sleeper = Client::connect(process.address(), "sleeper");
    sleeper.subscribe("flood", QoS::AtMostOnce);
    let mut other = Client::connect(process.address(), "other");
    other.subscribe("drip", QoS::AtMostOnce);

    let before = process.memory();
    let payload = vec![0; MIB / 16];
    let mut peak = before;
    for n in 0..200_u32 {
        for _ in 0..16 {
            publisher.publish("flood", &payload);
        }
        publisher.publish("drip", &n.to_be_bytes());
        other.receive_payload(|payload| assert_eq!(payload, n.to_be_bytes()));
        peak = peak.max(process.memory());
    }
    // 32 MiB may wait for one client. Without a bound on the queue, or on what is handed to the socket's task, it
    // would be 200.
    println!("{} MiB at the start, {} MiB at most", before / MIB, peak / MIB);
    assert!(peak < before + 100 * MIB, "{} MiB above the start", (peak - before) / MIB);
    drop(sleeper);
}
