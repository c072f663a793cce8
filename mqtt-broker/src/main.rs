//! The `mqtt-broker` program: a command line around [`mqtt_broker::Server`].

mod descriptors;
mod options;
mod signals;

use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;
use mqtt_broker::{Config, Server};
use tokio::runtime;
use tokio::select;
use tokio::sync::oneshot;

use crate::options::Options;
use crate::signals::Signals;

fn main() -> ExitCode {
    let options = Options::parse();
    tracing_subscriber::fmt()
        .with_max_level(options.log_level())
        .with_target(false)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr)
        .log_internal_errors(false)
        .init();
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(format_args!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    descriptors::raise_limit();
    descriptors::check()?;
    let mut seed = [0; 16];
    getrandom::fill(&mut seed)?;
    let config = Config { seed: u128::from_le_bytes(seed), ..options.config() };
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let server = Server::bind(&options.listen)?;
        let signals = Signals::catch()?;
        for address in server.local_addrs() {
            say(format_args!("listening on {address}"));
        }
        let (stop, stopped) = oneshot::channel();
        let shutdown = async {
            // An error would mean that nobody can ask for a shutdown, which is no reason to go on.
            let _ = stopped.await;
        };
        select! {
            () = server.run(config, shutdown) => Ok(()),
            () = second_signal(signals, stop) => Err("stopped before all connections were closed".into()),
        }
    })
}

/// Asks to `stop` at the first signal.
async fn second_signal(mut signals: Signals, stop: oneshot::Sender<()>) {
    signals.next().await;
    tracing::info!("shutting down");
    let _ = stop.send(());
    signals.next().await;
}

/// A line to whoever started the program, who may have gone.
fn say(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{line}");
}
