use mqtt_broker_core::ConnId;
use mqtt_codec::{
    Delivery, Limits, Packet, PacketId, PubAck, PubComp, PubRec, PubRel, Publish, QoS, ReasonCode, TopicName,
    Version, frame,
};

use crate::runtime::encode;
use crate::{Limit, Runtime};

/// The names of all scenes.
pub const SCENES: &[&str] = &[
    "pingreq",
    "nobody-qos0",
    "nobody-qos1",
    "one-qos0",
    "one-qos1",
    "one-qos2",
    "fanout-10",
    "fanout-1000",
    "fanout-100000",
    "among-1000000",
    "reconnect-1000",
];

/// A broker with clients, and one thing that they do again and again.
#[derive(Debug)]
pub struct Scene {
    runtime: Runtime,
    publisher: ConnId,
    subscriber: ConnId,
    /// What the publisher sends, a packet a turn.
    publishes: Vec<Vec<u8>>,
    /// What the subscriber answers, a packet a turn.
    answers: Vec<Vec<u8>>,
    /// Packets that the broker sends each time.
    packets: usize,
    reconnects: bool,
}

/// How often a short scene is repeated in one run.
const OFTEN: usize = 100;

const TOPIC: &str = "building/3/floor/2/room/17/temperature";
/// So that a PUBLISH of QoS 1 has 110 bytes.
const PAYLOAD: &[u8] = &[b'x'; 65];

fn publish(topic: &str, qos: QoS) -> Vec<u8> {
    let id = PacketId::new(1).expect("not 0");
    let delivery = match qos {
        QoS::AtMostOnce => Delivery::AtMostOnce,
        QoS::AtLeastOnce => Delivery::AtLeastOnce { id, dup: false },
        QoS::ExactlyOnce => Delivery::ExactlyOnce { id, dup: false },
    };
    let topic = TopicName::new(topic).expect("a topic");
    encode(Publish { delivery, ..Publish::new(topic, PAYLOAD) })
}

impl Scene {
    /// By its name, ready to be run.
    ///
    /// # Panics
    /// If there is no such scene.
    pub fn new(name: &str) -> Self {
        let mut runtime = Runtime::new();
        let publisher = runtime.connect("publisher", 0);
        let subscriber = runtime.connect("subscriber", 0);
        let id = PacketId::new(1).expect("not 0");
        let pubrel = || encode(PubRel::new(id, ReasonCode::Success));
        let mut scene = Self {
            runtime,
            publisher,
            subscriber,
            publishes: Vec::new(),
            answers: Vec::new(),
            packets: 1,
            reconnects: false,
        };
        match name.split_once('-') {
            None if name == "pingreq" => scene.send_often(encode(Packet::PingReq), 1),
            Some(("nobody", "qos0")) => scene.send_often(publish(TOPIC, QoS::AtMostOnce), 0),
            Some(("nobody", "qos1")) => scene.send_often(publish(TOPIC, QoS::AtLeastOnce), 1),
            Some(("one", "qos0")) => {
                scene.runtime.subscribe(subscriber, TOPIC, QoS::ExactlyOnce);
                scene.send_often(publish(TOPIC, QoS::AtMostOnce), 1);
            }
            Some(("one", "qos1")) => {
                scene.runtime.subscribe(subscriber, TOPIC, QoS::ExactlyOnce);
                scene.publishes.push(publish(TOPIC, QoS::AtLeastOnce));
                scene.answers.push(encode(PubAck::new(id, ReasonCode::Success)));
                scene.packets = 2;
            }
            Some(("one", "qos2")) => {
                scene.runtime.subscribe(subscriber, TOPIC, QoS::ExactlyOnce);
                scene.publishes.extend([publish(TOPIC, QoS::ExactlyOnce), pubrel()]);
                scene.answers.push(encode(PubRec::new(id, ReasonCode::Success)));
                scene.answers.push(encode(PubComp::new(id, ReasonCode::Success)));
                scene.packets = 4;
            }
            Some(("fanout", count)) => {
                scene.packets = count.parse().expect("a number");
                for number in 0..scene.packets {
                    let conn = scene.runtime.connect(&format!("client-{number:07}"), 0);
                    scene.runtime.subscribe(conn, TOPIC, QoS::AtMostOnce);
                }
                scene.publishes.push(publish(TOPIC, QoS::AtMostOnce));
            }
            Some(("among", count)) => {
                for number in 0..count.parse().expect("a number") {
                    let conn = scene.runtime.connect(&format!("client-{number:07}"), 0);
                    scene.runtime.subscribe(conn, &format!("device/{number:07}/command"), QoS::AtMostOnce);
                }
                // A hundred of them in turn, far from each other.
                let each =
                    |number: usize| publish(&format!("device/{:07}/command", number * 9973), QoS::AtMostOnce);
                scene.publishes.extend((0..100).map(each));
                scene.packets = 100;
            }
            Some(("reconnect", count)) => {
                scene.packets = count.parse().expect("a number");
                scene.runtime.subscribe(subscriber, TOPIC, QoS::AtLeastOnce);
                scene.reconnects = true;
                scene.publishes.push(publish(TOPIC, QoS::AtLeastOnce));
            }
            _ => panic!("no scene '{name}'"),
        }
        scene
    }

    /// What takes less time than looking at the clock is done [`OFTEN`] times in a run, with a read for each.
    fn send_often(&mut self, packet: Vec<u8>, answers: usize) {
        self.publishes = vec![packet; OFTEN];
        self.packets = OFTEN * answers;
    }

    /// How many times what is measured happens in one run.
    pub fn times(&self) -> usize {
        if self.reconnects { self.packets } else { self.publishes.len().max(1) / self.rounds() }
    }

    /// PUBLISH and PUBREL of one exchange.
    fn rounds(&self) -> usize {
        self.answers.len().max(1)
    }

    /// Does it once, reports what was written, and checks that all that has to come out came.
    pub fn run(&mut self) {
        if self.reconnects {
            return self.reconnect();
        }
        self.exchange();
        self.report_written();
    }

    /// All that came out is written.
    ///
    /// # Panics
    /// If it was not as much as has to come.
    pub fn report_written(&mut self) {
        assert_eq!(self.runtime.report_written(), self.packets);
    }

    /// Does it once, without reporting what was written.
    pub fn exchange(&mut self) {
        for packet in &self.publishes {
            self.runtime.receive(self.publisher, packet);
        }
        for (turn, answer) in self.answers.iter_mut().enumerate() {
            // The identifier that the broker chose: behind the topic of PUBLISH, then at the end of PUBREL.
            let sent = self.runtime.output(self.subscriber);
            let at = if turn == 0 { 2 + 2 + TOPIC.len() } else { sent.len() - 2 };
            answer[2..4].copy_from_slice(&sent[at..at + 2]);
            self.runtime.receive(self.subscriber, answer);
        }
    }

    /// The subscriber is away while messages come, then takes and acknowledges them all.
    fn reconnect(&mut self) {
        self.runtime.close(self.subscriber);
        for _ in 0..self.packets {
            self.runtime.receive(self.publisher, &self.publishes[0]);
        }
        assert_eq!(self.runtime.report_written(), self.packets, "acknowledgements");
        self.subscriber = self.runtime.connect_without_reading("subscriber", 0);
        let output = self.runtime.output(self.subscriber).to_vec();
        let mut rest = &output[..];
        while let Some(found) = frame(rest, &Limits::default()).expect("packets") {
            rest = &rest[found.bytes().len()..];
            if let Ok(Publish { delivery: Delivery::AtLeastOnce { id, .. }, .. }) =
                Publish::decode(Version::V5, found)
            {
                self.runtime.receive(self.subscriber, &encode(PubAck::new(id, ReasonCode::Success)));
            }
        }
        assert_eq!(self.runtime.report_written(), self.packets + 1, "CONNACK and all messages");
    }

    /// What the codec alone does for one run: decode all that is received, encode all that is sent.
    pub fn limit(&mut self) -> Option<Limit> {
        if self.reconnects {
            return None;
        }
        self.exchange();
        let sent = self.runtime.outputs().map(<[u8]>::to_vec).collect();
        self.runtime.report_written();
        Some(Limit::new(self.publishes.iter().chain(&self.answers).cloned().collect(), sent))
    }
}
