//! The transfers under one of a person's consents, as a CSV file.

use std::fmt::Write as _;
use std::sync::Arc;

use broker_domain::ids::{ConsentId, ParticipantId};
use broker_domain::mandate::Hand;
use broker_store::{Direction, Outcome, Page, TransferRow};
use tokio::sync::mpsc;

use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::own::OwnRefusal;
use crate::own_copy::CopyPieces;

/// The first line.
const HEADER: &str = "at,direction,outcome,refusal,recipient,purpose,from,until,step_s,values,leaf\n";
/// Pieces that wait for a slow reader.
const BUFFER: usize = 4;
/// Lines of one piece.
const LINES: u32 = 200;

impl Broker {
    /// Every transfer under one consent of hers, newest first: a page at a time, whatever there are.
    ///
    /// # Errors
    /// See [`OwnRefusal`]; what fails while the file is made ends the stream.
    pub async fn own_transfers_file(
        self: &Arc<Self>,
        who: impl Into<Hand>,
        consent: ConsentId,
    ) -> Result<CopyPieces, Failure<OwnRefusal>> {
        let hand = who.into();
        let who = hand.person();
        let recipient = {
            let mut read = self.store.read().await?;
            let hers = read.consent(consent).await?;
            let hers = hers.filter(|consent| consent.participant == who);
            let hers = hers.ok_or(Failure::Refused(OwnRefusal::NotYours))?;
            self.read_own_at(hand, hers.point)?;
            let recipient = read.organisation(hers.recipient).await?;
            recipient.map_or_else(|| hers.recipient.to_string(), |row| row.name)
        };
        let (pieces, file) = mpsc::channel(BUFFER);
        let broker = Arc::clone(self);
        tokio::spawn(async move {
            if let Err(fault) = broker.write_transfers(who, consent, &recipient, &pieces).await {
                tracing::error!(
                    error = &fault as &dyn std::error::Error,
                    "a list of transfers broke off"
                );
                // A reader that went away needs no word of it.
                let _ = pieces.send(Err(fault)).await;
            }
        });
        Ok(file)
    }

    async fn write_transfers(
        &self,
        who: ParticipantId,
        consent: ConsentId,
        recipient: &str,
        pieces: &mpsc::Sender<Result<Vec<u8>, Fault>>,
    ) -> Result<(), Fault> {
        let mut text = HEADER.to_owned();
        let mut before = Some(u64::MAX);
        while let Some(before_leaf) = before {
            let page = Page {
                before_leaf,
                limit: LINES,
            };
            let history = self.consent_history(who, consent, page).await?;
            for row in &history.rows {
                line(&mut text, row, recipient);
            }
            if pieces
                .send(Ok(std::mem::take(&mut text).into_bytes()))
                .await
                .is_err()
            {
                return Ok(());
            }
            before = history.older;
        }
        Ok(())
    }
}

fn line(text: &mut String, row: &TransferRow, recipient: &str) {
    let direction = match row.direction {
        Direction::In => "in",
        Direction::Out => "out",
    };
    let (outcome, refusal) = match &row.outcome {
        Outcome::Done => ("done", ""),
        Outcome::Refused { code } => ("refused", code.as_str()),
    };
    let recipient = match row.direction {
        Direction::In => String::new(),
        Direction::Out => quoted(recipient),
    };
    let purpose = row.purpose.as_ref().map_or("", |purpose| purpose.as_str());
    let step = row
        .step
        .map_or_else(String::new, |step| step.seconds().to_string());
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "{},{direction},{outcome},{refusal},{recipient},{purpose},{},{},{step},{},{}",
        row.at.to_timestamp(),
        row.span.start().to_timestamp(),
        row.span.end().to_timestamp(),
        row.rows,
        row.leaf_index
    );
}

/// RFC 4180 §2: quotes around, doubled inside. A cell that a spreadsheet would run gets an apostrophe before it.
fn quoted(text: &str) -> String {
    let tame = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    format!("\"{}\"", tame.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_name_is_no_formula_and_breaks_no_line() {
        assert_eq!(
            quoted("Labo \"Énergie\", Bruxelles"),
            "\"Labo \"\"Énergie\"\", Bruxelles\""
        );
        assert_eq!(quoted("=1+1"), "\"'=1+1\"");
    }
}
