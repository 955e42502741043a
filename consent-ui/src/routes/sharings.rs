//! `/moi/partages`: who may use what, one sharing in full, and its end.

use axum::body::Body;
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use broker_domain::consent::{Consent, EventKind};
use broker_domain::household::StandstillCause;
use broker_domain::ids::{ConsentId, ParticipantId};
use broker_domain::mandate::{Capacity, Power};
use broker_service::{Awaited, ConsentHistory, HerWord, WithdrawalRefusal};
use broker_store::{MandateRow, Read};
use tokio_stream::wrappers::ReceiverStream;

use crate::page::Notice;
use crate::pages::{
    ActedBy, AwaitedLine, AwaitedWhat, Choice, Chosen, Narrowed, OnwardUse, Reader, ReceiptKind, ReceiptRow,
    Sharing, SharingFilter, SharingPage, SharingsView, Standstill, WithdrawalView, WithdrawnView,
    render_sharing, render_sharings, render_withdrawal, render_withdrawn,
};
use crate::paths;
use crate::routes::fields::Posted;
use crate::routes::holdings::Holdings;
use crate::routes::meters::label_of;
use crate::routes::notice_text::if_refused;
use crate::routes::phrases::{moment, proof, transfer};
use crate::routes::told;
use crate::routes::trouble::Trouble;
use crate::routes::visit::{PAGE_LINES, Visit, id, onward, onward_with, shown};
use crate::routes::watched;
use crate::vocabulary::{AwaitedWord, Evidence, SharingState};

/// `/moi/partages`
pub(crate) async fn list(visit: Visit) -> Result<Response, Trouble> {
    let who = visit.hand()?;
    let holdings = Holdings::of(&visit, who).await?;
    let filter = visit
        .asked("filtre")
        .and_then(SharingFilter::from_tag)
        .unwrap_or(SharingFilter::Active);
    let before = visit
        .before()
        .and_then(|micros| i64::try_from(micros).ok())
        .unwrap_or(i64::MAX);
    let narrowed = narrowed(&visit, &holdings);
    let mut sharings = holdings
        .consents
        .iter()
        .filter(|consent| kept(&narrowed, consent))
        .map(|consent| holdings.sharing(consent))
        .filter(|sharing| SharingFilter::of(&sharing.state) == filter)
        .filter(|s| s.given_at.0 < before);
    let lines = usize::try_from(PAGE_LINES).unwrap_or(usize::MAX);
    let page: Vec<Sharing> = sharings.by_ref().take(lines).collect();
    let older = sharings
        .next()
        .and(page.last())
        .and_then(|last| u64::try_from(last.given_at.0).ok());
    let view = SharingsView {
        filter,
        narrowed,
        sharings: page,
        pending: holdings.pending(),
        pager: visit.pager(older),
    };
    shown(render_sharings(&visit.page(), &view))
}

/// What there is to narrow the list down to, and what the address chose of it. A choice that there is not is none.
fn narrowed(visit: &Visit, holdings: &Holdings) -> Narrowed {
    let choices = |name: &str, mut found: Vec<(String, String)>| {
        found.sort_by(|a, b| (&a.1, &a.0).cmp(&(&b.1, &b.0)));
        found.dedup();
        let choice = |(value, label): (String, String)| Choice {
            chosen: if visit.asked(name) == Some(value.as_str()) {
                Chosen::Here
            } else {
                Chosen::Elsewhere
            },
            value,
            label,
        };
        found.into_iter().map(choice).collect()
    };
    let of = |pair: &dyn Fn(&Consent) -> (String, String)| holdings.consents.iter().map(pair).collect();
    Narrowed {
        organisations: choices(
            "organisation",
            of(&|consent| {
                let recipient = consent.recipient;
                (recipient.to_string(), holdings.shelf.name(recipient))
            }),
        ),
        meters: choices(
            "compteur",
            of(&|consent| {
                let label = label_of(&holdings.meters, consent.point);
                (consent.point.to_string(), label)
            }),
        ),
        purposes: choices(
            "finalite",
            of(&|consent| {
                let words = holdings.shelf.purpose(consent.recipient, &consent.purpose);
                (consent.purpose.to_string(), words)
            }),
        ),
    }
}

fn kept(narrowed: &Narrowed, consent: &Consent) -> bool {
    let fits = |choices: &[Choice], value: &str| {
        let mut chosen = choices.iter().filter(|choice| choice.chosen == Chosen::Here);
        chosen.next().is_none_or(|choice| choice.value == value)
    };
    fits(&narrowed.organisations, &consent.recipient.to_string())
        && fits(&narrowed.meters, &consent.point.to_string())
        && fits(&narrowed.purposes, consent.purpose.as_str())
}

/// `/moi/partages/{sharing}/transferts.csv`
pub(crate) async fn transfers(visit: Visit, Path(sharing): Path<String>) -> Result<Response, Trouble> {
    let who = visit.hand_about(id(&sharing)?).await?;
    let lines = visit.pages.broker.own_transfers_file(who, id(&sharing)?).await;
    let lines = lines.map_err(|failure| Trouble::from_failure(failure, |_| Trouble::NotFound))?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"fiducie-transferts.csv\"",
        ),
    ];
    Ok((headers, Body::from_stream(ReceiverStream::new(lines))).into_response())
}

/// LIMIT: releases looked at for one page; the page of deliveries shows all.
const ONWARD: u32 = 200;

/// The releases to the same recipient, for the same purpose, that hold readings of hers.
async fn research_under(
    visit: &Visit,
    who: ParticipantId,
    consent: &Consent,
) -> Result<Vec<OnwardUse>, Trouble> {
    let mut read = visit.broker().read().await?;
    let mut uses = Vec::new();
    for row in read.disclosures_of(who, u64::MAX, ONWARD).await? {
        let Some(dataset) = read.dataset(row.dataset).await? else {
            continue;
        };
        if dataset.dataset.recipient == consent.recipient && dataset.dataset.purpose == consent.purpose {
            uses.push(OnwardUse {
                title: dataset.title(visit.lang).to_owned(),
                at: moment(row.at),
            });
        }
    }
    Ok(uses)
}

/// `/moi/partages/{sharing}`
pub(crate) async fn detail(visit: Visit, Path(sharing): Path<String>) -> Result<Response, Trouble> {
    let consent: ConsentId = id(&sharing)?;
    let who = visit.hand_about(consent).await?;
    let holdings = Holdings::of(&visit, visit.hand()?).await?;
    let given = holdings.consent(consent)?;
    let sharing = holdings.sharing(given);
    let reader = Reader::of(who);
    let actor = who.actor();
    // Whoever may withdraw for her, and not look, sees what the sharing is and not what was made of it.
    let looks = who.may(Power::View);
    let who = who.person();
    let history = match looks {
        true => {
            let page = visit.list_page();
            visit.broker().consent_history(who, consent, page).await?
        }
        false => ConsentHistory {
            rows: Vec::new(),
            older: None,
        },
    };
    let recipient = sharing.recipient.trading_name.clone();
    let view = SharingPage {
        transfers: history
            .rows
            .iter()
            .map(|row| transfer(row, recipient.clone()))
            .collect(),
        pager: visit.pager(history.older),
        receipts: receipts(&visit, consent, actor).await?,
        // Of releases nobody kept of which meter: whoever holds one contract is not shown another's.
        onward: match looks && reader == Reader::Owner {
            true => research_under(&visit, who, given).await?,
            false => Vec::new(),
        },
        next: match looks {
            true => Some(watched::next_of(&visit, who, consent).await?),
            false => None,
        },
        unusual: match looks {
            true => watched::unusual_of(&visit, who, consent).await?,
            false => Vec::new(),
        },
        told: told::about(&visit, who, consent).await?,
        standstill: standstill(&visit, consent).await?,
        awaited: holdings.awaited(consent).map(awaited),
        reader,
        sharing,
    };
    shown(render_sharing(&visit.page(), &view))
}

/// What holds a sharing still. An objection is named before what she said herself: it is not hers to lift.
async fn standstill(visit: &Visit, consent: ConsentId) -> Result<Option<Standstill>, Trouble> {
    let rows = visit.broker().read().await?.standstills_of(consent).await?;
    let causes = rows
        .iter()
        .filter(|row| row.ended_at.is_none())
        .map(|row| row.cause);
    Ok(causes.fold(None, |found, cause| match (found, cause) {
        (Some(Standstill::Objection), _) | (_, StandstillCause::Objection) => Some(Standstill::Objection),
        (_, StandstillCause::NotMe) => Some(Standstill::NotMe),
    }))
}

/// The receipts of a consent, latest first.
pub(crate) async fn receipts(
    visit: &Visit,
    consent: ConsentId,
    reader: ParticipantId,
) -> Result<Vec<ReceiptRow>, Trouble> {
    let (shared, events, acts, delegated) = {
        let mut read = visit.broker().read().await?;
        (
            is_shared(&mut *read, consent, reader).await?,
            read.recorded_events(consent).await?,
            read.consent_acts(consent).await?,
            read.delegated_events(consent).await?,
        )
    };
    let evidence = |seq: u32| {
        let act = acts.iter().find(|act| act.seq == seq)?;
        Evidence::of(act.how)
    };
    let mut rows = Vec::new();
    for recorded in events.iter().rev() {
        let by = delegated.iter().find(|row| row.seq == recorded.event.seq);
        rows.push(ReceiptRow {
            kind: receipt_kind(recorded.event.kind),
            at: moment(recorded.event.effective_at),
            evidence: evidence(recorded.event.seq),
            by: match by {
                Some(row) if row.capacity == Capacity::JointHolder && row.delegate == reader => {
                    ActedBy::Reader
                }
                Some(row) if row.capacity == Capacity::JointHolder => {
                    ActedBy::Holder(visit.broker().delegate_named(row.mandate).await?)
                }
                Some(row) => ActedBy::Delegate(visit.broker().delegate_named(row.mandate).await?),
                None if shared && acted(recorded.event.kind) => ActedBy::Holder(String::new()),
                None => ActedBy::Reader,
            },
            proof: proof(recorded.leaf_index),
        });
    }
    Ok(rows)
}

/// Whether a sharing is of a contract that the reader holds with another, who enrolled the meter.
async fn is_shared<R: Read + ?Sized>(
    read: &mut R,
    consent: ConsentId,
    reader: ParticipantId,
) -> Result<bool, Trouble> {
    let Some(consent) = read.consent(consent).await? else {
        return Ok(false);
    };
    let rows = read.holders_of(consent.point).await?;
    let holds = |row: &MandateRow| row.mandate.held.is_some_and(|held| held.by == reader);
    Ok(consent.participant != reader && rows.iter().any(holds))
}

/// Whether somebody who holds the contract did it, where nobody else is named.
const fn acted(kind: EventKind) -> bool {
    !matches!(
        kind,
        EventKind::Expired | EventKind::Suspended | EventKind::Revoked | EventKind::Invalidated
    )
}

/// What waits, as shown.
fn awaited(found: Awaited) -> AwaitedLine {
    AwaitedLine {
        word: match found.her_word {
            HerWord::Missing | HerWord::Enough => AwaitedWord::Mine,
            HerWord::Given => AwaitedWord::Another,
        },
        until: moment(found.until),
        what: match found.renewal {
            true => AwaitedWhat::Renewal,
            false => AwaitedWhat::Beginning,
        },
    }
}

/// The receipt of an event.
pub(crate) const fn receipt_kind(kind: EventKind) -> ReceiptKind {
    match kind {
        EventKind::Given => ReceiptKind::Granted,
        EventKind::Agreed { .. } => ReceiptKind::Agreed,
        EventKind::Declined => ReceiptKind::Declined,
        EventKind::Refused => ReceiptKind::Refused,
        EventKind::Withdrawn => ReceiptKind::Withdrawn,
        EventKind::Suspended => ReceiptKind::Suspended,
        EventKind::Expired => ReceiptKind::Expired,
        EventKind::Narrowed(_) => ReceiptKind::Narrowed,
        EventKind::Renewed(_) => ReceiptKind::Renewed,
        EventKind::Paused { .. } => ReceiptKind::Paused,
        EventKind::Resumed => ReceiptKind::Resumed,
        EventKind::Revoked | EventKind::Invalidated => ReceiptKind::Closed,
        EventKind::Superseded { .. } => ReceiptKind::Superseded,
        EventKind::Requested | EventKind::Deferred => ReceiptKind::Asked,
    }
}

/// `/moi/partages/{sharing}/retrait`: what withdrawing means; once withdrawn, the receipt.
pub(crate) async fn withdrawal(visit: Visit, Path(sharing): Path<String>) -> Result<Response, Trouble> {
    let who = visit.hand()?;
    let consent: ConsentId = id(&sharing)?;
    let holdings = Holdings::of(&visit, who).await?;
    let given = holdings.consent(consent)?;
    let sharing = holdings.sharing(given);
    if let SharingState::EndedWithdrawn { at } = sharing.state {
        let receipts = receipts(&visit, consent, who.actor()).await?;
        let receipt = receipts
            .iter()
            .find(|receipt| receipt.kind == ReceiptKind::Withdrawn);
        let proof = receipt.map_or(crate::vocabulary::ProofStatus::Pending, |receipt| receipt.proof);
        return shown(render_withdrawn(
            &visit.page(),
            &WithdrawnView { sharing, at, proof },
        ));
    }
    if !sharing.state.can_be_withdrawn() {
        return Err(Trouble::Changed {
            onward: paths::sharing(&sharing.id),
        });
    }
    // What refusing would have changed is what withdrawing takes away: the notice says it once.
    let lost = holdings
        .shelf
        .behind(given)
        .and_then(|asked| if_refused(&asked.notice.text));
    let view = WithdrawalView {
        sharing,
        services_lost: lost.into_iter().collect(),
    };
    shown(render_withdrawal(&visit.page(), &view))
}

/// POST `/moi/partages/{sharing}/retrait`. A second click finds it done and shows the same receipt.
pub(crate) async fn withdraw(Path(sharing): Path<String>, posted: Posted) -> Result<Response, Trouble> {
    let visit = posted.visit;
    let consent: ConsentId = id(&sharing)?;
    let who = visit.hand_about(consent).await?;
    let onward_to = paths::withdrawal(&consent.to_string());
    match visit.broker().withdraw(who, consent).await {
        Ok(_) => {
            // Withdrawn whatever becomes of it: what is asked along can be asked again on the page of the sharing.
            // Whoever acts for her is not asked (`routes::covered`).
            if posted.fields.text("effacer") == "oui" && who.acting().is_none() {
                told::deletion_asked(&visit, consent).await?;
            }
            let ended = visit.broker().read().await?.consent(consent).await?;
            let now = visit.broker().now();
            if ended.is_some_and(|consent| consent.came_to_nothing(now)) {
                let page = paths::sharing(&consent.to_string());
                return Ok(onward_with(&page, Notice::AgreementDeclined));
            }
            Ok(onward(&onward_to))
        }
        Err(failure) => {
            let mut ended = false;
            let trouble = Trouble::from_failure(failure, |refusal| match refusal {
                WithdrawalRefusal::NotYours => Trouble::NotFound,
                WithdrawalRefusal::AlreadyEnded => {
                    ended = true;
                    Trouble::Changed {
                        onward: onward_to.clone(),
                    }
                }
            });
            if ended {
                Ok(onward(&onward_to))
            } else {
                Err(trouble)
            }
        }
    }
}
