//! How messages leave, from the configuration; and the task that does the duties.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use broker_domain::telling::{MailAddress, Post, ShortPost};
use broker_domain::volume::VolumeRule;
use broker_mail::{
    GatewaySettings, Networks, Outbox, Security, Sender, ShortOutbox, SmsGateway, SmtpPost, SmtpSettings,
    Webhooks,
};
use broker_service::{Broker, Duties, TellingParts, short_messages_fit};
use tokio::task::JoinSet;

use crate::assemble::Home;
use crate::config::{Config, Messages, MessagesKind, MessagesTls, SmsKind};
use crate::sign_in::secret;

/// Longest that the mail server may take for one letter.
const PATIENCE: Duration = Duration::from_secs(20);
/// Longest that a gateway may take for one short message, in s, unless configured; and the most that may be.
const SMS_SECONDS: (u64, u64) = (10, 60);

/// What duties stand on, as configured. Nobody is called.
///
/// # Errors
/// When the section `[messages]` is wrong or a file of it cannot be read.
pub fn parts(config: &Config) -> Result<TellingParts> {
    let networks = match config.messages.webhooks_in_private_networks {
        true => Networks::PrivateToo,
        false => Networks::Public,
    };
    Ok(TellingParts {
        post: post(config).context("the section [messages] of the configuration")?,
        short: short(config).context("the section [messages.sms] of the configuration")?,
        caller: Arc::new(Webhooks::new(networks)),
        site: config.site.clone(),
        operator: config.operator.name.clone(),
        staff: staff(config.messages.officers.as_deref())?,
        volume: config.unusual_volume.rule()?,
    })
}

fn staff(address: Option<&str>) -> Result<Option<MailAddress>> {
    let address = address.map(|text| {
        text.parse::<MailAddress>()
            .with_context(|| format!("`officers` of the section [messages] is `{text}`"))
    });
    address.transpose()
}

/// Those of the demonstration: an outbox in its folder, and webhooks of this machine or public ones.
///
/// # Errors
/// When the folder cannot be made.
pub fn demo_parts(home: &Home, site: &str, operator: &str) -> Result<TellingParts> {
    let sender = Sender::parse("Fiducie <no-reply@fiducie.invalid>")?;
    Ok(TellingParts {
        post: Arc::new(Outbox::open(home.outbox(), sender).context("the outbox cannot be made")?),
        short: Arc::new(ShortOutbox::open(home.outbox()).context("the outbox cannot be made")?),
        caller: Arc::new(Webhooks::new(Networks::Public)),
        site: site.to_owned(),
        operator: operator.to_owned(),
        staff: staff(Some("officers@fiducie.example"))?,
        volume: VolumeRule::default(),
    })
}

/// Does the duties until the set is dropped.
pub fn begin(broker: &Arc<Broker>, parts: TellingParts) -> JoinSet<()> {
    let mut task = JoinSet::new();
    task.spawn(Duties::new(Arc::clone(broker), parts).run());
    task
}

fn post(config: &Config) -> Result<Arc<dyn Post>> {
    let messages = &config.messages;
    let from = messages.from.as_ref().unwrap_or(&config.operator.contact_email);
    let sender = Sender::parse(from).with_context(|| format!("`from` is `{from}`"))?;
    match messages.kind {
        MessagesKind::Outbox => {
            ensure!(
                messages.host.is_none() && messages.user.is_none() && messages.password_file.is_none(),
                "`host`, `user` and `password_file` are for `kind = \"smtp\"`; this is an outbox"
            );
            let home = Home::at(&config.data).outbox();
            let folder = messages.folder.clone().unwrap_or(home);
            let outbox = Outbox::open(folder.clone(), sender);
            Ok(Arc::new(outbox.with_context(|| {
                format!("the outbox `{}` cannot be made", folder.display())
            })?))
        }
        MessagesKind::Smtp => Ok(Arc::new(SmtpPost::new(smtp(messages)?, sender)?)),
    }
}

fn short(config: &Config) -> Result<Arc<dyn ShortPost>> {
    let sms = &config.messages.sms;
    match sms.kind {
        SmsKind::Outbox => {
            ensure!(
                sms.url.is_none() && sms.token_file.is_none() && sms.time_limit_s.is_none(),
                "`url`, `token_file` and `time_limit_s` are for `kind = \"http\"`; this is an outbox"
            );
            let folder = sms.folder.clone();
            let folder = folder.unwrap_or_else(|| Home::at(&config.data).outbox());
            let outbox = ShortOutbox::open(folder.clone());
            Ok(Arc::new(outbox.with_context(|| {
                format!("the outbox `{}` cannot be made", folder.display())
            })?))
        }
        SmsKind::Http => {
            ensure!(
                short_messages_fit(&config.site),
                "`site` is too long, or holds characters outside of the alphabet of short messages: no text with it fits one SMS"
            );
            ensure!(
                sms.folder.is_none(),
                "`folder` is for `kind = \"outbox\"`; this is a gateway"
            );
            let (usual, most) = SMS_SECONDS;
            let seconds = sms.time_limit_s.unwrap_or(usual);
            ensure!((1..=most).contains(&seconds), "`time_limit_s` is 1 to {most}");
            let url = sms
                .url
                .clone()
                .context("`url` is missing: where the gateway is")?;
            let token = sms.token_file.as_ref().context("`token_file` is missing")?;
            Ok(Arc::new(SmsGateway::new(GatewaySettings {
                url,
                token: secret(token)?,
                networks: match sms.in_private_network {
                    true => Networks::PrivateToo,
                    false => Networks::Public,
                },
                patience: Duration::from_secs(seconds),
            })?))
        }
    }
}

fn smtp(messages: &Messages) -> Result<SmtpSettings> {
    ensure!(
        messages.folder.is_none(),
        "`folder` is for `kind = \"outbox\"`; this is a mail server"
    );
    let host = messages.host.clone();
    let host = host.context("`host` is missing: the name of the mail server")?;
    let (security, usual) = match messages.tls {
        MessagesTls::Implicit => (Security::Implicit, 465),
        MessagesTls::StartTls => (Security::StartTls, 587),
        MessagesTls::None => (Security::Plain, 25),
    };
    let credentials = match (&messages.user, &messages.password_file) {
        (Some(user), Some(file)) => Some((user.clone(), secret(file)?)),
        (None, None) => None,
        (Some(_), None) => anyhow::bail!("`password_file` is missing beside `user`"),
        (None, Some(_)) => anyhow::bail!("`user` is missing beside `password_file`"),
    };
    let authority = messages.authority.as_ref().map(|path| {
        std::fs::read(path)
            .with_context(|| format!("the authority's certificate `{}` cannot be read", path.display()))
    });
    Ok(SmtpSettings {
        host,
        port: messages.port.unwrap_or(usual),
        security,
        credentials,
        authority: authority.transpose()?,
        patience: PATIENCE,
    })
}
