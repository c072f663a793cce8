use std::cell::RefCell;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::Poll;

use bytes::BytesMut;
use mqtt_broker_core::{AllowAll, Broker, Config, ConnId, Event, ListenerId};

use crate::clock::Clock;
use crate::links::Links;
use crate::timer::Alarm;

/// The hub is borrowed for one poll of one task at a time, and never across an `await`.
pub(crate) type SharedHub = Rc<RefCell<Hub>>;

/// What all tasks share: the broker, its clock, and what is on its way out.
#[derive(Debug)]
pub(crate) struct Hub {
    broker: Broker,
    pub(crate) clock: Clock,
    pub(crate) links: Links,
    pub(crate) alarm: Alarm,
    /// A buffer to read into.
    pub(crate) spare: BytesMut,
}

impl Hub {
    pub(crate) fn new(config: Config) -> SharedHub {
        Rc::new(RefCell::new(Self {
            broker: Broker::new(config, AllowAll),
            clock: Clock::start(),
            links: Links::default(),
            alarm: Alarm::default(),
            spare: BytesMut::new(),
        }))
    }

    pub(crate) fn handle(&mut self, event: Event<'_>) {
        self.broker.handle(self.clock.now(), event, &mut self.links);
        self.alarm.set(self.broker.deadline());
    }

    /// A new connection; `None` if there are too many for the table.
    pub(crate) fn open(&mut self, peer: SocketAddr, listener: ListenerId) -> Option<ConnId> {
        let conn = self.links.open(peer)?;
        self.handle(Event::Opened { conn, listener, identity: None });
        Some(conn)
    }
}

/// Waits until there is no connection.
pub(crate) async fn no_connection(hub: &RefCell<Hub>) {
    poll_fn(|cx| {
        let links = &mut hub.borrow_mut().links;
        if links.is_empty() {
            return Poll::Ready(());
        }
        links.wait_for_none(cx.waker());
        Poll::Pending
    })
    .await;
}
