//! The command line.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand};
use jiff::Timestamp;
use tracing::Level;

/// What stands below the help of every command; docs/GATEWAY.md has the long form.
const AFTER: &str =
    "Exit status: 0 done, 1 failed (the last line on standard error says why), 2 not understood.";

/// Sends the readings a household chose to share from its meter to its broker.
#[derive(Debug, Parser)]
#[command(name = "fiducie-gateway", version, max_term_width = 100, after_help = AFTER)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// How much to say on standard error: error, warn, info, debug
    #[arg(long, global = true, default_value = "info", value_name = "LEVEL")]
    pub(crate) log_level: Level,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// First, once: makes the key of this gateway and registers it with the one-time code given by the broker
    #[command(after_help = AFTER)]
    Enrol(Enrol),
    /// Reads the meter, keeps what was chosen, and sends it; stop it with Ctrl-C or SIGTERM
    #[command(after_help = AFTER)]
    Run(Run),
}

#[derive(Debug, Args)]
pub(crate) struct Enrol {
    /// Address of the broker, https://… (http:// is accepted for this machine only)
    #[arg(long, value_name = "URL")]
    pub(crate) broker: String,

    /// The one-time code that the broker gave for this household; it lives an hour
    #[arg(long, value_name = "CODE")]
    pub(crate) code: String,

    /// Folder for key, settings and spool; made if missing
    #[arg(long, value_name = "DIR")]
    pub(crate) state: PathBuf,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("source").required(true).args(["replay", "serial"])))]
pub(crate) struct Run {
    /// The folder given to `enrol`
    #[arg(long, value_name = "DIR")]
    pub(crate) state: PathBuf,

    /// Reads a capture of the customer output instead of a meter, and ends when everything was sent
    #[arg(long, value_name = "FILE")]
    pub(crate) replay: Option<PathBuf>,

    /// How many times faster than the wire to replay; 0 means without waiting
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, requires = "replay", value_parser = speed)]
    pub(crate) speed: f64,

    /// Instant of the first byte of the capture, for captures without a clock (historique). Without it the replay is
    /// placed so that it ends now at the latest
    #[arg(long, value_name = "RFC3339", requires = "replay")]
    pub(crate) replay_start: Option<Timestamp>,

    /// The capture has the parity bit in bit 7 of each byte (it was read as 8N1)
    #[arg(long, requires = "replay")]
    pub(crate) parity_in_msb: bool,

    /// Goes on sending and listening to settings after the end of the capture
    #[arg(long, requires = "replay")]
    pub(crate) keep_running: bool,

    /// Serial port of the meter, such as /dev/ttyAMA0
    #[arg(long, value_name = "DEV")]
    pub(crate) serial: Option<PathBuf>,

    /// Speed of the port in bauds, 1200 (historique) or 9600 (standard); found by listening when not given
    #[arg(long, value_name = "BAUDS", value_parser = baud)]
    pub(crate) baud: Option<u32>,

    /// Closes a batch after so many seconds of readings
    #[arg(long, default_value_t = 60, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub(crate) every: u32,

    /// Room for batches waiting for the broker, MiB; when it is full new batches are given up, never old ones
    #[arg(long, default_value_t = 64, value_name = "MIB", value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub(crate) spool_mib: u32,

    /// First delay before a batch is sent again, ms
    #[arg(long, default_value_t = 1000, hide = true)]
    pub(crate) retry_ms: u64,

    /// Time between two looks at the settings, ms
    #[arg(long, default_value_t = 60_000, hide = true)]
    pub(crate) settings_ms: u64,
}

fn baud(text: &str) -> Result<u32, String> {
    match text {
        "1200" => Ok(1200),
        "9600" => Ok(9600),
        _ => Err("a meter speaks at 1200 or 9600 Bd".to_owned()),
    }
}

fn speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..=1e6).contains(&speed) {
        Ok(speed)
    } else {
        Err("between 0 and 1000000".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_coherent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_source_is_needed_and_only_one() {
        let parse = |rest: &[&str]| {
            let head = ["fiducie-gateway", "run", "--state", "s"];
            Arguments::try_parse_from(head.iter().chain(rest)).is_ok()
        };
        assert!(!parse(&[]));
        assert!(!parse(&["--serial", "/dev/a", "--replay", "b"]));
        assert!(!parse(&["--serial", "/dev/a", "--baud", "115200"]));
        assert!(!parse(&["--replay", "b", "--speed", "-1"]));
        assert!(parse(&["--serial", "/dev/a", "--baud", "1200"]));
        assert!(parse(&[
            "--replay",
            "b",
            "--speed",
            "0",
            "--replay-start",
            "2026-01-10T08:30:00Z"
        ]));
    }
}
