//! Passkeys: registered with an invitation or in a fresh session, and used to sign in.

use broker_domain::identity::{Passkey, PasskeyRefusal, Passkeys};
use broker_domain::ids::AccountId;
use broker_store::{CeremonyKind, PasskeyRow, Proof, ProvedBy, Read};

use super::register::NewWay;
use super::{Browser, Question, Recognised, Registration, SignInRefusal, SignedIn, Used};
use crate::broker::Broker;
use crate::failure::{Failure, Fault};

/// Longest name of a passkey, in characters.
const LONGEST_NAME: usize = 60;

/// A question for the browser's authenticator.
pub struct Begun {
    /// For a cookie of the browser that lives ten minutes.
    pub value: [u8; 32],
    /// Options for `navigator.credentials`, as JSON.
    pub options: String,
}

impl Broker {
    fn passkeys(&self) -> Result<&dyn Passkeys, Failure<SignInRefusal>> {
        let port = self.sign_in.passkeys.as_deref();
        port.ok_or(Failure::Refused(SignInRefusal::NotOffered))
    }

    /// Whether passkeys are offered.
    #[must_use]
    pub fn offers_passkeys(&self) -> bool {
        self.sign_in.passkeys.is_some()
    }

    /// Asks whoever comes for a passkey of this site.
    ///
    /// # Errors
    /// [`SignInRefusal::NotOffered`], [`SignInRefusal::Passkey`].
    pub async fn begin_passkey_sign_in(&self) -> Result<Begun, Failure<SignInRefusal>> {
        self.ask_for_passkey(None).await
    }

    /// Asks a person who is signed in to prove herself again.
    ///
    /// # Errors
    /// Those of [`Broker::begin_passkey_sign_in`], [`SignInRefusal::SignedOut`].
    pub async fn begin_passkey_proof(&self, token: &[u8; 32]) -> Result<Begun, Failure<SignInRefusal>> {
        self.ask_for_passkey(Some(token)).await
    }

    async fn ask_for_passkey(&self, token: Option<&[u8; 32]>) -> Result<Begun, Failure<SignInRefusal>> {
        let session = match token {
            Some(token) => Some(self.signed_in(token).await?.id),
            None => None,
        };
        let ceremony = self.passkeys()?.ask().map_err(refused)?;
        let question = Question {
            session,
            ..Question::of(CeremonyKind::PasskeySignIn, ceremony.keep)
        };
        Ok(Begun {
            value: self.ask(question).await?,
            options: ceremony.options,
        })
    }

    /// Signs in, or proves again, whoever answered. `value` is that of the browser's cookie.
    ///
    /// # Errors
    /// [`SignInRefusal::Expired`] for another browser, a second answer, or a late one; [`SignInRefusal::Passkey`];
    /// [`SignInRefusal::Frozen`]; [`SignInRefusal::NotYours`] when another person proved herself than is signed in.
    pub async fn finish_passkey_sign_in(
        &self,
        value: &[u8; 32],
        answer: &str,
        browser: Browser<'_>,
    ) -> Result<SignedIn, Failure<SignInRefusal>> {
        let port = self.passkeys()?;
        let ceremony = self.take(value, &[CeremonyKind::PasskeySignIn]).await?;
        let (account, _) = port.claimed(answer).map_err(refused)?;
        let rows = known(&mut *self.store.read().await?, account).await?;
        let keys: Vec<Passkey> = rows.iter().map(|row| row.passkey.clone()).collect();
        let used = port.recognise(&ceremony.keep, answer, &keys).map_err(refused)?;
        let row = rows.iter().find(|row| row.passkey.credential == used.credential);
        let row = row.ok_or_else(|| refused(PasskeyRefusal::Unknown))?;
        // Only whoever holds the key learns that it is frozen.
        if row.frozen_at.is_some() {
            return Err(Failure::Refused(SignInRefusal::Frozen));
        }
        let who = Recognised {
            account,
            proof: Proof {
                at: self.clock.now(),
                by: ProvedBy::Passkey { way: row.id },
            },
            used: Used::Passkey {
                id: row.id,
                state: used.state,
            },
        };
        self.let_in(who, ceremony.session, browser).await
    }

    /// Asks for the first passkey of whoever brings an invitation. `label` is what the authenticator shows.
    ///
    /// # Errors
    /// [`SignInRefusal::NotOffered`], [`SignInRefusal::Invitation`], [`SignInRefusal::TooMany`].
    pub async fn begin_passkey_by_invitation(
        &self,
        code: &str,
        label: &str,
    ) -> Result<Begun, Failure<SignInRefusal>> {
        self.passkeys()?;
        let (invitation, account) = self.invited_account(code).await?;
        let (ceremony, options) = self.offer(account, label).await?;
        let question = Question {
            account: Some(account),
            invitation: Some(invitation),
            ..ceremony
        };
        Ok(Begun {
            value: self.ask(question).await?,
            options,
        })
    }

    /// Asks a person who proved herself in the last ten minutes, or came with a recovery code, for another passkey.
    ///
    /// # Errors
    /// [`SignInRefusal::NotOffered`], [`SignInRefusal::SignedOut`], [`SignInRefusal::WithdrawingOnly`],
    /// [`SignInRefusal::ProveAgain`].
    pub async fn begin_passkey_link(
        &self,
        token: &[u8; 32],
        label: &str,
    ) -> Result<Begun, Failure<SignInRefusal>> {
        self.passkeys()?;
        let session = self.may_register(token).await?;
        let (ceremony, options) = self.offer(session.account, label).await?;
        let question = Question {
            account: Some(session.account),
            session: Some(session.id),
            ..ceremony
        };
        Ok(Begun {
            value: self.ask(question).await?,
            options,
        })
    }

    async fn offer(
        &self,
        account: AccountId,
        label: &str,
    ) -> Result<(Question, String), Failure<SignInRefusal>> {
        let rows = known(&mut *self.store.read().await?, account).await?;
        let keys: Vec<Passkey> = rows.into_iter().map(|row| row.passkey).collect();
        let ceremony = self.passkeys()?.offer(account, label, &keys).map_err(refused)?;
        let question = Question::of(CeremonyKind::PasskeyRegistration, ceremony.keep);
        Ok((question, ceremony.options))
    }

    /// Registers the passkey that the browser made, and its record in the person's list. `name` is what she calls it.
    ///
    /// # Errors
    /// [`SignInRefusal::Expired`], [`SignInRefusal::Name`], [`SignInRefusal::Passkey`], [`SignInRefusal::Taken`],
    /// [`SignInRefusal::Invitation`], [`SignInRefusal::SignedOut`], [`SignInRefusal::ProveAgain`],
    /// [`SignInRefusal::Frozen`].
    pub async fn finish_passkey_registration(
        &self,
        value: &[u8; 32],
        answer: &str,
        name: &str,
        browser: Browser<'_>,
    ) -> Result<Registration, Failure<SignInRefusal>> {
        let port = self.passkeys()?;
        let name = passkey_name(name)?;
        let ceremony = self.take(value, &[CeremonyKind::PasskeyRegistration]).await?;
        let passkey = port.register(&ceremony.keep, answer).map_err(refused)?;
        self.register(&ceremony, NewWay::Passkey { passkey, name }, browser)
            .await
    }
}

/// The passkeys of an account that are not revoked.
async fn known(read: &mut (dyn Read + '_), account: AccountId) -> Result<Vec<PasskeyRow>, Fault> {
    let rows = read.passkeys_of(account).await?;
    Ok(rows.into_iter().filter(|row| row.revoked_at.is_none()).collect())
}

/// A name without spaces around it.
pub(super) fn passkey_name(name: &str) -> Result<String, Failure<SignInRefusal>> {
    let name = name.trim();
    let fits = (1..=LONGEST_NAME).contains(&name.chars().count()) && !name.contains(char::is_control);
    if fits {
        Ok(name.to_owned())
    } else {
        Err(Failure::Refused(SignInRefusal::Name))
    }
}

fn refused(refusal: PasskeyRefusal) -> Failure<SignInRefusal> {
    Failure::Refused(refusal.into())
}
