use std::time::Duration;

use mqtt_codec::Packet;

use crate::client::Client;
use crate::process::Process;

const MIB: usize = 1 << 20;

/// The answers to a client that does not read them fill the buffers of the system, then the broker's window for it. From
/// then on the broker takes nothing from it: the requests fill the buffers of the other direction, and nothing goes any
/// more. When the client begins to read, not one answer is missing.
#[test]
fn a_client_that_asks_and_never_listens_is_stopped() {
    const MOST: usize = 64 * MIB;
    let process = Process::start();
    let mut client = Client::connect(process.address(), "deaf");
    #[cfg(target_os = "linux")]
    let before = process.memory();
    let sent = client.flood(&[0xC0, 0].repeat(MIB / 32), MOST, Duration::from_secs(1));
    println!("{} KiB taken", sent >> 10);
    assert!(sent < MOST, "nothing stops it");
    #[cfg(target_os = "linux")]
    {
        let after = process.memory();
        println!("{} KiB of memory, then {}", before >> 10, after >> 10);
        assert!(after < before + 4 * MIB, "{} KiB above the start", (after - before) >> 10);
    }

    for _ in 0..sent / 2 {
        client.receive(|packet| assert_eq!(packet, Packet::PingResp));
    }
}
