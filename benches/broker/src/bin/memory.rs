//! Prints what sessions cost in bytes, measured by counting allocations, and what the keep-alive round for all of them costs:
//!
//!     memory COUNT

use std::time::Instant;
use std::{env, process};

use allocation_counter::measure;
use mqtt_broker_benches::{Runtime, SCENES, Scene};
use mqtt_codec::QoS;

const KEEP_ALIVE: u16 = 60;

fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let Some(count) = arguments.first().and_then(|count| count.parse::<usize>().ok()) else {
        eprintln!("usage: memory COUNT");
        process::exit(2);
    };
    let mut kept = None;
    let info = measure(|| {
        let mut runtime = Runtime::new();
        for number in 0..count {
            let conn = runtime.connect(&format!("client-{number:07}"), KEEP_ALIVE);
            runtime.subscribe(conn, &format!("device/{number:07}/command"), QoS::AtLeastOnce);
        }
        runtime.forget_buffers();
        kept = Some(runtime);
    });
    println!("bytes per idle session {:.1}", info.bytes_current as f64 / count as f64);
    if let Some(mut runtime) = kept {
        let first = runtime.now.plus_millis(u64::from(KEEP_ALIVE) * 1500);
        assert_eq!(runtime.broker.deadline(), Some(first), "until then nothing is to be done");
        println!("milliseconds in which no call is wanted: {}", first.as_millis() - runtime.now.as_millis());
        // Each timer fires and is set again, since all clients were heard since it was set.
        runtime.all_ping(count, KEEP_ALIVE);
        let start = Instant::now();
        runtime.pass(u64::from(KEEP_ALIVE) * 1500 - 1);
        println!("keep-alive round, ns per session {:.1}", start.elapsed().as_nanos() as f64 / count as f64);
        assert_eq!(runtime.broker.stats().clients_connected, count);
    }
    for name in SCENES.iter().filter(|name| !name.ends_with("000000") && !name.ends_with("100000")) {
        let mut scene = Scene::new(name);
        (0..20).for_each(|_| scene.run());
        let info = measure(|| scene.run());
        println!("allocations of {name}: {}", info.count_total);
    }
}
