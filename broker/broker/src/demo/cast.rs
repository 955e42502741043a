//! Who plays in the demo: two applications, a laboratory, an officer, what they ask for, and the dataset.

use anyhow::Result;
use broker_domain::consent::{EvidenceLevel, Offer};
use broker_domain::ids::{
    ApplicationId, DatasetId, OfferId, OfficerId, OrganisationId, Purpose, ResearcherId,
};
use broker_domain::lang::Lang;
use broker_domain::research::Dataset;
use broker_domain::time::{Entropy, Step};
use broker_keys::{JoseMemberCrypto, MemberCrypto, MemberKeyPair};
use broker_service::{Broker, Member, credential_hash, notice_digest};
use broker_store::{
    ApplicationRow, DatasetRow, Notice, OfferRow, OfficerRow, OrganisationRow, ResearcherRow,
};

/// An application of the demo with what only it knows.
pub struct Player {
    /// As the broker knows it.
    pub row: ApplicationRow,
    /// What it opens deliveries with.
    pub key: MemberKeyPair,
}

/// A researcher of the demo with what only she knows.
pub struct Scientist {
    /// As the broker knows her.
    pub row: ResearcherRow,
    /// What she opens releases with.
    pub identity: age::x25519::Identity,
}

/// Everybody.
pub struct Cast {
    /// A neighbourhood page that shows each home its curve beside the street's.
    pub neighbourhood: Player,
    /// A school that compares a reference home with its own consumption.
    pub school: Player,
    /// The researcher.
    pub scientist: Scientist,
    /// Another one of her laboratory, who can join a project of hers.
    pub fellow: ResearcherId,
    /// The officer.
    pub officer: OfficerId,
    /// Another one: what the first enters, this one confirms.
    pub colleague: OfficerId,
    /// The dataset of the catalogue.
    pub dataset: DatasetId,
    /// What people are asked, in the order of the pages: neighbourhood, school, research.
    pub offers: [OfferRow; 3],
}

/// Titles and texts stand in the order of [`Lang::ALL`].
struct Asked {
    purpose: &'static str,
    days: u32,
    title: [&'static str; 3],
    text: [&'static str; 3],
}

const NEIGHBOURHOOD: Asked = Asked {
    purpose: "neighbourhood-view",
    days: 365,
    title: [
        "Voir ma courbe à côté de celle du quartier",
        "See my curve beside the neighbourhood's",
        "Mijn curve naast die van de wijk zien",
    ],
    text: [
        include_str!("notices/neighbourhood.fr.txt"),
        include_str!("notices/neighbourhood.en.txt"),
        include_str!("notices/neighbourhood.nl.txt"),
    ],
};

const SCHOOL: Asked = Asked {
    purpose: "school-comparison",
    days: 180,
    title: [
        "Servir de foyer de comparaison à l'école",
        "Be the reference home of the school",
        "Het referentiehuishouden van de school zijn",
    ],
    text: [
        include_str!("notices/school.fr.txt"),
        include_str!("notices/school.en.txt"),
        include_str!("notices/school.nl.txt"),
    ],
};

const RESEARCH: Asked = Asked {
    purpose: "load-curve-research",
    days: 365,
    title: [
        "Contribuer à la courbe moyenne de la rue pour la recherche",
        "Contribute to the street's mean curve for research",
        "Bijdragen aan de gemiddelde curve van de straat, voor onderzoek",
    ],
    text: [
        include_str!("notices/research.fr.txt"),
        include_str!("notices/research.en.txt"),
        include_str!("notices/research.nl.txt"),
    ],
};

/// Enrols the cast.
///
/// # Errors
/// When the broker refuses or fails.
pub async fn enrol(broker: &Broker, entropy: &dyn Entropy) -> Result<Cast> {
    let neighbourhood = organisation(
        broker,
        entropy,
        "BeMyHomeSmart – Quartier des Tilleuls",
        "contact@bmhs.example",
    )
    .await?;
    let school = organisation(
        broker,
        entropy,
        "LogNAct – École Jules-Verne",
        "contact@lognact.example",
    )
    .await?;
    let laboratory = organisation(
        broker,
        entropy,
        "Laboratoire Énergie et Usages",
        "dpo@labo.example",
    )
    .await?;

    let offers = [
        offer(broker, entropy, neighbourhood, &NEIGHBOURHOOD).await?,
        offer(broker, entropy, school, &SCHOOL).await?,
        offer(broker, entropy, laboratory, &RESEARCH).await?,
    ];
    let dataset = catalogue(broker, entropy, laboratory).await?;
    let colleague = officer(
        broker,
        entropy,
        "Second délégué à la protection des données (démonstration)",
    )
    .await?;
    let officer = officer(
        broker,
        entropy,
        "Déléguée à la protection des données (démonstration)",
    )
    .await?;
    let fellow = scientist(broker, entropy, laboratory, "Chercheur associé (démonstration)").await?;
    let scientist = scientist(broker, entropy, laboratory, "Chercheuse (démonstration)").await?;
    Ok(Cast {
        neighbourhood: player(broker, entropy, neighbourhood, "Page du quartier").await?,
        school: player(broker, entropy, school, "Tableau de l'école").await?,
        scientist,
        fellow: fellow.row.id,
        officer,
        colleague,
        dataset,
        offers,
    })
}

async fn catalogue(broker: &Broker, entropy: &dyn Entropy, laboratory: OrganisationId) -> Result<DatasetId> {
    let dataset = DatasetId::random(entropy)?;
    broker
        .enrol_member(Member::Dataset(DatasetRow {
            dataset: Dataset {
                id: dataset,
                recipient: laboratory,
                purpose: Purpose::parse(RESEARCH.purpose)?,
                step: Step::HALF_HOUR,
            },
            title_fr: "Courbe de charge moyenne de la rue".into(),
            title_en: "Mean load curve of the street".into(),
            title_nl: "Gemiddelde belastingscurve van de straat".into(),
            summary_fr: "Une valeur par demi-heure : la consommation moyenne des foyers participants, en Wh."
                .into(),
            summary_en: "One value every half hour: the mean consumption of the participating homes, in Wh."
                .into(),
            summary_nl:
                "Eén waarde per halfuur: het gemiddelde verbruik van de deelnemende huishoudens, in Wh."
                    .into(),
        }))
        .await?;
    Ok(dataset)
}

async fn officer(broker: &Broker, entropy: &dyn Entropy, name: &str) -> Result<OfficerId> {
    let officer = OfficerId::random(entropy)?;
    let row = OfficerRow {
        id: officer,
        name: name.into(),
    };
    broker.enrol_member(Member::Officer(row)).await?;
    Ok(officer)
}

async fn scientist(
    broker: &Broker,
    entropy: &dyn Entropy,
    laboratory: OrganisationId,
    name: &str,
) -> Result<Scientist> {
    let identity = age::x25519::Identity::generate();
    let row = ResearcherRow {
        id: ResearcherId::random(entropy)?,
        organisation: laboratory,
        name: name.into(),
        age_recipient: identity.to_public().to_string(),
    };
    broker.enrol_member(Member::Researcher(row.clone())).await?;
    Ok(Scientist { row, identity })
}

async fn organisation(
    broker: &Broker,
    entropy: &dyn Entropy,
    name: &str,
    contact: &str,
) -> Result<OrganisationId> {
    let id = OrganisationId::random(entropy)?;
    let row = OrganisationRow {
        id,
        name: name.into(),
        country: "FR".into(),
        contact: contact.into(),
    };
    broker.enrol_member(Member::Organisation(row)).await?;
    Ok(id)
}

async fn offer(
    broker: &Broker,
    entropy: &dyn Entropy,
    recipient: OrganisationId,
    asked: &Asked,
) -> Result<OfferRow> {
    let notices = Lang::ALL.map(|lang| Notice {
        digest: notice_digest(lang.pick(asked.text)),
        language: lang.tag().into(),
        title: lang.pick(asked.title).into(),
        text: lang.pick(asked.text).into(),
    });
    let [french, english, dutch] = &notices;
    let row = OfferRow {
        offer: Offer {
            id: OfferId::random(entropy)?,
            recipient,
            purpose: Purpose::parse(asked.purpose)?,
            step: Step::HALF_HOUR,
            days: asked.days,
            notice: french.digest,
        },
        notice_en: english.digest,
        notice_nl: dutch.digest,
        evidence: EvidenceLevel::L1,
    };
    broker
        .enrol_member(Member::Offer {
            row: row.clone(),
            notices: Box::new(notices),
        })
        .await?;
    Ok(row)
}

async fn player(
    broker: &Broker,
    entropy: &dyn Entropy,
    organisation: OrganisationId,
    name: &str,
) -> Result<Player> {
    let key = JoseMemberCrypto::new().generate_member_key()?;
    let mut credential = [0_u8; 32];
    entropy.fill(&mut credential)?;
    let credential: String = credential.iter().map(|byte| format!("{byte:02x}")).collect();
    let row = ApplicationRow {
        id: ApplicationId::random(entropy)?,
        organisation,
        name: name.into(),
        encryption_jwk: key.public_jwk.clone(),
        credential_hash: credential_hash(&credential),
    };
    broker.enrol_member(Member::Application(row.clone())).await?;
    Ok(Player { row, key })
}
