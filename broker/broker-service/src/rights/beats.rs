//! The commit beats of requests: each writes its record, its words and where the request stands in one transaction.

use async_trait::async_trait;
use broker_domain::ids::ConsentId;
use broker_domain::rights::{Author, RightsRequest, RightsState, WordKind};
use broker_store::{MessageKind, RightsWordsRow, Serial};

use super::{AnswerRefusal, AskRefusal, MOST_OPEN, MOST_SHOWN, MOST_WORDS};
use crate::failure::Fault;
use crate::group::{Commit, Draft, Group};
use crate::telling;

pub(crate) struct AddRightsRequest {
    pub request: RightsRequest,
    pub words: Option<RightsWordsRow>,
    /// The sharing that was stopped before, if it is about one.
    pub about: Option<ConsentId>,
    pub draft: Draft,
}

#[async_trait]
impl Commit for AddRightsRequest {
    type Answer = Serial;
    type Refusal = AskRefusal;
    const NAME: &'static str = "ask about one's rights";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Serial, AskRefusal>, Fault> {
        let of = self.request.participant;
        let rows = group.tx.rights_requests_of(of, MOST_SHOWN).await?;
        // What other adults of her home sent takes none of her places.
        let others = group.tx.household_cases_of(of, MOST_SHOWN).await?;
        let open = rows
            .iter()
            .filter(|row| !others.iter().any(|case| case.request == row.request.id))
            .filter(|row| !matches!(row.request.state, RightsState::Answered { .. }));
        if open.count() >= MOST_OPEN {
            return Ok(Err(AskRefusal::TooMany));
        }
        self.write(group).await.map(Ok)
    }
}

impl AddRightsRequest {
    /// Writes it, however many wait.
    pub(super) async fn write(&self, group: &mut Group<'_>) -> Result<Serial, Fault> {
        let serial = group.append(&self.draft).await?;
        group.tx.add_rights_request(&self.request, serial).await?;
        if let Some(words) = &self.words {
            group.tx.add_rights_words(self.request.id, words, serial).await?;
        }
        if let Some(consent) = self.about {
            group.tx.tie_standstills(consent, self.request.id).await?;
        }
        Ok(serial)
    }
}

pub(super) struct AdvanceRightsRequest {
    pub before: RightsRequest,
    pub after: RightsRequest,
    pub words: Option<RightsWordsRow>,
    pub place: u32,
    /// Whether the person of the list asked, and is written to. Another adult reads with the code of her case.
    pub of_her_own: bool,
    pub draft: Draft,
}

impl AdvanceRightsRequest {
    /// What the person is told by mail; her own steps she knows.
    fn message(&self) -> Option<MessageKind> {
        let words = self.words.as_ref().filter(|_| self.of_her_own)?;
        match (words.author, words.kind) {
            (Author::Person, _) => None,
            (Author::Officer, WordKind::Answer) => Some(MessageKind::RightsAnswered),
            (Author::Officer, WordKind::Extension) => Some(MessageKind::RightsExtended),
            (Author::Officer, WordKind::Asked | WordKind::Message | WordKind::Pause) => {
                Some(MessageKind::RightsWritten)
            }
        }
    }
}

#[async_trait]
impl Commit for AdvanceRightsRequest {
    type Answer = ();
    type Refusal = AnswerRefusal;
    const NAME: &'static str = "advance a request about rights";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), AnswerRefusal>, Fault> {
        // Messages alone are counted: what ends a request, or moves its clock, is always possible.
        let message = self
            .words
            .as_ref()
            .is_some_and(|words| words.kind == WordKind::Message);
        if message && self.place >= MOST_WORDS {
            return Ok(Err(AnswerRefusal::TooMany));
        }
        let serial = group.append(&self.draft).await?;
        let (before, after) = (&self.before, &self.after);
        if before.state != after.state {
            group
                .tx
                .advance_rights_request(after.id, &after.state, serial)
                .await?;
        } else {
            // Also where nothing moves: a request that was answered meanwhile takes no more words.
            group.tx.set_rights_clock(before, after).await?;
        }
        if let Some(words) = &self.words {
            group.tx.add_rights_words(after.id, words, serial).await?;
        }
        if let Some(kind) = self.message() {
            let mark = [after.id.as_bytes().as_slice(), &self.place.to_be_bytes()].concat();
            telling::about_a_request(&mut *group.tx, after.participant, kind, &mark, group.now).await?;
        }
        Ok(Ok(()))
    }
}
