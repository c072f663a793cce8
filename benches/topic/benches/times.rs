//! The times of one index with one dataset, or of one matcher with one filter, in nanoseconds:
//!
//!     times INDEX DATASET COUNT
//!     times single MATCHER FILTER
//!     times within STEPS DATASET COUNT
//!
//! One in a process, so that no other has used the heap before. The first prints a line each for `build` (a subscription,
//! from none to all), `match` (a name), `remove` and `insert` (a subscription, of those that are spread over all; not for
//! scans) and `drain` (a subscription, all in the order in which they came; not for scans). All but the first and the last
//! are medians of several rounds. `within` matches with a limit on the steps of our visit.
#![expect(clippy::disallowed_methods, reason = "it measures time")]

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};
use std::{env, process};

use mqtt_topic::{TopicFilter, TopicName};
use mqtt_topic_benches::{Dataset, Index, Matcher, Ours, SINGLE_FILTERS, SINGLE_NAME, key, value};

/// What all rounds of one measurement take, if that is enough for the fewest.
const BUDGET: Duration = Duration::from_secs(1);
/// What one round takes, if that is enough for one step.
const ROUND: Duration = Duration::from_millis(50);
const FEWEST_ROUNDS: usize = 5;
const MOST_ROUNDS: usize = 200;
const SINGLE_MATCHES: usize = 10_000;

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo says that it is a bench.
    let arguments: Vec<_> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["single", matcher, filter] => single_of(matcher, filter),
        ["within", steps, kind, count] => {
            within(steps.parse()?, &Dataset::new(kind.parse()?, count.parse()?));
            Ok(())
        }
        [index, kind, count] => index_of(index, &Dataset::new(kind.parse()?, count.parse()?)),
        _ => {
            eprintln!(
                "usage: times INDEX DATASET COUNT | times single MATCHER FILTER | times within STEPS DATASET COUNT"
            );
            process::exit(2);
        }
    }
}

macro_rules! dispatch_index {
    ($($module:ident: $index:ty,)*) => {
        fn index_of(index: &str, dataset: &Dataset) -> Result<(), Box<dyn Error>> {
            match index {
                $(stringify!($module) => times::<$index>(dataset),)*
                _ => return Err(format!("no index '{index}'").into()),
            }
            Ok(())
        }
    };
}

mqtt_topic_benches::for_each_index!(dispatch_index);

macro_rules! dispatch_matcher {
    ($($module:ident: $matcher:ty,)*) => {
        fn single_of(matcher: &str, filter: &str) -> Result<(), Box<dyn Error>> {
            let found = SINGLE_FILTERS.iter().find(|(kind, ..)| *kind == filter);
            let (_, filter, _) = found.ok_or_else(|| format!("no filter '{filter}'"))?;
            match matcher {
                $(stringify!($module) => single::<$matcher>(filter),)*
                _ => return Err(format!("no matcher '{matcher}'").into()),
            }
            Ok(())
        }
    };
}

mqtt_topic_benches::for_each_matcher!(dispatch_matcher);

fn times<I: Index>(dataset: &Dataset) {
    let filters = &dataset.filters;
    let mut index = I::new();
    let start = Instant::now();
    for (at, filter) in filters.iter().enumerate() {
        index.insert(filter, key(at), value(at));
    }
    print("build", nanoseconds(start.elapsed(), filters.len()));

    let mut names = dataset.names.iter().cycle();
    let step = || {
        let name = names.next().expect("it goes round");
        let mut sum = 0_u32;
        let count =
            index.matches(black_box(name), |key, value| sum = sum.wrapping_add(key ^ u32::from(value)));
        black_box((sum, count));
    };
    print("match", median(dataset.names.len(), step));

    if I::SCANS {
        return;
    }
    let sample = dataset.sample();
    let (mut removed, mut inserted) = (Vec::new(), Vec::new());
    let start = Instant::now();
    while removed.len() < FEWEST_ROUNDS || (start.elapsed() < BUDGET && removed.len() < MOST_ROUNDS) {
        let start = Instant::now();
        sample.iter().for_each(|at| index.remove(black_box(&filters[*at]), key(*at)));
        removed.push(nanoseconds(start.elapsed(), sample.len()));
        let start = Instant::now();
        sample.iter().for_each(|at| index.insert(black_box(&filters[*at]), key(*at), value(*at)));
        inserted.push(nanoseconds(start.elapsed(), sample.len()));
    }
    print("remove", middle(removed));
    print("insert", middle(inserted));
    let start = Instant::now();
    filters.iter().enumerate().for_each(|(at, filter)| index.remove(filter, key(at)));
    print("drain", nanoseconds(start.elapsed(), filters.len()));
}

fn within(steps: usize, dataset: &Dataset) {
    let mut index = Ours::new();
    for (at, filter) in dataset.filters.iter().enumerate() {
        index.insert(filter, key(at), value(at));
    }
    let mut names = dataset.names.iter().cycle();
    let step = || {
        let name = names.next().expect("it goes round");
        let mut sum = 0_u32;
        let is_all = index.matches_within(black_box(name), steps, |key, value| {
            sum = sum.wrapping_add(key ^ u32::from(value))
        });
        black_box((sum, is_all));
    };
    print("match", median(dataset.names.len(), step));
}

fn single<M: Matcher>(filter: &str) {
    let filter = M::new(TopicFilter::new(filter).expect("a filter"));
    let name = TopicName::new(SINGLE_NAME).expect("no wildcards");
    print("match", median(SINGLE_MATCHES, || _ = black_box(black_box(&filter).matches(black_box(name)))));
}

/// The median of rounds that have so many steps, or fewer when that takes too long, in nanoseconds for a step.
fn median(mut steps: usize, mut step: impl FnMut()) -> f64 {
    // This also warms up.
    let start = Instant::now();
    for done in 1..=steps {
        step();
        if start.elapsed() > ROUND {
            steps = done;
            break;
        }
    }
    // With few steps the clock would count too.
    let repeats = (1_000 / steps).max(1);
    let repeats = if start.elapsed() * u32::try_from(repeats).expect("small") > ROUND { 1 } else { repeats };

    let mut rounds = Vec::new();
    let start = Instant::now();
    while rounds.len() < FEWEST_ROUNDS || (start.elapsed() < BUDGET && rounds.len() < MOST_ROUNDS) {
        let start = Instant::now();
        (0..steps * repeats).for_each(|_| step());
        rounds.push(nanoseconds(start.elapsed(), steps * repeats));
    }
    middle(rounds)
}

fn middle(mut rounds: Vec<f64>) -> f64 {
    rounds.sort_unstable_by(f64::total_cmp);
    rounds[rounds.len() / 2]
}

fn nanoseconds(time: Duration, steps: usize) -> f64 {
    time.as_nanos() as f64 / steps as f64
}

fn print(what: &str, nanoseconds: f64) {
    println!("{what} {nanoseconds:.2}");
}
