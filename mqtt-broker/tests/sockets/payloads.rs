use std::thread;

use mqtt_codec::{PacketId, QoS};

use crate::client::Client;
use crate::process::Process;

/// Small payloads are copied and large ones are written from where they lie, in many writes if the socket is full. A
/// bug in putting them together changes bytes or their order.
#[test]
fn of_all_sizes_arrive_whole_and_in_order() {
    let process = Process::start();
    let mut subscriber = Client::connect(process.address(), "subscriber");
    // QoS 0 would not wait for a window that a large message fills.
    subscriber.subscribe("a", QoS::AtLeastOnce);
    let mut publisher = Client::connect(process.address(), "publisher");

    let sizes = [0, 1, 100, 4095, 4096, 4097, 20_000, 32 << 10, 70_000, 1 << 20, 3, 5_000_000, 10];
    let payload = |round: usize, size: usize| -> Vec<u8> {
        (0..size).map(|at| (at / 7 + size + round) as u8).collect()
    };
    let publishing = thread::spawn(move || {
        let mut id = PacketId::MIN;
        for round in 0..3 {
            for size in sizes {
                publisher.publish_qos1("a", &payload(round, size), id);
                id = PacketId::new(id.get() + 1).unwrap();
            }
        }
        publisher
    });
    for round in 0..3 {
        for size in sizes {
            subscriber.receive_payload(|found| {
                assert!(
                    found == payload(round, size),
                    "{size} bytes, round {round}, came as {}",
                    found.len()
                );
            });
        }
    }
    publishing.join().unwrap();
}
