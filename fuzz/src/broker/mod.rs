mod made;
pub(crate) mod packets;
pub(crate) mod script;
mod setup;
mod world;

use self::script::Script;
use self::world::World;

/// A broker between clients that send what they like, and a runtime that keeps to the contract.
///
/// The first byte chooses configuration and policy, then come steps as `World::step` reads them. Besides what
/// `World` checks after each step, the same steps give the same actions and the same broker again, and the same actions if
/// bytes come one by one.
pub fn broker(input: &[u8]) {
    let Some((&setup, steps)) = input.split_first() else { return };
    let run = |byte_by_byte| {
        let mut world = World::new(setup, byte_by_byte);
        let mut script = Script(steps);
        while world.step(&mut script).is_some() {}
        world.finish()
    };
    let first = run(false);
    assert!(first == run(false), "the same events, but other actions or another broker");
    let (actions, _) = first;
    assert_eq!(run(true).0, actions, "byte by byte");
}
