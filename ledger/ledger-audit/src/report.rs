//! What is told at the end, in sentences or as JSON.

use std::{
    error::Error,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use evidence::bundle::KeySource;
use ledger_core::{key_chain::KeyChain, note::Vkey};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// Everything that was asked for verified.
#[derive(Debug, Default)]
pub struct Report {
    /// One sentence that sums up.
    pub summary: String,
    /// What was checked.
    pub checked: Vec<String>,
    /// What was not, and why that matters.
    pub not_checked: Vec<String>,
    /// Members for JSON readers.
    pub details: Map<String, Value>,
}

/// Why nothing was verified.
#[derive(Debug)]
pub enum Failure {
    /// The evidence is wrong.
    Refused(String),
    /// The log signed two histories.
    SplitView {
        /// Which.
        reason: String,
        /// Where the proof was written, if anywhere.
        evidence: Option<PathBuf>,
    },
    /// The evidence could not be judged.
    CouldNotCheck(anyhow::Error),
}

impl Failure {
    /// The same refusal, beginning with what it is about.
    #[must_use]
    pub fn about(self, what: &str) -> Self {
        match self {
            Self::Refused(reason) => Self::Refused(format!("`{what}`: {reason}")),
            other => other,
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::CouldNotCheck(error)
    }
}

/// A refusal with all its causes in one sentence.
pub fn refused(error: impl Error) -> Failure {
    let mut sentence = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        // Transparent errors repeat the text of their cause.
        if !sentence.ends_with(&cause.to_string()) {
            sentence = format!("{sentence}: {cause}");
        }
        source = cause.source();
    }
    Failure::Refused(sentence)
}

impl Report {
    /// Adds a sentence to what was checked.
    pub fn check(&mut self, sentence: impl Into<String>) {
        self.checked.push(sentence.into());
    }

    /// Adds a sentence to what was not checked.
    pub fn skip(&mut self, sentence: impl Into<String>) {
        self.not_checked.push(sentence.into());
    }

    /// Adds a member for JSON readers.
    pub fn detail(&mut self, name: &str, value: impl Serialize) {
        self.details.insert(name.to_owned(), json!(value));
    }

    /// Says how the log changed its key, if it did.
    pub fn chain(&mut self, chain: &KeyChain) {
        self.detail("key_changes", chain.changes());
        if chain.changes() > 0 {
            let newest = chain.newest().to_string();
            self.check(format!(
                "The log changed its key {} times, each time under the key before; now it signs with {newest}.",
                chain.changes()
            ));
            self.detail("newest_log_key", newest);
        }
        if chain.skipped() > 0 {
            self.skip(format!(
                "The {} key changes before your key: give the log's first key to have them verified.",
                chain.skipped()
            ));
        }
    }

    /// Says whose word the log's key is.
    pub fn key(&mut self, key: &Vkey, source: KeySource, carrier: &str) {
        self.detail("log_key", key.to_string());
        match source {
            KeySource::Pinned => {
                self.detail("log_key_source", "given");
                self.check(format!("The checkpoint is signed by the key you gave, {key}."));
            }
            KeySource::Evidence => {
                self.detail("log_key_source", carrier);
                self.check(format!("The checkpoint is signed by {key}."));
                self.skip(format!(
                    "Whether that key is the right one: the key was taken from the {carrier} itself. Give the key you \
                     trust with --log-key."
                ));
            }
        }
    }
}

/// Prints the outcome and gives the exit status.
pub fn print(outcome: Result<Report, Failure>, as_json: bool) -> ExitCode {
    let status = match &outcome {
        Ok(_) => 0,
        Err(Failure::Refused(_) | Failure::SplitView { .. }) => 1,
        Err(Failure::CouldNotCheck(_)) => 2,
    };
    let text = if as_json {
        format!("{}\n", json(outcome))
    } else {
        sentences(outcome)
    };
    // Nobody is left to tell when standard output is closed.
    let _ = io::stdout().lock().write_all(text.as_bytes());
    ExitCode::from(status)
}

fn json(outcome: Result<Report, Failure>) -> Value {
    match outcome {
        Ok(report) => json!({
            "result": "verified",
            "summary": report.summary,
            "checked": report.checked,
            "not_checked": report.not_checked,
            "details": report.details,
        }),
        Err(Failure::Refused(reason)) => json!({"result": "refused", "reason": reason}),
        Err(Failure::SplitView { reason, evidence }) => {
            json!({"result": "refused", "reason": reason, "split_view": true, "evidence": evidence})
        }
        Err(Failure::CouldNotCheck(error)) => {
            json!({"result": "could-not-check", "reason": format!("{error:#}")})
        }
    }
}

fn sentences(outcome: Result<Report, Failure>) -> String {
    match outcome {
        Ok(report) => {
            let mut lines = vec![format!("VERIFIED. {}", report.summary), "Checked:".to_owned()];
            lines.extend(report.checked.iter().map(|sentence| format!("  + {sentence}")));
            if !report.not_checked.is_empty() {
                lines.push("Not checked:".to_owned());
                lines.extend(
                    report
                        .not_checked
                        .iter()
                        .map(|sentence| format!("  - {sentence}")),
                );
            }
            lines.iter().map(|line| format!("{line}\n")).collect()
        }
        Err(Failure::Refused(reason)) => format!("REFUSED: {reason}.\n"),
        Err(Failure::SplitView { reason, evidence }) => {
            let kept = match evidence {
                Some(path) => format!(
                    "The proof is in `{path}`: give it to others, who verify it with `ledger-audit split-view`.",
                    path = path.display()
                ),
                None => "Run again with --evidence FILE to keep a proof that others can verify.".to_owned(),
            };
            format!("REFUSED: the log signed two histories: {reason}.\n{kept}\n")
        }
        Err(Failure::CouldNotCheck(error)) => format!("COULD NOT CHECK: {error:#}.\n"),
    }
}
