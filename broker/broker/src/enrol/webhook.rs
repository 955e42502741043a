//! How an application is told of withdrawals: its webhook, the key that it answers with, and its role.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use broker_domain::ids::ApplicationId;
use broker_mail::may_be_called;
use broker_store::{Duty, RouteRow};
use evidence::jcs;
use evidence::jws::Jwk;
use serde::Deserialize;

/// As `[application.webhook]` describes it, and `[enrolled.webhook]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Webhook {
    /// Where notices are posted.
    url: String,
    /// File with the public JWK (Ed25519 or P-256) that answers are verified with.
    signing_jwk: PathBuf,
    /// `processor` or `controller`.
    role: String,
}

/// `[[enrolled]]`: that of an application which is enrolled already.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookOf {
    /// Which.
    pub application: String,
    /// As above.
    pub webhook: Webhook,
}

impl Webhook {
    /// Reads and checks it.
    pub fn read(&self, application: ApplicationId, folder: &Path) -> Result<RouteRow> {
        ensure!(
            may_be_called(&self.url),
            "`{}` may not be called: a webhook is `https://` and a name, or `http://127.0.0.1` on this machine",
            self.url
        );
        let duty = Duty::from_code(&self.role);
        let duty =
            duty.with_context(|| format!("`role` is `processor` or `controller`, not `{}`", self.role))?;
        let text = super::read(folder, &self.signing_jwk)?;
        let key: serde_json::Value = serde_json::from_str(&text).context("`signing_jwk` is no JSON")?;
        ensure!(
            key.get("d").is_none(),
            "`signing_jwk` holds a private key; replace that key and give the public part only"
        );
        // Members that say how the key is used are dropped: what is kept has one spelling.
        let required = ["crv", "kty", "x", "y"].into_iter();
        let required = required.filter_map(|name| Some((name.to_owned(), key.get(name)?.clone())));
        let required = serde_json::Value::Object(required.collect());
        let key: Jwk = serde_json::from_value(required)
            .context("`signing_jwk` is a public key, Ed25519 (OKP) or P-256 (EC)")?;
        let jwk = jcs::to_bytes(&key).context("the signing key cannot be written")?;
        Ok(RouteRow {
            application,
            webhook_url: self.url.clone(),
            signing_jwk: String::from_utf8(jwk)?,
            duty,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        r#"{"kty":"OKP","crv":"Ed25519","use":"sig","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

    fn described(url: &str, role: &str) -> Webhook {
        Webhook {
            url: url.into(),
            signing_jwk: "sig.jwk".into(),
            role: role.into(),
        }
    }

    #[test]
    fn a_webhook_is_kept_with_its_key_in_one_spelling() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("sig.jwk"), KEY).unwrap();
        let id = ApplicationId::from_bytes([1; 16]);
        let row = described("https://app.example/hook", "processor").read(id, folder.path());
        let row = row.unwrap();
        assert_eq!(row.duty, Duty::Delete);
        assert_eq!(
            row.signing_jwk,
            r#"{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#
        );
        for (url, role) in [
            ("http://app.example/hook", "processor"),
            ("https://10.0.0.1/hook", "processor"),
            ("https://app.example/hook", "friend"),
        ] {
            assert!(
                described(url, role).read(id, folder.path()).is_err(),
                "{url} {role}"
            );
        }
        for key in ["{}", "no JSON", &KEY.replace("\"use\"", "\"d\"")] {
            std::fs::write(folder.path().join("sig.jwk"), key).unwrap();
            let refused = described("https://app.example/hook", "processor").read(id, folder.path());
            assert!(refused.is_err(), "{key}");
        }
    }
}
