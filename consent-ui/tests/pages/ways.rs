//! Ways to sign in that believe whoever knows the question, and people who use them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use broker_domain::identity::{
    Arrival, Ceremony, Departure, Freshness, Identity, IdentityProviders, Later, Passkey, PasskeyRefusal,
    PasskeyUse, Passkeys, Provider, ProviderId, ProviderRefusal,
};
use broker_domain::ids::AccountId;
use broker_service::SignInParts;
use broker_store::SessionRole;

use crate::browser::{Answer, Browser};
use crate::house::House;

/// An answer is `"question key account"`.
#[derive(Default)]
struct Keys(AtomicU32);

impl Keys {
    fn ask(&self, more: &str) -> Ceremony {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        Ceremony {
            options: format!("{{\"question\":\"{number}\"{more}}}"),
            keep: number.to_string().into_bytes(),
        }
    }
}

fn parts(answer: &str) -> Result<[&str; 3], PasskeyRefusal> {
    let words: Vec<&str> = answer.trim_matches('"').split(' ').collect();
    words.try_into().map_err(|_| PasskeyRefusal::Malformed)
}

impl Passkeys for Keys {
    fn offer(&self, account: AccountId, _: &str, _: &[Passkey]) -> Result<Ceremony, PasskeyRefusal> {
        Ok(self.ask(&format!(",\"account\":\"{account}\"")))
    }

    fn register(&self, keep: &[u8], answer: &str) -> Result<Passkey, PasskeyRefusal> {
        let [question, key, _] = parts(answer)?;
        if question.as_bytes() != keep {
            return Err(PasskeyRefusal::NotProved);
        }
        Ok(Passkey {
            credential: key.as_bytes().to_vec(),
            state: Vec::new(),
            public_key: key.as_bytes().to_vec(),
            model: [7; 16],
            may_be_copied: true,
        })
    }

    fn ask(&self) -> Result<Ceremony, PasskeyRefusal> {
        Ok(Self::ask(self, ""))
    }

    fn claimed(&self, answer: &str) -> Result<(AccountId, Vec<u8>), PasskeyRefusal> {
        let [_, key, account] = parts(answer)?;
        let account = account.parse().map_err(|_| PasskeyRefusal::Malformed)?;
        Ok((account, key.as_bytes().to_vec()))
    }

    fn recognise(&self, keep: &[u8], answer: &str, known: &[Passkey]) -> Result<PasskeyUse, PasskeyRefusal> {
        let [question, key, _] = parts(answer)?;
        let known = known.iter().find(|one| one.credential == key.as_bytes());
        let known = known.ok_or(PasskeyRefusal::Unknown)?;
        if question.as_bytes() != keep {
            return Err(PasskeyRefusal::NotProved);
        }
        Ok(PasskeyUse {
            credential: known.credential.clone(),
            state: None,
        })
    }
}

/// Two providers, the second of which is away. A code is the subject; the state is that of the question.
struct Two {
    offered: Vec<Provider>,
    questions: AtomicU32,
}

impl IdentityProviders for Two {
    fn offered(&self) -> &[Provider] {
        &self.offered
    }

    fn depart<'a>(
        &'a self,
        provider: &'a ProviderId,
        _: Freshness,
    ) -> Later<'a, Result<Departure, ProviderRefusal>> {
        Box::pin(async move {
            match provider.as_str() {
                "mairie" => {}
                "absent" => return Err(ProviderRefusal::Unavailable),
                _ => return Err(ProviderRefusal::Unknown),
            }
            // No digit of a page can pass for it.
            let state = format!("question-{}", self.questions.fetch_add(1, Ordering::Relaxed));
            Ok(Departure {
                url: format!("https://mairie.example/entrer?state={state}"),
                keep: state.clone().into_bytes(),
                state,
            })
        })
    }

    fn arrive<'a>(
        &'a self,
        _: &'a [u8],
        arrival: &'a Arrival,
    ) -> Later<'a, Result<Identity, ProviderRefusal>> {
        Box::pin(async move {
            Ok(Identity {
                issuer: "https://mairie.example".into(),
                subject: arrival.code.clone().ok_or(ProviderRefusal::Declined)?,
                assurance: None,
                proved_at: None,
                goodbye: None,
            })
        })
    }
}

/// Passkeys and two providers.
pub fn ways() -> SignInParts {
    let provider = |id: &str, name: &str| Provider {
        id: id.parse().unwrap(),
        name: name.into(),
    };
    SignInParts {
        passkeys: Some(Arc::new(Keys::default())),
        signing: None,
        providers: Some(Arc::new(Two {
            offered: vec![
                provider("mairie", "Ma mairie"),
                provider("absent", "Le service absent"),
            ],
            questions: AtomicU32::new(0),
        })),
    }
}

/// What stands between two marks.
pub fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let rest = text
        .split(before)
        .nth(1)
        .unwrap_or_else(|| panic!("no `{before}` in {text}"));
    rest.split(after).next().unwrap()
}

/// The token of the session that a page of the account holds.
pub fn csrf(page: &Answer) -> String {
    between(&page.body, "name=\"csrf\" value=\"", "\"").to_owned()
}

impl House {
    /// Invites somebody who is enrolled.
    pub async fn invited(&self, role: SessionRole) -> String {
        test_support::invited(self.folder.path(), &*self.clock, role).await
    }

    /// A browser in which an invitation was opened.
    pub async fn at_the_door(&self, code: &str) -> Browser {
        let mut browser = Browser::new(self.serve(), None);
        let opened = browser
            .post("/invitation", &[("code", code), ("majeur", "oui")])
            .await;
        assert_eq!(
            (opened.status, opened.header("location")),
            (303, "/invitation/acces".into()),
            "{}",
            opened.text()
        );
        browser
    }

    /// Somebody who came in by invitation, with a passkey of this name; and her account.
    pub async fn come_in(&self, role: SessionRole, key: &str) -> (Browser, String) {
        let mut browser = self.at_the_door(&self.invited(role).await).await;
        let asked = browser
            .post_json("/invitation/cle/question", "{\"csrf\":\"\"}")
            .await;
        let account = between(&asked.body, "\"account\":\"", "\"").to_owned();
        let answer = answer(&asked, key, &account, "");
        let done = browser.post_json("/invitation/cle/reponse", &answer).await;
        assert_eq!(done.status, 200, "{}", done.body);
        (browser, account)
    }

    /// Signs in with a passkey.
    pub async fn with_key(&self, key: &str, account: &str) -> Browser {
        let mut browser = Browser::new(self.serve(), None);
        let asked = browser
            .post_json("/connexion/cle/question", "{\"csrf\":\"\"}")
            .await;
        let done = browser
            .post_json("/connexion/cle/reponse", &answer(&asked, key, account, ""))
            .await;
        assert_eq!(done.status, 200, "{}", done.body);
        browser
    }
}

/// What the script posts once an authenticator has answered a question.
pub fn answer(asked: &Answer, key: &str, account: &str, csrf: &str) -> String {
    let question = between(&asked.body, "\"question\":\"", "\"");
    format!("{{\"csrf\":\"{csrf}\",\"answer\":\"{question} {key} {account}\"}}")
}
