//! What a mandate covers: the one place that lets somebody who acts for another through, or not. Every request passes here before
//! its handler (`gate`), and a page that is not in the list is refused, so that a new one is covered by nobody's mandate until
//! somebody says so.
//!
//! LIMIT: use cases ask the policies again with the leave itself; this list decides which pages are shown.

use broker_domain::mandate::Power;
use broker_service::{ActingNow, OwnRefusal};

use crate::routes::trouble::Trouble;
use crate::routes::visit::Visit;

/// What a page asks of a mandate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Covering {
    /// Nothing: it is about nobody, or about the session itself.
    Free,
    /// Any power: what is shared, and with whom.
    Any,
    /// This power.
    Needs(Power),
    /// No mandate covers it.
    Never,
}

/// Lets a request through that the mandate covers. Whoever may look leaves the record of it before anything is shown.
pub(crate) async fn admit(visit: &Visit, path: &str) -> Result<(), Trouble> {
    let acting = match visit.session.as_ref().map(|session| &session.acting) {
        None | Some(ActingNow::Herself) => return Ok(()),
        Some(ActingNow::For { acting, .. }) => Some(*acting),
        Some(ActingNow::Over) => None,
    };
    let covering = covering(path);
    if covering == Covering::Free {
        return Ok(());
    }
    let acting = acting.ok_or(Trouble::MandateOver)?;
    let may = match covering {
        Covering::Free | Covering::Any => true,
        Covering::Needs(power) => acting.powers().include(power),
        Covering::Never => false,
    };
    if !may {
        return Err(Trouble::NotCovered);
    }
    if acting.powers().include(Power::View) {
        let noted = visit.broker().note_look(acting).await;
        noted.map_err(|failure| {
            Trouble::from_failure(failure, |refusal| match refusal {
                OwnRefusal::NotYours => Trouble::MandateOver,
            })
        })?;
    }
    Ok(())
}

/// By the path as it was sent: one that is written otherwise is none of these.
fn covering(path: &str) -> Covering {
    let parts: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
    match parts.as_slice() {
        ["" | "preuves" | "accessibilite" | "recherche" | "deconnexion"]
        | ["notices", _]
        | ["recherche", "jeux", _]
        | ["mandats", "agir"]
        | ["mandats", "agir", "moi"]
        // She proves again who she is herself.
        | ["compte", "preuve"]
        | ["connexion", ..]
        | ["demo", "sign-in"] => Covering::Free,
        ["moi"] | ["moi", "donnees" | "historique"] | ["moi", "donnees", "copie"] => {
            Covering::Needs(Power::View)
        }
        ["moi", "recus" | "preuves", ..] => Covering::Needs(Power::View),
        ["moi", "partages", rest @ ..] => sharing(rest),
        ["moi", "points"] => Covering::Needs(Power::View),
        ["moi", "points", _, "retrait"] => Covering::Needs(Power::Withdraw),
        ["moi", "points", _, "accord" | "reponse"] | ["moi", "points", _, "signature", ..] => {
            Covering::Needs(Power::Grant)
        }
        _ => Covering::Never,
    }
}

fn sharing(parts: &[&str]) -> Covering {
    match parts {
        [] => Covering::Any,
        // A reminder leaves no record of who set it: she sets her own.
        ["nouveau", _, "plus-tard"] => Covering::Never,
        [_, "accord", "refus"] => Covering::Needs(Power::Withdraw),
        ["nouveau", ..] | [_, "reprise"] | [_, "renouvellement" | "accord", ..] => {
            Covering::Needs(Power::Grant)
        }
        ["tout", "retrait"] | [_, "organisation", "retrait"] | [_, "retrait" | "pause" | "reduction"] => {
            Covering::Needs(Power::Withdraw)
        }
        [_, "transferts.csv"] => Covering::Needs(Power::View),
        // Nor does the wish that recipients delete.
        [_, "effacement"] => Covering::Never,
        [_] | [_, "reponse"] => Covering::Any,
        _ => Covering::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paths;

    #[test]
    fn what_changes_who_she_is_is_never_covered() {
        for path in [
            paths::ACCOUNT,
            paths::CODES,
            paths::MAILBOX,
            paths::MAILBOX_CODE,
            paths::NEW_PASSKEY_ANSWER,
            paths::ROLE,
            paths::ERASURE,
            paths::MANDATES,
            paths::JOINT,
            paths::JOINT_DESK,
            &paths::joint_rule("x"),
            paths::ACCEPT_MANDATE,
            paths::MANDATE_CODE,
            paths::HOMES,
            paths::RIGHTS,
            paths::RECORDED,
            paths::RECORDED_FILE,
            paths::DELIVERED,
            paths::DESK,
            paths::END_ALL_SESSIONS,
            &paths::end_mandate("x"),
            &paths::departure("x"),
            &paths::measuring("x"),
            &paths::deletion("x"),
            &paths::put_off("x"),
            &paths::not_mine("x"),
            &paths::not_me("x"),
            "/moi/partages/x/tomorrow",
            "/moi/points/x",
            "/moi/%70artages",
            "//moi/partages",
            "/new",
        ] {
            assert_eq!(covering(path), Covering::Never, "{path}");
        }
    }

    #[test]
    fn each_power_opens_its_pages() {
        for (power, opened) in [
            (
                Power::View,
                vec![
                    paths::DASHBOARD.to_owned(),
                    paths::DATA.to_owned(),
                    paths::DATA_COPY.to_owned(),
                    paths::HISTORY.to_owned(),
                    paths::own_proof(3),
                    paths::receipt_pdf(3),
                    paths::POINTS.to_owned(),
                    paths::sharing_transfers("x"),
                ],
            ),
            (
                Power::Grant,
                vec![
                    paths::OFFERS.to_owned(),
                    paths::offer("x"),
                    paths::signature("x"),
                    paths::signature_question("x"),
                    paths::resumption("x"),
                    paths::renewal("x"),
                    paths::renewal_signature("x"),
                    paths::permit("x"),
                    paths::permitted("x"),
                    paths::list_question("x"),
                    paths::list_signature("x"),
                    paths::agreement("x"),
                    paths::agreement_signature("x"),
                ],
            ),
            (
                Power::Withdraw,
                vec![
                    paths::withdrawal("x"),
                    paths::decline("x"),
                    paths::WITHDRAW_EVERYTHING.to_owned(),
                    paths::withdrawal_from("x"),
                    paths::pause("x"),
                    paths::narrowing("x"),
                    paths::withdraw_points("x"),
                ],
            ),
        ] {
            for path in opened {
                assert_eq!(covering(&path), Covering::Needs(power), "{path}");
            }
        }
    }

    #[test]
    fn what_every_mandate_covers_and_what_needs_none() {
        for path in [
            paths::SHARINGS.to_owned(),
            paths::sharing("x"),
            paths::answered("x"),
        ] {
            assert_eq!(covering(&path), Covering::Any, "{path}");
        }
        for path in [
            paths::HOME,
            paths::ACT_FOR,
            paths::ACT_FOR_MYSELF,
            paths::SIGN_OUT,
        ] {
            assert_eq!(covering(path), Covering::Free, "{path}");
        }
    }
}
