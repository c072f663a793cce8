//! A subscription that was allowed anew is not lost by the question of before.

use mqtt_broker_core::*;
use mqtt_codec::*;

use crate::answers::{bytes_of, subscribe};

fn policy(q: &Question<'_>) -> Decision {
    match q.request {
        Request::Subscribe { is_kept: true, .. } => Decision::Later,
        _ => Decision::Now(Verdict::Allow),
    }
}

#[test]
fn allowed_anew_outlives_a_question_that_nobody_answers() {
    let mut b = Broker::new(Config::default(), policy);
    let mut act = |now: u64, event: Event<'_>| {
        let mut out = Vec::new();
        b.handle(Timestamp::from_millis(now), event, &mut out);
        (out, b.stats().subscriptions)
    };
    act(0, Event::Opened { conn: ConnId(1), listener: ListenerId(0), identity: None });
    act(
        0,
        Event::Received {
            conn: ConnId(1),
            bytes: &mut bytes_of(Connect { client_id: "c", ..Connect::default() }),
        },
    );
    assert_eq!(
        act(0, Event::Received { conn: ConnId(1), bytes: &mut subscribe(1, &["t"], QoS::AtLeastOnce) }).1,
        1
    );
    act(1000, Event::Revoke { client_id: "c" });
    // Asked with the new rights, and allowed.
    let (out, n) =
        act(2000, Event::Received { conn: ConnId(1), bytes: &mut subscribe(1, &["t"], QoS::AtLeastOnce) });
    assert_eq!(n, 1);
    assert!(out.iter().any(|a| matches!(a, Action::Send { bytes, .. } if bytes[0] == 0x90)));
    let (out, n) = act(60_000, Event::Tick);
    assert_eq!(n, 1, "{out:?}");
}
