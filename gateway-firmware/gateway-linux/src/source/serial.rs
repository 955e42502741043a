//! A meter on a serial port.

use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use gateway_device::Parity;
use serialport::{DataBits, FlowControl, SerialPort, StopBits};

use super::{Looked, Source};

/// 54E: try 9600 Bd and wait 3 to 4 s for the start of a frame, else 1200.
const LISTEN: Duration = Duration::from_secs(4);

const WAIT: Duration = Duration::from_millis(200);

/// Before a lost port is opened again.
const PAUSE: Duration = Duration::from_secs(1);

/// First bytes of a frame in each mode, the short frame included.
const STARTS: [&[u8]; 3] = [b"\x02\nADSC\t", b"\x02\nADCO ", b"\x02\nADIR"];

/// A port opened raw, 7 data bits, even parity, 1 stop bit. The kernel checks the parity and puts NUL in the place of a
/// damaged byte, which the decoder knows.
pub(crate) struct Serial {
    path: PathBuf,
    port: Option<Box<dyn SerialPort>>,
    baud: u32,
    search: Search,
    buffer: [u8; 512],
}

enum Search {
    /// The bit rate was given or found.
    Settled,
    /// Trying; the last bytes heard, for a start cut in two.
    Listening { until: Instant, heard: Vec<u8> },
}

impl Serial {
    /// Opens the port; without a bit rate, finds it by listening.
    pub(crate) fn open(path: &Path, baud: Option<u32>) -> anyhow::Result<Self> {
        let search = match baud {
            Some(_) => Search::Settled,
            None => Search::Listening {
                until: Instant::now() + LISTEN,
                heard: Vec::new(),
            },
        };
        let baud = baud.unwrap_or(9600);
        let port = open_port(path, baud)?;
        Ok(Self {
            path: path.to_owned(),
            port: Some(port),
            baud,
            search,
            buffer: [0; 512],
        })
    }

    fn change_baud_if_silent(&mut self) -> anyhow::Result<()> {
        let Search::Listening { until, heard } = &mut self.search else {
            return Ok(());
        };
        if Instant::now() < *until {
            return Ok(());
        }
        self.baud = if self.baud == 9600 { 1200 } else { 9600 };
        *until = Instant::now() + LISTEN;
        heard.clear();
        if let Some(port) = &mut self.port {
            port.set_baud_rate(self.baud)
                .context("the bit rate cannot be set")?;
        }
        Ok(())
    }
}

impl Source for Serial {
    fn look(&mut self, now_us: i64) -> anyhow::Result<Looked<'_>> {
        self.change_baud_if_silent()?;
        let Some(port) = &mut self.port else {
            std::thread::sleep(PAUSE);
            match open_port(&self.path, self.baud) {
                Ok(port) => {
                    tracing::info!("the serial port is back");
                    self.port = Some(port);
                }
                Err(error) => tracing::debug!("the serial port is still away: {error:#}"),
            }
            return Ok(Looked::Read {
                bytes: &[],
                at_us: now_us,
            });
        };
        let count = match port.read(&mut self.buffer) {
            Ok(0) => {
                tracing::warn!("the serial port was lost: it has ended");
                self.port = None;
                0
            }
            Ok(count) => count,
            Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Interrupted) => 0,
            Err(error) => {
                tracing::warn!("the serial port was lost: {error}");
                self.port = None;
                0
            }
        };
        let bytes = self.buffer.get(..count).unwrap_or_default();
        if let Search::Listening { heard, .. } = &mut self.search {
            heard.extend_from_slice(bytes);
            if STARTS
                .iter()
                .any(|start| heard.windows(start.len()).any(|window| window == *start))
            {
                tracing::info!(baud = self.baud, "the meter was heard");
                self.search = Search::Settled;
            } else {
                let excess = heard.len().saturating_sub(16);
                heard.drain(..excess);
            }
        }
        Ok(Looked::Read { bytes, at_us: now_us })
    }

    fn parity(&self) -> Parity {
        Parity::Stripped
    }
}

fn open_port(path: &Path, baud: u32) -> anyhow::Result<Box<dyn SerialPort>> {
    serialport::new(path.to_string_lossy(), baud)
        .data_bits(DataBits::Seven)
        .parity(serialport::Parity::Even)
        .stop_bits(StopBits::One)
        .flow_control(FlowControl::None)
        .timeout(WAIT)
        .open()
        .with_context(|| format!("the serial port `{}` cannot be opened", path.display()))
}
