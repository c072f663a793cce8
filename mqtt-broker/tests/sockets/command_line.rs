use std::net::TcpListener;

use crate::client::Client;
use crate::process::{Process, program};

/// Runs to the end; gives the exit code and standard error.
fn fails(arguments: &[&str]) -> (Option<i32>, String) {
    let output = program().args(arguments).output().unwrap();
    assert!(output.stdout.is_empty());
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn several_listeners_print_the_ports_that_they_got() {
    let command = &mut program();
    let process =
        Process::start_with(command.args(["--listen", "127.0.0.1:0", "--listen", "127.0.0.1:0"]), 2);
    let [first, second] = process.addresses() else { panic!("two listeners") };
    assert!(first.port() != 0 && second.port() != 0 && first != second);
    // They are doors to the same broker.
    let mut subscriber = Client::connect(*first, "subscriber");
    subscriber.subscribe("a", mqtt_codec::QoS::AtMostOnce);
    Client::connect(*second, "publisher").publish("a", b"through");
    subscriber.receive_payload(|payload| assert_eq!(payload, b"through"));
}

#[test]
fn a_host_name_will_do() {
    let process = Process::start_with(program().args(["--listen", "localhost:0"]), 1);
    assert!(process.address().ip().is_loopback());
    Client::connect(process.address(), "c");
}

#[test]
fn a_port_in_use_is_one_line_and_a_failure() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let expected = format!("error: cannot listen on {address}: address already in use\n");
    assert_eq!(fails(&["--listen", &address]), (Some(1), expected));
}

#[test]
fn an_address_that_means_nothing_is_one_line_and_a_failure() {
    for (address, why) in [
        ("nonsense", "invalid socket address"),
        ("127.0.0.1", "invalid socket address"),
        ("127.0.0.1:x", "invalid port value"),
        ("127.0.0.1:65536", "invalid port value"),
    ] {
        let expected = format!("error: cannot listen on {address}: {why}\n");
        assert_eq!(fails(&["--listen", address]), (Some(1), expected));
    }
}

#[test]
fn a_host_that_is_not_there_is_one_line_and_a_failure() {
    let (code, said) = fails(&["--listen", "no-such-host.invalid:1883"]);
    assert_eq!(code, Some(1));
    assert!(said.starts_with("error: cannot listen on no-such-host.invalid:1883: "), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let (code, said) = fails(&["--no-such-option"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("Usage: mqtt-broker"), "{said}");
}

#[test]
fn says_its_version() {
    let output = program().arg("--version").output().unwrap();
    assert!(output.status.success());
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        concat!("mqtt-broker ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn says_who_comes_and_goes_if_asked() {
    let command = &mut program();
    let process = Process::start_with(command.args(["--listen", "127.0.0.1:0", "-v"]), 1);
    let mut client = Client::connect(process.address(), "visitor");
    client.send(mqtt_codec::Disconnect::default());
    client.expect_end();
    process.signal("TERM");
    let (_, said) = process.wait();
    for expected in ["connected client_id=\"visitor\"", "disconnected client_id=\"visitor\"", "shutting down"]
    {
        assert!(said.contains(expected), "{expected} in:\n{said}");
    }
}
