//! The person's own signature in a consent record, for whoever has the record and nothing else.

use serde_json::Value;

use super::ConsentRecord;
use crate::jcs;
use crate::passkey::{
    ActError, ActEvidence, Intent, Registered, RelyingParty, RpId, VerifiedAct, verify_record_act,
};

impl ConsentRecord {
    /// Whether a passkey signed the act that made this version.
    pub fn is_signed(&self) -> bool {
        self.newest()
            .is_some_and(|event| event.get("en:webauthn").is_some())
    }

    /// Verifies that signature. The site is the one that the record names, and must be one that the key may sign for;
    /// `notice` are the bytes of the notice, where they are at hand.
    ///
    /// # Errors
    /// Any [`ActError`].
    pub fn verify_signature(
        &self,
        registered: Registered<'_>,
        notice: Option<&[u8]>,
    ) -> Result<VerifiedAct, ActError> {
        let missing = ActError::Member { member: "rp_id" };
        let intent = self
            .newest()
            .and_then(|event| event.get("en:webauthn")?.get("intent"));
        let intent = intent.ok_or(ActError::NotAnAct)?;
        let intent = Intent::parse(&jcs::to_bytes(intent)?)?;
        let site = self.site().ok_or(ActError::Member { member: "@context" })?;
        let rp_id: RpId = intent.rp_id;
        let party = RelyingParty::new(rp_id, site).map_err(|_| missing)?;
        verify_record_act(
            &jcs::to_bytes(&Value::from(self.clone()))?,
            &ActEvidence {
                notice,
                party: &party,
                registered,
                receipt_at: None,
            },
        )
    }
}
