mod damage;
mod driven;
mod kept;
mod stored;

use mqtt_broker_core::{AllowAll, Broker, Config, Timestamp};

use self::damage::Pairs;
use self::driven::World;
use self::kept::{NOW, Out, Store};
use crate::broker::script::Script;

/// Pairs of a store that are damaged or made up, and a broker that is restored from them.
///
/// The first byte chooses what there is before the damage: what a broker had stored after some of its events (see `stored`), or
/// nothing. The second is how many steps of damage follow, as `damage` reads them, and then come the steps of clients of
/// the restored broker, as `driven` reads them.
///
/// Nothing panics. What is certainly damaged is reported, and is not there afterwards. What the restored broker would put into
/// another store restores to the same, with nothing left out; so does its own store if nothing was damaged, and else
/// nothing is left out of that but what was before. Every copy of a message is counted, and its deadline passes.
pub fn restore(input: &[u8]) {
    let [stored, damages, rest @ ..] = input else { return };
    let script = &mut Script(rest);
    let mut pairs = Pairs::new(stored::after(*stored));
    for _ in 0..*damages {
        if pairs.damage(script).is_none() {
            break;
        }
    }
    let mut out = Out::new(pairs.to_store());
    let broker = Broker::restore(config(), AllowAll, NOW, pairs.iter(), &mut out);
    for (key, value) in pairs.certainly_damaged() {
        assert!(
            out.left_out.iter().any(|left_out| left_out == key),
            "{} is not reported",
            key.escape_ascii()
        );
        let all = Store::of(&broker);
        assert!(all.0.get(key) != Some(value), "{} is there", key.escape_ascii());
    }
    check_all(&broker, NOW);
    if out.left_out.is_empty() {
        out.store.check(&broker);
    }
    let left_out = out.left_out.clone();
    let mut world = World::new(broker, out);
    while world.step(script).is_some() {}
    let (broker, now, out) = world.finish();
    check_all(&broker, now);
    let mut again = Out::new(out.store.clone());
    Broker::restore(config(), AllowAll, now, &out.store.0, &mut again);
    if pairs.iter().count() > pairs.to_store().0.len() {
        // No store has two pairs with one key, of which another one may have counted.
        return;
    }
    // Of two with one number the first counts, in another order another one.
    let number =
        |key: &[u8]| key.splitn(3, |&byte| byte == b'/').take(2).map(<[u8]>::to_vec).collect::<Vec<_>>();
    let is_numbered =
        |key: &[u8]| [&b"copy/"[..], b"replay/", b"will/"].iter().any(|kind| key.starts_with(kind));
    let is_like = |a: &Vec<u8>, b: &Vec<u8>| a == b || is_numbered(a) && number(a) == number(b);
    let was_left_out = |key: &Vec<u8>| left_out.iter().any(|left_out| is_like(left_out, key));
    for key in again.left_out {
        assert!(
            was_left_out(&key),
            "{} is left out, and was not before: {}",
            key.escape_ascii(),
            out.store.text()
        );
    }
}

/// What a broker puts into another store restores to the same.
fn check_all(broker: &Broker, now: Timestamp) {
    let all = Store::of(broker);
    let mut out = Out::new(all.clone());
    let restored = Broker::restore(config(), AllowAll, now, &all.0, &mut out);
    assert!(out.left_out.is_empty(), "{:?} of {}", out.left_out, all.text());
    let again = Store::of(&restored);
    assert!(all.clone().becomes(&again), "{}restores to\n{}", all.text(), again.text());
}

/// Durable, and with windows that are soon full.
fn config() -> Config {
    Config { durable: true, send_maximum: 2, receive_maximum: 4, queued_messages: 20, ..Config::default() }
}
