//! One connection: bytes on their way in both directions, and what the broker has made of them.

use std::collections::VecDeque;

use bytes::BytesMut;
use mqtt_codec::Version;

use crate::message::Aliases;
use crate::model::Answer;
use crate::request::Request;

pub(crate) struct Link {
    pub(crate) client: usize,
    pub(crate) version: Version,
    pub(crate) opened: u64,
    /// Topic Alias Maximum of the client.
    pub(crate) alias_maximum: u16,
    /// The session that the broker has accepted it for.
    pub(crate) generation: u64,
    /// The client is at the other end.
    pub(crate) is_held: bool,
    /// The broker has closed it.
    pub(crate) is_closed: bool,
    /// The broker may close it.
    pub(crate) may_end: bool,
    pub(crate) is_paused: bool,
    /// Answers that the broker owes.
    pub(crate) answers: VecDeque<Answer>,
    pub(crate) aliases: Aliases,

    /// Packets that the client has sent and the broker has not taken, with their lengths.
    requests: VecDeque<(Request, usize)>,
    to_broker: VecDeque<u8>,
    /// What the broker's runtime has read and the broker has not taken.
    arrived: BytesMut,
    /// What the broker has sent and the client has not read.
    from_broker: VecDeque<u8>,
    /// How much of it has left the runtime.
    written: usize,
}

impl Link {
    pub(crate) fn new(client: usize, version: Version, alias_maximum: u16, opened: u64) -> Self {
        Self {
            client,
            version,
            opened,
            alias_maximum,
            generation: 0,
            is_held: true,
            is_closed: false,
            may_end: false,
            is_paused: false,
            answers: VecDeque::new(),
            aliases: Aliases::default(),
            requests: VecDeque::new(),
            to_broker: VecDeque::new(),
            arrived: BytesMut::new(),
            from_broker: VecDeque::new(),
            written: 0,
        }
    }

    /// The client sends a packet.
    pub(crate) fn put(&mut self, request: Request, bytes: &[u8]) {
        self.requests.push_back((request, bytes.len()));
        self.to_broker.extend(bytes);
    }

    /// The client is gone. So many of the bytes on their way still arrive.
    pub(crate) fn cut(&mut self, still_arrive: usize) {
        self.is_held = false;
        self.to_broker.truncate(still_arrive);
    }

    /// Bytes arrive at the broker. Whether there were any.
    pub(crate) fn arrive(&mut self, count: usize) -> bool {
        let count = count.min(self.to_broker.len());
        self.arrived.extend(self.to_broker.drain(..count));
        count > 0
    }

    /// What the broker is given: the packet at the front, or as much as there is of it, and what follows it if that is not
    /// a whole packet either. So it never takes two, and what it does next comes of the one.
    pub(crate) fn hand_over(&mut self) -> BytesMut {
        let lengths: Vec<_> = self.requests.iter().take(2).map(|&(_, len)| len).collect();
        match lengths[..] {
            [first, second] if self.arrived.len() >= first + second => self.arrived.split_to(first),
            _ => self.arrived.split(),
        }
    }

    /// The broker has left this much of it. The packet that it has taken, if it has.
    pub(crate) fn left(&mut self, given: usize, mut rest: BytesMut) -> Option<Request> {
        let taken = given - rest.len();
        rest.unsplit(std::mem::take(&mut self.arrived));
        self.arrived = rest;
        if taken == 0 {
            return None;
        }
        let (request, len) = self.requests.pop_front().expect("a packet");
        assert_eq!(taken, len, "the broker takes whole packets: {request:?}");
        Some(request)
    }

    pub(crate) fn sent_by_broker(&mut self, bytes: &[u8]) {
        self.from_broker.extend(bytes);
    }

    /// Bytes leave the broker's runtime. How many there were.
    pub(crate) fn write(&mut self, count: usize) -> usize {
        let count = count.min(self.unwritten());
        self.written += count;
        count
    }

    pub(crate) fn unwritten(&self) -> usize {
        self.from_broker.len() - self.written
    }

    /// Bytes arrive at the client.
    pub(crate) fn read(&mut self, count: usize) -> Vec<u8> {
        let count = count.min(self.written);
        self.written -= count;
        self.from_broker.drain(..count).collect()
    }

    /// The broker has closed it and the client has read all.
    pub(crate) fn is_at_its_end(&self) -> bool {
        self.is_closed && self.from_broker.is_empty()
    }
}
