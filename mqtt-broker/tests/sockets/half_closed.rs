use mqtt_codec::{ConnAck, Connect, Packet, ReasonCode};

use crate::client::Client;
use crate::process::Process;

/// As `printf ... | nc` does. If the broker closed the socket as soon as it sees the end of the input, the answers would
/// not arrive.
#[test]
fn whoever_has_said_all_still_gets_the_answers() {
    let process = Process::start();
    let mut client = Client::open(process.address());
    client.send(Connect { client_id: "c", clean_start: true, ..Connect::default() });
    client.send(Packet::PingReq);
    client.finish_sending();
    client.receive(|packet| {
        assert!(matches!(packet, Packet::ConnAck(ConnAck { reason: ReasonCode::Success, .. })))
    });
    client.receive(|packet| assert_eq!(packet, Packet::PingResp));
    client.expect_end();
}
