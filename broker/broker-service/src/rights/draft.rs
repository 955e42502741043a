//! The record of a step of a person's request.

use broker_domain::rights::{Right, RightsRequest, RightsState};
use broker_domain::time::Instant;
use evidence::record::{self as wire, Record, RightsStep, RightsStepKind};
use ledger_core::leaf::ActorClass;

use crate::broker::Broker;
use crate::failure::Fault;
use crate::group::Draft;
use crate::records;

impl Broker {
    pub(super) fn rights_draft(
        &self,
        request: &RightsRequest,
        step: RightsStepKind,
        words: &str,
        actor: ActorClass,
        now: Instant,
    ) -> Result<Draft, Fault> {
        let record = Record::RightsStep(RightsStep {
            request: records::id(&request.id)?,
            participant: records::id(&request.participant)?,
            right: right(request.right),
            step,
            due: records::id(&request.due_on)?,
            words_sha256: (!words.is_empty()).then(|| wire::Digest::of(words.as_bytes())),
            at: records::at(now)?,
        });
        Ok(Draft {
            subject: request.participant.into(),
            actor,
            signed: self.sign(record)?,
        })
    }
}

/// Words are kept sealed beside the request, not in it.
pub(super) fn without_answer(request: RightsRequest) -> RightsRequest {
    let state = match request.state {
        RightsState::Answered { by, at, .. } => RightsState::Answered {
            by,
            at,
            answer: String::new(),
        },
        state => state,
    };
    RightsRequest { state, ..request }
}

const fn right(right: Right) -> wire::Right {
    match right {
        Right::Access => wire::Right::Access,
        Right::Portability => wire::Right::Portability,
        Right::Rectification => wire::Right::Rectify,
        Right::Erasure => wire::Right::Erase,
        Right::Restriction => wire::Right::Restrict,
        Right::Objection => wire::Right::Object,
    }
}
