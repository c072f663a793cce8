//! That the scenes are what their names say, on the small ones.

use mqtt_broker_benches::{SCENES, Scene};

#[test]
fn scenes_can_be_run_again_and_again() {
    for name in SCENES.iter().filter(|name| !name.ends_with("000000") && !name.ends_with("100000")) {
        let mut scene = Scene::new(name);
        // It checks itself.
        (0..3).for_each(|_| scene.run());
        if let Some(mut limit) = scene.limit() {
            limit.run();
        }
        scene.run();
    }
}
