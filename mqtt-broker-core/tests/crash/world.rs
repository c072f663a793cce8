//! The broker, its store, its clients, the network between them, and the time.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;

use mqtt_broker_core::{Broker, Config, ConnId, Overlapping, SharedStrategy, Ticket, Timestamp};

use crate::client::{Client, WINDOW};
use crate::event::{Happened, What};
use crate::guard::{Guard, Mood};
use crate::link::Link;
use crate::message::CLIENTS;
use crate::model::{MOST_EXPIRY, Model};
use crate::random::Random;
use crate::store::{Skip, Store};

/// Events after which there is nothing left that clients have begun.
const MOST_TURNS: usize = 5000;

pub(crate) type Checked<T = ()> = Result<T, String>;

#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) broker: Broker<Guard>,
    config: Config,
    pub(crate) now: u64,
    /// Counts what happened.
    pub(crate) seq: u64,
    pub(crate) random: Random,
    pub(crate) clients: [Client; CLIENTS],
    pub(crate) links: BTreeMap<ConnId, Link>,
    pub(crate) store: Store,
    /// What may be so. There are several after a crash in the middle of an event, until what is seen rules them out.
    pub(crate) models: Vec<Model>,
    /// What the embedding program is about to do.
    pub(crate) program: Option<What>,
    /// Questions that are open, those of brokers that are dead, and all that ever were put.
    pub(crate) asked: BTreeSet<Ticket>,
    pub(crate) asked_before: BTreeSet<Ticket>,
    pub(crate) tickets: BTreeSet<Ticket>,
    pub(crate) next_conn: u64,
    /// Of a message.
    pub(crate) next_number: u32,
    /// Whether a client speaks 3.1.1 now and then.
    pub(crate) has_old: bool,
    /// Whether it is told what happens.
    pub(crate) is_traced: bool,
    /// Whether the store is compared with the broker.
    pub(crate) compares_store: bool,
}

impl World {
    pub(crate) fn new(seed: u64, skip: Option<Skip>) -> Self {
        let mut random = Random::new(seed);
        let config = Config {
            receive_maximum: u16::try_from(WINDOW).expect("small"),
            send_maximum: random.pick(&[2, 3]),
            topic_alias_maximum: random.pick(&[0, 1, 2]),
            outbound_topic_aliases: random.pick(&[0, 2]),
            session_expiry_maximum: MOST_EXPIRY,
            shared_strategy: random.pick(&[
                SharedStrategy::RoundRobin,
                SharedStrategy::LeastInFlight,
                SharedStrategy::Sticky,
            ]),
            overlapping: random.pick(&[Overlapping::OneCopy, Overlapping::OneCopy, Overlapping::CopyEach]),
            output_window: random.pick(&[60, 100_000]),
            connect_timeout: u64::from(u32::MAX),
            answer_timeout: random.pick(&[3000, 60_000]),
            queued_messages: random.pick(&[2, 4, 10_000, 10_000]),
            queued_bytes: random.pick(&[1000, 32 << 20, 32 << 20]),
            durable: true,
            ..Config::default()
        };
        let has_old = random.one_in(2);
        let mood = random.pick(&[Mood::Easy, Mood::Strict]);
        Self {
            broker: Broker::new(config, Guard::new(Random::new(seed), mood)),
            config,
            now: 0,
            seq: 0,
            random,
            clients: Default::default(),
            links: BTreeMap::new(),
            store: Store::new(skip),
            models: vec![Model::new(config.overlapping == Overlapping::CopyEach)],
            program: None,
            asked: BTreeSet::new(),
            asked_before: BTreeSet::new(),
            tickets: BTreeSet::new(),
            next_conn: 0,
            next_number: 1,
            has_old,
            is_traced: false,
            compares_store: true,
        }
    }

    /// One that knows nothing.
    pub(crate) fn new_broker(&mut self) -> Broker<Guard> {
        Broker::new(self.config, self.broker.policy_mut().clone())
    }

    pub(crate) fn trace(&self, text: impl FnOnce() -> String) {
        if self.is_traced {
            eprintln!("{:6} {}", self.now, text());
        }
    }

    /// What does not fit is not so. Something has to be.
    pub(crate) fn judge(&mut self, mut check: impl FnMut(&mut Model) -> Checked) -> Checked {
        if self.models.is_empty() {
            return Err("nothing of what was promised can be".to_owned());
        }
        let mut first = None;
        self.models.retain_mut(|model| match check(model) {
            Ok(()) => true,
            Err(error) => {
                first.get_or_insert(error);
                false
            }
        });
        match first {
            Some(error) if self.models.is_empty() => Err(error),
            _ => Ok(()),
        }
    }

    /// All that clients and the broker have for each other gets through.
    pub(crate) fn come_to_rest(&mut self) -> Checked {
        // A packet that the broker does not want yet is offered again, but not for ever.
        let mut refused = 0;
        for turn in 0..MOST_TURNS {
            let happened = self.next(|_, count| turn % count)?;
            let is_over = happened.is_none();
            if let Some(happened) = happened {
                let has_happened = !happened.acts.is_empty() || !matches!(happened.what, What::Nothing);
                refused = if has_happened { 0 } else { refused + 1 };
                self.carry_out(&[happened])?;
            }
            let mut any = false;
            for client in 0..CLIENTS {
                any |= self.read(client, usize::MAX)?;
            }
            if !any && (is_over || refused > 2 * self.links.len()) {
                return Ok(());
            }
        }
        Err("it does not come to rest".to_owned())
    }

    /// Time passes, and all that is due is done.
    pub(crate) fn wait(&mut self, millis: u64) -> Checked {
        let target = self.now + millis;
        while let Some(deadline) = self.deadline().filter(|&deadline| deadline <= target) {
            self.now = self.now.max(deadline);
            self.come_to_rest()?;
        }
        self.now = target;
        Ok(())
    }

    pub(crate) fn deadline(&self) -> Option<u64> {
        self.broker.deadline().map(Timestamp::as_millis)
    }

    /// The broker dies, and all connections with it. So many milliseconds pass.
    pub(crate) fn crash(&mut self, down: u64) {
        for client in &mut self.clients {
            client.disconnected();
        }
        self.links.clear();
        self.program = None;
        self.asked_before.append(&mut self.asked);
        self.now += down;
        self.seq += 1;
        let mut models: Vec<Model> = Vec::with_capacity(self.models.len());
        for mut model in self.models.drain(..) {
            model.crash(self.now, self.seq);
            if !models.contains(&model) {
                models.push(model);
            }
        }
        self.models = models;
    }

    /// The broker is made again from the store. Gives what it calls for, which is not done.
    pub(crate) fn restore(&mut self) -> Checked<Happened> {
        let seed = self.random.below(usize::MAX) as u64;
        let guard = Guard::new(Random::new(seed), self.broker.policy_mut().mood);
        let (broker, mut sink) = self.store.restore(self.config, guard, self.now);
        self.broker = broker;
        let decided = self.decided(&sink);
        let (acts, notes) = (mem::take(&mut sink.acts), mem::take(&mut sink.notes));
        let happened = Happened { what: What::Restored, decided, notes, acts, now: self.now, seq: self.seq };
        sink.complaint.map_or(Ok(happened), Err)
    }

    /// The store has what the broker knows.
    pub(crate) fn check_store(&self) -> Checked {
        self.store.check(self.config, &self.broker, self.now)
    }
}
