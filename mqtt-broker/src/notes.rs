//! What the broker notes, as log lines.

use std::net::SocketAddr;

use mqtt_broker_core::{ConnId, Note};
use tracing::{debug, info};

pub(crate) fn log(note: &Note<'_>, mut peer: impl FnMut(ConnId) -> Option<SocketAddr>) {
    let mut peer = |conn| peer(conn).map(tracing::field::display);
    match *note {
        Note::Connected { conn, client_id, version, session_present } => {
            info!(client_id, peer = peer(conn), %version, session_present, "connected");
        }
        Note::Disconnected { conn, client_id, end } => {
            info!(client_id, peer = peer(conn), ?end, "disconnected");
        }
        Note::Refused { conn, reason } => info!(peer = peer(conn), %reason, "refused"),
        Note::Malformed { conn, error } => info!(peer = peer(conn), %error, "malformed packet"),
        Note::Dropped { client_id, topic, qos, reason } => {
            debug!(client_id, topic = topic.as_str(), qos = qos as u8, ?reason, "dropped");
        }
        Note::Damped { conn, client_id, .. } => {
            info!(client_id, peer = peer(conn), "connects too often and has to wait");
        }
        Note::Revoked { client_id, filter } => info!(client_id, filter = filter.as_str(), "revoked"),
        Note::WillRefused { client_id, topic, reason } => {
            info!(client_id, topic = topic.as_str(), %reason, "will refused");
        }
        Note::NotRetained { topic } => debug!(topic = topic.as_str(), "not retained"),
        Note::NotAnswered { ticket } => info!(?ticket, "a question was not answered in time"),
        Note::NotRestored { key, error } => {
            info!(key = %key.escape_ascii(), %error, "left out of what was restored");
        }
        _ => debug!(?note),
    }
}
