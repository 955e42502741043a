//! The pages of the data-protection officers.

/// Officer: everybody's requests about rights.
pub const RIGHTS_DESK: &str = "/dpo/droits";
/// DPO: people who died or cannot decide any more.
pub const CAPACITY_DESK: &str = "/dpo/personnes";
/// POST: looks a person up. Fields: `personne` (the number of a meter, or an identifier), `cause` (`deces`, `incapacite`), `date`.
pub const FIND_PERSON: &str = "/dpo/personnes/recherche";
/// DPO. GET: companies and public bodies. POST: enrols one. Fields: `formulaire`, `nom`, `adresse`, `genre` (`company`,
/// `public-body`), `numero`, `langue`.
pub const LEGAL_DESK: &str = "/dpo/personnes-morales";
/// DPO: homes that were left, and what the contracts tell.
pub const HOMES_DESK: &str = "/dpo/logements";
/// POST: looks a meter up. Fields: `compteur`, its number; `genre` (`titulaire`, `contrat`); `date`, for the first.
pub const FIND_METER: &str = "/dpo/logements/recherche";
/// DPO: days on which much more was sent than usual.
pub const UNUSUAL: &str = "/dpo/volumes";
/// DPO. GET: the register of breaches. POST: writes one down.
pub const BREACHES: &str = "/dpo/violations";
/// DPO, GET: the form of a new one.
pub const NEW_BREACH: &str = "/dpo/violations/nouvelle";
/// DPO: requests to decide.
pub const DESK: &str = "/dpo";
/// DPO: every transfer. Query: `filtre` (`entrants`, `sortants`, `refuses`), `avant`.
pub const FLOWS: &str = "/dpo/transferts";
/// DPO: withdrawals that recipients did not answer in time, and the queue of messages.
pub const OVERDUE: &str = "/dpo/retraits";
/// DPO. GET: the forms. POST: enrols somebody, and shows her code. Fields: `nom`, `adresse`, `compteur`, `langue`.
pub const INVITE: &str = "/dpo/invitations";
/// DPO: state of the ledger.
pub const LEDGER: &str = "/dpo/registre";
/// GET, with `/{leaf}` behind it: an officer's proof file for one ledger record.
pub const OFFICER_PROOFS: &str = "/dpo/preuves";
/// GET: what officers enter for people, and confirm.
pub const ENTERED: &str = "/dpo/saisies";
/// POST: finds a person. Field: `personne` (number of a meter, or identifier).
pub const FIND_FOR_ENTRY: &str = "/dpo/saisies/recherche";
/// GET: blank forms.
pub const PAPER_FORMS: &str = "/dpo/formulaires";

/// GET: a company or public body, who represents it, and its points.
pub fn legal_person(person: &str) -> String {
    format!("{LEGAL_DESK}/{person}")
}

/// POST: names who represents it. Fields: `nom`, `fin`, `document` (SHA-256).
pub fn representative(person: &str) -> String {
    format!("{LEGAL_DESK}/{person}/representant")
}

/// POST: ends the power of a representative.
pub fn end_representation(person: &str, mandate: &str) -> String {
    format!("{LEGAL_DESK}/{person}/representant/{mandate}/fin")
}

/// POST: adds points. Field: `liste`, one line a point.
pub fn add_points(person: &str) -> String {
    format!("{LEGAL_DESK}/{person}/points")
}

/// POST: says that a point shows the life of a person.
pub fn point_aside(person: &str, point: &str) -> String {
    format!("{LEGAL_DESK}/{person}/points/{point}/personne")
}

/// POST: closes and erases it. Field: `confirme` (`oui`).
pub fn close_legal_person(person: &str) -> String {
    format!("{LEGAL_DESK}/{person}/cloture")
}

/// GET: what can be entered for a person. POST: enters it. Fields: `volet` (`retrait`, `droit`, `accord`, `code`), `saisie`, and those
/// of the part.
pub fn enter_for(person: &str) -> String {
    format!("{ENTERED}/personne/{person}")
}

/// GET: one entered act.
pub fn entered(act: &str) -> String {
    format!("{ENTERED}/acte/{act}")
}

/// POST: confirms it. Field: `vue` (`oui`), for a code.
pub fn confirm_entered(act: &str) -> String {
    format!("{ENTERED}/acte/{act}/confirmation")
}

/// POST: sends it back. Field: `motif`.
pub fn return_entered(act: &str) -> String {
    format!("{ENTERED}/acte/{act}/renvoi")
}

/// POST: makes and shows the code of an act that two officers agreed on.
pub fn entered_code(act: &str) -> String {
    format!("{ENTERED}/acte/{act}/code")
}

/// POST: shows the letter about an act, with name and address.
pub fn entered_letter(act: &str) -> String {
    format!("{ENTERED}/acte/{act}/courrier")
}

/// POST: notes that it was posted.
pub fn entered_posted(act: &str) -> String {
    format!("{ENTERED}/acte/{act}/postee")
}

/// POST: shows the letter of a message, with name and address.
pub fn message_letter(message: &str) -> String {
    format!("{ENTERED}/message/{message}/courrier")
}

/// POST: notes that it was posted.
pub fn message_posted(message: &str) -> String {
    format!("{ENTERED}/message/{message}/postee")
}

/// GET: the receipt that goes along, as PDF.
pub fn entered_receipt(act: &str) -> String {
    format!("{ENTERED}/acte/{act}/recu")
}

/// GET: the blank form of an offer in a language.
pub fn offer_form(offer: &str, lang: &str) -> String {
    format!("{PAPER_FORMS}/accord/{offer}/{lang}")
}

/// GET: another blank form in a language.
pub fn plain_form(kind: &str, lang: &str) -> String {
    format!("{PAPER_FORMS}/{kind}/{lang}")
}

/// GET: what to say on the telephone, in a language.
pub fn phone_script(lang: &str) -> String {
    format!("{DESK}/telephone/{lang}")
}

/// POST: an officer's step on it. Fields: `geste` (`prendre`, `repondre`…), `reponse`; where sharings stand still, with the
/// answer: `issue` (`fin`, `reprise`) and, for an end, `date`, from when on.
pub fn answer_right(request_id: &str) -> String {
    format!("{RIGHTS_DESK}/{request_id}")
}

/// GET: one breach. POST: changes it.
pub fn breach(breach_id: &str) -> String {
    format!("{BREACHES}/{breach_id}")
}

/// POST: the authority was told. Fields: `date`, `heure`, `reference`, `motif`.
pub fn breach_authority(breach_id: &str) -> String {
    format!("{BREACHES}/{breach_id}/autorite")
}

/// GET: the second look. POST: tells people. Field: `personnes`, the number that was shown.
pub fn breach_notice(breach_id: &str) -> String {
    format!("{BREACHES}/{breach_id}/avis")
}

/// POST: people are not told. Field: `motif`.
pub fn breach_untold(breach_id: &str) -> String {
    format!("{BREACHES}/{breach_id}/sans-avis")
}

/// POST: an officer has seen to an erasure that a recipient was not told of.
pub fn handled_erasure(telling_id: &str) -> String {
    format!("{OVERDUE}/effacements/{telling_id}")
}

/// POST: records what the contract of a meter tells. Fields: `genre`, `date`.
pub fn record_contract(point_id: &str) -> String {
    format!("{HOMES_DESK}/{point_id}")
}

/// POST: records it. Fields: `cause`, `date`, `demande` and `dossier` (the case and its code), `directives`.
pub fn record_capacity(person: &str) -> String {
    format!("{CAPACITY_DESK}/{person}")
}

/// POST: says that it was a mistake. Field: `motif`.
pub fn undo_capacity(person: &str) -> String {
    format!("{CAPACITY_DESK}/{person}/erreur")
}

/// GET: the whole disclosure manifest of a release, for officers.
pub fn manifest(release_id: &str) -> String {
    format!("{DESK}/manifestes/{release_id}")
}

/// GET: where it stands in the ledger, `fiducie-delivery-leaf/1`, for officers.
pub fn manifest_leaf(release_id: &str) -> String {
    format!("{DESK}/manifestes/{release_id}/feuille")
}

/// POST: decide a request. Fields: `decision` (`approve`, `refuse`), `reason`.
pub fn decision(request_id: &str) -> String {
    format!("{DESK}/demandes/{request_id}/decision")
}

/// POST: make the release of a request approved before; no other field than `csrf`.
pub fn make_release(request_id: &str) -> String {
    format!("{DESK}/demandes/{request_id}/livraison")
}

/// POST: opens the case of a sharing that stands still without one; no other field than `csrf`.
#[must_use]
pub fn open_frozen(sharing_id: &str) -> String {
    format!("{RIGHTS_DESK}/gels/{sharing_id}")
}
