//! A person sends a request; a form that is sent twice makes one.

use broker_domain::ids::{ConsentId, ParticipantId, RightsRequestId};
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_domain::rights::{Author, Right, RightsRequest, RightsState, WordKind};
use broker_domain::time::Instant;
use broker_store::RightsRow;
use evidence::record::RightsStepKind;
use ledger_core::leaf::ActorClass;

use super::{AddRightsRequest, AskRefusal, MAX_RIGHTS_WORDS, due_on};
use crate::broker::Broker;
use crate::failure::{Failure, Fault};

impl Broker {
    /// Sends a request about one's rights; the clock starts now (GDPR art. 12(3)). `id` is of the form that was filled
    /// in; sent again, it answers with the request that is there, unless it says something else now.
    ///
    /// # Errors
    /// See [`AskRefusal`].
    pub async fn ask_right(
        &self,
        who: ParticipantId,
        id: RightsRequestId,
        right: Right,
        words: &str,
    ) -> Result<RightsRow, Failure<AskRefusal>> {
        self.ask_about(who, id, right, (words, None)).await
    }

    /// The same about a sharing that she had stopped: the officer who answers decides about it.
    ///
    /// # Errors
    /// See [`AskRefusal`].
    pub async fn ask_about(
        &self,
        who: ParticipantId,
        id: RightsRequestId,
        right: Right,
        (words, about): (&str, Option<ConsentId>),
    ) -> Result<RightsRow, Failure<AskRefusal>> {
        let now = self.clock.now();
        let query = Query {
            principal: Principal::Participant(who),
            action: Action::AskRight,
            resource: Resource::Person { owner: who },
            now,
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(AskRefusal::NotYours))?;
        let words = words.trim();
        if right.needs_words() && words.is_empty() {
            return Err(Failure::Refused(AskRefusal::NoWords));
        }
        if words.chars().count() > MAX_RIGHTS_WORDS {
            return Err(Failure::Refused(AskRefusal::TooLong));
        }
        if let Some(row) = self.store.read().await?.rights_request(id).await? {
            let row = Self::hers(row, who).ok_or(Failure::Refused(AskRefusal::NotYours))?;
            if self.is_of_another(id).await? {
                return Err(Failure::Refused(AskRefusal::NotYours));
            }
            let row = self.opened(row).await?.row;
            let row = Self::said_before(row, right, words).map_err(Failure::Refused)?;
            return match about {
                None => Ok(row),
                Some(consent) => self.case_again(who, row, words, consent).await,
            };
        }
        self.new_case((who, id), right, (words, about)).await
    }

    pub(super) async fn new_case(
        &self,
        (who, id): (ParticipantId, RightsRequestId),
        right: Right,
        (words, about): (&str, Option<ConsentId>),
    ) -> Result<RightsRow, Failure<AskRefusal>> {
        let now = self.clock.now();
        let received = (now, ActorClass::Participant);
        let beat = self.request_beat((who, id), right, words, received, now).await?;
        self.commit(AddRightsRequest { about, ..beat }).await?;
        let row = self.store.read().await?.rights_request(id).await?;
        Ok(self.opened(row.ok_or(Fault::SubjectErased)?).await?.row)
    }

    /// A request that arrived at an instant, as a beat. Words are those of whoever writes it down.
    pub(crate) async fn request_beat(
        &self,
        (who, id): (ParticipantId, RightsRequestId),
        right: Right,
        words: &str,
        (received_at, actor): (Instant, ActorClass),
        now: Instant,
    ) -> Result<AddRightsRequest, Fault> {
        let due_on = due_on(received_at)?;
        let request = RightsRequest {
            id,
            participant: who,
            right,
            words: String::new(),
            received_at,
            due_on,
            extended_at: None,
            paused_at: None,
            paused_days: 0,
            state: RightsState::Received,
        };
        let draft = self.rights_draft(&request, RightsStepKind::Received, words, actor, now)?;
        let words = self
            .sealed_words(&request, 0, (Author::Person, WordKind::Asked), words, now)
            .await?;
        Ok(AddRightsRequest {
            request,
            words,
            about: None,
            draft,
        })
    }

    /// The request that is there, if it is this one: words that were changed since must not pass for sent.
    fn said_before(row: RightsRow, right: Right, words: &str) -> Result<RightsRow, AskRefusal> {
        if row.request.right == right && row.request.words == words {
            return Ok(row);
        }
        Err(AskRefusal::SentBefore)
    }
}
