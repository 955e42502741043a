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
mod tests {
    use super::*;

    const LABORATORY: &str = r#"
        [organisation]
        name = "Laboratoire"
        country = "FR"
        contact = "dpo@labo.example"
        [[application]]
        name = "Page"
        encryption_jwk = "page.jwk"
        [[offer]]
        purpose = "load-curve-research"
        step_s = 1800
        days = 365
        title = { fr = "Courbe", en = "Curve", nl = "Curve" }
        notice = { fr = "fr.txt", en = "en.txt", nl = "nl.txt" }
        [[dataset]]
        purpose = "load-curve-research"
        step_s = 1800
        title = { fr = "Courbe", en = "Curve", nl = "Curve" }
        summary = { fr = "Une valeur", en = "One value", nl = "Eén waarde" }
        [[researcher]]
        name = "Ada"
        age_recipient = "AGE"
    "#;

    fn folder() -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().unwrap();
        let jwk = JoseMemberCrypto::new().generate_member_key().unwrap().public_jwk;
        std::fs::write(folder.path().join("page.jwk"), jwk).unwrap();
        let notices = [
            ("fr.txt", "Qui ? Nous.\nEt si je refuse ? Rien."),
            ("en.txt", "Who? We.\nAnd if I refuse? Nothing."),
            ("nl.txt", "Wie? Wij.\nEn als ik weiger? Niets."),
        ];
        for (name, text) in notices {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let recipient = age::x25519::Identity::generate().to_public().to_string();
        (folder, LABORATORY.replace("AGE", &recipient))
    }

    fn prepared(text: &str, folder: &Path) -> Result<Ready> {
        prepare(&toml::from_str(text)?, folder)
    }

    #[test]
    fn a_member_is_enrolled_with_all_that_is_hers() {
        let (folder, text) = folder();
        let ready = prepared(&text, folder.path()).unwrap();
        assert_eq!(ready.members.len(), 5);
        let Some(Member::Application(row)) = ready.members.get(1) else {
            panic!("no application")
        };
        let credential = ready
            .said
            .iter()
            .find_map(|line| line.split_once("once): "))
            .unwrap()
            .1;
        assert_eq!(credential_hash(credential), row.credential_hash);
    }

    #[test]
    fn what_cannot_be_is_refused_before_anything_is_written() {
        let (folder, text) = folder();
        let wrong = [
            ("country = \"FR\"", "country = \"France\""),
            ("contact = \"dpo@labo.example\"", "contact = \"labo\""),
            ("days = 365", "days = 2000"),
            ("step_s = 1800", "step_s = 7"),
            ("purpose = \"load-curve-research\"", "purpose = \"Research\""),
            ("fr = \"fr.txt\"", "fr = \"page.jwk\""),
            ("nl = \"nl.txt\"", "nl = \"absent.txt\""),
            ("encryption_jwk = \"page.jwk\"", "encryption_jwk = \"fr.txt\""),
            ("age_recipient = \"age1", "age_recipient = \"ssh1"),
            ("name = \"Ada\"", "name = \" \""),
            ("title = { fr = \"Courbe\", ", "title = { "),
            ("[[dataset]]", "[[datasets]]"),
        ];
        for (good, bad) in wrong {
            assert!(text.contains(good), "{good}");
            assert!(
                prepared(&text.replacen(good, bad, 1), folder.path()).is_err(),
                "{bad}"
            );
        }
    }

    #[test]
    fn more_is_added_under_the_identifier() {
        let (folder, text) = folder();
        let id = "1f0c6a52-7b1e-4a5e-9d54-2c1a7b0e9f31";
        let more = text.replacen("[organisation]", &format!("[organisation]\nid = \"{id}\""), 1);
        let ready = prepared(&more, folder.path()).unwrap();
        assert!(
            !ready
                .members
                .iter()
                .any(|member| matches!(member, Member::Organisation(_)))
        );
        let only = more.split("[[application]]").next().unwrap();
        assert!(prepared(only, folder.path()).is_err());
    }
}
