//! What a witness answered, read strictly.

use crate::{
    checkpoint::parse_decimal,
    note::{MAX_SIGNATURES, NoteSignature},
    tree::TreeSize,
};

/// Longest answer we read, in bytes: 100 lines with room to spare.
const MAX_ANSWER: usize = 65_536;

/// An answer to `add-checkpoint`, by its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// 200: signature lines, not verified.
    Lines(Vec<NoteSignature>),
    /// 409: the recorded size.
    Recorded(TreeSize),
    /// 400: the witness could not read what was sent, or the old size is larger than the checkpoint.
    NotUnderstood,
    /// 403: the witness does not trust the log's key (some older witnesses say so of an unknown origin).
    NotTrusted,
    /// 404: the witness does not know the log.
    UnknownLog,
    /// 422: the witness says that the log contradicts what it recorded.
    Inconsistent,
    /// Any other status: its own fault, too many requests, a proxy.
    Unavailable {
        /// The status.
        status: u16,
    },
}

/// An answer that no witness may give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer {status} is malformed: {what}")]
pub struct MalformedAnswer {
    /// The status it had.
    pub status: u16,
    /// Which rule is broken.
    pub what: &'static str,
}

impl Answer {
    /// Reads status and body.
    ///
    /// The content type of a 409 is not asked for: the body says the same, and older witnesses leave it out.
    ///
    /// # Errors
    /// [`MalformedAnswer`] when the body is not what the status promises.
    pub fn read(status: u16, body: &[u8]) -> Result<Self, MalformedAnswer> {
        let wrong = |what| MalformedAnswer { status, what };
        match status {
            200 => lines(body).map(Self::Lines).map_err(wrong),
            409 => size(body)
                .map(Self::Recorded)
                .ok_or(wrong("the body is not a size")),
            400 => Ok(Self::NotUnderstood),
            403 => Ok(Self::NotTrusted),
            404 => Ok(Self::UnknownLog),
            422 => Ok(Self::Inconsistent),
            _ => Ok(Self::Unavailable { status }),
        }
    }
}

fn lines(body: &[u8]) -> Result<Vec<NoteSignature>, &'static str> {
    if body.len() > MAX_ANSWER {
        return Err("it is too long");
    }
    let text = str::from_utf8(body).map_err(|_| "it is not UTF-8")?;
    let text = text.strip_suffix('\n').ok_or("it does not end with a newline")?;
    let lines: Vec<_> = text
        .split('\n')
        .take(MAX_SIGNATURES + 1)
        .map(|line| line.parse().map_err(|_| "a line is not a signature"))
        .collect::<Result<_, _>>()?;
    if lines.len() > MAX_SIGNATURES {
        return Err("it has too many lines");
    }
    Ok(lines)
}

fn size(body: &[u8]) -> Option<TreeSize> {
    let digits = str::from_utf8(body).ok()?.strip_suffix('\n')?;
    TreeSize::new(parse_decimal(digits)?)
}
