//! Drives a broker with rumqttc.
//!
//! Arguments: `HOST:PORT TOKEN VERSION:CASE...`; one line of output for each case.

use std::cell::Cell;
use std::error::Error;

mod cases;
mod peer;
mod v3;
mod v5;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, token, names @ ..] = arguments.as_slice() else {
        return Err("expected HOST:PORT TOKEN VERSION:CASE...".into());
    };
    let (host, port) = address.split_once(':').ok_or("expected HOST:PORT")?;
    let port = port.parse()?;
    let next_client = Cell::new(0);
    for name in names {
        let (version, case) = name.split_once(':').ok_or("expected VERSION:CASE")?;
        let topic = format!("interop/{token}/rumqttc/{version}/{case}");
        let context = Context {
            host,
            port,
            version: version.parse()?,
            end: format!("{topic}-end"),
            topic,
            token,
            next_client: &next_client,
        };
        match cases::run(case, &context).await {
            Ok(()) => println!("ok   rumqttc {version} {case}"),
            Err(error) => {
                let message = error.to_string();
                let line: Vec<&str> = message.split_whitespace().collect();
                println!("FAIL rumqttc {version} {case}: {}", line.join(" "));
            }
        }
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq)]
enum Version {
    V311,
    V5,
}

impl std::str::FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "3.1.1" => Ok(Self::V311),
            "5.0" => Ok(Self::V5),
            other => Err(format!("expected version 3.1.1 or 5.0, got {other}")),
        }
    }
}

/// What one case works with; its names occur in no other case and no other run.
struct Context<'a> {
    host: &'a str,
    port: u16,
    version: Version,
    topic: String,
    /// A message on this topic ends a wait for messages that must not come.
    end: String,
    token: &'a str,
    next_client: &'a Cell<u32>,
}

impl Context<'_> {
    fn client_id(&self) -> String {
        let number = self.next_client.replace(self.next_client.get() + 1);
        format!("r{}n{number}", self.token)
    }
}
