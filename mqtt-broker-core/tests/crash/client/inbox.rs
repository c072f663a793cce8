//! What a client makes of the packets of the broker.

use mqtt_codec::{Limits, Packet, QoS, ReasonCode, frame};

use super::Client;
use crate::message::{Delivery, QOS};
use crate::request::Request;

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
    /// Takes in a packet.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Result<Seen, String> {
        let found = frame(bytes, &Limits::default()).map_err(|error| error.to_string())?;
        let found = found.ok_or("half a packet")?;
        let packet = Packet::decode(self.version(), found).map_err(|error| error.to_string())?;
        Ok(match &packet {
            Packet::ConnAck(connack) if !connack.reason.is_error() => {
                self.aliases.maximum = connack.properties.topic_alias_maximum.unwrap_or(0);
                Seen::ConnAck { session_present: connack.session_present }
            }
            // It comes again when it likes.
            Packet::ConnAck(_) => Seen::Nothing,
            Packet::Publish(publish) => {
                let topic = self.aliases.resolve(publish.topic)?;
                let delivery = Delivery::new(publish, topic, self.version());
                let delivery = delivery.ok_or_else(|| format!("{publish:?}"))?;
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
