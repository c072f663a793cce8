use mqtt_codec::QoS;

use crate::{DropReason, Stats};

/// What became of the copies of one QoS. A copy is one message for one client.
///
/// Nothing is lost without being counted: at every moment `routed == delivered + queued + in_flight + all_dropped()`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Copies {
    /// Copies that were made for clients, retained messages for new subscriptions included. A copy that goes to another member of
    /// its group counts once, and with the QoS that it has there.
    pub routed: u64,
    /// Copies that are done with: those of QoS 0 were handed to the connection, the others acknowledged.
    pub delivered: u64,
    /// Copies that wait now.
    pub queued: u64,
    /// Copies that were sent and not yet acknowledged.
    pub in_flight: u64,
    /// In the order in which they are declared.
    dropped: [u64; DropReason::ALL.len()],
}

impl Copies {
    /// Copies that were dropped for this reason. Each had a [`Note::Dropped`](crate::Note::Dropped).
    pub fn dropped(&self, reason: DropReason) -> u64 {
        self.dropped.get(reason as usize).copied().unwrap_or(0)
    }

    /// Copies that were dropped.
    pub fn all_dropped(&self) -> u64 {
        self.dropped.iter().sum()
    }

    /// Whether every copy is accounted for, as it has to be.
    pub fn are_conserved(&self) -> bool {
        self.routed == self.delivered + self.queued + self.in_flight + self.all_dropped()
    }

    pub(crate) fn drop_one(&mut self, reason: DropReason) {
        if let Some(count) = self.dropped.get_mut(reason as usize) {
            *count += 1;
        }
    }

    fn plus(mut self, other: &Self) -> Self {
        self.routed += other.routed;
        self.delivered += other.delivered;
        self.queued += other.queued;
        self.in_flight += other.in_flight;
        for (count, other) in self.dropped.iter_mut().zip(other.dropped) {
            *count += other;
        }
        self
    }
}

impl Stats {
    /// Copies of this QoS.
    pub const fn copies(&self, qos: QoS) -> &Copies {
        match qos {
            QoS::AtMostOnce => &self.at_most_once,
            QoS::AtLeastOnce => &self.at_least_once,
            QoS::ExactlyOnce => &self.exactly_once,
        }
    }

    pub(crate) const fn copies_mut(&mut self, qos: QoS) -> &mut Copies {
        match qos {
            QoS::AtMostOnce => &mut self.at_most_once,
            QoS::AtLeastOnce => &mut self.at_least_once,
            QoS::ExactlyOnce => &mut self.exactly_once,
        }
    }

    /// Copies of all QoS together.
    pub fn all_copies(&self) -> Copies {
        self.at_most_once.plus(&self.at_least_once).plus(&self.exactly_once)
    }

    /// Whether every copy is accounted for, as it has to be.
    pub fn are_conserved(&self) -> bool {
        [self.at_most_once, self.at_least_once, self.exactly_once].iter().all(Copies::are_conserved)
    }
}
