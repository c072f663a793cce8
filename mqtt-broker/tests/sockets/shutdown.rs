use std::io::ErrorKind;
use std::net::TcpStream;

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

/// One client keeps its side open, so the broker is still there, but whoever comes now learns at once that it is not.
#[test]
fn nobody_gets_in_any_more() {
    let mut process = Process::start();
    let mut last = Client::connect(process.address(), "last");
    process.signal("TERM");
    last.expect_disconnect(ReasonCode::ServerShuttingDown);
    last.expect_end();
    // A few attempts take much less time than the broker gives the client.
    let refused = (0..100).any(|_| match TcpStream::connect(process.address()) {
        Ok(_) => false,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused, "{error}");
            true
        }
    });
    assert!(refused && process.is_running());
    drop(last);
    let (status, said) = process.wait();
    assert_eq!((status.code(), said.as_str()), (Some(0), ""));
}
