//! The fields of a posted form, with the check that the form is this session's.

use axum::Form;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::response::Response;
use broker_service::{Failure, Powers, SignInRefusal};

use crate::page::Notice;
use crate::paths;
use crate::routes::gate::{self, Provenance};
use crate::routes::trouble::Trouble;
use crate::routes::visit::{Session, Visit, onward_with};

/// The fields of a form, in the order they were sent.
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// A form in which nothing was typed yet.
    pub(crate) const fn none() -> Self {
        Self(Vec::new())
    }

    /// The first value of a field, without white space around it; empty when it was not sent.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0
            .iter()
            .find_map(|(key, value)| (key == name).then_some(value.trim()))
            .unwrap_or_default()
    }

    /// Every value of a field that can be ticked several times.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let named = self.0.iter().filter(|(key, _)| key == name);
        named.map(|(_, value)| value.trim()).collect()
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Trouble;

    async fn from_request(request: Request, state: &S) -> Result<Self, Trouble> {
        let Form(fields) =
            Form::from_request(request, state)
                .await
                .map_err(|rejection| match rejection.status() {
                    StatusCode::PAYLOAD_TOO_LARGE => Trouble::TooLarge,
                    _ => Trouble::NotUnderstood,
                })?;
        Ok(Self(fields))
    }
}

/// The fields of a form that nobody need be signed in for, so that only the browser can say that it is ours.
pub(crate) async fn own_form(request: Request) -> Result<Fields, Trouble> {
    let (parts, body) = request.into_parts();
    if gate::provenance(&parts) != Provenance::Here {
        return Err(Trouble::FormExpired);
    }
    Fields::from_request(Request::from_parts(parts, body), &()).await
}

/// A form of somebody signed in that carries the token of the session.
pub(crate) struct Posted {
    pub(crate) visit: Visit,
    pub(crate) session: Session,
    pub(crate) fields: Fields,
}

impl<S: Send + Sync> FromRequest<S> for Posted {
    type Rejection = Trouble;

    async fn from_request(request: Request, state: &S) -> Result<Self, Trouble> {
        let (mut parts, body) = request.into_parts();
        let visit = Visit::from_request_parts(&mut parts, state).await?;
        let session = visit.session.clone().ok_or(Trouble::SignedOut)?;
        let leaving = Leaving::from(parts.uri.path());
        if session.powers == Powers::Withdrawing && leaving == Leaving::Other {
            return Err(Trouble::SignIn(SignInRefusal::WithdrawingOnly));
        }
        let fields = Fields::from_request(Request::from_parts(parts, body), state).await?;
        if !same_secret(fields.text("csrf").as_bytes(), session.csrf.as_bytes()) {
            return Err(Trouble::FormExpired);
        }
        Ok(Self {
            visit,
            session,
            fields,
        })
    }
}

/// What cannot be undone takes a proof of the last ten minutes: the way to it, where there is none.
pub(crate) async fn proof_first(visit: &Visit, session: &Session) -> Result<Option<Response>, Trouble> {
    match visit.broker().proved_lately(&session.token).await {
        Ok(()) => Ok(None),
        Err(Failure::Refused(SignInRefusal::ProveAgain)) => {
            Ok(Some(onward_with(paths::PROVE, Notice::ProveFirst)))
        }
        Err(failure) => Err(Trouble::from_failure(failure, Trouble::SignIn)),
    }
}

/// Whether a form takes something back, which every session may (invariant I5), or does something else.
#[derive(PartialEq, Eq)]
enum Leaving {
    Withdrawal,
    Other,
}

impl From<&str> for Leaving {
    fn from(path: &str) -> Self {
        // Pausing, freezing and narrowing take away a part.
        let takes = ["/retrait", "/pause", "/reduction", "/pas-moi", "/accord/refus"];
        let sharing = path.starts_with(paths::SHARINGS) || path.starts_with(paths::POINTS);
        let withdrawal = sharing && takes.iter().any(|end| path.ends_with(end));
        // Leaving a home ends its sharings. A later date than the one that is known gives some time back: `leave` refuses it.
        let leaves_home = path.starts_with(paths::HOMES) && path.ends_with("/depart");
        // An objection takes a project away from what she shares.
        let objects = path.starts_with(paths::PROJECTS) && path.ends_with("/opposition");
        // Nobody is kept from ending a mandate, nor from acting for herself again.
        let ends_mandate = path.starts_with(paths::MANDATES) && path.ends_with("/fin");
        let of_oneself = [
            paths::SIGN_OUT,
            paths::END_SESSION,
            paths::END_ALL_SESSIONS,
            paths::ACT_FOR_MYSELF,
        ]
        .contains(&path);
        if withdrawal
            || leaves_home
            || ends_mandate
            || objects
            || of_oneself
            || path.starts_with(&paths::not_me(""))
        {
            Self::Withdrawal
        } else {
            Self::Other
        }
    }
}

/// Compares in a time that depends on the lengths only, which are no secret here.
///
/// Written out because `ring` deprecated its own comparison and one fold does not earn a dependency. `black_box` keeps the
/// compiler from leaving the loop at the first difference.
pub(crate) fn same_secret(left: &[u8], right: &[u8]) -> bool {
    let differences = left
        .iter()
        .zip(right)
        .fold(0_u8, |all, (a, b)| std::hint::black_box(all | (a ^ b)));
    left.len() == right.len() && differences == 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{Fields, Leaving, same_secret};
    use crate::paths;

    #[test]
    fn every_session_may_take_back() {
        let withdrawal = paths::withdrawal("1f0c6a52-7b1e-4a5e-9d54-2c1a7b0e9f31");
        let event = paths::not_me("1f0c6a52-7b1e-4a5e-9d54-2c1a7b0e9f31");
        for path in [
            &withdrawal,
            &event,
            &paths::pause("x"),
            &paths::narrowing("x"),
            &paths::withdraw_points("x"),
            &paths::not_mine("x"),
            &paths::withdrawal_from("x"),
            &paths::departure("x"),
            &paths::end_mandate("x"),
            paths::ACT_FOR_MYSELF,
            &paths::objection("x"),
            paths::WITHDRAW_EVERYTHING,
            paths::SIGN_OUT,
            paths::END_ALL_SESSIONS,
        ] {
            assert!(Leaving::from(path) == Leaving::Withdrawal, "{path}");
        }
        for path in [
            paths::CODES,
            paths::MANDATES,
            paths::ACT_FOR,
            paths::ACCEPT_MANDATE,
            paths::ERASURE,
            paths::REVOKE_PASSKEY,
            &paths::offer("x"),
            &paths::resumption("x"),
            &paths::renewal("x"),
            &paths::put_off("x"),
            &paths::permit("x"),
            &paths::permitted("x"),
            &paths::stay("x"),
            &paths::confirm_home("x"),
            paths::SUMMARIES,
        ] {
            assert!(Leaving::from(path) == Leaving::Other, "{path}");
        }
    }

    #[test]
    fn an_absent_field_is_empty() {
        let fields = Fields(vec![("reason".into(), "  trop court ".into())]);
        assert_eq!(
            (fields.text("reason"), fields.text("decision")),
            ("trop court", "")
        );
    }

    proptest! {
        #[test]
        fn secrets_compare_as_bytes_do(left in any::<[u8; 4]>(), right in any::<[u8; 4]>()) {
            assert_eq!(same_secret(&left, &right), left == right);
            assert!(same_secret(&left, &left));
            assert!(!same_secret(&left, b"abc"));
        }
    }
}
