//! How strong the evidence of an act is, in words (`consent.md` §4.5).

use broker_domain::consent::{EvidenceLevel, How, Method};

use crate::vocabulary::Word;

/// The evidence of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Evidence {
    /// A click, signed in.
    Click,
    /// A click, minutes after the person proved who she is.
    FreshClick,
    /// Her passkey signed the terms.
    Passkey,
    /// Her passkey, which cannot leave its device.
    BoundPasskey,
    /// A qualified signature or a European wallet.
    Qualified,
    /// An operator entered what she said or wrote.
    Entered,
}

impl Evidence {
    /// Every evidence.
    pub const ALL: [Self; 6] = [
        Self::Click,
        Self::FreshClick,
        Self::Passkey,
        Self::BoundPasskey,
        Self::Qualified,
        Self::Entered,
    ];

    /// That of an act; none where nobody acted.
    pub fn of(how: How) -> Option<Self> {
        match (how.method, how.level?) {
            (Method::Phone | Method::Paper, _) => Some(Self::Entered),
            (_, EvidenceLevel::L1) => Some(Self::Click),
            (_, EvidenceLevel::L2) => Some(Self::FreshClick),
            (_, EvidenceLevel::L3) => Some(Self::Passkey),
            (_, EvidenceLevel::L4) => Some(Self::BoundPasskey),
            (_, EvidenceLevel::L5) => Some(Self::Qualified),
        }
    }
}

impl Word for Evidence {
    fn key(&self) -> &'static str {
        match self {
            Self::Click => "evidence-click",
            Self::FreshClick => "evidence-fresh-click",
            Self::Passkey => "evidence-passkey",
            Self::BoundPasskey => "evidence-bound-passkey",
            Self::Qualified => "evidence-qualified",
            Self::Entered => "evidence-entered",
        }
    }
}
