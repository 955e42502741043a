//! Messages that bring a code: which one, while it can be of use.

use broker_domain::entered::{CodeWindow, Standing};
use broker_domain::time::Instant;
use broker_store::{MessageKind, MessageRow};
use broker_vault::{DataKey, SealedText};
use secrecy::ExposeSecret as _;

use super::Duties;
use crate::accounts::shown;
use crate::failure::Fault;

/// A code that waits to be sent.
pub(super) struct Brought {
    kind: MessageKind,
    sealed: Vec<u8>,
    /// The day that its message names.
    pub day: Option<Instant>,
}

impl Brought {
    /// The code as people type it; `None` when it does not open.
    pub fn open(&self, key: &DataKey) -> Option<String> {
        let sealed = SealedText(self.sealed.clone());
        let code = match self.kind {
            MessageKind::CodePrepared | MessageKind::CapacityEntered => {
                broker_vault::open_stop_code(key, &sealed)
            }
            _ => broker_vault::open_mail_code(key, &sealed),
        };
        code.ok().map(|code| shown(code.expose_secret()))
    }
}

impl Duties {
    /// The sealed code that a message brings, while it can be of use.
    pub(super) async fn code_of(&self, row: &MessageRow, now: Instant) -> Result<Option<Brought>, Fault> {
        let mut read = self.broker.store.read().await?;
        Ok(match row.kind {
            MessageKind::AddressCode => {
                let pending = read.mail_pending(row.participant).await?;
                let pending = pending.filter(|pending| pending.message == row.id && now < pending.expires_at);
                pending.map(|pending| Brought {
                    kind: row.kind,
                    sealed: pending.code_sealed,
                    day: None,
                })
            }
            MessageKind::CodePrepared => {
                let Some(stop) = read.stop_code_of(row.id).await? else {
                    return Ok(None);
                };
                let act = read.entered(stop.act).await?;
                // One that was stopped meanwhile has no day.
                // Her days run from this message.
                match act.and_then(|row| row.act.code_window(Some(now))) {
                    Some(CodeWindow::Known { from, .. }) => Some(Brought {
                        kind: row.kind,
                        sealed: stop.sealed,
                        day: Some(from),
                    }),
                    Some(CodeWindow::Untold { .. }) | None => None,
                }
            }
            MessageKind::CapacityEntered => {
                let Some(stop) = read.stop_code_of(row.id).await? else {
                    return Ok(None);
                };
                let act = read.entered(stop.act).await?.map(|row| row.act);
                // Decided or expired meanwhile: there is nothing to stop any more.
                act.filter(|act| act.standing(now) == Standing::Waiting)
                    .map(|act| Brought {
                        kind: row.kind,
                        sealed: stop.sealed,
                        day: Some(act.expires_at()),
                    })
            }
            _ => None,
        })
    }
}
