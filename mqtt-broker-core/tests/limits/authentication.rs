//! A client that is challenged again and again, and waits with each step until its time is nearly over: fails when it is given more.

use mqtt_broker_core::*;
use mqtt_codec::*;

use crate::packets::bytes_of;

struct W<P>(Broker<P>);

impl<P: Policy> W<P> {
    fn act(&mut self, now: u64, event: Event<'_>) -> Vec<Action> {
        let mut actions = Vec::new();
        self.0.handle(Timestamp::from_millis(now), event, &mut actions);
        actions
    }
    fn tick_to(&mut self, now: u64) -> Vec<Action> {
        let mut all = Vec::new();
        while let Some(at) = self.0.deadline().filter(|at| at.as_millis() <= now) {
            all.extend(self.act(at.as_millis(), Event::Tick));
        }
        all
    }
}

fn ticket(actions: &[Action]) -> Option<Ticket> {
    actions.iter().find_map(|a| match a {
        Action::Ask { ticket, .. } => Some(*ticket),
        _ => None,
    })
}

fn closed(actions: &[Action]) -> bool {
    actions.iter().any(|a| matches!(a, Action::Close { .. }))
}

fn policy(q: &Question<'_>) -> Decision {
    match q.request {
        Request::Authenticate { .. } => Decision::Later,
        _ => Decision::Now(Verdict::Allow),
    }
}

#[test]
fn steps_do_not_go_on_for_ever() {
    let config = Config { connect_timeout: 10_000, answer_timeout: 10_000, ..Config::default() };
    let mut w = W(Broker::new(config, policy));
    w.act(0, Event::Opened { conn: ConnId(1), listener: ListenerId(0), identity: None });
    let properties = ConnectProperties { authentication_method: Some("m"), ..Default::default() };
    let mut bytes = bytes_of(Connect { client_id: "c", properties, ..Connect::default() });
    let auth = || {
        bytes_of(Auth {
            reason: ReasonCode::ContinueAuthentication,
            authentication_method: "m",
            properties: AuthProperties::default(),
        })
    };
    // Its own time: the client is silent from each challenge to the next AUTH.
    let (mut own, mut since) = (0, 0);
    let mut now = 0;
    for step in 0..50 {
        let out = w.act(now, Event::Received { conn: ConnId(1), bytes: &mut bytes });
        own += now - since;
        let Some(ticket) = ticket(&out) else { return assert!(closed(&out), "{out:?}") };
        now += 1_000;
        if closed(&w.tick_to(now)) {
            return;
        }
        let out = w.act(now, Event::Answered { ticket, verdict: Verdict::Challenge(bytes::Bytes::new()) });
        assert!(!closed(&out));
        since = now;
        let out = w.act(now, Event::Received { conn: ConnId(1), bytes: &mut bytes });
        if closed(&out) {
            return;
        }
        assert!(own <= 10_000, "step {step}: at {now} ms it has had {own} ms of its own");
        // just before the timer
        let deadline = w.0.deadline().unwrap().as_millis();
        now = (deadline - 500).max(now);
        if closed(&w.tick_to(now)) {
            return;
        }
        bytes = auth();
    }
}

/// One answer that takes long gives twice the time.
#[test]
fn a_late_answer_gives_its_time_once() {
    let config = Config { connect_timeout: 10_000, answer_timeout: 60_000, ..Config::default() };
    let mut w = W(Broker::new(config, policy));
    w.act(0, Event::Opened { conn: ConnId(1), listener: ListenerId(0), identity: None });
    let properties = ConnectProperties { authentication_method: Some("m"), ..Default::default() };
    let mut bytes = bytes_of(Connect { client_id: "c", properties, ..Connect::default() });
    let out = w.act(0, Event::Received { conn: ConnId(1), bytes: &mut bytes });
    let ticket = ticket(&out).unwrap();
    assert!(!closed(&w.tick_to(50_000)));
    w.act(50_000, Event::Answered { ticket, verdict: Verdict::Challenge(bytes::Bytes::new()) });
    w.act(50_000, Event::Received { conn: ConnId(1), bytes: &mut bytes });
    for now in 50_000.. {
        if closed(&w.tick_to(now)) {
            assert_eq!(now, 60_000, "silent since 50000");
            return;
        }
    }
}
