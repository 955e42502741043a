//! Where bytes of a meter come from.

mod replay;
mod serial;

pub(crate) use replay::Replay;
pub(crate) use serial::Serial;

/// What one look at the meter gave.
#[derive(Debug)]
pub(crate) enum Looked<'s> {
    /// Bytes, maybe none, received at that instant (UTC microseconds).
    Read { bytes: &'s [u8], at_us: i64 },
    /// No byte will ever come.
    Ended,
}

/// A meter, or what stands for one.
pub(crate) trait Source {
    /// Looks for bytes; waits at most a fraction of a second.
    fn look(&mut self, now_us: i64) -> anyhow::Result<Looked<'_>>;

    /// Where the parity bit is.
    fn parity(&self) -> gateway_device::Parity;
}
