use clap::{ArgAction, Parser};
use mqtt_broker::{Config, Damping};
use tracing::level_filters::LevelFilter;

/// An MQTT broker for 3.1, 3.1.1 and 5.0.
///
/// Everybody may connect, publish and subscribe. Nothing is written to disk. SIGINT or SIGTERM ends it in good order, a
/// second one at once.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Options {
    /// Where to listen: IP:PORT or HOST:PORT. Can be given several times. Port 0 takes any free port
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:1883")]
    pub(crate) listen: Vec<String>,

    /// Seconds between publications of the broker's own state under $SYS/broker/; 0 is never
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pub(crate) sys_interval: u16,

    /// How often a client may connect within ten seconds before each further CONNECT waits for a second, so that two
    /// clients with one identifier do not fight; 0 is as often as it likes
    #[arg(long, value_name = "CONNECTS", default_value_t = 100)]
    pub(crate) damping: u32,

    /// Log clients that come and go; twice: messages that are dropped too
    #[arg(short, long, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

impl Options {
    /// As the core wants it, but for the seed.
    pub(crate) fn config(&self) -> Config {
        Config {
            sys_interval: Some(u32::from(self.sys_interval) * 1000).filter(|&millis| millis > 0),
            damping: Some(Damping { connects: self.damping, period: 10_000, pause: 1_000 })
                .filter(|damping| damping.connects > 0),
            ..Config::default()
        }
    }

    pub(crate) const fn log_level(&self) -> LevelFilter {
        match self.verbose {
            0 => LevelFilter::WARN,
            1 => LevelFilter::INFO,
            _ => LevelFilter::DEBUG,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn options_are_consistent() {
        Options::command().debug_assert();
    }

    #[test]
    fn the_interval_is_in_seconds_and_0_is_never() {
        let interval = |arguments: &[&str]| Options::parse_from(arguments).config().sys_interval;
        assert_eq!(interval(&["mqtt-broker"]), Some(10_000));
        assert_eq!(interval(&["mqtt-broker", "--sys-interval", "3"]), Some(3_000));
        assert_eq!(interval(&["mqtt-broker", "--sys-interval", "0"]), None);
    }

    #[test]
    fn listens_where_it_is_told() {
        let listen = |arguments: &[&str]| Options::parse_from(arguments).listen;
        assert_eq!(listen(&["mqtt-broker"]), ["127.0.0.1:1883"]);
        assert_eq!(listen(&["mqtt-broker", "--listen", "a:1", "--listen", "[::1]:2"]), ["a:1", "[::1]:2"]);
    }
}
