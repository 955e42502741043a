//! Rows about accounts and about signing in.

use broker_domain::identity::Passkey;
use broker_domain::ids::AccountId;

use super::{STAFF, at, id};
use crate::{
    AccountRow, CeremonyKind, CeremonyRow, IdentityRow, InvitationKind, InvitationRow, PasskeyRow, Proof,
    ProvedBy, SessionRole, SessionRow, SignInKind, SignInRow,
};

/// An account. Participants have the account of their own number.
#[must_use]
pub fn account(number: u8) -> AccountRow {
    AccountRow {
        id: id(number),
        created_at: at(i64::from(number)),
        frozen_at: None,
    }
}

/// A session of whoever has that role, that ends at `until`.
#[must_use]
pub fn session(number: u8, role: SessionRole, until: i64) -> SessionRow {
    SessionRow {
        id: id(number),
        token_hash: [number; 32],
        account: match role {
            SessionRole::Participant(who) => AccountId::from_bytes(*who.as_bytes()),
            SessionRole::Researcher(_) | SessionRole::Officer(_) => id(STAFF),
        },
        role,
        csrf: [number; 32],
        created_at: at(0),
        proof: Proof {
            at: at(0),
            by: ProvedBy::Passkey { way: id(number) },
        },
        last_seen_at: at(i64::from(number)),
        idle_until: at(until),
        expires_at: at(until),
        device: "Firefox, Linux".into(),
    }
}

/// A passkey of an account.
#[must_use]
pub fn passkey(number: u8, who: u8) -> PasskeyRow {
    PasskeyRow {
        id: id(number),
        account: id(who),
        passkey: Passkey {
            credential: vec![number; 20],
            state: vec![number; 90],
            public_key: vec![number; 77],
            model: [number; 16],
            may_be_copied: number.is_multiple_of(2),
        },
        name: "My telephone".into(),
        added_at: at(i64::from(number)),
        last_used_at: None,
        frozen_at: None,
        revoked_at: None,
    }
}

/// An identity of an account.
#[must_use]
pub fn identity(number: u8, who: u8) -> IdentityRow {
    IdentityRow {
        id: id(number),
        account: id(who),
        provider: "provider".parse().unwrap(),
        issuer: "https://provider.example".into(),
        subject: [number; 32],
        added_at: at(i64::from(number)),
        last_used_at: None,
        frozen_at: None,
    }
}

/// An invitation that ends at 3600.
#[must_use]
pub fn invitation(number: u8, role: SessionRole) -> InvitationRow {
    InvitationRow {
        hash: [number; 32],
        role,
        kind: InvitationKind::First,
        expires_at: at(3_600),
        attempts: 0,
        used_at: None,
    }
}

/// A ceremony about an account that ends at 600.
#[must_use]
pub fn ceremony(number: u8, who: u8) -> CeremonyRow {
    CeremonyRow {
        hash: [number; 32],
        kind: CeremonyKind::ProviderRegistration,
        account: Some(id(who)),
        invitation: Some([number; 32]),
        session: Some(id(number)),
        state: Some([number; 32]),
        keep: vec![number; 50],
        expires_at: at(600),
    }
}

/// A line of an account's list.
#[must_use]
pub fn sign_in(number: u8, who: u8, seconds: i64) -> SignInRow {
    SignInRow {
        id: id(number),
        account: id(who),
        role: None,
        at: at(seconds),
        kind: SignInKind::NewDevice,
        device: "Firefox, Linux".into(),
    }
}
