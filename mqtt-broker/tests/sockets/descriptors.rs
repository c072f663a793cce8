use std::process::Command;

use mqtt_codec::{Packet, QoS};

use crate::client::Client;
use crate::process::Process;

/// The program under a limit of file descriptors.
fn limited(descriptors: u32) -> Command {
    let mut command = Command::new("sh");
    let script = format!("ulimit -n {descriptors} && exec \"$0\" \"$@\"");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_mqtt-broker"), "--listen", "127.0.0.1:0"]);
    command
}

#[test]
fn too_few_to_begin_with_are_one_line_and_a_failure() {
    for descriptors in [4, 8, 16] {
        let output = limited(descriptors).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.starts_with("error: too few file descriptors"), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn when_they_run_out_clients_that_are_there_go_on() {
    let process = Process::start_with(&mut limited(40), 1);
    let mut client = Client::connect(process.address(), "first");
    client.subscribe("a", QoS::AtMostOnce);
    let mut crowd: Vec<Client> = (0..60).map(|_| Client::open(process.address())).collect();
    for n in 0..100_u8 {
        client.publish("a", &[n]);
        client.receive_payload(|payload| assert_eq!(payload, [n]));
    }
    // Those that did not get in wait in the system's queue, and get in when others go.
    crowd.drain(..55);
    let mut last = crowd.pop().unwrap();
    last.send(mqtt_codec::Connect { client_id: "last", ..mqtt_codec::Connect::default() });
    last.receive(|packet| assert!(matches!(packet, Packet::ConnAck(_))));
    drop((crowd, last));
    client.send(mqtt_codec::Disconnect::default());
    client.expect_end();
    drop(client);

    process.signal("TERM");
    let (status, said) = process.wait();
    assert!(status.success());
    let warnings = said.lines().filter(|line| line.contains("cannot accept connections")).count();
    assert!(warnings >= 1, "{said}");
    // Ten attempts a second, at most one line a second; this test takes a moment.
    assert!(warnings <= 5, "{said}");
}
