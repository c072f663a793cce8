//! A client that blocks, and fails the test when it waits too long.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use mqtt_codec::{
    ConnAck, Connect, Delivery, Limits, Packet, PacketId, Publish, QoS, ReasonCode, SubAck, Subscribe,
    Subscription, SubscriptionOptions, TopicFilter, TopicName, UserProperties, Version, frame,
};

/// Far more than anything here takes; a test that waits for so long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Client {
    socket: TcpStream,
    version: Version,
    input: Vec<u8>,
    /// Bytes at the front of `input` that were looked at already.
    taken: usize,
}

impl Client {
    /// A connection on which nothing was sent.
    pub(crate) fn open(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_write_timeout(Some(PATIENCE)).unwrap();
        socket.set_nodelay(true).unwrap();
        Self { socket, version: Version::V5, input: Vec::new(), taken: 0 }
    }

    /// Connected with 5.0 and Clean Start.
    pub(crate) fn connect(address: SocketAddr, client_id: &str) -> Self {
        Self::connect_as(Version::V5, address, client_id)
    }

    pub(crate) fn connect_as(version: Version, address: SocketAddr, client_id: &str) -> Self {
        let mut client = Self { version, ..Self::open(address) };
        client.send(Connect { client_id, clean_start: true, ..Connect::default() });
        client.receive(|packet| {
            assert!(matches!(packet, Packet::ConnAck(ConnAck { reason: ReasonCode::Success, .. })))
        });
        client
    }

    /// The same connection, for another thread.
    pub(crate) fn writer(&self) -> Self {
        Self { socket: self.socket.try_clone().unwrap(), input: Vec::new(), ..*self }
    }

    pub(crate) fn send<'a>(&mut self, packet: impl Into<Packet<'a>>) {
        let mut bytes = Vec::new();
        packet.into().encode(self.version, &mut bytes).unwrap();
        self.send_bytes(&bytes);
    }

    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).unwrap();
    }

    /// Sends if the broker still listens.
    pub(crate) fn try_send_bytes(&mut self, bytes: &[u8]) {
        let _ = self.socket.write_all(bytes);
    }

    /// Sends again and again until no more is taken for so long, or `most` bytes were. Gives the number of bytes.
    pub(crate) fn flood(&mut self, bytes: &[u8], most: usize, patience: Duration) -> usize {
        self.socket.set_write_timeout(Some(patience)).unwrap();
        let mut sent = 0;
        while sent < most {
            match self.socket.write(&bytes[sent % bytes.len()..]) {
                Ok(written) => sent += written,
                Err(error) => {
                    use std::io::ErrorKind::{TimedOut, WouldBlock};
                    assert!(matches!(error.kind(), TimedOut | WouldBlock), "{error}");
                    break;
                }
            }
        }
        self.socket.set_write_timeout(Some(PATIENCE)).unwrap();
        sent
    }

    pub(crate) fn finish_sending(&self) {
        let _ = self.socket.shutdown(Shutdown::Write);
    }

    pub(crate) fn publish(&mut self, topic: &str, payload: &[u8]) {
        self.send(Publish::new(TopicName::new(topic).unwrap(), payload));
    }

    pub(crate) fn publish_qos1(&mut self, topic: &str, payload: &[u8], id: PacketId) {
        let delivery = Delivery::AtLeastOnce { id, dup: false };
        self.send(Publish { delivery, ..Publish::new(TopicName::new(topic).unwrap(), payload) });
    }

    pub(crate) fn subscribe(&mut self, filter: &str, qos: QoS) {
        let filter = TopicFilter::new(filter).unwrap();
        let subscriptions = &[Subscription { filter, options: SubscriptionOptions::new(qos) }];
        self.send(Subscribe {
            packet_id: PacketId::MAX,
            subscription_id: None,
            user_properties: UserProperties::default(),
            subscriptions: subscriptions.into(),
        });
        self.receive(|packet| {
            let Packet::SubAck(SubAck { codes, .. }) = packet else { panic!("{packet:?} for SUBSCRIBE") };
            assert_eq!(codes.iter().map(|code| code.as_u8()).collect::<Vec<_>>(), [qos as u8]);
        });
    }

    /// Waits for a packet and looks at it.
    pub(crate) fn receive<T>(&mut self, look: impl FnOnce(Packet<'_>) -> T) -> T {
        while frame(&self.input[self.taken..], &Limits::default()).unwrap().is_none() {
            self.input.drain(..self.taken);
            self.taken = 0;
            assert!(self.read() > 0, "the broker closed the connection");
        }
        let frame = frame(&self.input[self.taken..], &Limits::default()).unwrap().unwrap();
        self.taken += frame.bytes().len();
        look(Packet::decode(self.version, frame).unwrap())
    }

    /// Waits for a message and looks at its payload, and acknowledges nothing.
    pub(crate) fn receive_payload<T>(&mut self, look: impl FnOnce(&[u8]) -> T) -> T {
        self.receive(|packet| match packet {
            Packet::Publish(publish) => look(publish.payload),
            other => panic!("{other:?} instead of PUBLISH"),
        })
    }

    pub(crate) fn expect_disconnect(&mut self, reason: ReasonCode) {
        self.receive(|packet| match packet {
            Packet::Disconnect(disconnect) => assert_eq!(disconnect.reason, reason),
            other => panic!("{other:?} instead of DISCONNECT"),
        });
    }

    /// Waits for the broker to close the connection in good order, without another byte.
    pub(crate) fn expect_end(&mut self) {
        assert_eq!(self.read(), 0, "{:02X?}", &self.input[self.taken..]);
        assert_eq!(self.input[self.taken..], [0; 0]);
    }

    /// Waits for the broker to close the connection, whatever comes before and however it does that.
    pub(crate) fn wait_for_end(&mut self) {
        let mut buffer = [0; 4096];
        loop {
            match self.socket.read(&mut buffer) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) => {
                    use std::io::ErrorKind::{TimedOut, WouldBlock};
                    assert!(!matches!(error.kind(), TimedOut | WouldBlock), "the connection is still open");
                    return;
                }
            }
        }
    }

    fn read(&mut self) -> usize {
        let mut buffer = [0; 64 << 10];
        let read = self.socket.read(&mut buffer).expect("the broker answers in time");
        self.input.extend_from_slice(&buffer[..read]);
        read
    }
}
