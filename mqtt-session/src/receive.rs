//! The receiving side of QoS 1 and 2 (MQTT 5.0 §4.3, §4.9).

use alloc::collections::BTreeMap;

use mqtt_topic::memory::of_map;

use crate::RemoteId;

/// Which QoS 2 messages were taken over and not yet released, and how many messages the peer has open.
///
/// The identifiers belong to the session and survive its connections; the count belongs to one connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ReceiveWindow {
    maximum: u16,
    open: u16,
    /// Identifiers not yet released, each with whether it counts as open on this connection.
    unreleased: BTreeMap<RemoteId, bool>,
}

/// What a QoS 2 PUBLISH is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Not seen before. [`ReceiveWindow::take_over`] makes it seen.
    New,
    /// A repeat: answer it, and do not pass it on (MQTT-4.3.3-10).
    Repeat,
}

/// The peer has more messages open than the Receive Maximum allows (reason code 0x93).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiveMaximumExceeded;

impl ReceiveWindow {
    /// Nothing seen, and not connected.
    pub const fn new() -> Self {
        Self { maximum: 0, open: 0, unreleased: BTreeMap::new() }
    }

    /// A connection begins on which this end announced this Receive Maximum. Counting starts at 0.
    pub fn connected(&mut self, receive_maximum: u16) {
        self.maximum = receive_maximum;
        self.open = 0;
        self.unreleased.values_mut().for_each(|open| *open = false);
    }

    /// A QoS 1 PUBLISH came, and will be answered before anything else is looked at.
    ///
    /// # Errors
    /// If the peer has too many messages open already.
    pub const fn at_least_once(&self) -> Result<(), ReceiveMaximumExceeded> {
        if self.open < self.maximum { Ok(()) } else { Err(ReceiveMaximumExceeded) }
    }

    /// A QoS 2 PUBLISH came.
    ///
    /// # Errors
    /// If the peer has too many messages open already.
    pub fn exactly_once(&mut self, id: RemoteId) -> Result<Arrival, ReceiveMaximumExceeded> {
        match self.unreleased.get_mut(&id) {
            Some(true) => Ok(Arrival::Repeat),
            _ if self.open >= self.maximum => Err(ReceiveMaximumExceeded),
            Some(open) => {
                *open = true;
                self.open += 1;
                Ok(Arrival::Repeat)
            }
            None => Ok(Arrival::New),
        }
    }

    /// This end owns the QoS 2 message that was [`Arrival::New`]. If it refuses it instead, with a reason code of 0x80 or
    /// above, this is not called and the next PUBLISH with the identifier is new again (MQTT-4.3.3-9).
    pub fn take_over(&mut self, id: RemoteId) {
        if self.unreleased.insert(id, true) != Some(true) {
            self.open = self.open.saturating_add(1);
        }
    }

    /// A PUBREL came. Whether the identifier was known; it is a new one from now on (MQTT-4.3.3-12).
    pub fn release(&mut self, id: RemoteId) -> bool {
        match self.unreleased.remove(&id) {
            Some(open) => {
                self.open -= u16::from(open);
                true
            }
            None => false,
        }
    }

    /// Bytes that it has allocated, at most.
    pub fn heap(&self) -> usize {
        of_map::<RemoteId, bool>(self.unreleased.len())
    }

    /// The identifiers taken over and not yet released, in ascending order.
    pub fn unreleased(&self) -> impl ExactSizeIterator<Item = RemoteId> + '_ {
        self.unreleased.keys().copied()
    }
}

#[cfg(test)]
mod tests {
    use mqtt_codec::PacketId;

    use super::*;

    fn id(value: u16) -> RemoteId {
        RemoteId(PacketId::new(value).unwrap())
    }

    #[test]
    fn an_identifier_is_new_once_until_its_release() {
        let mut window = ReceiveWindow::new();
        window.connected(10);
        assert_eq!(window.exactly_once(id(1)), Ok(Arrival::New));
        assert_eq!(window.exactly_once(id(1)), Ok(Arrival::New), "refused, so new again");
        window.take_over(id(1));
        assert_eq!(window.exactly_once(id(1)), Ok(Arrival::Repeat));
        window.connected(10);
        assert_eq!(window.exactly_once(id(1)), Ok(Arrival::Repeat), "survives the connection");
        assert!(window.release(id(1)));
        assert!(!window.release(id(1)));
        assert_eq!(window.exactly_once(id(1)), Ok(Arrival::New));
    }

    #[test]
    fn receive_maximum_counts_what_is_open_on_this_connection() {
        let mut window = ReceiveWindow::new();
        window.connected(2);
        for value in [1, 2] {
            assert_eq!(window.exactly_once(id(value)), Ok(Arrival::New));
            window.take_over(id(value));
        }
        assert_eq!(window.exactly_once(id(1)), Ok(Arrival::Repeat), "counted already");
        assert_eq!(window.exactly_once(id(3)), Err(ReceiveMaximumExceeded));
        assert_eq!(window.at_least_once(), Err(ReceiveMaximumExceeded));
        window.connected(1);
        assert_eq!(window.at_least_once(), Ok(()), "from 0 again");
        assert_eq!(window.exactly_once(id(1)), Ok(Arrival::Repeat));
        assert_eq!(
            window.exactly_once(id(2)),
            Err(ReceiveMaximumExceeded),
            "a repeat counts once per connection"
        );
        assert!(window.release(id(2)), "was not open here");
        assert_eq!(window.at_least_once(), Err(ReceiveMaximumExceeded));
        assert!(window.release(id(1)));
        assert_eq!(window.at_least_once(), Ok(()));
    }
}
