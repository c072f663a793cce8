//! Instructions of one run of each scene, counted under valgrind: the same in every run. `nothing` is what the measuring itself
//! costs, and part of all other numbers.
#![expect(unreachable_pub, reason = "the macros want it so")]

use std::hint::black_box;

use gungraun::{library_benchmark, library_benchmark_group, main};
use mqtt_broker_benches::{Limit, Scene};

/// Ready, and used before, so that it has the room that it needs.
fn scene(name: &str) -> Box<Scene> {
    let mut scene = Box::new(Scene::new(name));
    (0..20).for_each(|_| scene.run());
    scene
}

fn limit(name: &str) -> Box<Limit> {
    let mut limit = Box::new(Scene::new(name).limit().expect("a scene with a limit"));
    limit.run();
    limit
}

#[library_benchmark(setup = scene)]
#[bench::of("pingreq")]
pub fn nothing(scene: Box<Scene>) -> Box<Scene> {
    black_box(scene)
}

#[library_benchmark(setup = scene)]
#[bench::pingreq("pingreq")]
#[bench::nobody_qos0("nobody-qos0")]
#[bench::nobody_qos1("nobody-qos1")]
#[bench::one_qos0("one-qos0")]
#[bench::one_qos1("one-qos1")]
#[bench::one_qos2("one-qos2")]
#[bench::fanout_10("fanout-10")]
#[bench::fanout_1000("fanout-1000")]
#[bench::reconnect_1000("reconnect-1000")]
pub fn run(mut scene: Box<Scene>) -> Box<Scene> {
    scene.run();
    black_box(scene)
}

// Without reporting what was written.
#[library_benchmark(setup = scene)]
#[bench::pingreq("pingreq")]
#[bench::nobody_qos0("nobody-qos0")]
#[bench::nobody_qos1("nobody-qos1")]
#[bench::one_qos0("one-qos0")]
#[bench::one_qos1("one-qos1")]
#[bench::one_qos2("one-qos2")]
#[bench::fanout_10("fanout-10")]
#[bench::fanout_1000("fanout-1000")]
pub fn exchange(mut scene: Box<Scene>) -> Box<Scene> {
    scene.exchange();
    black_box(scene)
}

#[library_benchmark(setup = limit)]
#[bench::pingreq("pingreq")]
#[bench::nobody_qos0("nobody-qos0")]
#[bench::nobody_qos1("nobody-qos1")]
#[bench::one_qos0("one-qos0")]
#[bench::one_qos1("one-qos1")]
#[bench::one_qos2("one-qos2")]
#[bench::fanout_10("fanout-10")]
#[bench::fanout_1000("fanout-1000")]
pub fn codec(mut limit: Box<Limit>) -> Box<Limit> {
    limit.run();
    black_box(limit)
}

library_benchmark_group!(name = instructions; benchmarks = nothing, run, exchange, codec);
main!(library_benchmark_groups = instructions);
