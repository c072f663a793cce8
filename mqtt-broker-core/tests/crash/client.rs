//! A client as the standard describes it. It survives every crash of the broker.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use mqtt_broker_core::ConnId;
use mqtt_codec::{Limits, Packet, QoS, ReasonCode, Version, frame};

use crate::message::{Delivery, Message, Options, QOS};
use crate::request::{Hello, Request};

/// Messages that the broker lets a client have open.
pub(crate) const WINDOW: usize = 3;

#[derive(Clone, Debug, Default)]
pub(crate) struct Client {
    /// The connection that it holds.
    pub(crate) held: Option<ConnId>,
    /// Messages that it is to publish and has not sent yet.
    pub(crate) outbox: VecDeque<Message>,
    /// Packets for the network to take.
    pub(crate) requests: VecDeque<Request>,
    /// What was retained on each topic when it subscribed.
    pub(crate) replayed: BTreeMap<usize, u32>,

    // The session.
    /// Which of the broker's sessions it is in.
    generation: u32,
    /// It has given up its session and the broker may not know.
    wants_clean_start: bool,
    /// QoS 1 and 2 messages sent and not acknowledged to the end, in order.
    unacknowledged: Vec<Sent>,
    /// QoS 2 messages received and not released.
    received: BTreeMap<u16, u32>,
    /// SUBSCRIBE and UNSUBSCRIBE that were not answered, each with whether it was asked on this connection.
    unanswered: Vec<(Request, bool)>,
    next_id: u16,

    // The connection.
    hello: Option<Hello>,
    is_accepted: bool,
    /// Messages that the broker has open, as it looks from here.
    open: BTreeSet<u16>,
}

#[derive(Clone, Copy, Debug)]
struct Sent {
    id: u16,
    message: Message,
    /// PUBREC came.
    is_released: bool,
}

/// What becomes of a SUBSCRIBE or UNSUBSCRIBE.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Answer {
    Granted(QoS),
    Denied,
    Ended,
}

/// What a packet of the broker tells.
#[derive(Clone, Debug)]
pub(crate) enum Seen {
    ConnAck {
        session_present: bool,
    },
    /// PUBACK or PUBREC for a message.
    Acknowledged(u32),
    /// The same, with a reason why it was not taken.
    Denied(u32),
    /// SUBACK or UNSUBACK.
    Answered(u16, Answer),
    /// PUBCOMP.
    Completed(u16),
    /// A message; a repeat if its identifier is known.
    Delivered(Delivery, bool),
    /// PUBREL, DISCONNECT, or a CONNACK that refuses.
    Nothing,
}

impl Client {
    pub(crate) fn is_accepted(&self) -> bool {
        self.is_accepted
    }

    /// Whether it has nothing more to do, and nor has the broker for it.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.outbox.is_empty()
            && self.unacknowledged.is_empty()
            && self.received.is_empty()
            && self.unanswered.is_empty()
    }

    pub(crate) fn connect(&mut self, conn: ConnId, mut hello: Hello) {
        self.disconnected();
        self.wants_clean_start |= hello.clean_start;
        if self.wants_clean_start {
            self.give_up_session();
        }
        hello.clean_start = self.wants_clean_start;
        self.held = Some(conn);
        self.hello = Some(hello);
        self.requests.push_back(Request::Connect(hello));
    }

    fn give_up_session(&mut self) {
        self.unacknowledged.clear();
        self.received.clear();
    }

    pub(crate) fn disconnected(&mut self) {
        self.held = None;
        self.hello = None;
        self.is_accepted = false;
        self.requests.clear();
        self.unanswered.iter_mut().for_each(|(_, is_asked)| *is_asked = false);
        self.open.clear();
    }

    /// It may bring a Session Expiry Interval only if CONNECT had one.
    pub(crate) fn disconnect(&mut self, with_will: bool, expiry: Option<u32>) {
        let may_expire = self.hello.is_some_and(|hello| hello.expiry > 0);
        self.requests.push_back(Request::Disconnect { with_will, expiry: expiry.filter(|_| may_expire) });
    }

    pub(crate) fn subscribe(&mut self, filter: usize, options: Options) {
        let id = self.next_id();
        self.ask(Request::Subscribe { id, filter, options });
    }

    pub(crate) fn unsubscribe(&mut self, filter: usize) {
        let id = self.next_id();
        self.ask(Request::Unsubscribe { id, filter });
    }

    fn ask(&mut self, request: Request) {
        self.unanswered.push((request, true));
        self.requests.push_back(request);
    }

    /// Never one of a message.
    fn next_id(&mut self) -> u16 {
        self.next_id += 1;
        1000 + self.next_id
    }

    /// Publishes as much of the outbox as the window allows.
    pub(crate) fn pump(&mut self) {
        while self.is_accepted
            && let Some(&message) = self.outbox.front()
        {
            let id = if message.qos == QoS::AtMostOnce {
                0
            } else if self.unacknowledged.len() < WINDOW {
                // The smallest that is free, so that the broker sees one again as soon as possible.
                let is_free = |id: &u16| self.unacknowledged.iter().all(|sent| sent.id != *id);
                let id = (1..).find(is_free).expect("the window is small");
                self.unacknowledged.push(Sent { id, message, is_released: false });
                id
            } else {
                return;
            };
            self.outbox.pop_front();
            self.requests.push_back(Request::Publish { message, id, dup: false });
        }
    }

    /// Takes in a packet.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Result<Seen, String> {
        let found = frame(bytes, &Limits::default()).map_err(|error| error.to_string())?;
        let found = found.ok_or("half a packet")?;
        let packet = Packet::decode(Version::V5, found).map_err(|error| error.to_string())?;
        Ok(match &packet {
            Packet::ConnAck(connack) if !connack.reason.is_error() => {
                Seen::ConnAck { session_present: connack.session_present }
            }
            // It comes again when it likes.
            Packet::ConnAck(_) => Seen::Nothing,
            Packet::Publish(publish) => {
                let delivery = Delivery::new(publish).ok_or_else(|| format!("{publish:?}"))?;
                let is_repeat = match publish.delivery.packet_id() {
                    None => false,
                    Some(id) => self.received(id.get(), &delivery)?,
                };
                if delivery.is_replay {
                    self.replayed.insert(delivery.topic, delivery.number);
                }
                Seen::Delivered(delivery, is_repeat)
            }
            Packet::PubAck(ack) => {
                let number = self.acknowledged(ack.packet_id.get(), QoS::AtLeastOnce)?;
                if ack.reason.is_error() { Seen::Denied(number) } else { Seen::Acknowledged(number) }
            }
            Packet::PubRec(ack) if ack.reason.is_error() => self.denied(ack.packet_id.get())?,
            Packet::PubRec(ack) => {
                let id = ack.packet_id.get();
                let sent = self.unacknowledged.iter_mut().find(|sent| sent.id == id);
                let sent = sent.ok_or("PUBREC for nothing")?;
                sent.is_released = true;
                self.requests.push_back(Request::PubRel(id));
                Seen::Acknowledged(sent.message.number)
            }
            Packet::PubRel(ack) => {
                let id = ack.packet_id.get();
                self.received.remove(&id);
                self.open.remove(&id);
                self.requests.push_back(Request::PubComp(id));
                Seen::Nothing
            }
            Packet::PubComp(ack) => {
                self.acknowledged(ack.packet_id.get(), QoS::ExactlyOnce)?;
                Seen::Completed(ack.packet_id.get())
            }
            Packet::SubAck(ack) => {
                let code = ack.codes.iter().next().ok_or("no code")?;
                let granted = QOS.into_iter().find(|qos| *qos as u8 == code as u8);
                self.answered(ack.packet_id.get(), granted.map_or(Answer::Denied, Answer::Granted))
            }
            Packet::UnsubAck(ack) => self.answered(ack.packet_id.get(), Answer::Ended),
            // The embedding program has ended the session.
            Packet::Disconnect(disconnect) if disconnect.reason == ReasonCode::AdministrativeAction => {
                Seen::Nothing
            }
            other => return Err(format!("{other:?}")),
        })
    }

    /// Answers a message. Whether it is a repeat.
    fn received(&mut self, id: u16, delivery: &Delivery) -> Result<bool, String> {
        let maximum = self.hello.as_ref().map_or(0, |hello| usize::from(hello.receive_maximum));
        self.open.insert(id);
        if self.open.len() > maximum {
            return Err(format!("{} messages are open", self.open.len()));
        }
        let earlier = self.received.get(&id);
        if let Some(earlier) = earlier.filter(|&&earlier| earlier != delivery.number) {
            return Err(format!("identifier {id} is in use for {earlier}: {delivery:?}"));
        }
        if delivery.qos == QoS::ExactlyOnce {
            self.requests.push_back(Request::PubRec(id));
            return Ok(self.received.insert(id, delivery.number).is_some());
        }
        self.open.remove(&id);
        let &Delivery { number, is_replay, group, .. } = delivery;
        self.requests.push_back(Request::PubAck { id, number, is_replay, group });
        Ok(false)
    }

    /// CONNACK came: begins anew if the session is another, and sends again what is not acknowledged.
    ///
    /// The session is told apart from the one before because MQTT does not: if a session ends while the client is away,
    /// and the CONNACK of the next one is lost, the one after says that a session is present.
    pub(crate) fn accepted(&mut self, generation: u32) {
        self.is_accepted = true;
        self.wants_clean_start = false;
        if self.generation != generation {
            self.generation = generation;
            self.give_up_session();
        }
        let again = self.unacknowledged.iter().map(|&Sent { id, message, is_released }| {
            if is_released { Request::PubRel(id) } else { Request::Publish { message, id, dup: true } }
        });
        self.requests.extend(again);
        for (request, is_asked) in &mut self.unanswered {
            if !std::mem::replace(is_asked, true) {
                self.requests.push_back(*request);
            }
        }
    }

    fn answered(&mut self, answered: u16, answer: Answer) -> Seen {
        self.unanswered.retain(|(request, _)| {
            !matches!(request, Request::Subscribe { id, .. } | Request::Unsubscribe { id, .. } if *id == answered)
        });
        Seen::Answered(answered, answer)
    }

    /// Which message is acknowledged to the end.
    fn acknowledged(&mut self, id: u16, qos: QoS) -> Result<u32, String> {
        let at = self.unacknowledged.iter().position(|sent| sent.id == id);
        let sent = self.unacknowledged.remove(at.ok_or("an acknowledgement for nothing")?);
        if sent.message.qos != qos || sent.is_released != (qos == QoS::ExactlyOnce) {
            return Err(format!("another acknowledgement is due for {sent:?}"));
        }
        Ok(sent.message.number)
    }

    /// A message of QoS 2 is not taken.
    fn denied(&mut self, id: u16) -> Result<Seen, String> {
        let at = self.unacknowledged.iter().position(|sent| sent.id == id && !sent.is_released);
        Ok(Seen::Denied(self.unacknowledged.remove(at.ok_or("a refusal of nothing")?).message.number))
    }
}
