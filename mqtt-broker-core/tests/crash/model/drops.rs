//! Messages that somebody does not get, as was noted.

use mqtt_broker_core::DropReason;
use mqtt_codec::QoS;

use super::Model;
use super::copies::{Copy, Key, Target, bit};
use crate::sink::Noted;

impl Model {
    pub(super) fn noted(&mut self, noted: &Noted) -> Result<(), String> {
        match *noted {
            Noted::Refused(_) => Ok(()),
            Noted::Connected { .. } if self.is_cut() => Ok(()),
            Noted::Connected { conn, session_present } => self.accepted(conn, session_present),
            Noted::NotAnswered(ticket) => {
                self.not_answered(ticket);
                Ok(())
            }
            Noted::Revoked { client, filter } => self.revoked(client, filter),
            Noted::Dropped { client, topic, qos, reason } => {
                let is_new = match reason {
                    DropReason::QueueFull => true,
                    DropReason::NotAuthorized => false,
                    _ => return Ok(()),
                };
                if qos == QoS::AtMostOnce || self.drop_copy(client, topic, qos, is_new) || self.is_cut() {
                    return Ok(());
                }
                Err(format!("{noted:?}, which was nobody's"))
            }
        }
    }

    /// A client does not get a message that came with this event, or one that waits. The newest waits, since the order is kept; but
    /// it may wait for whoever is in a group, and then it is open which one it is. Whether there is one.
    fn drop_copy(&mut self, client: usize, topic: usize, qos: QoS, is_new: bool) -> bool {
        let (seq, is_cut) = (self.seq, self.is_cut());
        // Those are dropped as expired.
        let expired: Vec<_> =
            self.messages.keys().copied().filter(|&number| self.is_expired(number)).collect();
        let Self { copies, messages, .. } = self;
        let fits = |key: &Key, copy: &Copy| {
            let is_whose = match key.target {
                Target::Session(of, _) => {
                    of == client && copy.qos & bit(qos) != 0 && (!is_new || copy.times.last() == Some(&seq))
                }
                Target::Group(_) => true,
            };
            is_whose
                && !key.is_replay
                && messages[&key.number].message.topic == topic
                && !expired.contains(&key.number)
                && copy.left() > copy.done + copy.exactly_once
        };
        let mut found: Vec<_> = copies.iter_mut().filter(|(key, copy)| fits(key, copy)).collect();
        let is_certain = found.iter().all(|(key, _)| matches!(key.target, Target::Session(..)));
        if is_certain && !is_cut {
            let newest = found.iter_mut().max_by_key(|(_, copy)| copy.times.last().copied());
            return newest.map(|(_, copy)| copy.drop_one()).is_some();
        }
        for (_, copy) in &mut found {
            copy.certain = 0;
        }
        !found.is_empty()
    }
}
