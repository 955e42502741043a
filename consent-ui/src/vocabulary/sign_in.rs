//! What happens to accounts, in words.

use broker_store::SignInKind;

use crate::vocabulary::Word;

impl Word for SignInKind {
    fn key(&self) -> &'static str {
        match self {
            Self::SignedIn => "event-signed-in",
            Self::NewDevice => "event-new-device",
            Self::Recovered => "event-recovered",
            Self::PasskeyAdded => "event-passkey-added",
            Self::PasskeyRevoked => "event-passkey-revoked",
            Self::ProviderLinked => "event-provider-linked",
            Self::ProviderUnlinked => "event-provider-unlinked",
            Self::CodesMade => "event-codes-made",
            Self::Frozen => "event-frozen",
            Self::Reopened => "event-reopened",
        }
    }
}
