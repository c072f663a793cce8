use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use mqtt_broker_core::ListenerId;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_local;
use tokio::time::{Instant, sleep};
use tracing::{debug, warn};

use crate::connection;
use crate::hub::SharedHub;

/// How long a listener rests when the system has no room for another connection.
const BACK_OFF: Duration = Duration::from_millis(100);

/// How often it says so.
const WARNING_INTERVAL: Duration = Duration::from_secs(1);

/// The task of a listener.
pub(crate) async fn run(listener: TcpListener, id: ListenerId, hub: SharedHub) {
    let mut warned: Option<Instant> = None;
    loop {
        match listener.accept().await {
            Ok((socket, peer)) => open(socket, peer, id, &hub),
            Err(error) if is_about_the_peer(&error) => {
                debug!(%error, "a connection broke before it was accepted")
            }
            Err(error) => {
                if warned.is_none_or(|at| at.elapsed() >= WARNING_INTERVAL) {
                    warn!(%error, "cannot accept connections");
                    warned = Some(Instant::now());
                }
                sleep(BACK_OFF).await;
            }
        }
    }
}

fn open(socket: TcpStream, peer: SocketAddr, listener: ListenerId, hub: &SharedHub) {
    // Packets are gathered here already. If the socket is broken, reading from it will show that.
    let _ = socket.set_nodelay(true);
    let conn = hub.borrow_mut().open(peer, listener);
    match conn {
        Some(conn) => drop(spawn_local(connection::run(socket, conn, hub.clone()))),
        None => warn!(%peer, "too many connections"),
    }
}

fn is_about_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}
