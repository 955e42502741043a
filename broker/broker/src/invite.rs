//! `fiducie invite`: the way in for the first officer, and for whoever lost hers.
//!
//! Who is enrolled already is invited by one transaction on the database, which SQLite queues behind those of a broker
//! that runs. Enrolling somebody with records of her own writes to the ledger, which has one writer: then the data folder
//! is taken, and a running broker refuses.

use anyhow::{Context, Result, bail};
use broker_domain::ids::ResearcherId;
use broker_keys::Keys;
use broker_service::{Invitation, Inviting, Member, Newcomer};
use broker_store::{InvitationKind, ResearcherRow, SessionRole, Store};
use broker_store_sqlite::{Create, SqliteStore};
use broker_vault::IndexKey;

use crate::assemble::Home;
use crate::cli::InviteArgs;
use crate::config::Config;
use crate::enrol::with_ledger;
use crate::ports::{SystemClock, SystemEntropy};

/// Who was invited.
struct Invited {
    who: String,
    invitation: Invitation,
}

/// Invites somebody and prints the code.
///
/// # Errors
/// When an option is missing, nobody is known under the identifier, or the broker runs and must not.
pub async fn run(config: &Config, args: &InviteArgs) -> Result<()> {
    let invited = if let Some(id) = &args.again {
        again(config, id).await?
    } else if let Some(id) = args.officer {
        match id {
            Some(id) => enrolled(config, SessionRole::Officer(id)).await?,
            None => officer(config, args).await?,
        }
    } else if let Some(id) = args.participant {
        match id {
            Some(id) => enrolled(config, SessionRole::Participant(id)).await?,
            None => participant(config, args).await?,
        }
    } else if let Some(id) = args.researcher {
        match id {
            Some(id) => enrolled(config, SessionRole::Researcher(id)).await?,
            None => researcher(config, args).await?,
        }
    } else {
        bail!("say whom: --participant, --researcher, --officer or --again")
    };
    say(config, &invited);
    Ok(())
}

/// The code goes to the terminal alone: never to the log, never into an address, which browsers and proxies keep.
#[expect(clippy::print_stdout, reason = "the answer of the command")]
fn say(config: &Config, invited: &Invited) {
    let Invitation { code, expires_at } = &invited.invitation;
    println!("invited:  {}", invited.who);
    println!("open:     {}/invitation", config.site);
    println!("code:     {code}");
    println!("good for: one registration, until {expires_at}");
}

fn needed<'a>(value: Option<&'a String>, option: &str) -> Result<&'a String> {
    value
        .filter(|text| !text.trim().is_empty())
        .with_context(|| format!("`{option}` is needed for somebody new"))
}

/// The database and what codes are recognised by, without the rest of a broker.
struct Desk {
    store: SqliteStore,
    key: IndexKey,
    entropy: SystemEntropy,
}

impl Desk {
    async fn open(config: &Config) -> Result<Self> {
        let home = Home::at(&config.data);
        let keys = Keys::load(&home.keys())?;
        Ok(Self {
            store: SqliteStore::open(&home.database(), Create::Never).await?,
            key: IndexKey::from_bytes(keys.point_index),
            entropy: SystemEntropy::open(),
        })
    }

    fn inviting(&self) -> Inviting<'_> {
        Inviting {
            store: &self.store,
            key: &self.key,
            clock: &SystemClock,
            entropy: &self.entropy,
        }
    }
}

async fn officer(config: &Config, args: &InviteArgs) -> Result<Invited> {
    let name = needed(args.name.as_ref(), "--name")?;
    let desk = Desk::open(config).await?;
    let (id, invitation) = desk.inviting().officer(name).await?;
    desk.store.close().await;
    Ok(Invited {
        who: format!("officer {id}"),
        invitation,
    })
}

async fn enrolled(config: &Config, role: SessionRole) -> Result<Invited> {
    invite(config, role, InvitationKind::First).await
}

async fn again(config: &Config, id: &str) -> Result<Invited> {
    let desk = Desk::open(config).await?;
    let mut found = None;
    {
        let mut read = desk.store.read().await?;
        // Identifiers are random: one is of one role.
        let text = "not an identifier of a participant, researcher or officer";
        let roles = [
            SessionRole::Participant(id.parse().context(text)?),
            SessionRole::Researcher(id.parse().context(text)?),
            SessionRole::Officer(id.parse().context(text)?),
        ];
        for role in roles {
            if read.account_of(role).await?.is_some() {
                found = Some(role);
            }
        }
    }
    desk.store.close().await;
    let role = found.context("nobody with this identifier has an account; invite without --again")?;
    invite(config, role, InvitationKind::Again).await
}

async fn invite(config: &Config, role: SessionRole, kind: InvitationKind) -> Result<Invited> {
    let desk = Desk::open(config).await?;
    let invitation = desk.inviting().invite(role, kind).await?;
    desk.store.close().await;
    let who = match role {
        SessionRole::Participant(id) => format!("participant {id}"),
        SessionRole::Researcher(id) => format!("researcher {id}"),
        SessionRole::Officer(id) => format!("officer {id}"),
    };
    Ok(Invited { who, invitation })
}

async fn participant(config: &Config, args: &InviteArgs) -> Result<Invited> {
    let newcomer = Newcomer {
        language: args.language.clone(),
        name: needed(args.name.as_ref(), "--name")?.clone(),
        address: needed(args.address.as_ref(), "--address")?.clone(),
        meter_number: needed(args.meter.as_ref(), "--meter")?.clone(),
    };
    let invited = with_ledger(config, async |broker| {
        let invited = broker.join_invited(&newcomer).await?;
        if let Some(address) = &args.email {
            broker.put_mailbox(invited.participant, Some(address)).await?;
        }
        Ok(invited)
    })
    .await?;
    Ok(Invited {
        who: format!("participant {}", invited.participant),
        invitation: invited.invitation,
    })
}

async fn researcher(config: &Config, args: &InviteArgs) -> Result<Invited> {
    let row = ResearcherRow {
        id: ResearcherId::random(&SystemEntropy::open())?,
        organisation: args
            .organisation
            .context("`--organisation` is needed for somebody new")?,
        name: needed(args.name.as_ref(), "--name")?.clone(),
        age_recipient: needed(args.age_recipient.as_ref(), "--age-recipient")?.clone(),
    };
    let role = SessionRole::Researcher(row.id);
    with_ledger(config, async |broker| {
        if broker
            .read()
            .await?
            .organisation(row.organisation)
            .await?
            .is_none()
        {
            bail!("no organisation is known under this identifier");
        }
        Ok(broker.enrol_member(Member::Researcher(row.clone())).await?)
    })
    .await?;
    enrolled(config, role).await
}

#[cfg(test)]
mod tests {
    use broker_service::SignInRefusal;

    use super::*;
    use crate::assemble::{self, Setting};

    fn config(folder: &std::path::Path) -> Config {
        toml::from_str(&format!(
            "listen = \"127.0.0.1:0\"\ndata = \"{}\"\norigin = \"broker.example/ledger\"\n\
             site = \"https://broker.example\"\n[operator]\nname = \"F\"\ncontact_email = \"f@broker.example\"\n",
            folder.join("data").display()
        ))
        .unwrap()
    }

    fn asked(options: &[&str]) -> InviteArgs {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            args: InviteArgs,
        }
        let line = ["invite"].into_iter().chain(options.iter().copied());
        <Line as clap::Parser>::try_parse_from(line).unwrap().args
    }

    #[tokio::test]
    async fn the_first_officer_is_invited_beside_a_running_broker() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        let home = Home::at(&config.data);
        assemble::create(&home, &config.origin, &SystemEntropy::open())
            .await
            .unwrap();
        let running = assemble::start(Setting::of(&config, &home)).await.unwrap();
        let invited = officer(&config, &asked(&["--officer", "--name", "Olga"]))
            .await
            .unwrap();
        let opened = running
            .broker
            .open_invitation(&invited.invitation.code)
            .await
            .unwrap();
        let SessionRole::Officer(id) = opened.role else {
            panic!("not an officer")
        };
        assert_eq!(invited.who, format!("officer {id}"));
        // The code was lost: the next one ends it.
        let again = enrolled(&config, SessionRole::Officer(id)).await.unwrap();
        running
            .broker
            .open_invitation(&again.invitation.code)
            .await
            .unwrap();
        let ended = running
            .broker
            .open_invitation(&invited.invitation.code)
            .await
            .unwrap_err();
        assert_eq!(ended.to_string(), SignInRefusal::Invitation.to_string());
        // She never had an account, so there is no way in to be lost.
        assert!(super::again(&config, &id.to_string()).await.is_err());
        // Whoever is new needs the ledger.
        let newcomer = [
            "--participant",
            "--name",
            "A",
            "--address",
            "B",
            "--meter",
            "11111111111111",
        ];
        let refused = participant(&config, &asked(&newcomer)).await.err().unwrap();
        assert!(refused.to_string().contains("must be stopped"), "{refused}");
    }

    #[tokio::test]
    async fn a_participant_is_enrolled_and_invited_while_the_broker_is_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        let home = Home::at(&config.data);
        assemble::create(&home, &config.origin, &SystemEntropy::open())
            .await
            .unwrap();
        let newcomer = [
            "--participant",
            "--name",
            "A",
            "--address",
            "B",
            "--meter",
            "11111111111111",
        ];
        let invited = participant(&config, &asked(&newcomer)).await.unwrap();
        assert!(invited.who.starts_with("participant "));
        let missing = participant(&config, &asked(&["--participant", "--name", "A"])).await;
        assert!(missing.err().unwrap().to_string().contains("--address"));
        let running = assemble::start(Setting::of(&config, &home)).await.unwrap();
        running
            .broker
            .open_invitation(&invited.invitation.code)
            .await
            .unwrap();
    }
}
