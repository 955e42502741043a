//! The ways to sign in that the configuration offers.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use broker_domain::time::{Clock, Entropy};
use broker_identity::{ClientProof, OidcProviders, ProviderConfig, Site, WebauthnPasskeys};
use broker_service::SignInParts;
use consent_ui::paths;
use evidence::passkey::{RelyingParty, RpId};
use secrecy::SecretString;

use crate::config::{Config, Passkeys, Provider};

/// Passkeys, where the site can have them and unless switched off, and the providers of the configuration.
///
/// # Errors
/// When the site cannot have passkeys and must, or a provider is described wrongly. None is asked: one that is down keeps nobody
/// else from signing in.
pub fn parts(config: &Config, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Result<SignInParts> {
    let sign_in = &config.sign_in;
    let passkeys = match (sign_in.passkeys, WebauthnPasskeys::new(&site(config)?)) {
        (Passkeys::Off, _) => None,
        (_, Ok(port)) => Some(Arc::new(port) as Arc<_>),
        (Passkeys::On, Err(error)) => {
            return Err(error).context(
                "this site cannot have passkeys: they need https and a host name, or http://localhost",
            );
        }
        (Passkeys::Possible, Err(error)) => {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "nobody can sign in with a passkey at this site");
            None
        }
    };
    let described = sign_in.providers.iter().map(|one| provider(config, one));
    let described = described.collect::<Result<Vec<_>>>()?;
    let providers = match described.is_empty() {
        true => None,
        false => Some(Arc::new(OidcProviders::new(described, clock, entropy)?) as Arc<_>),
    };
    let signing = passkeys.as_ref().and_then(|_| party(site(config).ok()?));
    Ok(SignInParts {
        providers,
        passkeys,
        signing,
    })
}

/// Passkeys at an address of this machine, where browsers take them there; nothing else.
pub fn passkeys_at(url: &str, name: &str) -> SignInParts {
    let authority = url.split_once("://").map_or(url, |(_, authority)| authority);
    let site = Site {
        rp_id: host_of(authority).to_owned(),
        origin: url.to_owned(),
        name: name.to_owned(),
    };
    let passkeys = WebauthnPasskeys::new(&site).ok();
    let signing = passkeys.as_ref().and_then(|_| party(site));
    SignInParts {
        providers: None,
        passkeys: passkeys.map(|port| Arc::new(port) as Arc<_>),
        signing,
    }
}

fn host_of(authority: &str) -> &str {
    authority.rsplit_once(':').map_or(authority, |(host, _)| host)
}

/// Who asks for signatures over terms: the same site as for sign-in.
fn party(site: Site) -> Option<RelyingParty> {
    let rp_id = RpId::try_from(site.rp_id).ok()?;
    RelyingParty::new(rp_id, site.origin).ok()
}

fn site(config: &Config) -> Result<Site> {
    let authority = config.site.split_once("://").map(|(_, authority)| authority);
    let authority = authority.context("`site` is an address such as https://broker.example")?;
    let host = host_of(authority);
    Ok(Site {
        rp_id: config.sign_in.rp_id.clone().unwrap_or_else(|| host.to_owned()),
        origin: config.site.clone(),
        name: config.operator.name.clone(),
    })
}

fn provider(config: &Config, one: &Provider) -> Result<ProviderConfig> {
    let back = format!("{}{}", config.site, paths::provider_return(&one.id));
    let id = one
        .id
        .parse()
        .with_context(|| format!("`{}` names no provider", one.id))?;
    let mut described = ProviderConfig::new(
        id,
        &one.name,
        &one.issuer,
        &one.client_id,
        ClientProof::Secret(secret(&one.client_secret_file)?),
        &back,
    );
    described.acr_values.clone_from(&one.acr_values);
    if let Some(skew) = one.clock_skew_s {
        described.clock_skew_s = skew;
    }
    Ok(described)
}

/// A secret from its file, without the line end that editors leave.
pub fn secret(path: &Path) -> Result<SecretString> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("the secret `{}` cannot be read", path.display()))?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        bail!("the secret `{}` is empty", path.display());
    }
    Ok(SecretString::from(text.to_owned()))
}
