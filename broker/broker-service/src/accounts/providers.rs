//! OpenID Connect providers: there and back.

use broker_domain::identity::{
    Arrival, Freshness, Identity, IdentityProviders, Provider, ProviderId, ProviderRefusal,
};
use broker_domain::ids::{AccountId, WayId};
use broker_domain::time::Instant;
use broker_store::{CeremonyKind, CeremonyRow, IdentityRow, Proof, ProvedBy};

use super::attempts::may_begin;
use super::register::NewWay;
use super::{
    Browser, FRESH_SECONDS, Question, Recognised, Registration, SignInRefusal, SignedIn, Used, question_owner,
};
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::sessions::sha256;

/// Where the browser is sent.
pub struct Departed {
    /// For a cookie of the browser that lives ten minutes, and comes along on the way back (`SameSite=Lax`).
    pub value: [u8; 32],
    /// The provider's address with the question.
    pub url: String,
}

/// A browser that came back, and where: each provider has an address of its own, so that an answer of one is never taken
/// for that of another (RFC 9700 §4.4.2.2).
pub struct Back<'a> {
    /// The provider to which the address of return belongs.
    pub provider: &'a ProviderId,
    /// `state` of the query.
    pub state: &'a str,
    /// The rest of it.
    pub arrival: &'a Arrival,
}

/// What came of it.
pub enum Arrived {
    /// Somebody signed in, or proved herself again.
    SignedIn {
        /// Who.
        signed_in: SignedIn,
        /// Where to send the browser at the end, so that the provider's session ends too.
        goodbye: Option<String>,
    },
    /// An identity was linked.
    Linked(Registration),
}

impl Broker {
    fn providers(&self) -> Result<&dyn IdentityProviders, Failure<SignInRefusal>> {
        let port = self.sign_in.providers.as_deref();
        port.ok_or(Failure::Refused(SignInRefusal::NotOffered))
    }

    /// The providers that are offered, in the order of the configuration.
    #[must_use]
    pub fn offered_providers(&self) -> &[Provider] {
        self.sign_in
            .providers
            .as_deref()
            .map_or(&[], |port| port.offered())
    }

    /// Sends whoever comes to a provider.
    ///
    /// # Errors
    /// [`SignInRefusal::NotOffered`], [`SignInRefusal::Provider`].
    pub async fn begin_provider_sign_in(
        &self,
        provider: &ProviderId,
    ) -> Result<Departed, Failure<SignInRefusal>> {
        let question = Question::of(CeremonyKind::ProviderSignIn, Vec::new());
        self.depart(provider, Freshness::Any, question).await
    }

    /// Sends a person who is signed in to a provider, to prove herself again there.
    ///
    /// # Errors
    /// Those of [`Broker::begin_provider_sign_in`], [`SignInRefusal::SignedOut`].
    pub async fn begin_provider_proof(
        &self,
        token: &[u8; 32],
        provider: &ProviderId,
    ) -> Result<Departed, Failure<SignInRefusal>> {
        let question = Question {
            session: Some(self.signed_in(token).await?.id),
            ..Question::of(CeremonyKind::ProviderSignIn, Vec::new())
        };
        self.depart(provider, Freshness::Now, question).await
    }

    /// Sends whoever brings an invitation to the provider with which she will sign in.
    ///
    /// # Errors
    /// [`SignInRefusal::NotOffered`], [`SignInRefusal::Provider`], [`SignInRefusal::Invitation`],
    /// [`SignInRefusal::TooMany`].
    pub async fn begin_provider_by_invitation(
        &self,
        code: &str,
        provider: &ProviderId,
    ) -> Result<Departed, Failure<SignInRefusal>> {
        self.providers()?;
        let (invitation, account) = self.invited_account(code).await?;
        let question = Question {
            account: Some(account),
            invitation: Some(invitation),
            ..Question::of(CeremonyKind::ProviderRegistration, Vec::new())
        };
        self.depart(provider, Freshness::Any, question).await
    }

    /// Sends a person who proved herself in the last ten minutes, or came with a recovery code, to another provider.
    ///
    /// # Errors
    /// [`SignInRefusal::NotOffered`], [`SignInRefusal::Provider`], [`SignInRefusal::SignedOut`],
    /// [`SignInRefusal::WithdrawingOnly`], [`SignInRefusal::ProveAgain`].
    pub async fn begin_provider_link(
        &self,
        token: &[u8; 32],
        provider: &ProviderId,
    ) -> Result<Departed, Failure<SignInRefusal>> {
        self.providers()?;
        let session = self.may_register(token).await?;
        let question = Question {
            account: Some(session.account),
            session: Some(session.id),
            ..Question::of(CeremonyKind::ProviderRegistration, Vec::new())
        };
        // A session that somebody else left open at the provider must not become a way in.
        self.depart(provider, Freshness::Now, question).await
    }

    async fn depart(
        &self,
        provider: &ProviderId,
        freshness: Freshness,
        question: Question,
    ) -> Result<Departed, Failure<SignInRefusal>> {
        // Before the provider is asked anything.
        let owner = question_owner(question.account, question.session);
        may_begin(&mut *self.store.read().await?, owner, self.clock.now()).await?;
        let departure = self
            .providers()?
            .depart(provider, freshness)
            .await
            .map_err(refused)?;
        let question = Question {
            state: Some(sha256(departure.state.as_bytes())),
            keep: kept(provider, &departure.keep),
            ..question
        };
        Ok(Departed {
            value: self.ask(question).await?,
            url: departure.url,
        })
    }

    /// Takes in whoever comes back from a provider. `value` is that of the browser's cookie: it, the provider and `state`
    /// must be of one departure.
    ///
    /// # Errors
    /// [`SignInRefusal::Expired`] for another browser, provider or `state`, a second answer, or a late one;
    /// [`SignInRefusal::Provider`]; [`SignInRefusal::Stranger`], [`SignInRefusal::Frozen`], [`SignInRefusal::NotYours`];
    /// and for a link those of [`Broker::finish_passkey_registration`].
    pub async fn finish_provider(
        &self,
        value: &[u8; 32],
        back: Back<'_>,
        browser: Browser<'_>,
    ) -> Result<Arrived, Failure<SignInRefusal>> {
        let port = self.providers()?;
        let kinds = [CeremonyKind::ProviderSignIn, CeremonyKind::ProviderRegistration];
        let ceremony = self.take(value, &kinds).await?;
        // Hashes are compared: how many of their bytes agree tells nothing about the state.
        let (provider, keep) = unpacked(&ceremony)?;
        if ceremony.state != Some(sha256(back.state.as_bytes())) || provider != *back.provider {
            return Err(Failure::Refused(SignInRefusal::Expired));
        }
        let identity = port.arrive(keep, back.arrival).await.map_err(refused)?;
        let subject = self.vault.provider_subject(&identity.issuer, &identity.subject);
        if ceremony.kind == CeremonyKind::ProviderRegistration {
            let row = self.new_identity(&ceremony, provider, &identity, subject)?;
            let linked = self.register(&ceremony, NewWay::Identity(row), browser).await?;
            return Ok(Arrived::Linked(linked));
        }
        let row = self
            .store
            .read()
            .await?
            .identity(&identity.issuer, subject)
            .await?;
        let row = row.ok_or(Failure::Refused(SignInRefusal::Stranger))?;
        if row.frozen_at.is_some() {
            return Err(Failure::Refused(SignInRefusal::Frozen));
        }
        let who = Recognised {
            account: row.account,
            proof: Proof {
                at: self.proved_at(&identity),
                by: ProvedBy::Provider {
                    way: row.id,
                    issuer: identity.issuer,
                    assurance: identity.assurance,
                },
            },
            used: Used::Identity { id: row.id },
        };
        let signed_in = self.let_in(who, ceremony.session, browser).await?;
        Ok(Arrived::SignedIn {
            signed_in,
            goodbye: identity.goodbye,
        })
    }

    /// When the person proved herself, as her provider says, and never later than now. One that does not say counts as
    /// too long ago for whatever needs a fresh proof.
    fn proved_at(&self, identity: &Identity) -> Instant {
        let now = self.clock.now();
        let unsaid = now.plus_seconds(-FRESH_SECONDS);
        identity.proved_at.unwrap_or(unsaid).min(now)
    }

    fn new_identity(
        &self,
        ceremony: &CeremonyRow,
        provider: ProviderId,
        identity: &Identity,
        subject: [u8; 32],
    ) -> Result<IdentityRow, Failure<SignInRefusal>> {
        let account: Option<AccountId> = ceremony.account;
        Ok(IdentityRow {
            id: WayId::random(&*self.entropy)?,
            account: account.ok_or(Failure::Refused(SignInRefusal::Expired))?,
            provider,
            issuer: identity.issuer.clone(),
            subject,
            added_at: self.clock.now(),
            last_used_at: None,
            frozen_at: None,
        })
    }
}

/// The provider's short name, a line end, and what its port needs.
fn kept(provider: &ProviderId, keep: &[u8]) -> Vec<u8> {
    [provider.as_str().as_bytes(), b"\n", keep].concat()
}

fn unpacked(ceremony: &CeremonyRow) -> Result<(ProviderId, &[u8]), Fault> {
    let corrupt = || Fault::Corrupt { what: "ceremony" };
    let end = ceremony
        .keep
        .iter()
        .position(|byte| *byte == b'\n')
        .ok_or_else(corrupt)?;
    let (name, keep) = ceremony.keep.split_at_checked(end).ok_or_else(corrupt)?;
    let name = std::str::from_utf8(name).map_err(|_| corrupt())?;
    let provider = name.parse().map_err(|_| corrupt())?;
    Ok((provider, keep.get(1..).ok_or_else(corrupt)?))
}

fn refused(refusal: ProviderRefusal) -> Failure<SignInRefusal> {
    Failure::Refused(refusal.into())
}
