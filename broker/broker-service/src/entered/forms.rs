//! Blank forms: each has a reference that follows from the exact text printed on it.

use broker_domain::ids::{Digest, OfferId};
use broker_domain::lang::Lang;
use broker_store::{Notice, OfferRow, OrganisationRow};
use ring::digest::{Context, SHA256};

use crate::broker::Broker;
use crate::failure::Fault;

/// The version of the sentences around the terms: raised with every change of the templates' words.
const WORDS_VERSION: &str = "2";
/// Characters of references: no 0/O, 1/I/L, so that they can be read aloud.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ3";

/// What a form is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaperForm {
    /// Agreeing to an offer, or refusing it.
    Grant(OfferId),
    /// Withdrawing.
    Withdrawal,
    /// Asking for a right.
    Rights,
    /// Taking part, for whoever has no computer.
    Enrolment,
}

/// A form with what is printed on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormSheet {
    /// Its reference.
    pub reference: String,
    /// Of a grant: the offer, its notice in the language of the form, and who receives.
    pub terms: Option<(OfferRow, Notice, OrganisationRow)>,
}

impl Broker {
    /// What is printed on a form; `None` when there is no such offer.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn form_sheet(&self, form: PaperForm, lang: Lang) -> Result<Option<FormSheet>, Fault> {
        let PaperForm::Grant(offer) = form else {
            return Ok(Some(FormSheet {
                reference: reference(form, lang, None),
                terms: None,
            }));
        };
        let mut read = self.store.read().await?;
        let Some(row) = read.offer(offer).await? else {
            return Ok(None);
        };
        let notice = read.notice(notice_in(&row, lang)).await?;
        let recipient = read.organisation(row.offer.recipient).await?;
        let (notice, recipient) = notice.zip(recipient).ok_or(Fault::Corrupt { what: "offer" })?;
        Ok(Some(FormSheet {
            reference: reference(form, lang, Some(&row)),
            terms: Some((row, notice, recipient)),
        }))
    }

    /// The offer and the notice of a form of today, by the reference printed on it. A form whose text changed since has another
    /// reference, and is none.
    pub(super) async fn form_of_grant(&self, typed: &str) -> Result<Option<(OfferId, Digest)>, Fault> {
        let typed = tidy(typed);
        for row in self.store.read().await?.offers().await? {
            for lang in Lang::ALL {
                let form = PaperForm::Grant(row.offer.id);
                if tidy(&reference(form, lang, Some(&row))) == typed {
                    return Ok(Some((row.offer.id, notice_in(&row, lang))));
                }
            }
        }
        Ok(None)
    }
}

fn notice_in(row: &OfferRow, lang: Lang) -> Digest {
    lang.pick([row.offer.notice, row.notice_en, row.notice_nl])
}

fn tidy(text: &str) -> String {
    let kept = text.chars().filter(char::is_ascii_alphanumeric);
    kept.map(|letter| letter.to_ascii_uppercase()).collect()
}

/// A letter for the kind, then 40 bits of `SHA-256("fiducie-paper-form/1" 00 kind 00 language 00 version 00 terms)`: short enough
/// to be typed, and no secret.
fn reference(form: PaperForm, lang: Lang, row: Option<&OfferRow>) -> String {
    let letter = match form {
        PaperForm::Grant(_) => 'A',
        PaperForm::Withdrawal => 'R',
        PaperForm::Rights => 'D',
        PaperForm::Enrolment => 'N',
    };
    let mut context = Context::new(&SHA256);
    let words = format!(
        "fiducie-paper-form/1\0{letter}\0{}\0{WORDS_VERSION}\0",
        lang.tag()
    );
    context.update(words.as_bytes());
    if let Some(row) = row {
        let offer = &row.offer;
        let terms = format!(
            "{}\0{}\0{}\0{}\0{}\0{}",
            offer.id,
            offer.recipient,
            offer.purpose,
            offer.step.seconds(),
            offer.days,
            notice_in(row, lang)
        );
        context.update(terms.as_bytes());
    }
    let digest = context.finish();
    let mut text = String::from(letter);
    for (place, byte) in digest.as_ref().iter().take(8).enumerate() {
        if place.is_multiple_of(4) {
            text.push('-');
        }
        let symbol = ALPHABET.get(usize::from(byte & 31)).copied();
        text.push(char::from(symbol.unwrap_or(b'2')));
    }
    text
}

#[cfg(test)]
mod tests {
    use broker_domain::consent::{EvidenceLevel, Offer};
    use broker_domain::ids::{OrganisationId, Purpose};
    use broker_domain::time::Step;

    use super::*;

    fn row(notice: u8, days: u32) -> OfferRow {
        OfferRow {
            offer: Offer {
                id: OfferId::from_bytes([1; 16]),
                recipient: OrganisationId::from_bytes([2; 16]),
                purpose: Purpose::parse("load-curve-research").unwrap(),
                step: Step::HALF_HOUR,
                days,
                notice: Digest([notice; 32]),
            },
            notice_en: Digest([7; 32]),
            notice_nl: Digest([8; 32]),
            evidence: EvidenceLevel::L1,
        }
    }

    #[test]
    fn another_text_has_another_reference() {
        let form = PaperForm::Grant(OfferId::from_bytes([1; 16]));
        let all = [
            reference(form, Lang::French, Some(&row(6, 365))),
            reference(form, Lang::French, Some(&row(9, 365))),
            reference(form, Lang::French, Some(&row(6, 366))),
            reference(form, Lang::English, Some(&row(6, 365))),
            reference(PaperForm::Withdrawal, Lang::French, None),
        ];
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len(), "{all:?}");
        assert!(all.iter().all(|text| text.len() == 11), "{all:?}");
        assert_eq!(tidy(&all[0].to_lowercase()), tidy(&all[0]));
    }
}
