//! Telemetry: what the service writes about itself, to standard error, and what it counts.

mod escape;
mod filter;
mod gateways;
mod reports;
mod sample;
mod vitals;

use std::io::{self, IsTerminal};

use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, registry};

pub use filter::{LogFilter, LogFilterMalformed};
pub use gateways::{GatewayKind, GatewayOutcome};
pub use sample::{Kind, Sample};
pub use vitals::{Call, Readiness, Vitals};

/// What is logged and in which form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogConfig {
    /// The form.
    pub format: LogFormat,
    /// What is worth a line.
    pub filter: LogFilter,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people: one line per event, in colour on a terminal.
    #[default]
    Text,
    /// For machines: one JSON object per line.
    Json,
}

/// Another subscriber is already in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("logging has already been started in this program")]
pub struct AlreadyStarted;

/// Starts logging to standard error, for the whole program.
pub fn start(config: &LogConfig) -> Result<(), AlreadyStarted> {
    let colour =
        if io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none() { Colour::On } else { Colour::Off };
    registry().with(layer(config, colour, io::stderr)).try_init().map_err(|_| AlreadyStarted)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Colour {
    On,
    Off,
}

fn layer<S, W>(config: &LogConfig, colour: Colour, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> registry::LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    let filter = EnvFilter::from(&config.filter);
    match config.format {
        LogFormat::Json => lines.json().flatten_event(true).with_ansi(false).with_filter(filter).boxed(),
        LogFormat::Text => {
            lines.with_ansi(colour == Colour::On).fmt_fields(escape::fields()).with_filter(filter).boxed()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex, PoisonError};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("not poisoned").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Whether an event is of interest is kept for all subscribers together: two at a time would decide about each other's.
    static ONE: Mutex<()> = Mutex::new(());

    fn logged(format: LogFormat, filter: &str) -> String {
        let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = Lines::default();
        let writer = lines.clone();
        let config = LogConfig { format, filter: filter.parse().expect("a filter") };
        let subscriber = registry().with(layer(&config, Colour::Off, move || writer.clone()));
        tracing::subscriber::with_default(subscriber, || {
            let hostile = "a\r\nERROR forged \u{1b}[31mred\u{7f}\u{2028}";
            tracing::info!(package = %hostile, caller = hostile, "met {hostile}");
            tracing::debug!("quiet");
        });
        let bytes = lines.0.lock().expect("not poisoned").clone();
        String::from_utf8(bytes).expect("text")
    }

    #[test]
    fn f12_an_event_is_one_line_without_control_characters() {
        for format in [LogFormat::Text, LogFormat::Json] {
            let line = logged(format, "info");
            let body = line.strip_suffix('\n').expect("a line");
            assert!(!body.contains(|letter: char| letter.is_ascii_control() && letter != '\u{7f}'), "{body:?}");
            assert!(body.contains("forged"), "{body:?}");
        }
    }

    #[test]
    fn json_lines_are_json() {
        let line = logged(LogFormat::Json, "info");
        let value: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(value["level"], "INFO");
        assert!(value["package"].as_str().expect("a field").contains('\n'));
    }

    #[test]
    fn the_filter_decides() {
        assert_eq!(logged(LogFormat::Text, "off"), "");
        assert_eq!(logged(LogFormat::Text, "debug").lines().count(), 2);
        assert_eq!(logged(LogFormat::Text, "info,bonafide=debug").lines().count(), 2);
    }
}
