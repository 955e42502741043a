//! Writing an event of a consent, with all that goes along, in the transaction of its act.

use broker_domain::consent::{ConsentEvent, How};
use broker_domain::ids::ConsentId;
use broker_domain::mandate::Acting;
use broker_store::{ActRow, RecordedEvent, Serial};

use crate::failure::Fault;
use crate::group::{Draft, Group};
use crate::{mandates, telling};

/// Writes an event with its record, how it came about and by whose hand. Leave to act is asked for again: nobody comes between
/// here, and a mandate that ended since the page was opened ends this act too.
pub(crate) async fn add_event_by(
    group: &mut Group<'_>,
    consent: ConsentId,
    event: ConsentEvent,
    (how, acting): (How, Option<Acting>),
    draft: &Draft,
) -> Result<Serial, Fault> {
    let serial = add_event(group, consent, event, how, draft).await?;
    if let Some(acting) = acting {
        let now = group.now;
        mandates::note_event(&mut *group.tx, acting, consent, &event, now).await?;
    }
    Ok(serial)
}

/// Writes an event with its record and how it came about.
pub(crate) async fn add_event(
    group: &mut Group<'_>,
    consent: ConsentId,
    event: ConsentEvent,
    how: How,
    draft: &Draft,
) -> Result<Serial, Fault> {
    let serial = group.append(draft).await?;
    let recorded = RecordedEvent {
        event,
        serial: Some(serial),
        leaf_index: None,
    };
    group.tx.add_consent_event(consent, &recorded).await?;
    let act = ActRow { seq: event.seq, how };
    group.tx.add_consent_act(consent, act).await?;
    telling::consent_changed(group, consent, &event).await?;
    Ok(serial)
}
