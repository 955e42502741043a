//! Terms signed with a passkey: the question and the answer, as JSON between `assets/sign.js` and us; and the notices that
//! records name.

use axum::Json;
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use broker_domain::ids::{Digest, OfferId, PointId};
use broker_domain::mandate::Hand;
use broker_service::{
    Answer, AskedSignature, Choice, ChoiceRefusal, Failure, Powers, SignInRefusal, SignatureRefusal,
};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::paths;
use crate::routes::passkeys::{self, Scripted, unkept};
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Visit, id};

/// A question, as the script reads it.
#[derive(Serialize)]
struct Question {
    options: Box<RawValue>,
    /// SHA-256 of the terms, as other pages write digests.
    terms: String,
}

/// Where to go from here.
#[derive(Serialize)]
pub(super) struct Onward {
    pub(super) onward: String,
}

#[derive(Serialize)]
struct Sentence {
    sentence: String,
}

/// Why terms are not signed.
pub(super) enum Not {
    /// Something that has a page of its own.
    Trouble(Trouble),
    /// What the person chose cannot be recorded so.
    Choice(ChoiceRefusal),
    /// The same for a renewal: the key of one sentence.
    Sentence(&'static str),
}

impl<T: Into<Trouble>> From<T> for Not {
    fn from(trouble: T) -> Self {
        Self::Trouble(trouble.into())
    }
}

/// POST `/moi/partages/nouveau/{offer}/signature/question`
pub(crate) async fn question(Path(offer): Path<String>, scripted: Scripted) -> Response {
    question_answer(&scripted.visit, asked(&offer, &scripted).await)
}

/// What the script is given to ask the authenticator with, and the cookie that finds the terms again.
pub(super) fn question_answer(visit: &Visit, asked: Result<AskedSignature, Not>) -> Response {
    let written = asked.and_then(|asked| {
        let options = RawValue::from_string(asked.options).map_err(|_| Trouble::NotUnderstood)?;
        let terms = asked.terms.to_string();
        Ok((asked.nonce, Question { options, terms }))
    });
    match written {
        Ok((nonce, question)) => {
            let mut response = Json(question).into_response();
            visit.pages.site.keep_ceremony(&nonce, response.headers_mut());
            unkept(response)
        }
        Err(not) => told(visit, &not),
    }
}

async fn asked(offer: &str, scripted: &Scripted) -> Result<AskedSignature, Not> {
    let visit = &scripted.visit;
    granting(visit)?;
    let point = scripted
        .meter
        .as_deref()
        .and_then(|meter| meter.parse::<PointId>().ok());
    let offer: OfferId = id(offer)?;
    let row = visit.broker().read().await?.offer(offer).await?;
    let row = row.ok_or(Trouble::NotFound)?;
    let shown = scripted.notice.as_deref().unwrap_or_default();
    let notice = row
        .notices()
        .into_iter()
        .find(|digest| digest.to_string() == shown);
    let notice = notice.ok_or(Not::Choice(ChoiceRefusal::NoticeChanged))?;
    let choice = Choice {
        offer,
        point: point.ok_or(Trouble::NotUnderstood)?,
        notice,
        answer: Answer::Agree,
        proved_at: None,
    };
    let who = visit.hand_at(choice.point).await?;
    let asked = visit.broker().ask_for_signature(who, choice).await;
    asked.map_err(not)
}

/// POST `/moi/partages/nouveau/{offer}/signature`
pub(crate) async fn answer(scripted: Scripted) -> Response {
    let visit = &scripted.visit;
    match signed(&scripted).await {
        Ok(onward) => {
            let mut response = Json(Onward { onward }).into_response();
            visit.pages.site.forget_ceremony(response.headers_mut());
            unkept(response)
        }
        Err(not) => told(visit, &not),
    }
}

async fn signed(scripted: &Scripted) -> Result<String, Not> {
    let visit = &scripted.visit;
    granting(visit)?;
    let nonce = visit
        .ceremony()
        .map_err(|_| Not::Choice(ChoiceRefusal::Signature(SignatureRefusal::IntentUnknown)))?;
    let who = visit.hand_signing(nonce).await?;
    let chosen = visit.broker().choose_signed(who, nonce, scripted.answer()?).await;
    let chosen = chosen.map_err(not)?;
    Ok(paths::answered(&chosen.consent.to_string()))
}

/// A participant whose session may do more than withdraw.
pub(super) fn granting(visit: &Visit) -> Result<Hand, Trouble> {
    let who = visit.hand()?;
    let may = visit
        .session
        .as_ref()
        .is_some_and(|session| session.powers == Powers::Everything);
    match may {
        true => Ok(who),
        false => Err(Trouble::SignIn(SignInRefusal::WithdrawingOnly)),
    }
}

pub(super) fn not(failure: Failure<ChoiceRefusal>) -> Not {
    match failure {
        Failure::Refused(refusal) => Not::Choice(refusal),
        other => Not::Trouble(Trouble::from_failure(other, |_| Trouble::NotUnderstood)),
    }
}

pub(super) fn told(visit: &Visit, not: &Not) -> Response {
    let key = match not {
        Not::Trouble(trouble) => return passkeys::refused(visit, trouble),
        Not::Choice(refusal) => {
            tracing::info!(reason = %refusal, "terms were not signed");
            sentence(refusal)
        }
        Not::Sentence(key) => key,
    };
    let sentence = visit.speech().say(key);
    unkept((StatusCode::UNPROCESSABLE_ENTITY, Json(Sentence { sentence })).into_response())
}

/// One plain sentence, which never names the variant (`consent.md` §4.3).
const fn sentence(refusal: &ChoiceRefusal) -> &'static str {
    match refusal {
        ChoiceRefusal::UnknownOffer
        | ChoiceRefusal::NotYours
        | ChoiceRefusal::HomeLeft
        | ChoiceRefusal::Objected
        | ChoiceRefusal::CapacityWaits
        | ChoiceRefusal::ChangedSince
        | ChoiceRefusal::Waits
        | ChoiceRefusal::NoticeChanged => "signing-refused-changed",
        ChoiceRefusal::AlreadyGiven => "signing-refused-already",
        ChoiceRefusal::TooWeak { .. } => "signing-refused-weak",
        ChoiceRefusal::NoKey => "signing-refused-key",
        ChoiceRefusal::Signature(refusal) => of_signature(refusal),
    }
}

/// The same for what is wrong with a signature.
pub(super) const fn of_signature(refusal: &SignatureRefusal) -> &'static str {
    match refusal {
        SignatureRefusal::IntentExpired => "signing-refused-expired",
        SignatureRefusal::IntentUsed => "signing-refused-used",
        SignatureRefusal::TermsChanged | SignatureRefusal::NoticeChanged => "signing-refused-changed",
        SignatureRefusal::NotPresent | SignatureRefusal::NotVerified => "signing-refused-unverified",
        SignatureRefusal::CredentialUnknown
        | SignatureRefusal::CredentialOfAnother
        | SignatureRefusal::CredentialNotValidThen
        | SignatureRefusal::AlgorithmNotAllowed => "signing-refused-key",
        SignatureRefusal::IntentUnknown
        | SignatureRefusal::WrongType
        | SignatureRefusal::ChallengeMismatch
        | SignatureRefusal::OriginMismatch
        | SignatureRefusal::CrossOrigin
        | SignatureRefusal::TopOrigin
        | SignatureRefusal::Malformed
        | SignatureRefusal::RpIdMismatch
        | SignatureRefusal::BackupFlagsInconsistent
        | SignatureRefusal::SignatureInvalid => "signing-refused-other",
    }
}

/// `/notices/{digest}`: the exact bytes, found by their SHA-256 as records write it (base64url).
pub(crate) async fn notice(visit: Visit, Path(digest): Path<String>) -> Result<Response, Trouble> {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let bytes = URL_SAFE_NO_PAD.decode(&digest).ok();
    let bytes = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let digest = Digest(bytes.ok_or(Trouble::NotFound)?);
    let notice = visit.broker().read().await?.notice(digest).await?;
    let notice = notice.ok_or(Trouble::NotFound)?;
    let mut response = notice.text.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    if let Ok(language) = HeaderValue::from_str(&notice.language) {
        headers.insert(header::CONTENT_LANGUAGE, language);
    }
    Ok(response)
}
