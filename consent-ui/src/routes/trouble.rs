//! Whatever goes wrong, on its way to a page. The matches are exhaustive: a new refusal or fault does not compile until
//! somebody has said what a person is told.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use broker_document::PdfError;
use broker_domain::identity::ProviderRefusal;
use broker_service::{Failure, Fault, SignInRefusal};
use broker_store::StoreError;

use crate::page::RenderError;
use crate::pages::ProblemKind;

/// Why a page is not shown as asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// There is no such thing.
    #[error("not found")]
    NotFound,
    /// It is somebody else's, or another role's.
    #[error("not for this visitor")]
    NotYours,
    /// She acts for somebody, and her mandate does not cover this.
    #[error("not covered by the mandate")]
    NotCovered,
    /// She acted for somebody under a mandate that is over.
    #[error("the mandate is over")]
    MandateOver,
    /// It is recorded that whoever signed in died or cannot decide any more.
    #[error("closed by the end of a capacity")]
    CapacityEnded,
    /// Nobody is signed in.
    #[error("nobody signed in")]
    SignedOut,
    /// The form does not carry the session's token, or comes from another site.
    #[error("form token missing or foreign")]
    FormExpired,
    /// The body is no form of ours.
    #[error("form not understood")]
    NotUnderstood,
    /// The body is too large.
    #[error("form too large")]
    TooLarge,
    /// A copy of hers is being made.
    #[error("a copy is being made")]
    CopyRunning,
    /// Something changed meanwhile.
    #[error("changed meanwhile")]
    Changed {
        /// The page that shows how things stand now.
        onward: String,
    },
    /// It cannot be done, for a reason with words of its own.
    #[error("refused: {why:?}")]
    Because {
        /// What is told.
        why: ProblemKind,
        /// The page that shows how things stand now.
        onward: String,
    },
    /// Somebody is not signed in, or may not change how she signs in.
    #[error(transparent)]
    SignIn(SignInRefusal),
    /// Ours.
    #[error("a use case failed")]
    Fault(#[source] Fault),
    /// A template failed.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// A document could not be written.
    #[error("a document could not be written")]
    Document(#[from] PdfError),
}

impl Trouble {
    /// What the person is told.
    pub(crate) fn kind(&self) -> ProblemKind {
        match self {
            Self::NotFound => ProblemKind::NotFound,
            Self::NotYours => ProblemKind::NotYours,
            Self::NotCovered => ProblemKind::NotCovered,
            Self::MandateOver => ProblemKind::MandateOver,
            Self::CapacityEnded => ProblemKind::CapacityEnded,
            Self::SignedOut => ProblemKind::SignInFirst,
            Self::FormExpired => ProblemKind::FormExpired,
            Self::NotUnderstood => ProblemKind::NotUnderstood,
            Self::TooLarge => ProblemKind::TooLarge,
            Self::CopyRunning => ProblemKind::CopyRunning,
            Self::Changed { .. } => ProblemKind::Changed,
            Self::Because { why, .. } => *why,
            Self::SignIn(refusal) => refused_sign_in(refusal),
            Self::Render(_) | Self::Document(_) => ProblemKind::Fault,
            Self::Fault(fault) => match fault {
                Fault::Busy | Fault::Stopped | Fault::NotCommitted | Fault::LogFull => {
                    ProblemKind::Unavailable
                }
                Fault::NotWitnessed => ProblemKind::NotWitnessed,
                Fault::Conflict { .. } => ProblemKind::Changed,
                Fault::SubjectErased => ProblemKind::NotFound,
                Fault::Store(_)
                | Fault::Entropy(_)
                | Fault::Crypto { .. }
                | Fault::DetailMissing { .. }
                | Fault::Corrupt { .. } => ProblemKind::Fault,
            },
        }
    }

    /// The trouble of a use case that did not happen: its refusals are translated by the caller.
    pub(crate) fn from_failure<R>(failure: Failure<R>, refused: impl FnOnce(R) -> Self) -> Self {
        match failure {
            Failure::Refused(refusal) => refused(refusal),
            // The same request may succeed when repeated; the person reads the page again and decides.
            Failure::Conflict => Self::Fault(Fault::Conflict { table: "meanwhile" }),
            Failure::Fault(fault) => Self::Fault(fault),
        }
    }

    /// The trouble behind an answer that is not one of our pages: axum's own rejections.
    pub(crate) fn of_status(status: StatusCode) -> Option<Self> {
        match status {
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => Some(Self::NotFound),
            StatusCode::PAYLOAD_TOO_LARGE => Some(Self::TooLarge),
            status if status.is_client_error() => Some(Self::NotUnderstood),
            _ => None,
        }
    }
}

fn refused_sign_in(refusal: &SignInRefusal) -> ProblemKind {
    match refusal {
        SignInRefusal::NotOffered | SignInRefusal::Provider(ProviderRefusal::Unknown) => {
            ProblemKind::WayNotOffered
        }
        SignInRefusal::Expired | SignInRefusal::Invitation | SignInRefusal::AgeUnsaid => {
            ProblemKind::StepExpired
        }
        SignInRefusal::RecoveryCode | SignInRefusal::Passkey(_) | SignInRefusal::NotYours => {
            ProblemKind::NotRecognised
        }
        SignInRefusal::TooMany { .. } => ProblemKind::TooMany,
        SignInRefusal::Provider(refusal) => match refusal {
            ProviderRefusal::Unavailable => ProblemKind::ProviderAway,
            ProviderRefusal::Minor => ProblemKind::Minor,
            ProviderRefusal::Unknown
            | ProviderRefusal::Declined
            | ProviderRefusal::NotOurs
            | ProviderRefusal::TooWeak => ProblemKind::NotRecognised,
        },
        SignInRefusal::Stranger => ProblemKind::Stranger,
        SignInRefusal::Taken => ProblemKind::WayTaken,
        SignInRefusal::Frozen => ProblemKind::AccountFrozen,
        SignInRefusal::SignedOut => ProblemKind::SignInFirst,
        SignInRefusal::WithdrawingOnly => ProblemKind::WithdrawingOnly,
        SignInRefusal::ProveAgain => ProblemKind::ProveAgain,
        SignInRefusal::LastWay => ProblemKind::LastWay,
        SignInRefusal::Name => ProblemKind::NotUnderstood,
    }
}

impl From<Failure<SignInRefusal>> for Trouble {
    fn from(failure: Failure<SignInRefusal>) -> Self {
        Self::from_failure(failure, Self::SignIn)
    }
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.into())
    }
}

/// A trouble that travels in the extensions of a response to the gate, which knows the visitor and writes the page.
#[derive(Clone)]
pub(crate) struct Told(pub(crate) Arc<Trouble>);

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.kind().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(Told(Arc::new(self)));
        response
    }
}
