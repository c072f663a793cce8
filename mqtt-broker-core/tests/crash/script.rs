//! What the clients of a script do.

use mqtt_codec::{QoS, Version};

use crate::event::What;
use crate::guard::Mood;
use crate::message::{
    EVERYTHING, FILTERS, FIRST_SHARED, FIRST_WILL, LAST, Message, OLD, Options, PROGRAM, QOS,
};
use crate::request::Hello;
use crate::world::{Checked, World};

impl World {
    /// All come and subscribe to something.
    pub(crate) fn begin(&mut self) -> Checked {
        for client in 0..LAST {
            self.connect_somehow(client)?;
            self.subscribe_somehow(client);
            self.flush(client);
        }
        Ok(())
    }

    /// A client does something.
    pub(crate) fn act(&mut self) -> Checked {
        let client = self.random.below(LAST);
        match self.random.below(20) {
            0 => self.connect_somehow(client)?,
            1 if self.clients[client].held.is_some() => {
                let still_arrive = self.random.below(3);
                self.cut(client, still_arrive);
            }
            2 => {
                let with_will = self.random.one_in(2);
                let expiry = self.random.one_in(2).then(|| self.random.pick(&[0, 5, 2000]));
                self.disconnect(client, with_will, expiry);
            }
            3 => {
                let millis = self.random.pick(&[1, 500, 1500, 4000]);
                self.now += millis;
                // Every deadline is kept.
                if let Some(deadline) = self.deadline() {
                    self.now = self.now.min(deadline.max(self.now - millis));
                }
            }
            4 | 6 if self.clients[client].held.is_some() => self.subscribe_somehow(client),
            5 if self.clients[client].held.is_some() => {
                let filter = self.random.below(FILTERS.len());
                self.clients[client].unsubscribe(filter);
            }
            7 => {
                let message = Message { publisher: PROGRAM, ..self.message(client) };
                self.program = Some(match self.random.below(6) {
                    0 => What::EndedSession(client),
                    1 => What::Disconnected(client),
                    2 => What::Revoked(client),
                    _ => What::Published(message),
                });
            }
            _ if self.clients[client].held.is_none() => self.connect_somehow(client)?,
            _ => {
                let message = self.message(client);
                self.clients[client].outbox.push_back(message);
            }
        }
        for client in 0..LAST {
            let count = self.random.pick(&[0, 1, 2, usize::MAX, usize::MAX]);
            self.read(client, count)?;
            self.flush(client);
        }
        Ok(())
    }

    pub(crate) fn connect_somehow(&mut self, client: usize) -> Checked {
        let will = self.random.one_in(2).then(|| {
            let topic = FIRST_WILL + client;
            let message = Message { topic, expiry: None, is_empty: false, ..self.message(client) };
            (message, self.random.pick(&[0, 0, 2, 10]))
        });
        let hello = Hello {
            version: Version::V5,
            clean_start: self.random.one_in(8),
            expiry: self.random.pick(&[0, 4, 1000, 1000, 1000]),
            receive_maximum: self.random.pick(&[1, 2, 10]),
            alias_maximum: self.random.pick(&[0, 1, 2]),
            will,
        };
        let is_old = self.is_old(client) && self.random.one_in(2);
        self.connect(client, if is_old { hello.in_3_1_1() } else { hello })
    }

    fn is_old(&self, client: usize) -> bool {
        client == OLD && self.has_old
    }

    fn subscribe_somehow(&mut self, client: usize) {
        if self.is_old(client) {
            // It could not tell through which group a message came.
            let filter = self.random.below(FIRST_SHARED);
            let options = Options { qos: self.random.pick(&QOS), no_local: false, retain_handling: 0 };
            return self.clients[client].subscribe(filter, options);
        }
        let filter = self.random.below(FILTERS.len());
        let is_shared = filter >= FIRST_SHARED;
        let options = Options {
            // What groups get has to arrive whoever gets it.
            qos: self.random.pick(if is_shared { &QOS[1..] } else { &QOS }),
            no_local: !is_shared && self.random.one_in(4),
            retain_handling: self.random.pick(&[0, 0, 1, 2]),
        };
        self.clients[client].subscribe(filter, options);
    }

    fn message(&mut self, publisher: usize) -> Message {
        let number = self.next_number;
        self.next_number += 1;
        let retain = self.random.one_in(2);
        Message {
            number,
            publisher,
            topic: self.random.below(FIRST_WILL),
            qos: self.random.pick(&[QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce, QoS::ExactlyOnce]),
            retain,
            // An old client could not tell which one that is.
            is_empty: retain && self.random.one_in(4) && !self.has_old,
            expiry: self.random.one_in(6).then_some(3).filter(|_| !self.is_old(publisher)),
        }
    }

    /// Another client comes, publishes so that every subscription shows, and sees what is retained.
    pub(crate) fn probe(&mut self) -> Checked {
        let hello = Hello {
            version: Version::V5,
            clean_start: true,
            expiry: 0,
            receive_maximum: 10,
            alias_maximum: 2,
            will: None,
        };
        self.connect(LAST, hello)?;
        for topic in [0, 2] {
            let number = self.next_number;
            self.next_number += 1;
            let qos = QoS::AtLeastOnce;
            let message =
                Message { number, publisher: LAST, topic, qos, retain: false, is_empty: false, expiry: None };
            self.clients[LAST].outbox.push_back(message);
        }
        self.come_to_rest()?;
        let options = Options { qos: QoS::AtMostOnce, no_local: false, retain_handling: 0 };
        self.clients[LAST].subscribe(EVERYTHING, options);
        self.flush(LAST);
        self.come_to_rest()
    }

    /// All come back, some of them late, and finish what they have begun.
    pub(crate) fn play_on(&mut self) -> Checked {
        // Nothing is refused any more, but asked.
        let guard = self.broker.policy_mut();
        guard.mood = if guard.mood == Mood::Easy { Mood::Easy } else { Mood::Calm };
        self.come_to_rest()?;
        let late = self.random.below(2 * LAST);
        for client in 0..LAST {
            if client != late && self.clients[client].held.is_none() {
                self.connect_somehow(client)?;
                if self.random.one_in(2) {
                    self.come_to_rest()?;
                }
            }
        }
        self.come_to_rest()?;
        self.wait(3000)?;
        self.come_to_rest()?;
        self.wait(9000)?;
        for client in 0..LAST {
            if self.clients[client].held.is_none() {
                self.connect_somehow(client)?;
            }
        }
        self.come_to_rest()?;
        self.probe()?;
        if let Some(client) = self.clients.iter().position(|client| !client.is_at_rest()) {
            return Err(format!("client {client} waits for something: {:?}", self.clients[client]));
        }
        let stats = self.broker.stats();
        if stats.all_copies().queued > 0 {
            return Err(format!("something waits: {stats:?}"));
        }
        let retained = self.clients[LAST].replayed.clone();
        self.judge(|model| model.check_at_the_end(&retained))?;
        if self.compares_store && self.random.one_in(16) { self.check_store() } else { Ok(()) }
    }
}
