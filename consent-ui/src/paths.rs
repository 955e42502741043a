//! Where every page, form and file lives. Routes and templates both take their paths from here.

mod desk;
mod points;

pub use desk::*;
pub use points::*;

/// The style sheet.
pub const STYLE_SHEET: &str = "/assets/fiducie.css";
/// The script of [`RECORDED`].
pub const VERIFY_SCRIPT: &str = "/assets/verify.js";
/// The script of [`DELIVERED`].
pub const DELIVERED_SCRIPT: &str = "/assets/delivered.js";
/// The icon of the tab. Browsers ask for `/favicon.ico` when a page names none.
pub const ICON: &str = "/assets/fiducie.svg";
/// Home, for whoever is not signed in.
pub const HOME: &str = "/";
/// What a proof is and how to check one.
pub const PROOFS_EXPLAINED: &str = "/preuves";
/// The ledger's verifier key, a file of the log itself (C2SP tlog-tiles), served beside the pages.
pub const LEDGER_KEY: &str = "/ledger/log.vkey";
/// Accessibility statement.
pub const ACCESSIBILITY: &str = "/accessibilite";
/// POST: one-click sign-in, in the demonstration only. Fields: `role`, `subject`.
pub const DEMO_SIGN_IN: &str = "/demo/sign-in";
/// The script of the pages on which a passkey is registered or used.
pub const PASSKEY_SCRIPT: &str = "/assets/passkey.js";
/// The script of the consent screen, where a passkey signs the terms.
pub const SIGN_SCRIPT: &str = "/assets/sign.js";
/// GET, with `/{digest}` behind it: a notice, its exact bytes. Consent records name it so.
pub const NOTICES: &str = "/notices";
/// The ways in.
pub const SIGN_IN: &str = "/connexion";
/// POST, JSON: asks for a passkey, to sign in or to prove oneself again. Member: `csrf`.
pub const PASSKEY_QUESTION: &str = "/connexion/cle/question";
/// POST, JSON: what the authenticator answers. Members: `csrf`, `answer`.
pub const PASSKEY_ANSWER: &str = "/connexion/cle/reponse";
/// POST: sign-in with a recovery code. Field: `code`.
pub const RECOVERY: &str = "/connexion/secours";
/// GET: asks for an invitation. POST: opens it. Fields: `code`; `majeur` (`oui`), from whoever will hold a meter.
pub const INVITATION: &str = "/invitation";
/// GET: the choice of the first way in, once an invitation is open.
pub const FIRST_WAY: &str = "/invitation/acces";
/// What to do for whoever is not of age.
pub const MINORS: &str = "/mineurs";
/// POST, JSON: asks for the first passkey.
pub const FIRST_PASSKEY_QUESTION: &str = "/invitation/cle/question";
/// POST, JSON: the first passkey.
pub const FIRST_PASSKEY_ANSWER: &str = "/invitation/cle/reponse";
/// How one signs in, from where, and what happened.
pub const ACCOUNT: &str = "/compte";
/// GET: asks somebody signed in to prove herself again.
pub const PROVE: &str = "/compte/preuve";
/// GET: the roles of the account. POST: takes one. Field: `role`.
pub const ROLE: &str = "/compte/role";
/// POST, JSON: asks for another passkey.
pub const NEW_PASSKEY_QUESTION: &str = "/compte/cles/question";
/// POST, JSON: another passkey.
pub const NEW_PASSKEY_ANSWER: &str = "/compte/cles/reponse";
/// POST: names a passkey. Fields: `moyen`, `nom`.
pub const RENAME_PASSKEY: &str = "/compte/cles/nom";
/// POST: revokes a passkey. Field: `moyen`.
pub const REVOKE_PASSKEY: &str = "/compte/cles/retrait";
/// POST: unlinks an account elsewhere. Field: `moyen`.
pub const UNLINK: &str = "/compte/fournisseurs/retrait";
/// POST: opens a way in that was frozen. Field: `moyen`.
pub const THAW: &str = "/compte/deblocage";
/// POST: makes new recovery codes, and shows them.
pub const CODES: &str = "/compte/codes";
/// POST: sets or forgets where messages go. Field: `courriel`.
pub const MAILBOX: &str = "/compte/courriel";
/// Where the code that was sent to a new address is typed.
pub const MAILBOX_CODE: &str = "/compte/courriel/code";
/// GET: by which channels a person is told, and what was written to her.
pub const REACH: &str = "/compte/messages";
/// POST: chooses the channels. Field: `voie` (`email`, `sms`, `post`), once for each.
pub const CHANNELS: &str = "/compte/messages/voies";
/// POST: gives a telephone number, or forgets it. Field: `telephone`.
pub const PHONE: &str = "/compte/messages/telephone";
/// POST: confirms it. Field: `code`.
pub const PHONE_CODE: &str = "/compte/messages/telephone/code";
/// POST: ends the session of a device. Field: `appareil`.
pub const END_SESSION: &str = "/compte/appareils/fin";
/// POST: ends every session.
pub const END_ALL_SESSIONS: &str = "/compte/appareils/tous";
/// POST: sign-out.
pub const SIGN_OUT: &str = "/deconnexion";
/// Participant: meters, curve, counts. Query: `compteur`, `jour` (`YYYY-MM-DD`).
pub const DASHBOARD: &str = "/moi";
/// Participant: who may use what. Query: `filtre` (`actifs`, `termines`), `avant`.
pub const SHARINGS: &str = "/moi/partages";
/// Participant: sharings they could agree to.
pub const OFFERS: &str = "/moi/partages/nouveau";
/// Participant. GET: what withdrawing everything means. POST: withdraws; no other field than `csrf`.
pub const WITHDRAW_EVERYTHING: &str = "/moi/partages/tout/retrait";
/// Participant: every transfer. Query: `avant`.
pub const HISTORY: &str = "/moi/historique";
/// Participant: her own readings. Query: `compteur`, `vue` (`jour`, `mois`, `annee`), `date` (`YYYY-MM-DD`).
pub const DATA: &str = "/moi/donnees";
/// GET: a copy of them. Query: `compteur`, `etendue` (`jour`, `mois`, `annee`, `tout`), `date`, `contenu` (`courbe`,
/// `releves`), `format` (`csv`, `json`, `parquet`).
pub const DATA_COPY: &str = "/moi/donnees/copie";
/// Participant: requests about her rights.
pub const RIGHTS: &str = "/moi/demandes";
/// Participant: everything the ledger holds about her, checked in her browser.
pub const RECORDED: &str = "/moi/inscriptions";
/// GET: the same as one file, `fiducie-history/1`. Query: `depuis`, the size of the log at an earlier visit.
pub const RECORDED_FILE: &str = "/moi/inscriptions/fichier";
/// GET: that it is complete, without what it says, `fiducie-list/1`. Query: `depuis`, as above.
pub const RECORDED_LIST: &str = "/moi/inscriptions/liste";
/// GET: some records to open against it, lines of `fiducie-history/1`. Query: `de`, the first number.
pub const RECORDED_DETAILS: &str = "/moi/inscriptions/details";
/// Participant: the releases that hold her readings, each row checked in her browser. Query: `avant`.
pub const DELIVERED: &str = "/moi/livraisons";
/// GET: that the log grew from one size to another, hashes side by side. Query: `de`, `a`.
pub const DELIVERED_GROWTH: &str = "/moi/livraisons/croissance";
/// Participant: the homes of her meters: until when she lives there.
pub const HOMES: &str = "/moi/logement";
/// The other adults of a home, without an account. GET: asks for the code of its notice. POST: opens it. Field: `code`.
pub const OTHERS: &str = "/foyer";
/// GET: what is shared from the home whose code was typed in this browser.
pub const OTHERS_SHARINGS: &str = "/foyer/partages";
/// POST: objects or asks. Fields: `demande` (identifier of this form), `dossier` (the code that reads the answer), `nature`
/// (`opposition`, `question`), `partage` (any number), `mots`, `contact`.
pub const OTHERS_ASK: &str = "/foyer/demande";
/// GET: asks for the code of a case. POST: shows it. Field: `code`.
pub const OTHERS_CASE: &str = "/foyer/reponse";
/// Somebody died or cannot decide any more: whom to tell, and what is needed.
pub const CAPACITY: &str = "/deces-incapacite";
/// Participant: who may act for her, and for whom she may. POST: lets somebody act. Fields: `nom`; `pouvoir` (`view`, `grant`,
/// `withdraw`, several); `debut`, `fin` (`YYYY-MM-DD`); `document` (SHA-256 in hexadecimal).
pub const MANDATES: &str = "/moi/mandats";
/// The contracts that a person holds with others.
pub const JOINT: &str = "/moi/cotitulaires";
/// The same for officers: found by the number of the meter.
pub const JOINT_DESK: &str = "/dpo/cotitulaires";
/// An officer invites somebody to hold a contract too.
pub const JOINT_INVITE: &str = "/dpo/cotitulaires/invitation";
/// An officer ends that somebody holds one.
pub const JOINT_END: &str = "/dpo/cotitulaires/fin";
/// POST: what the mandate behind a code says. Field: `code`.
pub const MANDATE_CODE: &str = "/moi/mandats/code";
/// POST: accepts a mandate. Fields: `code`, or `mandat`.
pub const ACCEPT_MANDATE: &str = "/moi/mandats/acceptation";
/// GET: for whom one can act. POST: acts for somebody. Field: `mandat`.
pub const ACT_FOR: &str = "/mandats/agir";
/// POST: acts for oneself again; no other field than `csrf`.
pub const ACT_FOR_MYSELF: &str = "/mandats/agir/moi";
/// GET: an account for somebody without a meter, with the code of a mandate. POST: makes it. Fields: `code`, `nom`.
pub const JOIN_TO_ACT: &str = "/invitation/mandat";
/// Participant: the projects of research that may use what she shares.
pub const PROJECTS: &str = "/moi/recherches";
/// GET: her summaries. POST: makes one, or says whether they come every year. Field: `geste` (`maintenant`, `chaque-annee`, `plus`).
pub const SUMMARIES: &str = "/moi/bilan";
/// Participant: the breaches that concern her.
pub const OWN_BREACHES: &str = "/moi/incidents";
/// GET: what erasing means. POST: erase. Field: `confirm`.
pub const ERASURE: &str = "/moi/effacement";
/// Researcher and visitors: the catalogue.
pub const CATALOGUE: &str = "/recherche";
/// Researcher: own requests.
pub const REQUESTS: &str = "/recherche/demandes";
/// GET: who works on a project of research, for those who do and for officers.
pub fn project(request_id: &str) -> String {
    format!("{CATALOGUE}/projets/{request_id}")
}

/// POST: adds somebody. Field: `membre`.
pub fn add_member(request_id: &str) -> String {
    format!("{CATALOGUE}/projets/{request_id}/membres")
}

/// POST: ends a membership. Field: `membre`.
pub fn end_member(request_id: &str) -> String {
    format!("{CATALOGUE}/projets/{request_id}/membres/fin")
}

/// POST: takes the undertaking on. Field: `texte`.
pub fn sign_undertaking(request_id: &str) -> String {
    format!("{CATALOGUE}/projets/{request_id}/engagement")
}

/// The key that signs records, as a JWK set (RFC 7517), served beside the pages.
pub const RECORD_KEYS: &str = "/ledger/records.jwks";
/// The key of COSE receipts, served beside the pages.
pub const RECEIPT_KEY: &str = "/ledger/receipt.cose-key";
/// GET, with `/{leaf}` behind it: a participant's proof file for one ledger record. With `/{leaf}/tlog-proof` or
/// `/{leaf}/receipt`, the same proof in the formats of others; so for the two below.
pub const PARTICIPANT_PROOFS: &str = "/moi/preuves";
/// GET, with `/{leaf}` behind it: a researcher's proof file for one ledger record.
pub const RESEARCHER_PROOFS: &str = "/recherche/preuves";
/// GET, POST: stops a new code for an account. Field: `code`.
pub const STOP_CODE: &str = "/connexion/arret";
/// The script that digests a scan in the browser.
pub const SCAN_SCRIPT: &str = "/assets/scan.js";

/// POST, JSON: asks for a signature under the terms of an offer. Members: `csrf`, `meter`, `notice`.
pub fn signature_question(offer: &str) -> String {
    format!("{OFFERS}/{offer}/signature/question")
}

/// POST, JSON: the signature. Members: `csrf`, `answer`.
pub fn signature(offer: &str) -> String {
    format!("{OFFERS}/{offer}/signature")
}

/// GET: to a provider, to sign in or to prove oneself again.
pub fn to_provider(provider: &str) -> String {
    format!("{SIGN_IN}/aupres/{provider}")
}

/// GET: where a provider sends browsers back to, each to an address of its own, so that no answer of one is taken for
/// that of another (RFC 9700 §4.4.2.2). Query: `code`, `state`, `iss` or `error`.
pub fn provider_return(provider: &str) -> String {
    format!("{SIGN_IN}/retour/{provider}")
}

/// GET: to a provider, with an open invitation.
pub fn first_provider(provider: &str) -> String {
    format!("{INVITATION}/aupres/{provider}")
}

/// GET: to a provider, to link another account.
pub fn link_provider(provider: &str) -> String {
    format!("{ACCOUNT}/aupres/{provider}")
}

/// GET: "this was not me", about one event. POST: freezes. Field: `moyen`, the way in that stays; empty for none.
pub fn not_me(event: &str) -> String {
    format!("{ACCOUNT}/pas-moi/{event}")
}

/// POST: the person stops a new code for her account; no other field than `csrf`.
pub fn stop_own_code(act: &str) -> String {
    format!("{ACCOUNT}/pas-moi/code/{act}")
}

/// POST: switch measuring on or off. Field: `mesure` (`on`, `off`).
pub fn measuring(meter_id: &str) -> String {
    format!("/moi/compteurs/{meter_id}/mesure")
}

/// GET: the dashboard of one meter on one day.
pub fn dashboard_day(meter_id: &str, day: jiff::civil::Date) -> String {
    format!("{DASHBOARD}?compteur={meter_id}&jour={day}")
}

/// GET: a period of one meter. `view` is the tag of a period.
pub fn data(meter_id: &str, view: &str, day: jiff::civil::Date) -> String {
    format!("{DATA}?compteur={meter_id}&vue={view}&date={day}")
}

/// GET: the form for one right. POST: sends it. Fields: `demande` (identifier of this form), `objet`.
pub fn ask_right(right: &str) -> String {
    format!("{RIGHTS}/nouvelle/{right}")
}

/// GET: where a request about rights stands.
pub fn rights_request(request_id: &str) -> String {
    format!("{RIGHTS}/{request_id}")
}

/// POST: objects to a project; no other field than `csrf`.
pub fn objection(request_id: &str) -> String {
    format!("{PROJECTS}/{request_id}/opposition")
}

/// GET: one summary. `until` is the instant at which it ends, in microseconds.
pub fn summary(until: &i64) -> String {
    format!("{SUMMARIES}/{until}")
}

/// GET: the same as a PDF.
pub fn summary_pdf(until: &i64) -> String {
    format!("{SUMMARIES}/{until}/pdf")
}

/// GET: the transfers of one sharing, as CSV.
pub fn sharing_transfers(sharing_id: &str) -> String {
    format!("{SHARINGS}/{sharing_id}/transferts.csv")
}

/// GET: one sharing.
pub fn sharing(sharing_id: &str) -> String {
    format!("{SHARINGS}/{sharing_id}")
}

/// Where recipients of a withdrawn sharing are asked to delete what they received.
pub fn deletion(sharing_id: &str) -> String {
    format!("{}/effacement", sharing(sharing_id))
}

/// GET: what withdrawing means. POST: withdraw; no other field than `csrf`.
pub fn withdrawal(sharing_id: &str) -> String {
    format!("{SHARINGS}/{sharing_id}/retrait")
}

/// GET: asks until when. POST: pauses. Field: `reprise`, the day on which transfers go on (`YYYY-MM-DD`).
pub fn pause(sharing_id: &str) -> String {
    format!("{SHARINGS}/{sharing_id}/pause")
}

/// GET: what resuming means. POST: ends the pause; no other field than `csrf`.
pub fn resumption(sharing_id: &str) -> String {
    format!("{SHARINGS}/{sharing_id}/reprise")
}

/// GET: what less could be left. POST: leaves less. Fields: `pas`, seconds; `fin`, the last day; either may be empty.
pub fn narrowing(sharing_id: &str) -> String {
    format!("{SHARINGS}/{sharing_id}/reduction")
}

/// What waits for the agreement of somebody who holds the contract too.
#[must_use]
pub fn agreement(sharing_id: &str) -> String {
    format!("{SHARINGS}/{sharing_id}/accord")
}

/// No to a later end that waits.
#[must_use]
pub fn decline(sharing_id: &str) -> String {
    format!("{SHARINGS}/{sharing_id}/accord/refus")
}

/// Asks for a signature under what waits.
#[must_use]
pub fn agreement_question(sharing_id: &str) -> String {
    format!("{SHARINGS}/{sharing_id}/accord/signature/question")
}

/// The signature under what waits.
#[must_use]
pub fn agreement_signature(sharing_id: &str) -> String {
    format!("{SHARINGS}/{sharing_id}/accord/signature")
}

/// Another rule for a contract that several hold.
#[must_use]
pub fn joint_rule(mandate_id: &str) -> String {
    format!("{JOINT}/{mandate_id}/regle")
}

/// GET: old and new terms side by side. POST: agrees to the new. Field: `notice`.
pub fn renewal(sharing_id: &str) -> String {
    format!("{SHARINGS}/{sharing_id}/renouvellement")
}

/// GET: what saying "this was not me" about a sharing does. POST: says it. Fields: `demande` (identifier of this form), `objet`.
pub fn not_mine(sharing_id: &str) -> String {
    format!("{SHARINGS}/{sharing_id}/pas-moi")
}

/// POST, JSON: asks for a signature under the terms of a renewal. Members: `csrf`, `notice`.
pub fn renewal_question(sharing_id: &str) -> String {
    format!("{}/signature/question", renewal(sharing_id))
}

/// POST, JSON: the signature. Members: `csrf`, `answer`.
pub fn renewal_signature(sharing_id: &str) -> String {
    format!("{}/signature", renewal(sharing_id))
}

/// GET: what withdrawing everything from the organisation of a sharing means. POST: withdraws; no other field than `csrf`.
pub fn withdrawal_from(sharing_id: &str) -> String {
    format!("{SHARINGS}/{sharing_id}/organisation/retrait")
}

/// GET: until when to put off an offer. POST: puts it off. Field: `rappel`, the day (`YYYY-MM-DD`).
pub fn put_off(offer_id: &str) -> String {
    format!("{OFFERS}/{offer_id}/plus-tard")
}

/// GET: the consent screen of one offer. POST: the answers.
pub fn offer(offer_id: &str) -> String {
    format!("{OFFERS}/{offer_id}")
}

/// GET: what leaving the home of a meter means. POST: leaves. Field: `date`, the first day elsewhere (`YYYY-MM-DD`).
pub fn departure(meter_id: &str) -> String {
    format!("{HOMES}/{meter_id}/depart")
}

/// GET: what ending a mandate means. POST: ends it; no other field than `csrf`.
pub fn end_mandate(mandate_id: &str) -> String {
    format!("{MANDATES}/{mandate_id}/fin")
}

/// POST: takes a departure to come back; no other field than `csrf`.
pub fn stay(meter_id: &str) -> String {
    format!("{HOMES}/{meter_id}/maintien")
}

/// POST: says that one still lives there; no other field than `csrf`.
pub fn confirm_home(meter_id: &str) -> String {
    format!("{HOMES}/{meter_id}/confirmation")
}

/// POST: says who else lives there. Fields: `adultes`, a number; `mineurs` (`oui`, `non`).
pub fn say_household(meter_id: &str) -> String {
    format!("{HOMES}/{meter_id}/foyer")
}

/// POST: makes the code of the notice anew; no other field than `csrf`.
pub fn make_home_code(meter_id: &str) -> String {
    format!("{HOMES}/{meter_id}/code")
}

/// GET: the notice for the other adults of a home, to be printed.
pub fn home_notice(meter_id: &str) -> String {
    format!("{HOMES}/{meter_id}/notice")
}

/// GET: one dataset of the catalogue.
pub fn dataset(dataset_id: &str) -> String {
    format!("{CATALOGUE}/jeux/{dataset_id}")
}

/// POST: ask for a dataset. Fields: `justification`, `from`, `until`.
pub fn dataset_request(dataset_id: &str) -> String {
    format!("{CATALOGUE}/jeux/{dataset_id}/demande")
}

/// GET: a released file bundle.
pub fn release(release_id: &str) -> String {
    format!("{CATALOGUE}/livraisons/{release_id}")
}

/// GET: the participant's row in the manifest of a release, `fiducie-manifest-row/1`.
pub fn own_row(release_id: &str) -> String {
    format!("{DELIVERED}/{release_id}/ligne")
}

/// GET: a participant's proof file for one ledger record.
pub fn own_proof(leaf: u64) -> String {
    format!("{PARTICIPANT_PROOFS}/{leaf}")
}

/// GET: a receipt of a consent in words.
pub fn receipt(leaf: impl std::fmt::Display) -> String {
    format!("/moi/recus/{leaf}")
}

/// GET: the same as a PDF with its proof attached.
pub fn receipt_pdf(leaf: impl std::fmt::Display) -> String {
    format!("/moi/recus/{leaf}/pdf")
}

/// GET: where the manifest of a release stands in the ledger, `fiducie-delivery-leaf/1`, for its researcher.
pub fn release_leaf(release_id: &str) -> String {
    format!("{CATALOGUE}/livraisons/{release_id}/feuille")
}

/// GET: what was answered to an offer, right after the answer.
pub fn answered(sharing_id: &str) -> String {
    format!("{SHARINGS}/{sharing_id}/reponse")
}

/// The same address with one more query parameter.
pub(crate) fn with_query(path: &str, name: &str, value: &str) -> String {
    let joint = if path.contains('?') { '&' } else { '?' };
    format!("{path}{joint}{name}={value}")
}

#[cfg(test)]
mod tests {
    use super::with_query;

    #[test]
    fn a_parameter_joins_the_query_there_is() {
        assert_eq!(with_query("/moi", "lang", "en"), "/moi?lang=en");
        assert_eq!(
            with_query("/moi?jour=2026-11-14", "lang", "en"),
            "/moi?jour=2026-11-14&lang=en"
        );
    }
}
