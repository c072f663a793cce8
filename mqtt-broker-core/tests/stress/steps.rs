//! What can happen, and how often.

use mqtt_codec::QoS;
use proptest::prelude::*;
use proptest_state_machine::ReferenceStateMachine;

use crate::message::{FILTERS, Message, Options, PLAIN, TOPICS};
use crate::request::Hello;
use crate::world::World;

pub(crate) const CLIENTS: usize = 4;

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Connect {
        client: usize,
        hello: Hello,
    },
    Publish {
        message: Message,
    },
    Subscribe {
        client: usize,
        filter: usize,
        options: Options,
    },
    Unsubscribe {
        client: usize,
        filter: usize,
    },
    Disconnect {
        client: usize,
        with_will: bool,
        expiry: Option<u32>,
    },
    /// The connection breaks; so many bytes on their way to the broker still arrive.
    Cut {
        client: usize,
        still_arrive: usize,
    },
    /// The broker learns of it.
    Notice {
        client: usize,
    },
    /// So many bytes arrive at the broker.
    ToBroker {
        client: usize,
        bytes: usize,
    },
    /// The same, on a connection that the client has given up.
    Late {
        client: usize,
        bytes: usize,
    },
    /// So many bytes leave the broker's runtime.
    Write {
        client: usize,
        bytes: usize,
    },
    /// So many bytes arrive at the client.
    ToClient {
        client: usize,
        bytes: usize,
    },
    /// All that there is gets through.
    Exchange {
        client: usize,
    },
    Wait {
        millis: u64,
    },
}

/// Which clients hold a connection: all that has to be known to choose the next step.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    online: [bool; CLIENTS],
    messages: u32,
}

impl ReferenceStateMachine for Plan {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self { online: [false; CLIENTS], messages: 0 }).boxed()
    }

    fn transitions(plan: &Self) -> BoxedStrategy<Step> {
        let number = plan.messages + 1;
        let online = plan.online;
        (0..CLIENTS)
            .prop_flat_map(
                move |client| {
                    if online[client] { busy(client, number) } else { away(client, number) }
                },
            )
            .boxed()
    }

    fn apply(mut plan: Self, step: &Step) -> Self {
        // Each CONNECT may have a will.
        plan.messages += 1;
        match *step {
            Step::Connect { client, .. } => plan.online[client] = true,
            Step::Cut { client, .. } | Step::Disconnect { client, .. } => plan.online[client] = false,
            _ => {}
        }
        plan
    }
}

fn busy(client: usize, number: u32) -> BoxedStrategy<Step> {
    prop_oneof![
        10 => message(client, number).prop_map(|message| Step::Publish { message }),
        8 => (filter(client), options()).prop_map(move |(filter, options)| Step::Subscribe { client, filter, options }),
        1 => filter(client).prop_map(move |filter| Step::Unsubscribe { client, filter }),
        1 => (any::<bool>(), prop::option::of(prop::sample::select(&[0, 5, 100][..])))
            .prop_map(move |(with_will, expiry)| Step::Disconnect { client, with_will, expiry }),
        2 => bytes().prop_map(move |still_arrive| Step::Cut { client, still_arrive }),
        1 => hello(client, number).prop_map(move |hello| Step::Connect { client, hello }),
        8 => bytes().prop_map(move |bytes| Step::ToBroker { client, bytes }),
        6 => bytes().prop_map(move |bytes| Step::Write { client, bytes }),
        6 => bytes().prop_map(move |bytes| Step::ToClient { client, bytes }),
        12 => Just(Step::Exchange { client }),
        1 => wait(),
        1 => bytes().prop_map(move |bytes| Step::Late { client, bytes }),
    ]
    .boxed()
}

fn away(client: usize, number: u32) -> BoxedStrategy<Step> {
    prop_oneof![
        8 => hello(client, number).prop_map(move |hello| Step::Connect { client, hello }),
        2 => bytes().prop_map(move |bytes| Step::Late { client, bytes }),
        2 => Just(Step::Notice { client }),
        2 => message(client, number).prop_map(|message| Step::Publish { message }),
        2 => wait(),
    ]
    .boxed()
}

fn message(publisher: usize, number: u32) -> impl Strategy<Value = Message> {
    let retain = prop::bool::weighted(0.3);
    (prop::sample::select(&TOPICS[..]), qos(), retain, prop::bool::weighted(0.3)).prop_map(
        move |(topic, qos, retain, is_empty)| Message {
            number,
            publisher,
            topic,
            qos,
            retain,
            // Of 3.1.1 its number would not show.
            is_empty: is_empty && retain && publisher != 1,
        },
    )
}

fn qos() -> impl Strategy<Value = QoS> {
    prop_oneof![1 => Just(QoS::AtMostOnce), 2 => Just(QoS::AtLeastOnce), 3 => Just(QoS::ExactlyOnce)]
}

fn filter(client: usize) -> impl Strategy<Value = usize> {
    // Client 1 speaks 3.1.1.
    0..if client == 1 { PLAIN } else { FILTERS.len() }
}

fn options() -> impl Strategy<Value = Options> {
    (qos(), prop::bool::weighted(0.2), any::<bool>(), 0..3_u8).prop_map(
        |(qos, no_local, retain_as_published, retain_handling)| Options {
            qos,
            no_local,
            retain_as_published,
            retain_handling,
        },
    )
}

/// A few bytes, or all that there are.
fn bytes() -> impl Strategy<Value = usize> {
    prop_oneof![0..40_usize, Just(usize::MAX)]
}

fn wait() -> impl Strategy<Value = Step> {
    prop_oneof![1..100_u64, 500..4000_u64, 4000..20_000_u64].prop_map(|millis| Step::Wait { millis })
}

fn hello(client: usize, number: u32) -> impl Strategy<Value = Hello> {
    let will = (message(client, number), prop::sample::select(&[0, 0, 1, 3, 10][..]));
    let expiry = prop::sample::select(&[0, 3, 20, 20, u32::MAX, u32::MAX][..]);
    let limits = (1..5_u16, 1..4_usize, 0..3_u16);
    (prop::bool::weighted(0.1), expiry, limits, prop::option::of(will)).prop_map(
        |(clean_start, expiry, (receive_maximum, window, aliases), will)| Hello {
            clean_start,
            expiry,
            receive_maximum,
            window,
            aliases,
            will,
        },
    )
}

/// How clients connect when all is well again.
pub(crate) fn calm_hello() -> Hello {
    Hello { clean_start: false, expiry: 60, receive_maximum: 3, window: 3, aliases: 0, will: None }
}

impl World {
    pub(crate) fn step(&mut self, step: Step) {
        match step {
            Step::Connect { client, hello } => self.connect(client, hello),
            Step::Publish { message } => {
                let client = message.publisher;
                self.clients[client].outbox.push_back(message);
                self.pump(client);
            }
            Step::Subscribe { client, filter, options } if self.clients[client].is_connected() => {
                let no_local = options.no_local && filter < PLAIN;
                self.clients[client].subscribe(filter, Options { no_local, ..options });
                self.pump(client);
            }
            Step::Unsubscribe { client, filter } if self.clients[client].is_connected() => {
                self.clients[client].unsubscribe(filter);
                self.pump(client);
            }
            Step::Subscribe { .. } | Step::Unsubscribe { .. } => {}
            Step::Disconnect { client, with_will, expiry } => self.disconnect(client, with_will, expiry),
            Step::Cut { client, still_arrive } => self.cut(client, still_arrive),
            Step::Notice { client } => self.notice(client),
            Step::ToBroker { client, bytes } => {
                if let Some(conn) = self.held[client] {
                    self.arrive(conn, bytes);
                }
            }
            Step::Late { client, bytes } => {
                let oldest = self.given_up(client).next();
                if let Some(conn) = oldest {
                    self.arrive(conn, bytes);
                }
            }
            Step::Write { client, bytes } => {
                if let Some(conn) = self.held[client] {
                    self.write(conn, bytes);
                }
            }
            Step::ToClient { client, bytes } => {
                self.read(client, bytes);
            }
            Step::Exchange { client } => {
                self.exchange(client);
            }
            Step::Wait { millis } => self.wait(millis),
        }
    }
}
