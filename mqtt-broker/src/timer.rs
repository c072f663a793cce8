use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Poll, Waker};
use std::time::Duration;

use mqtt_broker_core::{Event, Timestamp};
use tokio::time::{Instant, Sleep, sleep};

use crate::hub::{Hub, SharedHub};

/// The longest sleep. Deadlines may be years away, and timers may not like that.
const LONGEST_SLEEP: Duration = Duration::from_secs(3600);

/// When the broker wants to be called, and whether the timer knows that.
#[derive(Debug, Default)]
pub(crate) struct Alarm {
    deadline: Option<Timestamp>,
    /// What the timer sleeps for. A deadline that moves away leaves it as it is: waking once too often for nothing is
    /// cheaper than setting the timer at each packet.
    armed: Option<Timestamp>,
    sleeper: Option<Waker>,
}

impl Alarm {
    pub(crate) fn set(&mut self, deadline: Option<Timestamp>) {
        self.deadline = deadline;
        let is_earlier = deadline.is_some_and(|deadline| self.armed.is_none_or(|armed| deadline < armed));
        if is_earlier && let Some(waker) = self.sleeper.take() {
            waker.wake();
        }
    }
}

/// The task that tells the broker when its deadlines have come.
pub(crate) async fn run(hub: SharedHub) -> Infallible {
    let mut timer = pin!(sleep(LONGEST_SLEEP));
    poll_fn(|cx| {
        let hub = &mut *hub.borrow_mut();
        if hub.alarm.deadline.is_some_and(|deadline| deadline <= hub.clock.now()) {
            hub.handle(Event::Tick);
            // More may be due; the other tasks come first.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        hub.alarm.armed = hub.alarm.deadline;
        hub.alarm.sleeper = Some(cx.waker().clone());
        Sleep::reset(timer.as_mut(), wake_up(hub));
        // Ready only if the deadline has come since the clock was read.
        if timer.as_mut().poll(cx).is_ready() {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    })
    .await
}

fn wake_up(hub: &Hub) -> Instant {
    let latest = Instant::now() + LONGEST_SLEEP;
    let deadline = hub.alarm.deadline.and_then(|deadline| hub.clock.instant(deadline));
    deadline.map_or(latest, |deadline| Instant::from_std(deadline).min(latest))
}
