use mqtt_codec::{Connect, Packet, ReasonCode};

use crate::client::Client;
use crate::process::Process;

/// Nothing happens on any socket when the time has come, so only the timer can do this. The second client comes while the
/// timer is set for later already.
#[test]
fn go_off_with_nothing_else_going_on() {
    let process = Process::start();
    let mut clients: Vec<_> = [("patient", 2), ("impatient", 1)]
        .into_iter()
        .map(|(client_id, keep_alive)| {
            let mut client = Client::open(process.address());
            client.send(Connect { client_id, keep_alive, clean_start: true, ..Connect::default() });
            client.receive(|packet| assert!(matches!(packet, Packet::ConnAck(_))));
            client
        })
        .collect();
    for client in clients.iter_mut().rev() {
        client.expect_disconnect(ReasonCode::KeepAliveTimeout);
        client.expect_end();
    }
}
