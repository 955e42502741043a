//! The person's own signatures in her list: each by a key that the list registers before, and had not revoked.

use evidence::{
    history::VerifiedRecord,
    passkey::Registered,
    record::{Digest, Instant, PasskeyAction, Record},
};

use crate::joint;
use crate::mandates::Mandates;
use crate::permissions;
use crate::report::{Failure, Report, refused};

/// What a list says of a key: what happened to which, and when.
type KeyEvent = (Digest, PasskeyAction, Instant);

/// Verifies every signed act. `lost` says that some records have no detail any more: a registration may be among them.
pub fn tell(report: &mut Report, records: &[VerifiedRecord], lost: bool) -> Result<(), Failure> {
    let events: Vec<KeyEvent> = records
        .iter()
        .filter_map(|one| match &one.record {
            Record::Passkey(change) => Some((change.key_sha256, change.action, change.at)),
            _ => None,
        })
        .collect();
    let mandates = Mandates::of(records);
    mandates.tell(report, records, lost)?;
    joint::tell(report, records, lost)?;
    permissions::tell(report, records, lost)?;
    let (mut proved, mut claimed, mut delegated) = (0_u64, 0_u64, 0_u64);
    for one in records {
        let Record::Consent(record) = &one.record else {
            continue;
        };
        if !record.is_signed() {
            continue;
        }
        let about = |cause: String| {
            Failure::Refused(format!(
                "the signature in the record of number {}: {cause}",
                one.n.get()
            ))
        };
        let act = record
            .verify_signature(Registered::NotAtHand, None)
            .map_err(|error| about(error.to_string()))?;
        let key = record.signing_key().map_err(refused)?;
        if record.behalf().is_some() {
            // Her key is registered in her own list; that she might act was looked at with the mandates.
            delegated += 1;
        } else if was_hers(&events, &key, act.given_at()) {
            proved += 1;
        } else if lost {
            claimed += 1;
        } else {
            return Err(about(
                "its key was not registered in this list at that time".to_owned(),
            ));
        }
    }
    report.detail(
        "signed_acts",
        proved.saturating_add(claimed).saturating_add(delegated),
    );
    if proved > 0 {
        report.check(format!(
            "{proved} acts are signed with a passkey that this list had registered then, and not revoked."
        ));
    }
    if claimed > 0 {
        report.skip(format!(
            "Whose key signed {claimed} acts: its registration may be among the records that a restore lost."
        ));
    }
    if delegated > 0 {
        report.skip(format!(
            "Whose key signed {delegated} acts of somebody who acted for the person: it is registered in that one's own list."
        ));
    }
    Ok(())
}

/// Whether the newest event of the key by that instant is its registration.
fn was_hers(events: &[KeyEvent], key: &Digest, at: Instant) -> bool {
    let known = events.iter().filter(|(name, _, when)| name == key && *when <= at);
    known
        .max_by_key(|(_, _, when)| *when)
        .is_some_and(|(_, action, _)| *action == PasskeyAction::Registered)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_unix_micros(seconds * 1_000_000).unwrap()
    }

    #[test]
    fn a_key_is_hers_from_its_registration_to_its_revocation() {
        let (key, other) = (Digest::of(b"key"), Digest::of(b"other"));
        let events = [
            (key, PasskeyAction::Registered, at(10)),
            (other, PasskeyAction::Registered, at(1)),
            (key, PasskeyAction::Revoked, at(20)),
        ];
        for (when, hers) in [(9, false), (10, true), (19, true), (20, false), (99, false)] {
            assert_eq!(was_hers(&events, &key, at(when)), hers, "{when}");
        }
        assert!(was_hers(&events, &other, at(99)));
        assert!(!was_hers(&events, &Digest::of(b"nobody's"), at(99)));
        assert!(!was_hers(&[], &key, at(99)));
    }
}
