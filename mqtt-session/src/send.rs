//! The sending side of QoS 1 and 2 (MQTT 5.0 §4.3, §4.4, §4.9).

use alloc::collections::VecDeque;
use core::mem;

use mqtt_codec::{PacketId, QoS};
use mqtt_topic::memory::list_growth;

use crate::LocalId;

/// The QoS 1 and 2 messages under way to the peer, in its session.
///
/// The messages and their identifiers belong to the session and survive its connections; the send quota belongs to
/// one connection. Between connections the window is closed.
///
/// On a connection: [`connected`](Self::connected), then [`resend`](Self::resend) until it gives `None`, again whenever
/// an acknowledgement came, and [`send`](Self::send) for new messages, which the window takes when nothing is left to be
/// sent again and the quota has room.
///
/// Acknowledgements that come in the order of sending, as the standard asks (MQTT-4.6.0-2, -3), are found at once; for one
/// that does not, those before it are looked at, up to the limit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SendWindow<M> {
    /// In the order of first sending, which is the order of sending again (MQTT-4.6.0-1).
    in_flight: VecDeque<InFlight<M>>,
    /// How many of them are to be sent again on this connection, and from which place on they are.
    to_resend: usize,
    resend_from: usize,
    last_id: u16,
    /// How many identifiers behind `last_id` are free for certain.
    known_free: u16,
    /// Messages that may be under way, whether they take quota or not.
    limit: u16,
    maximum: u16,
    open: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct InFlight<M> {
    id: LocalId,
    /// Takes one of the quota on this connection.
    open: bool,
    /// Waits to be sent again on this connection.
    to_resend: bool,
    state: State<M>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum State<M> {
    /// PUBACK is due.
    AtLeastOnce(M),
    /// PUBREC is due.
    ExactlyOnce(M),
    /// PUBCOMP is due.
    Released,
}

impl<M> InFlight<M> {
    const fn as_resend(&self) -> Resend<'_, M> {
        match &self.state {
            State::AtLeastOnce(message) => Resend::Publish(self.id, Handshake::AtLeastOnce, message),
            State::ExactlyOnce(message) => Resend::Publish(self.id, Handshake::ExactlyOnce, message),
            State::Released => Resend::PubRel(self.id),
        }
    }
}

/// How a message is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Handshake {
    /// QoS 1.
    AtLeastOnce,
    /// QoS 2.
    ExactlyOnce,
}

impl Handshake {
    /// The QoS that has it.
    pub const fn qos(self) -> QoS {
        match self {
            Self::AtLeastOnce => QoS::AtLeastOnce,
            Self::ExactlyOnce => QoS::ExactlyOnce,
        }
    }

    /// The handshake of this QoS; `None` for QoS 0.
    pub const fn of(qos: QoS) -> Option<Self> {
        match qos {
            QoS::AtMostOnce => None,
            QoS::AtLeastOnce => Some(Self::AtLeastOnce),
            QoS::ExactlyOnce => Some(Self::ExactlyOnce),
        }
    }
}

/// Something to send again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resend<'a, M> {
    /// PUBLISH with DUP (MQTT-3.3.1-1).
    Publish(LocalId, Handshake, &'a M),
    /// PUBREL.
    PubRel(LocalId),
}

/// What a PUBREC leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Released<M> {
    /// Send PUBREL. The message is done with, if this is the first PUBREC for it.
    SendPubRel(Option<M>),
    /// The peer refused the message; the exchange is over (MQTT-4.3.3-4).
    Refused(M),
}

/// An acknowledgement that fits nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AckError {
    /// No message with this identifier is under way.
    UnknownId,
    /// One is, and another kind of acknowledgement is due for it.
    WrongKind,
}

impl<M> Default for SendWindow<M> {
    /// With no limit but that of identifiers.
    fn default() -> Self {
        Self::new(u16::MAX)
    }
}

impl<M> SendWindow<M> {
    /// Nothing under way, and not connected. At most `limit` messages will be under way, those whose PUBREL was sent on
    /// an earlier connection and which take no quota included; it also bounds the search for a free identifier.
    pub const fn new(limit: u16) -> Self {
        Self::after(0, limit)
    }

    /// The same, for a session whose last identifier was `last_id`, so that it is not used again soon; 0 if there was none.
    pub const fn after(last_id: u16, limit: u16) -> Self {
        Self {
            in_flight: VecDeque::new(),
            to_resend: 0,
            resend_from: 0,
            last_id,
            known_free: u16::MAX,
            limit,
            maximum: 0,
            open: 0,
        }
    }

    /// The value of the identifier that was handed out last; 0 if none was.
    pub const fn last_id(&self) -> u16 {
        self.last_id
    }

    /// A connection to the same session begins, with this much quota: the peer's Receive Maximum, or less.
    /// All that is under way is to be sent again (MQTT-4.4.0-1).
    pub fn connected(&mut self, quota: u16) {
        self.maximum = quota;
        self.open = 0;
        self.to_resend = self.in_flight.len();
        self.resend_from = 0;
        for entry in &mut self.in_flight {
            entry.open = false;
            entry.to_resend = true;
        }
    }

    /// The connection is gone.
    pub fn disconnected(&mut self) {
        self.maximum = 0;
        self.to_resend = 0;
        self.in_flight.iter_mut().for_each(|entry| entry.to_resend = false);
    }

    /// The next thing to send again, if there is one and the quota has room for it.
    pub fn resend(&mut self) -> Option<Resend<'_, M>> {
        if self.to_resend == 0 {
            return None;
        }
        while !self.in_flight.get(self.resend_from)?.to_resend {
            self.resend_from += 1;
        }
        let entry = self.in_flight.get_mut(self.resend_from)?;
        let takes_quota = !matches!(entry.state, State::Released);
        if takes_quota && !entry.open {
            if self.open >= self.maximum {
                return None;
            }
            self.open += 1;
            entry.open = true;
        }
        entry.to_resend = false;
        self.to_resend -= 1;
        self.resend_from += 1;
        Some(entry.as_resend())
    }

    /// Whether something is still to be sent again on this connection.
    pub const fn is_resending(&self) -> bool {
        self.to_resend > 0
    }

    /// Whether [`send`](Self::send) would take a message now.
    pub fn has_room(&self) -> bool {
        self.open < self.maximum && self.to_resend == 0 && self.in_flight.len() < usize::from(self.limit)
    }

    /// Takes a new message under way and gives the identifier for its PUBLISH.
    ///
    /// # Errors
    /// Gives the message back if there is no room: the quota is used up, or something is still to be sent again.
    pub fn send(&mut self, handshake: Handshake, message: M) -> Result<LocalId, M> {
        if !self.has_room() {
            return Err(message);
        }
        let id = self.next_id();
        let state = match handshake {
            Handshake::AtLeastOnce => State::AtLeastOnce(message),
            Handshake::ExactlyOnce => State::ExactlyOnce(message),
        };
        self.open += 1;
        self.in_flight.push_back(InFlight { id, open: true, to_resend: false, state });
        Ok(id)
    }

    /// A PUBACK came, whatever its reason code (MQTT-4.4.0-2). Gives the message back.
    ///
    /// # Errors
    /// If it fits nothing.
    pub fn puback(&mut self, id: LocalId) -> Result<M, AckError> {
        self.finish(id, |state| match state {
            State::AtLeastOnce(message) => Ok(message),
            other @ (State::ExactlyOnce(_) | State::Released) => Err(other),
        })
    }

    /// A PUBREC came, `accepted` if its reason code is below 0x80.
    ///
    /// # Errors
    /// If it fits nothing.
    pub fn pubrec(&mut self, id: LocalId, accepted: bool) -> Result<Released<M>, AckError> {
        if !accepted {
            return self
                .finish(id, |state| match state {
                    State::ExactlyOnce(message) => Ok(message),
                    other @ (State::AtLeastOnce(_) | State::Released) => Err(other),
                })
                .map(Released::Refused);
        }
        let place = self.place(id).ok_or(AckError::UnknownId)?;
        let entry = self.in_flight.get_mut(place).ok_or(AckError::UnknownId)?;
        if matches!(entry.state, State::AtLeastOnce(_)) {
            return Err(AckError::WrongKind);
        }
        self.to_resend -= usize::from(entry.to_resend);
        entry.to_resend = false;
        Ok(Released::SendPubRel(match mem::replace(&mut entry.state, State::Released) {
            State::ExactlyOnce(message) => Some(message),
            State::AtLeastOnce(_) | State::Released => None,
        }))
    }

    /// A PUBCOMP came, whatever its reason code.
    ///
    /// # Errors
    /// If it fits nothing.
    pub fn pubcomp(&mut self, id: LocalId) -> Result<(), AckError> {
        self.finish(id, |state| match state {
            State::Released => Ok(()),
            other @ (State::AtLeastOnce(_) | State::ExactlyOnce(_)) => Err(other),
        })
    }

    /// A message under way that has not reached the peer for certain.
    pub fn get(&self, id: LocalId) -> Option<&M> {
        match &self.in_flight.get(self.place(id)?)?.state {
            State::AtLeastOnce(message) | State::ExactlyOnce(message) => Some(message),
            State::Released => None,
        }
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, id: LocalId) -> Option<&mut M> {
        let place = self.place(id)?;
        match &mut self.in_flight.get_mut(place)?.state {
            State::AtLeastOnce(message) | State::ExactlyOnce(message) => Some(message),
            State::Released => None,
        }
    }

    /// All that is under way, in the order of first sending, as it would be sent again.
    pub fn iter(&self) -> impl Iterator<Item = Resend<'_, M>> {
        self.in_flight.iter().map(|entry| entry.as_resend())
    }

    /// What is still to be acknowledged by PUBCOMP.
    pub fn released(&self) -> impl Iterator<Item = LocalId> {
        self.iter().filter_map(|entry| match entry {
            Resend::PubRel(id) => Some(id),
            Resend::Publish(..) => None,
        })
    }

    /// Puts in what was under way before the window was made, as [`iter`](Self::iter) gave it, in the same order. Each identifier is
    /// there once, and they may be more than the limit.
    pub fn put_back(&mut self, id: LocalId, message: Option<(Handshake, M)>) {
        let state = match message {
            Some((Handshake::AtLeastOnce, message)) => State::AtLeastOnce(message),
            Some((Handshake::ExactlyOnce, message)) => State::ExactlyOnce(message),
            None => State::Released,
        };
        self.last_id = id.0.get();
        self.known_free = 0;
        self.in_flight.push_back(InFlight { id, open: false, to_resend: false, state });
    }

    /// Forgets a message as if it had been acknowledged, because it cannot be sent again to this peer.
    pub fn abandon(&mut self, id: LocalId) -> Option<M> {
        match self.remove(self.place(id)?)?.state {
            State::AtLeastOnce(message) | State::ExactlyOnce(message) => Some(message),
            State::Released => None,
        }
    }

    /// How many messages are under way.
    pub fn len(&self) -> usize {
        self.in_flight.len()
    }

    /// Bytes that it has allocated, without what the messages have allocated.
    pub fn heap(&self) -> usize {
        self.in_flight.capacity() * size_of::<InFlight<M>>()
    }

    /// Makes a place for a message, if there is none for any.
    pub fn reserve(&mut self) {
        if self.in_flight.capacity() == 0 {
            self.in_flight.reserve(1);
        }
    }

    /// By how much that grows at most by another message.
    pub fn growth(&self) -> usize {
        list_growth::<InFlight<M>>(self.in_flight.len(), self.in_flight.capacity(), 1)
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.in_flight.is_empty()
    }

    /// The messages that have not reached the peer for certain, in the order of first sending.
    pub fn into_messages(self) -> impl Iterator<Item = (Handshake, M)> {
        self.in_flight.into_iter().filter_map(|entry| match entry.state {
            State::AtLeastOnce(message) => Some((Handshake::AtLeastOnce, message)),
            State::ExactlyOnce(message) => Some((Handshake::ExactlyOnce, message)),
            State::Released => None,
        })
    }

    /// Removes an entry whose state is as it should be, and gives its quota back (MQTT-4.9.0-2).
    fn finish<T>(
        &mut self,
        id: LocalId,
        expect: impl FnOnce(State<M>) -> Result<T, State<M>>,
    ) -> Result<T, AckError> {
        let place = self.place(id).ok_or(AckError::UnknownId)?;
        let entry = self.in_flight.get_mut(place).ok_or(AckError::UnknownId)?;
        match expect(mem::replace(&mut entry.state, State::Released)) {
            Ok(done) => {
                self.remove(place);
                Ok(done)
            }
            Err(state) => {
                entry.state = state;
                Err(AckError::WrongKind)
            }
        }
    }

    fn place(&self, id: LocalId) -> Option<usize> {
        if self.in_flight.back()?.id == id {
            return Some(self.in_flight.len() - 1);
        }
        self.in_flight.iter().position(|entry| entry.id == id)
    }

    fn remove(&mut self, place: usize) -> Option<InFlight<M>> {
        let entry = self.in_flight.remove(place)?;
        self.open -= u16::from(entry.open);
        self.to_resend -= usize::from(entry.to_resend);
        self.resend_from -= usize::from(place < self.resend_from);
        Some(entry)
    }

    /// The next free identifier. They rotate, so that one is used again as late as possible.
    ///
    /// There is one: the window has room, so fewer are under way than there are identifiers.
    fn next_id(&mut self) -> LocalId {
        loop {
            self.last_id = self.last_id.checked_add(1).unwrap_or(1);
            if self.known_free == 0 {
                let last = self.last_id;
                // 0 is no identifier, so behind 65,535 comes 1.
                let distance = |entry: &InFlight<M>| {
                    let id = entry.id.0.get();
                    if id >= last { id - last } else { (u16::MAX - last) + id }
                };
                self.known_free = self.in_flight.iter().map(distance).min().unwrap_or(u16::MAX);
                if self.known_free == 0 {
                    continue;
                }
            }
            self.known_free -= 1;
            if let Ok(id) = PacketId::new(self.last_id) {
                return LocalId(id);
            }
        }
    }
}

#[cfg(test)]
mod tests;
