//! What is written in requests: sealed under the person's data key, opened for her and for officers.

use broker_domain::rights::{Author, RightsRequest, RightsState, WordKind};
use broker_domain::time::Instant;
use broker_store::{RightsRow, RightsWordsRow};
use broker_vault::{ProfileField, SealedText};
use secrecy::ExposeSecret as _;

use crate::broker::Broker;
use crate::failure::Fault;
use crate::telling::first_fault;

/// How many requests are sealed in one go, of those from before words were.
const SEALED_AT_ONCE: u32 = 64;

/// A request with what was written in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RightsThread {
    /// The request, its own words and its answer filled in.
    pub row: RightsRow,
    /// Everything in order.
    pub words: Vec<RightsWords>,
}

/// Something written in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RightsWords {
    /// Who wrote.
    pub author: Author,
    /// What it is.
    pub kind: WordKind,
    /// When.
    pub at: Instant,
    /// The words.
    pub words: String,
    /// Index of the leaf that says so.
    pub leaf: u64,
}

impl Broker {
    /// Words of a request, sealed; `None` for no words.
    pub(super) async fn sealed_words(
        &self,
        request: &RightsRequest,
        place: u32,
        (author, kind): (Author, WordKind),
        words: &str,
        now: Instant,
    ) -> Result<Option<RightsWordsRow>, Fault> {
        if words.is_empty() {
            return Ok(None);
        }
        let wrapped = self.store.read().await?.newest_key(request.participant).await?;
        let wrapped = wrapped.ok_or(Fault::SubjectErased)?;
        let key = self.vault.data_key(&wrapped)?;
        let field = ProfileField::RightsWords(request.id, place);
        Ok(Some(RightsWordsRow {
            place,
            author,
            kind,
            at: now,
            epoch: wrapped.epoch,
            sealed: self.vault.seal_text(&key, field, words, &*self.entropy)?,
            leaf: 0,
        }))
    }

    /// A request with its words. Whoever calls has asked the policies.
    pub(super) async fn opened(&self, mut row: RightsRow) -> Result<RightsThread, Fault> {
        let mut read = self.store.read().await?;
        let mut words = Vec::new();
        for sealed in read.rights_words(row.request.id).await? {
            let wrapped = read.key(row.request.participant, sealed.epoch).await?;
            let key = self.vault.data_key(&wrapped.ok_or(Fault::SubjectErased)?)?;
            let text = SealedText(sealed.sealed);
            let text =
                broker_vault::open_rights_words(&key, row.request.id, sealed.place, &text).map_err(|_| {
                    Fault::Crypto {
                        during: "open words of a request",
                    }
                })?;
            words.push(RightsWords {
                author: sealed.author,
                kind: sealed.kind,
                at: sealed.at,
                words: text.expose_secret().to_owned(),
                leaf: sealed.leaf,
            });
        }
        for one in &words {
            match (one.kind, &mut row.request.state) {
                (WordKind::Asked, _) => row.request.words.clone_from(&one.words),
                (WordKind::Answer, RightsState::Answered { answer, .. }) => answer.clone_from(&one.words),
                _ => {}
            }
        }
        Ok(RightsThread { row, words })
    }

    pub(super) async fn all_opened(&self, rows: Vec<RightsRow>) -> Result<Vec<RightsThread>, Fault> {
        let mut all = Vec::with_capacity(rows.len());
        for row in rows {
            all.push(self.opened(row).await?);
        }
        Ok(all)
    }

    /// Seals words that an older version left in clear. Nothing to do, once that is done. One that cannot be sealed keeps back
    /// no other.
    pub(crate) async fn seal_clear_words(&self) -> Result<(), Fault> {
        let rows = self.store.read().await?.rights_in_clear(SEALED_AT_ONCE).await?;
        let mut first = Ok(());
        for row in rows {
            first = first_fault([first, self.seal_words_of(&row.request).await]);
        }
        first
    }

    /// Seals what an older version left in clear of this request. To be called before more is written in it, so that what
    /// was asked stands first.
    pub(super) async fn seal_words_of(&self, request: &RightsRequest) -> Result<(), Fault> {
        let answered = matches!(&request.state, RightsState::Answered { answer, .. } if !answer.is_empty());
        if request.words.is_empty() && !answered {
            return Ok(());
        }
        let mut tx = self.store.begin("seal words of a request").await?;
        // As it is now: another call may have sealed it, or the person may be erased.
        let Some(RightsRow { request, .. }) = tx.rights_request(request.id).await? else {
            return Ok(());
        };
        let mut place = u32::try_from(tx.rights_words(request.id).await?.len()).unwrap_or(u32::MAX);
        let asked = (Author::Person, WordKind::Asked);
        let mut clear = vec![(asked, request.words.as_str(), request.received_at)];
        if let RightsState::Answered { at, answer, .. } = &request.state {
            clear.push(((Author::Officer, WordKind::Answer), answer, *at));
        }
        let mut sealed = Vec::new();
        for (what, words, at) in clear {
            if let Some(row) = self.sealed_words(&request, place, what, words, at).await? {
                sealed.push(row);
                place = place.saturating_add(1);
            }
        }
        if !sealed.is_empty() {
            tx.seal_rights_words(request.id, &sealed).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}
