//! The street goes on while somebody looks: gateways hand in, the neighbourhood page fetches, a replayed meter speaks.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use async_trait::async_trait;
use broker_domain::consent::State;
use broker_domain::ids::{ConsentId, ParticipantId, TransferId};
use broker_domain::time::{Instant, Interval, Step};
use broker_service::{Broker, Failure, Order, ZONE};
use consent_ui::Lang;
use consent_ui::pages::DemoPerson;
use consent_ui::routes::{DemoDoor, DemoPeople};
use jiff::tz::TimeZone;

use super::cast::Cast;
use super::replay::Speaker;
use super::street::{self, Resident};
use crate::ports::SystemEntropy;

/// How often gateways hand in what they heard.
const EVERY: Duration = Duration::from_secs(10);
/// How many deliveries the neighbourhood page fetches a day, so that the lists have something to show.
const DELIVERIES_A_DAY: usize = 12;

/// How long after its consent an application asks for the first time.
const FRESH_SECONDS: i64 = 3_600;

/// The households that are measured.
pub struct Neighbourhood {
    /// Each with its gateway.
    pub residents: Vec<Resident>,
}

/// The neighbourhood page fetches the day that ends at `midnight` for a few homes.
///
/// # Errors
/// When the broker fails.
pub async fn neighbourhood_page(broker: &Broker, cast: &Cast, midnight: Instant) -> Result<()> {
    let zone = TimeZone::get(ZONE)?;
    let day = midnight.plus_seconds(-3_600).day_in(&zone)?;
    for player in [&cast.neighbourhood, &cast.school] {
        let authorisations = broker.authorisations(&player.row).await?;
        let active = authorisations
            .iter()
            .filter(|one| matches!(one.state, State::Given { .. }) && one.pause.is_none());
        for one in active.take(DELIVERIES_A_DAY) {
            let order = Order {
                transfer: TransferId::random(&SystemEntropy::open())?,
                authorisation: one.consent.id,
                interval: Interval::new(
                    day.start()
                        .max(one.terms.data.start().next_on_grid(Step::HALF_HOUR)),
                    day.end(),
                )?,
                step: one.terms.step.max(Step::HALF_HOUR),
            };
            match broker.deliver(&player.row, order).await {
                // A part of the day was paused, or lies beyond what somebody left of a sharing.
                Ok(_) | Err(Failure::Refused(_)) => {}
                Err(failure) => return Err(failure).context("the neighbourhood page got nothing"),
            }
        }
    }
    Ok(())
}

/// Lets time pass until the task is dropped. A fault is logged and tried again at the next turn.
pub async fn go_on(broker: Arc<Broker>, mut street: Neighbourhood, cast: Cast) {
    let mut page = Page::default();
    let mut turns = tokio::time::interval(EVERY);
    loop {
        turns.tick().await;
        if let Err(error) = turn(&broker, &mut street).await {
            tracing::warn!(error = format!("{error:#}"), "the street missed a turn");
        }
        if let Err(error) = page.refresh(&broker, &cast).await {
            tracing::warn!(
                error = format!("{error:#}"),
                "the neighbourhood page missed a turn"
            );
        }
    }
}

async fn turn(broker: &Arc<Broker>, street: &mut Neighbourhood) -> Result<()> {
    for resident in &mut street.residents {
        let rows = broker.read().await?.gateways_of(resident.participant).await?;
        if let Some(row) = rows.first() {
            resident.adopt(row)?;
        }
    }
    street::measure(broker, &mut street.residents, broker.now()).await?;
    Ok(())
}

/// What the applications remember between two turns.
#[derive(Default)]
struct Page {
    /// Authorisations used or refused once in this demo: a real page would go on, and fill the lists.
    tried: BTreeSet<(ConsentId, bool)>,
}

impl Page {
    /// Each application asks once under each new authorisation, and once more after it ended, as an application does
    /// that has not heard of the withdrawal yet: that transfer is refused, and the person sees it.
    async fn refresh(&mut self, broker: &Broker, cast: &Cast) -> Result<()> {
        for player in [&cast.neighbourhood, &cast.school] {
            for one in broker.authorisations(&player.row).await? {
                let active = match one.state {
                    State::Given { since } => since.plus_seconds(FRESH_SECONDS) > broker.now(),
                    State::Withdrawn { .. } | State::Suspended { .. } => true,
                    State::Refused
                    | State::Unknown
                    | State::Requested
                    | State::Deferred
                    | State::Waiting { .. }
                    | State::Revoked { .. }
                    | State::Invalidated { .. }
                    | State::Superseded { .. }
                    | State::Expired { .. } => false,
                };
                let given = matches!(one.state, State::Given { .. });
                if !active || !self.tried.insert((one.consent.id, given)) {
                    continue;
                }
                // The half hour after the agreement: there may be nothing in it yet, and that is what is delivered.
                let start = one.terms.data.start().next_on_grid(Step::HALF_HOUR);
                let interval = Interval::new(start, start.plus_seconds(1_800))?;
                let order = Order {
                    transfer: TransferId::random(&SystemEntropy::open())?,
                    authorisation: one.consent.id,
                    interval,
                    step: Step::HALF_HOUR,
                };
                match broker.deliver(&player.row, order).await {
                    Ok(_) | Err(Failure::Refused(_)) => {}
                    Err(failure) => return Err(failure).context("the page got no answer"),
                }
            }
        }
        Ok(())
    }
}

/// One-click sign-in, for a demo on a loopback address only.
pub struct OpenDoor {
    participants: Vec<(ParticipantId, String)>,
    spare: ParticipantId,
    speaker: Option<ParticipantId>,
    officer: String,
    colleague: String,
    researcher: String,
    fellow: String,
}

impl OpenDoor {
    /// Lets a few households in, the officer and the researcher.
    pub fn new(residents: &[Resident], spare: &Resident, speaker: Option<&Speaker>, cast: &Cast) -> Self {
        let shown = residents
            .iter()
            .take(4)
            .map(|one| (one.participant, one.name.clone()));
        let speaker_id = speaker.map(|one| one.participant);
        let speaker = speaker.map(|one| (one.participant, one.name.clone()));
        Self {
            participants: shown
                .chain([(spare.participant, spare.name.clone())])
                .chain(speaker)
                .collect(),
            spare: spare.participant,
            speaker: speaker_id,
            officer: cast.officer.to_string(),
            colleague: cast.colleague.to_string(),
            researcher: cast.scientist.row.id.to_string(),
            fellow: cast.fellow.to_string(),
        }
    }
}

#[async_trait]
impl DemoDoor for OpenDoor {
    async fn people(&self, lang: Lang) -> DemoPeople {
        let say = |words: [&str; 3]| lang.pick(words).to_owned();
        let person = |subject: String, name: String, detail: String| DemoPerson {
            subject,
            name,
            detail,
        };
        let home = |(id, name): &(ParticipantId, String)| {
            let detail = if Some(*id) == self.speaker {
                say([
                    "un compteur réel rejoué depuis une capture",
                    "a real meter replayed from a capture",
                    "een echte meter, opnieuw afgespeeld",
                ])
            } else if *id == self.spare {
                say([
                    "un foyer qui vient d'arriver, sans passerelle ni accord",
                    "a newcomer, without gateway or consent",
                    "een nieuw huishouden, zonder gateway of toestemming",
                ])
            } else {
                say([
                    "un foyer de la rue, mesuré depuis trois jours",
                    "a household of the street, measured for three days",
                    "een huishouden van de straat, sinds drie dagen gemeten",
                ])
            };
            person(id.to_string(), name.clone(), detail)
        };
        DemoPeople {
            participants: self.participants.iter().map(home).collect(),
            officer: person(
                self.officer.clone(),
                say([
                    "La déléguée à la protection des données",
                    "The data-protection officer",
                    "De functionaris voor gegevensbescherming",
                ]),
                say([
                    "décide les demandes, voit les flux, jamais une valeur",
                    "decides requests, sees flows, never a value",
                    "beslist over aanvragen, ziet overdrachten, nooit een waarde",
                ]),
            ),
            colleague: second_officer(&self.colleague, lang),
            researcher: person(
                self.researcher.clone(),
                say(["La chercheuse", "The researcher", "De onderzoeker"]),
                say([
                    "demande un jeu de données, le télécharge scellé",
                    "asks for a dataset, downloads it sealed",
                    "vraagt een dataset aan, downloadt die verzegeld",
                ]),
            ),
            fellow: fellow(&self.fellow, lang),
        }
    }
}

fn fellow(subject: &str, lang: Lang) -> DemoPerson {
    let name = [
        "Le chercheur associé",
        "The fellow researcher",
        "De medeonderzoeker",
    ];
    let detail = [
        "rejoint un projet une fois son engagement signé",
        "joins a project once he signed its undertaking",
        "werkt aan een project mee zodra hij de verbintenis tekende",
    ];
    DemoPerson {
        subject: subject.to_owned(),
        name: lang.pick(name).to_owned(),
        detail: lang.pick(detail).to_owned(),
    }
}

fn second_officer(subject: &str, lang: Lang) -> DemoPerson {
    let name = [
        "Le second délégué à la protection des données",
        "The second data-protection officer",
        "De tweede functionaris voor gegevensbescherming",
    ];
    let detail = [
        "vérifie ce que la première saisit pour des personnes",
        "checks what the first enters for people",
        "controleert wat de eerste voor personen invoert",
    ];
    DemoPerson {
        subject: subject.to_owned(),
        name: lang.pick(name).to_owned(),
        detail: lang.pick(detail).to_owned(),
    }
}
