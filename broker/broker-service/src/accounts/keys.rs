//! Passkeys as the ledger knows them: which key was whose, from when until when, and how that was known.

use broker_domain::identity::Passkey;
use broker_domain::ids::SubjectId;
use broker_domain::time::Instant;
use broker_store::{Proof, ProvedBy, SessionRole};
use evidence::record::{self as wire, PasskeyAction, PasskeyChange, Record, Role};
use ledger_core::leaf::ActorClass;

use crate::broker::Broker;
use crate::enrol::Enrolment;
use crate::failure::Fault;
use crate::group::{Draft, Group};
use crate::records;

/// Whose list the keys of officers stand in: that of whoever runs the broker. The identifier is the same everywhere: the list is
/// told apart by its subject key.
pub(crate) const OPERATOR: SubjectId = SubjectId::from_bytes(*b"fiducie-operator");

impl Broker {
    /// The records of a passkey that is registered or revoked: one in the list of each role of its owner. Those of officers stand
    /// in one list, the operator's, so that an auditor sees every key that ever opened the desk.
    pub(super) fn passkey_drafts(
        &self,
        roles: &[SessionRole],
        passkey: &Passkey,
        action: PasskeyAction,
        proof: &Proof,
        now: Instant,
    ) -> Result<KeyDrafts, Fault> {
        let mut drafts = Vec::new();
        let mut operator = None;
        for role in roles {
            let (subject, actor, list) = match role {
                SessionRole::Participant(id) => ((*id).into(), ActorClass::Participant, (*id).into()),
                SessionRole::Researcher(id) => ((*id).into(), ActorClass::Researcher, (*id).into()),
                SessionRole::Officer(id) => {
                    let role = Role::Organisation;
                    operator = Some(self.subject_enrolment(OPERATOR, role, now, ActorClass::Broker)?);
                    (SubjectId::from_bytes(*id.as_bytes()), ActorClass::Dpo, OPERATOR)
                }
            };
            let (proved_by, issuer, assurance) = proved(&proof.by)?;
            let record = Record::Passkey(PasskeyChange {
                subject: records::id(&subject)?,
                action,
                key_sha256: wire::Digest::of(&passkey.public_key),
                model: records::id(&hyphenated(&passkey.model))?,
                may_be_copied: passkey.may_be_copied,
                proved_by,
                issuer,
                assurance,
                proved_at: records::at(proof.at.min(now))?,
                at: records::at(now)?,
            });
            drafts.push(Draft {
                subject: list,
                actor,
                signed: self.sign(record)?,
            });
        }
        Ok(KeyDrafts { drafts, operator })
    }
}

/// The records of a passkey. The operator's list begins with the first officer's key.
pub(super) struct KeyDrafts {
    drafts: Vec<Draft>,
    operator: Option<Enrolment>,
}

impl KeyDrafts {
    /// None.
    pub const fn none() -> Self {
        Self {
            drafts: Vec::new(),
            operator: None,
        }
    }

    pub fn leaves(&self) -> usize {
        self.drafts.len() + usize::from(self.operator.is_some())
    }

    pub async fn append(&self, group: &mut Group<'_>) -> Result<(), Fault> {
        if let Some(enrolment) = &self.operator
            && group.tx.subject(OPERATOR).await?.is_none()
        {
            enrolment.run(group).await?;
        }
        for draft in &self.drafts {
            group.append(draft).await?;
        }
        Ok(())
    }
}

fn proved(by: &ProvedBy) -> Result<(wire::ProvedBy, Option<wire::Text>, Option<wire::Text>), Fault> {
    let text = |text: &String| {
        wire::Text::new(text).map_err(|_| Fault::Corrupt {
            what: "provider's answer",
        })
    };
    Ok(match by {
        ProvedBy::Demonstration => (wire::ProvedBy::Demonstration, None, None),
        ProvedBy::Invitation => (wire::ProvedBy::Invitation, None, None),
        ProvedBy::Passkey { .. } => (wire::ProvedBy::Passkey, None, None),
        ProvedBy::Recovery => (wire::ProvedBy::Recovery, None, None),
        ProvedBy::Provider {
            issuer, assurance, ..
        } => (
            wire::ProvedBy::Provider,
            Some(text(issuer)?),
            assurance.as_ref().map(text).transpose()?,
        ),
    })
}

/// `fbfc3007-154e-4ecc-8c0b-6e020557d7bd`: as lists of authenticators write their models.
fn hyphenated(model: &[u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (place, byte) in model.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_model_is_written_as_in_lists() {
        let model = [
            0xfb, 0xfc, 0x30, 0x07, 0x15, 0x4e, 0x4e, 0xcc, 0x8c, 0x0b, 0x6e, 0x02, 0x05, 0x57, 0xd7, 0xbd,
        ];
        assert_eq!(super::hyphenated(&model), "fbfc3007-154e-4ecc-8c0b-6e020557d7bd");
    }
}
