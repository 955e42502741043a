//! `/dpo/registre`: the state of the ledger, and how to check it without us.

use askama::Template;

use crate::format::Moment;
use crate::page::{Frame, PageContext, RenderError};
use crate::speech::Speech;

/// The state of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerView {
    /// The origin line of its checkpoints.
    pub origin: String,
    /// How many records the last checkpoint covers.
    pub size: u64,
    /// The root of the last checkpoint, in base64 as in the checkpoint.
    pub root: String,
    /// When it was signed; `None` for an empty ledger.
    pub checkpoint_at: Option<Moment>,
    /// The verifier key (C2SP signed-note: `name+hash+key`).
    pub verifier_key: String,
    /// The address auditors read the ledger from.
    pub log_url: String,
    /// What to type to check offline.
    pub commands: VerificationCommands,
    /// Who vouches for it; `None` when nobody was asked to.
    pub witnesses: Option<WitnessesView>,
    /// Erasures, latest first.
    pub erasures: Vec<ErasureRow>,
}

/// Who vouches for the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessesView {
    /// Whether the newest public checkpoint is witnessed.
    pub standing: WitnessStanding,
    /// Whether data leave without them.
    pub demand: WitnessDemand,
    /// Each of them, in the order of the policy.
    pub rows: Vec<WitnessRow>,
}

/// Whether enough witnesses vouch for the public checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WitnessStanding {
    /// These do, lately at this time.
    Witnessed {
        /// Names of their keys.
        by: Vec<String>,
        /// The newest of their times.
        at: Moment,
    },
    /// Recorded, not (or not any more) witnessed.
    NotYet,
}

/// Whether data leave without witnesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WitnessDemand {
    /// They do; what is not witnessed is shown as such.
    Shown,
    /// They do not.
    Required,
}

/// One witness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessRow {
    /// Name of its key.
    pub name: String,
    /// Lines of the last checkpoint that it vouched for, and when; `None` when it never did.
    pub cosigned: Option<(u64, Moment)>,
    /// What it answered last.
    pub answer: WitnessAnswer,
}

/// What a witness answered last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WitnessAnswer {
    /// It has not been asked.
    NotAsked,
    /// It vouched.
    Vouched,
    /// It had not answered when the quorum was met or the time over.
    Late,
    /// It could not be reached.
    Unavailable,
    /// It does not know this ledger.
    NotKnown,
    /// Something that cannot be true, or that contradicts this ledger without proof.
    Doubtful,
}

impl WitnessAnswer {
    fn key(self) -> &'static str {
        match self {
            Self::NotAsked => "witness-not-asked",
            Self::Vouched => "witness-vouched",
            Self::Late => "witness-late",
            Self::Unavailable => "witness-unavailable",
            Self::NotKnown => "witness-not-known",
            Self::Doubtful => "witness-doubtful",
        }
    }
}

/// Commands, exactly as they are to be typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerificationCommands {
    /// Checks the whole ledger.
    pub log: String,
    /// Checks one bundle.
    pub bundle: String,
}

/// One erasure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasureRow {
    /// Number of its record.
    pub leaf: u64,
    /// The hour in which the keys were destroyed: the ledger knows no finer time.
    pub hour: Moment,
    /// What names it to whoever held the subject's key, in hexadecimal.
    pub handle: String,
    /// How many records were erased.
    pub records: u32,
}

/// Renders `/dpo/registre`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_ledger(page: &PageContext, view: &LedgerView) -> Result<String, RenderError> {
    let f = Frame::new(page, "ledger-heading");
    f.render(&LedgerTemplate { f: &f, t: f.t, view })
}

#[derive(Template)]
#[template(path = "ledger.html")]
struct LedgerTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a LedgerView,
}
