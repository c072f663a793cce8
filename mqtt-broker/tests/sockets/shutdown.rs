use mqtt_codec::{ReasonCode, Version};

use crate::client::Client;
use crate::process::Process;

#[test]
fn clients_are_told_and_the_exit_is_clean() {
    for signal in ["TERM", "INT"] {
        let process = Process::start();
        // First, so that it is accepted when the others are.
        let mut silent = Client::open(process.address());
        let mut new = Client::connect(process.address(), "new");
        let mut old = Client::connect_as(Version::V3_1_1, process.address(), "old");
        process.signal(signal);
        new.expect_disconnect(ReasonCode::ServerShuttingDown);
        new.expect_end();
        // 3.1.1 has no packet to tell it.
        old.expect_end();
        silent.expect_end();
        drop((new, old, silent));
        let (status, said) = process.wait();
        assert_eq!((status.code(), said.as_str()), (Some(0), ""), "SIG{signal}");
    }
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let process = Process::start();
    let mut client = Client::connect(process.address(), "c");
    process.signal("TERM");
    client.expect_disconnect(ReasonCode::ServerShuttingDown);
    client.expect_end();
    // It waits for this client to close its side too.
    process.signal("TERM");
    let (status, said) = process.wait();
    assert_eq!(status.code(), Some(1), "{said}");
    assert_eq!(said, "error: stopped before all connections were closed\n");
}
