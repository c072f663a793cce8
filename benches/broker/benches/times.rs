//! Prints the time of one scene in nanoseconds: from bytes to bytes; with the reports of what was written; and of the codec's
//! part of it, if it has one:
//!
//!     times SCENE
//!
//! Each is the median of batches, taken in turns. That from bytes to bytes is measured by a clock around each run, which
//! shows in short ones.

use std::time::{Duration, Instant};
use std::{env, process};

use mqtt_broker_benches::{SCENES, Scene};

const BATCHES: usize = 15;
const BATCH_MILLIS: u128 = 40;

fn batch(mut run: impl FnMut(), runs: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..runs {
        run();
    }
    start.elapsed().as_nanos() as f64 / f64::from(runs)
}

/// As many runs as a batch has time for.
fn runs(mut run: impl FnMut()) -> u32 {
    let mut runs = 1;
    loop {
        let start = Instant::now();
        for _ in 0..runs {
            run();
        }
        if start.elapsed().as_millis() * 4 >= BATCH_MILLIS {
            return (runs * 4).max(1);
        }
        runs *= 2;
    }
}

/// The time from bytes to bytes of one run.
fn exchanges(scene: &mut Scene, runs: u32) -> f64 {
    let mut total = Duration::ZERO;
    for _ in 0..runs {
        let start = Instant::now();
        scene.exchange();
        total += start.elapsed();
        scene.report_written();
    }
    total.as_nanos() as f64 / f64::from(runs)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() {
    let scenes: Vec<_> = env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let [name] = &scenes[..] else {
        eprintln!("usage: times SCENE, one of {SCENES:?}");
        process::exit(2);
    };
    let mut scene = Scene::new(name);
    let mut limit = scene.limit();
    let (scene_runs, limit_runs) = (runs(|| scene.run()), limit.as_mut().map(|limit| runs(|| limit.run())));
    let is_exchange = limit.is_some();
    let (mut bare, mut times, mut limits) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..BATCHES {
        times.push(batch(|| scene.run(), scene_runs));
        bare.push(if is_exchange {
            exchanges(&mut scene, scene_runs)
        } else {
            batch(|| scene.run(), scene_runs)
        });
        if let (Some(limit), Some(runs)) = (&mut limit, limit_runs) {
            limits.push(batch(|| limit.run(), runs));
        }
    }
    let each = scene.times() as f64;
    print!("{name} {:.1} {:.1}", median(bare) / each, median(times) / each);
    if !limits.is_empty() {
        print!(" {:.1}", median(limits) / each);
    }
    println!();
}
