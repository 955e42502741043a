//! `fiducie enrol`: a member of the federation, with its applications, what it asks people for, its datasets and its
//! researchers, from one file.
//!
//! The whole file is read and checked before anything is written. It writes to the ledger, which has one writer: the
//! broker is stopped meanwhile.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use broker_domain::consent::{EvidenceLevel, Offer};
use broker_domain::ids::{ApplicationId, DatasetId, OfferId, OrganisationId, Purpose, ResearcherId};
use broker_domain::lang::Lang;
use broker_domain::research::Dataset;
use broker_domain::time::{Entropy as _, Step};
use broker_keys::{JoseMemberCrypto, MemberCrypto as _};
use broker_service::{Broker, Member, credential_hash, notice_digest};
use broker_store::{ApplicationRow, DatasetRow, Notice, OfferRow, OrganisationRow, ResearcherRow};
use consent_ui::routes::tells_what_refusing_changes;
use serde::Deserialize;

mod webhook;

use webhook::{Webhook, WebhookOf};

use crate::assemble::{self, Home, Setting};
use crate::config::Config;
use crate::ports::SystemEntropy;

/// The levels of evidence that an offer may ask for (`consent.md` §4.5).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
enum Evidence {
    /// A click of somebody signed in.
    #[default]
    L1,
    /// A click minutes after she proved who she is.
    L2,
    /// Her passkey signs the terms.
    L3,
}

impl Evidence {
    const fn level(self) -> EvidenceLevel {
        match self {
            Self::L1 => EvidenceLevel::L1,
            Self::L2 => EvidenceLevel::L2,
            Self::L3 => EvidenceLevel::L3,
        }
    }
}

/// Longest that a consent may be asked for, in days: three years, what the grid operator grants at most.
const LONGEST_DAYS: u32 = 3 * 366;

/// A member, as its file describes it. File names are relative to that file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MemberFile {
    organisation: Organisation,
    #[serde(default, rename = "application")]
    applications: Vec<Application>,
    #[serde(default, rename = "offer")]
    offers: Vec<Asked>,
    #[serde(default, rename = "dataset")]
    datasets: Vec<Described>,
    #[serde(default, rename = "researcher")]
    researchers: Vec<Researcher>,
    #[serde(default)]
    enrolled: Vec<WebhookOf>,
}

/// A legal body: a new one, or by `id` one that is enrolled already and gets more.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Organisation {
    id: Option<String>,
    name: String,
    country: String,
    contact: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Application {
    name: String,
    /// File with the public JWK (P-256) that deliveries are encrypted to.
    encryption_jwk: PathBuf,
    /// How it is told of withdrawals; by a letter to the organisation, when absent.
    webhook: Option<Webhook>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    purpose: String,
    step_s: u32,
    days: u32,
    /// How strong the evidence of an agreement must be at least.
    #[serde(default)]
    evidence: Evidence,
    title: Texts<String>,
    /// Files with the exact text that people read and agree to.
    notice: Texts<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Described {
    purpose: String,
    step_s: u32,
    title: Texts<String>,
    summary: Texts<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Researcher {
    name: String,
    age_recipient: String,
}

/// The same in each language: none is optional, since people are asked in their own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts<T> {
    fr: T,
    en: T,
    nl: T,
}

impl<T> Texts<T> {
    const fn of(&self, lang: Lang) -> &T {
        match lang {
            Lang::French => &self.fr,
            Lang::English => &self.en,
            Lang::Dutch => &self.nl,
        }
    }
}

/// A member ready to be enrolled, and what is said about it afterwards.
struct Ready {
    members: Vec<Member>,
    said: Vec<String>,
}

/// Enrols the member that a file describes, and prints the identifiers and, once, the credentials of its applications.
///
/// # Errors
/// When the file is not understood or says something that cannot be: nothing is enrolled then. When the broker runs.
pub async fn run(config: &Config, file: &Path) -> Result<()> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("the file `{}` cannot be read", file.display()))?;
    let described: MemberFile =
        toml::from_str(&text).with_context(|| format!("the file `{}` is not understood", file.display()))?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let ready = prepare(&described, folder).context("nothing was enrolled")?;
    with_ledger(config, async |broker| {
        if let Some(id) = &described.organisation.id {
            let known = broker.read().await?.organisation(id.parse()?).await?;
            ensure!(known.is_some(), "no organisation is known under `{id}`");
        }
        for member in &ready.members {
            broker.enrol_member(member.clone()).await?;
        }
        Ok(())
    })
    .await?;
    say(&ready.said);
    Ok(())
}

/// Runs with the ledger taken up, and lets go of it.
pub async fn with_ledger<T>(config: &Config, run: impl AsyncFnOnce(&Broker) -> Result<T>) -> Result<T> {
    let running = assemble::start(Setting::of(config, &Home::at(&config.data)))
        .await
        .context("this is written into the ledger, for which the broker must be stopped")?;
    let done = run(&running.broker).await;
    drop(running.broker);
    running.writer.await??;
    done
}

#[expect(clippy::print_stdout, reason = "the answer of the command")]
fn say(lines: &[String]) {
    for line in lines {
        println!("{line}");
    }
}

fn prepare(file: &MemberFile, folder: &Path) -> Result<Ready> {
    let entropy = SystemEntropy::open();
    let mut ready = Ready {
        members: Vec::new(),
        said: Vec::new(),
    };
    let organisation = organisation(&file.organisation, &mut ready, &entropy)?;
    for one in &file.applications {
        application(one, organisation, folder, &mut ready, &entropy)
            .with_context(|| format!("application `{}`", one.name))?;
    }
    for one in &file.enrolled {
        let application = one.application.parse();
        let application = application.with_context(|| format!("webhook of `{}`", one.application))?;
        let row = one.webhook.read(application, folder)?;
        ready.members.push(Member::Webhook(row));
    }
    for one in &file.offers {
        offer(one, organisation, folder, &mut ready, &entropy)
            .with_context(|| format!("offer `{}`", one.title.fr))?;
    }
    for one in &file.datasets {
        dataset(one, organisation, &mut ready, &entropy)
            .with_context(|| format!("dataset `{}`", one.title.fr))?;
    }
    for one in &file.researchers {
        researcher(one, organisation, &mut ready, &entropy)
            .with_context(|| format!("researcher `{}`", one.name))?;
    }
    ensure!(
        !ready.members.is_empty(),
        "the file adds nothing to the organisation"
    );
    Ok(ready)
}

fn organisation(one: &Organisation, ready: &mut Ready, entropy: &SystemEntropy) -> Result<OrganisationId> {
    if let Some(id) = &one.id {
        return id.parse().context("`organisation.id`");
    }
    let country = one.country.as_bytes();
    ensure!(
        country.len() == 2 && country.iter().all(u8::is_ascii_uppercase),
        "`country` is two capitals (ISO 3166-1 alpha-2), such as FR"
    );
    ensure!(
        one.contact.contains('@'),
        "`contact` is an e-mail address that people can write to"
    );
    let id = OrganisationId::random(entropy)?;
    ready.said.push(format!(
        "organisation {id}  (add more later with `id = \"{id}\"` under [organisation])"
    ));
    ready.members.push(Member::Organisation(OrganisationRow {
        id,
        name: named(&one.name)?,
        country: one.country.clone(),
        contact: one.contact.clone(),
    }));
    Ok(id)
}

fn application(
    one: &Application,
    organisation: OrganisationId,
    folder: &Path,
    ready: &mut Ready,
    entropy: &SystemEntropy,
) -> Result<()> {
    let encryption_jwk = read(folder, &one.encryption_jwk)?;
    // A key that nothing can be encrypted to would only show at the first delivery.
    JoseMemberCrypto::new().encrypt_to_member(&encryption_jwk, b"")?;
    let mut credential = [0_u8; 32];
    entropy.fill(&mut credential)?;
    let credential: String = credential.iter().map(|byte| format!("{byte:02x}")).collect();
    let id = ApplicationId::random(entropy)?;
    ready.said.push(format!("application {id}  {}", one.name));
    ready
        .said
        .push(format!("  credential (shown once): {credential}"));
    ready.members.push(Member::Application(ApplicationRow {
        id,
        organisation,
        name: named(&one.name)?,
        encryption_jwk,
        credential_hash: credential_hash(&credential),
    }));
    if let Some(webhook) = &one.webhook {
        ready.members.push(Member::Webhook(webhook.read(id, folder)?));
    }
    Ok(())
}

fn offer(
    one: &Asked,
    recipient: OrganisationId,
    folder: &Path,
    ready: &mut Ready,
    entropy: &SystemEntropy,
) -> Result<()> {
    ensure!(
        (1..=LONGEST_DAYS).contains(&one.days),
        "`days` is 1 to {LONGEST_DAYS}"
    );
    let mut notices = Vec::new();
    for lang in Lang::ALL {
        let text = read(folder, one.notice.of(lang))?;
        // GDPR art. 7(4), EDPB 05/2020: people are told what refusing changes, and the page shows it by itself.
        if !tells_what_refusing_changes(&text) {
            bail!(
                "the notice in {} has no line such as `Et si je refuse ? …`, which says what refusing changes",
                lang.own_name()
            );
        }
        notices.push(Notice {
            digest: notice_digest(&text),
            language: lang.tag().into(),
            title: named(one.title.of(lang))?,
            text,
        });
    }
    let notices: Box<[Notice; 3]> = notices
        .try_into()
        .map_err(|_| anyhow::anyhow!("a notice in each language"))?;
    let [french, english, dutch] = &*notices;
    let id = OfferId::random(entropy)?;
    ready.said.push(format!("offer {id}  {}", one.title.fr));
    ready.members.push(Member::Offer {
        row: OfferRow {
            offer: Offer {
                id,
                recipient,
                purpose: Purpose::parse(&one.purpose)?,
                step: Step::from_seconds(one.step_s)?,
                days: one.days,
                notice: french.digest,
            },
            notice_en: english.digest,
            notice_nl: dutch.digest,
            evidence: one.evidence.level(),
        },
        notices,
    });
    Ok(())
}

fn dataset(
    one: &Described,
    recipient: OrganisationId,
    ready: &mut Ready,
    entropy: &SystemEntropy,
) -> Result<()> {
    let id = DatasetId::random(entropy)?;
    ready.said.push(format!("dataset {id}  {}", one.title.fr));
    ready.members.push(Member::Dataset(DatasetRow {
        dataset: Dataset {
            id,
            recipient,
            purpose: Purpose::parse(&one.purpose)?,
            step: Step::from_seconds(one.step_s)?,
        },
        title_fr: named(&one.title.fr)?,
        title_en: named(&one.title.en)?,
        title_nl: named(&one.title.nl)?,
        summary_fr: one.summary.fr.clone(),
        summary_en: one.summary.en.clone(),
        summary_nl: one.summary.nl.clone(),
    }));
    Ok(())
}

fn researcher(
    one: &Researcher,
    organisation: OrganisationId,
    ready: &mut Ready,
    entropy: &SystemEntropy,
) -> Result<()> {
    let parsed: Result<age::x25519::Recipient, _> = one.age_recipient.parse();
    ensure!(
        parsed.is_ok(),
        "`age_recipient` is what `age-keygen -y` prints, age1…"
    );
    let id = ResearcherId::random(entropy)?;
    ready.said.push(format!(
        "researcher {id}  {}  (let in with `fiducie invite --researcher {id}`)",
        one.name
    ));
    ready.members.push(Member::Researcher(ResearcherRow {
        id,
        organisation,
        name: named(&one.name)?,
        age_recipient: one.age_recipient.clone(),
    }));
    Ok(())
}

/// A name that pages can show: one line, of 1 to 200 characters.
fn named(text: &str) -> Result<String> {
    let length = text.trim().chars().count();
    ensure!(
        (1..=200).contains(&length),
        "a name or title has 1 to 200 characters"
    );
    ensure!(!text.chars().any(char::is_control), "a name or title is one line");
    Ok(text.trim().to_owned())
}

fn read(folder: &Path, file: &Path) -> Result<String> {
    let path = folder.join(file);
    std::fs::read_to_string(&path).with_context(|| format!("the file `{}` cannot be read", path.display()))
}

#[cfg(test)]
mod tests;
