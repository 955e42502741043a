//! How somebody acted on a consent, and how strong the evidence of it is.

/// How an event of a consent came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct How {
    /// By which way.
    pub method: Method,
    /// `None` for what nobody did, such as time running out.
    pub level: Option<EvidenceLevel>,
}

impl How {
    /// What the broker does by itself when a time comes, or after a restore.
    pub const BY_CLOCK: Self = Self {
        method: Method::Clock,
        level: None,
    };

    /// A choice on a page, by somebody signed in.
    #[must_use]
    pub const fn on_a_page(level: EvidenceLevel) -> Self {
        Self {
            method: Method::Web,
            level: Some(level),
        }
    }
}

/// By which way a person acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// She signed the terms with a passkey.
    Passkey,
    /// A choice on a page, signed in.
    Web,
    /// A link in a message, and a page that asked to confirm.
    EmailLink,
    /// By telephone; an operator entered it.
    Phone,
    /// On paper; an operator entered it.
    Paper,
    /// Learnt from the grid operator.
    Upstream,
    /// Nobody acted: a time came, or the broker had to.
    Clock,
}

impl Method {
    const ALL: [Self; 7] = [
        Self::Passkey,
        Self::Web,
        Self::EmailLink,
        Self::Phone,
        Self::Paper,
        Self::Upstream,
        Self::Clock,
    ];

    /// The name used in the database and in records.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Passkey => "webauthn",
            Self::Web => "web",
            Self::EmailLink => "email-link",
            Self::Phone => "phone",
            Self::Paper => "paper",
            Self::Upstream => "upstream",
            Self::Clock => "clock",
        }
    }

    /// The method of that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.code() == code)
    }
}

/// How strong the evidence of an act is (`consent.md` §4.5), from weak to strong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum EvidenceLevel {
    /// A click in a signed-in session.
    #[default]
    L1,
    /// A click minutes after the person proved who she is.
    L2,
    /// A passkey that verified the person signed the terms.
    L3,
    /// The same with a key that cannot leave its device, and whose maker vouches for it.
    L4,
    /// A qualified signature or a European wallet.
    L5,
}

impl EvidenceLevel {
    /// Every level.
    pub const ALL: [Self; 5] = [Self::L1, Self::L2, Self::L3, Self::L4, Self::L5];

    /// The name used in the database and in records.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::L1 => "L1",
            Self::L2 => "L2",
            Self::L3 => "L3",
            Self::L4 => "L4",
            Self::L5 => "L5",
        }
    }

    /// The level of that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_read_back() {
        for method in Method::ALL {
            assert_eq!(Method::from_code(method.code()), Some(method));
        }
        for level in EvidenceLevel::ALL {
            assert_eq!(EvidenceLevel::from_code(level.code()), Some(level));
        }
        assert!(EvidenceLevel::L1 < EvidenceLevel::L3);
    }
}
