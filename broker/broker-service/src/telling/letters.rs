//! Letters to organisations, in three languages at once: nobody knows who reads their mail. Letters to our own officers, in
//! the same way. Nothing personal is in them but the identifier that the organisation holds already.

use broker_domain::time::Instant;
use broker_store::Duty;

use super::changes::{Change, StaffWord};

/// What an organisation is told by letter of a withdrawal.
pub(super) struct LetterFacts<'a> {
    /// The dossier.
    pub dossier: &'a str,
    /// The authorisation, as the organisation knows it.
    pub authorisation: &'a str,
    /// When it was withdrawn.
    pub withdrawn_at: Instant,
    /// Until when it is to be acknowledged.
    pub acknowledge_by: Instant,
    /// What it must do.
    pub duty: Duty,
    /// Who writes.
    pub operator: &'a str,
    /// Where people write to.
    pub site: &'a str,
}

/// The letter about a withdrawal: subject and text.
pub(super) fn withdrawal(facts: &LetterFacts<'_>) -> (String, String) {
    let duty = match facts.duty {
        Duty::Delete => [
            "Vous êtes sous-traitant : supprimez les données reçues et attestez-le.",
            "You are a processor: delete the data received and attest it.",
            "U bent verwerker: verwijder de ontvangen gegevens en bevestig dat.",
        ],
        Duty::DeleteOrState => [
            "Supprimez les données reçues et dites pour quand, ou indiquez sur quelle base vous les conservez.",
            "Delete the data received and say by when, or state on which basis you keep it.",
            "Verwijder de ontvangen gegevens en zeg tegen wanneer, of vermeld op welke grond u ze bewaart.",
        ],
    };
    let [fr, en, nl] = duty;
    let LetterFacts {
        dossier,
        authorisation,
        withdrawn_at,
        acknowledge_by,
        operator,
        site,
        ..
    } = facts;
    let body = format!(
        "Un accord a été retiré (RGPD, art. 7(3) et 19). Plus rien ne vous est transmis sous cette autorisation.\n{fr}\n\
         Accusez réception avant l'échéance.\n\n\
         A consent was withdrawn (GDPR art. 7(3) and 19). Nothing more is sent to you under this authorisation.\n{en}\n\
         Acknowledge before the deadline.\n\n\
         Een toestemming is ingetrokken (AVG, art. 7(3) en 19). Onder deze machtiging wordt u niets meer verzonden.\n{nl}\n\
         Bevestig de ontvangst voor de termijn.\n\n\
         Dossier: {dossier}\nAutorisation / authorisation / machtiging: {authorisation}\n\
         Retrait / withdrawn / ingetrokken: {withdrawn_at}\nÉchéance / deadline / termijn: {acknowledge_by}\n\
         POST {site}/api/v1/withdrawals/{dossier}/acknowledgement (docs/API.md)\n\n-- \n{operator}\n"
    );
    let subject = "Retrait d'un accord / consent withdrawn / toestemming ingetrokken";
    (subject.to_owned(), body)
}

/// What a change means for its recipient, in French, English and Dutch.
fn meaning(change: &Change) -> [&'static str; 3] {
    match change.change.as_str() {
        "narrowed" => [
            "Une personne a réduit un accord. Seul ce qui reste vous est transmis désormais.",
            "A person narrowed a consent. Only what is left is sent to you from now on.",
            "Iemand heeft een toestemming beperkt. Voortaan wordt u alleen verzonden wat overblijft.",
        ],
        "paused" => [
            "Une personne a suspendu un accord. Rien ne vous est transmis pendant la pause, et ce qui est mesuré alors ne le sera pas non plus ensuite.",
            "A person paused a consent. Nothing is sent to you during the pause, and what is measured then is not sent afterwards either.",
            "Iemand heeft een toestemming onderbroken. Tijdens de pauze wordt u niets verzonden, en wat dan gemeten wordt ook daarna niet.",
        ],
        "resumed" => [
            "Une personne a mis fin à la pause d'un accord.",
            "A person ended the pause of a consent.",
            "Iemand heeft de pauze van een toestemming beëindigd.",
        ],
        "renewed" => [
            "Une personne a prolongé un accord.",
            "A person renewed a consent.",
            "Iemand heeft een toestemming verlengd.",
        ],
        "expired" => [
            "Un accord a pris fin à la date convenue. Plus rien ne vous est transmis sous cette autorisation.",
            "A consent ended on the agreed day. Nothing more is sent to you under this authorisation.",
            "Een toestemming is op de afgesproken dag afgelopen. Onder deze machtiging wordt u niets meer verzonden.",
        ],
        "superseded" => [
            "Une personne a remplacé un accord par un autre. Plus rien ne vous est transmis sous l'ancienne autorisation.",
            "A person replaced a consent by another one. Nothing more is sent to you under the old authorisation.",
            "Iemand heeft een toestemming door een andere vervangen. Onder de oude machtiging wordt u niets meer verzonden.",
        ],
        "invalidated" => [
            "Un accord n'est plus valable depuis la date ci-dessous. Ce que vous détenez à partir de cette date n'était pas couvert : effacez-le.",
            "A consent is no longer valid since the date below. What you hold from that date on was not covered: erase it.",
            "Een toestemming geldt niet meer sinds de datum hieronder. Wat u vanaf die datum bezit, was niet gedekt: wis het.",
        ],
        "deletion-asked" => [
            "La personne demande que vous effaciez ce que vous aviez reçu (RGPD, art. 17). Répondez par votre accusé de réception, ou écrivez à notre délégué si vous aviez déjà répondu autrement.",
            "The person asks you to erase what you had received (GDPR art. 17). Answer with your acknowledgement, or write to our officer if you had answered otherwise before.",
            "De persoon vraagt u te wissen wat u had ontvangen (AVG, art. 17). Antwoord met uw ontvangstbevestiging, of schrijf onze functionaris als u al anders had geantwoord.",
        ],
        _ => [
            "Une personne a fait effacer ses données. Rien ne vous est plus transmis sous cette autorisation : effacez ce que vous avez reçu, sauf obligation légale (RGPD, art. 17 et 19). Aucune réponse n'est attendue : nous ne savons plus de qui il s'agit.",
            "A person had her data erased. Nothing more is sent to you under this authorisation: erase what you received, unless a law obliges you to keep it (GDPR art. 17 and 19). No answer is expected: we no longer know who it was.",
            "Iemand heeft haar gegevens laten wissen. Onder deze machtiging wordt u niets meer verzonden: wis wat u hebt ontvangen, tenzij een wet u tot bewaren verplicht (AVG, art. 17 en 19). Er wordt geen antwoord verwacht: wij weten niet meer om wie het gaat.",
        ],
    }
}

/// The letter about a change or an erasure.
pub(super) fn change(change: &Change, operator: &str) -> (String, String) {
    use std::fmt::Write as _;
    let [fr, en, nl] = meaning(change);
    let mut body = format!(
        "{fr}\n\n{en}\n\n{nl}\n\nAutorisation / authorisation / machtiging: {}\n{}: {}\n",
        change.authorisation, change.change, change.at
    );
    let lines = [
        ("until", change.until.clone()),
        ("ends_at", change.ends_at.clone()),
        ("step_s", change.step_s.map(|step| step.to_string())),
        ("replaced_by", change.replaced_by.clone()),
        ("dossier", change.dossier.clone()),
        ("event", change.event.map(|event| event.to_string())),
    ];
    for (name, value) in lines {
        if let Some(value) = value {
            // Writing to a text does not fail.
            let _ = writeln!(body, "{name}: {value}");
        }
    }
    let _ = write!(body, "\n-- \n{operator}\n");
    let subject = "Changement d'un accord / a consent changed / een toestemming is gewijzigd";
    (subject.to_owned(), body)
}

/// The letter to our own officers. Says that something waits, not about whom: the desk shows it after signing in.
pub(super) fn staff(word: StaffWord, operator: &str, site: &str) -> (String, String) {
    let [fr, en, nl] = match word {
        StaffWord::DueInSeven => [
            "Une demande de droits est à traiter dans les sept jours.",
            "A rights request is due within seven days.",
            "Een verzoek over rechten moet binnen zeven dagen beantwoord zijn.",
        ],
        StaffWord::DueTomorrow => [
            "Une demande de droits est à traiter demain au plus tard.",
            "A rights request is due tomorrow at the latest.",
            "Een verzoek over rechten moet uiterlijk morgen beantwoord zijn.",
        ],
        StaffWord::Late => [
            "Une demande de droits a dépassé son échéance.",
            "A rights request is past its due date.",
            "De termijn van een verzoek over rechten is voorbij.",
        ],
        StaffWord::Silent => [
            "Un destinataire n'a pas accusé réception d'un retrait à temps.",
            "A recipient did not acknowledge a withdrawal in time.",
            "Een ontvanger heeft een intrekking niet op tijd bevestigd.",
        ],
    };
    let body = format!("{fr}\n\n{en}\n\n{nl}\n\n{site}/connexion\n\n-- \n{operator}\n");
    let subject = "Bureau du délégué : une échéance / DPO desk: a deadline / DPO-bureau: een termijn";
    (subject.to_owned(), body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(to: &str) -> Change {
        Change {
            change: to.into(),
            authorisation: "1f0c6a52-7b1e-4a5e-9d54-2c1a7b0e9f31".into(),
            ..Change::default()
        }
    }

    #[test]
    fn every_change_has_words_of_its_own() {
        let changes = [
            "narrowed",
            "paused",
            "resumed",
            "renewed",
            "expired",
            "superseded",
            "invalidated",
            "deletion-asked",
            "erased",
        ];
        let words: std::collections::BTreeSet<_> = changes.map(|to| meaning(&changed(to))).into();
        assert_eq!(words.len(), changes.len());
    }

    #[test]
    fn a_subject_names_nobody_and_the_text_names_the_authorisation() {
        let (subject, body) = change(&changed("erased"), "Fiducie");
        assert!(!subject.contains("1f0c6a52"));
        assert!(body.contains("1f0c6a52-7b1e-4a5e-9d54-2c1a7b0e9f31"));
    }
}
