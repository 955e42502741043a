//! Witnesses that answer after their question was over. A signature is as good whenever it comes, so it counts for the
//! checkpoint that the witness was asked about: under load there is always a newer one, and witnesses slower than the
//! time limit would otherwise never count.

use std::sync::{Arc, Mutex, PoisonError};

use ledger_core::{checkpoint::SignedCheckpoint, note::NoteSignature};
use tokio::sync::Notify;

use super::{Answered, WitnessReport};

/// One question, for as long as somebody may still answer it.
pub struct Question {
    asked: SignedCheckpoint,
    /// With the cosignatures that came until now.
    so_far: Mutex<SignedCheckpoint>,
}

impl Question {
    pub fn about(checkpoint: &SignedCheckpoint) -> Self {
        Self {
            asked: checkpoint.clone(),
            so_far: Mutex::new(checkpoint.clone()),
        }
    }

    pub const fn asked(&self) -> &SignedCheckpoint {
        &self.asked
    }

    pub fn so_far(&self) -> SignedCheckpoint {
        self.so_far.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps what came.
    pub fn ends_with(&self, cosigned: &SignedCheckpoint) {
        self.so_far
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone_from(cosigned);
    }
}

/// Answers that nobody has looked at yet.
///
/// At most one question a witness is under way, and each answer wakes the keeper, so this stays about as short as the
/// policy; [`MOST`] bounds it where nobody looks.
#[derive(Default)]
pub struct LateAnswers {
    answers: Mutex<Vec<(Arc<Question>, Answered)>>,
    heard: Notify,
}

const MOST: usize = 64;

impl LateAnswers {
    pub fn keep(&self, question: Arc<Question>, answer: Answered) {
        {
            let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            if answers.len() >= MOST {
                answers.remove(0);
            }
            answers.push((question, answer));
        }
        self.heard.notify_one();
    }

    /// Returns at once when something was kept since the last time.
    pub async fn heard(&self) {
        self.heard.notified().await;
    }

    /// Takes all of them, oldest first.
    pub fn take(&self) -> Vec<(Arc<Question>, Answered)> {
        std::mem::take(&mut self.answers.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes those about this checkpoint; the others stay.
    pub fn about(&self, signed: &SignedCheckpoint) -> (Vec<NoteSignature>, Vec<WitnessReport>) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut lines, mut reports) = (Vec::new(), Vec::new());
        let same = |question: &Question| question.asked.note().text() == signed.note().text();
        for (_, answer) in answers.extract_if(.., |(question, _)| same(question)) {
            lines.extend(answer.lines);
            reports.push(answer.report);
        }
        (lines, reports)
    }
}
