//! Prints the bytes that one index has requested and not given back when it holds all of a dataset, for each subscription:
//!
//!     memory INDEX DATASET COUNT

use std::error::Error;
use std::{env, mem, process};

use allocation_counter::measure;
use mqtt_topic_benches::{Dataset, Index, key, value};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [index, kind, count] = &arguments[..] else {
        eprintln!("usage: memory INDEX DATASET COUNT");
        process::exit(2);
    };
    let dataset = Dataset::new(kind.parse()?, count.parse()?);
    println!("{:.1}", bytes_of(index, &dataset)? as f64 / dataset.filters.len() as f64);
    Ok(())
}

macro_rules! dispatch_index {
    ($($module:ident: $index:ty,)*) => {
        fn bytes_of(index: &str, dataset: &Dataset) -> Result<i64, Box<dyn Error>> {
            match index {
                $(stringify!($module) => Ok(bytes::<$index>(dataset)),)*
                _ => Err(format!("no index '{index}'").into()),
            }
        }
    };
}

mqtt_topic_benches::for_each_index!(dispatch_index);

fn bytes<I: Index>(dataset: &Dataset) -> i64 {
    let build = || {
        let mut index = I::new();
        for (at, filter) in dataset.filters.iter().enumerate() {
            index.insert(filter, key(at), value(at));
        }
        // Some make what they search in only now.
        _ = dataset.names.first().map(|name| index.matches(name, |_, _| ()));
        // So that what it holds is still there when it is counted.
        mem::forget(index);
    };
    measure(build).bytes_current
}
