//! The person's own signature in a consent record, for whoever has the record and nothing else.

use serde_json::Value;

use super::ConsentRecord;
use crate::jcs;
use crate::passkey::{
    ActError, ActEvidence, Intent, Registered, RelyingParty, RpId, VerifiedAct, WebauthnAct,
    verify_record_act,
};
use crate::record::Digest;

impl ConsentRecord {
    /// Whether a passkey signed the act that made this version.
    pub fn is_signed(&self) -> bool {
        self.newest()
            .is_some_and(|event| event.get("en:webauthn").is_some())
    }

    /// SHA-256 of the public key of that signature as a COSE_Key (RFC 9052 §7): the name under which the person's list
    /// registers and revokes it.
    ///
    /// # Errors
    /// [`ActError::NotAnAct`] without a signature, and whatever keeps it from being read.
    pub fn signing_key(&self) -> Result<Digest, ActError> {
        let act = self.newest().and_then(|event| event.get("en:webauthn"));
        let act = WebauthnAct::parse(&jcs::to_bytes(act.ok_or(ActError::NotAnAct)?)?)?;
        Ok(Digest::of(&act.key.to_cose()))
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
