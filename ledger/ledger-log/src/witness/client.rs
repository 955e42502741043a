//! One witness, as the log sees it: `ask → confirmed | retry once | look at what it shows`.

use std::{
    mem::{Discriminant, discriminant},
    sync::{Arc, PoisonError},
    time::Duration,
};

use ledger_core::{
    checkpoint::SignedCheckpoint,
    note::{NoteSignature, Vkey},
    policy::PolicyWitness,
    tree::{TreeSize, verify_consistency},
    witness::{AddCheckpoint, Answer, origin_hash},
};
use tokio::sync::Mutex;

use super::{Answered, Finding, ProofSource, RawAnswer, WitnessReport, WitnessStop, WitnessTransport};

/// A witness and what we remember of it.
pub struct Client {
    key: Vkey,
    prefix: String,
    log_keys: Vec<Vkey>,
    transport: Arc<dyn WitnessTransport>,
    /// The size it last confirmed. Locked while it is being asked.
    ///
    /// LIMIT: in memory only. After a start it begins at 0, which costs one 409 and never more.
    confirmed: Mutex<TreeSize>,
    /// The kind of its last finding, so that the log tells each change once.
    told: std::sync::Mutex<Option<Discriminant<Finding>>>,
}

/// How a request ended.
enum Outcome {
    Done(Finding, Vec<NoteSignature>),
    /// 409: the size it says it recorded.
    Recorded(TreeSize),
    /// 422.
    Refused(Finding),
}

impl Outcome {
    const fn only(finding: Finding) -> Self {
        Self::Done(finding, Vec::new())
    }
}

impl Client {
    /// `None` for a witness without a URL: it is only counted in what others collected.
    pub fn new(
        witness: &PolicyWitness,
        log_keys: &[Vkey],
        transport: Arc<dyn WitnessTransport>,
    ) -> Option<Self> {
        let prefix = witness.url.as_ref()?.as_str()?.trim_end_matches('/').to_owned();
        Some(Self {
            key: witness.key.clone(),
            prefix,
            log_keys: log_keys.to_vec(),
            transport,
            confirmed: Mutex::new(TreeSize::ZERO),
            told: std::sync::Mutex::default(),
        })
    }

    /// Whether this is not what the question before found: a witness that stays away is logged once.
    pub fn is_news(&self, finding: &Finding) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = discriminant(finding);
        told.replace(kind) != Some(kind)
    }

    /// Asks for a cosignature; `None` while an earlier question is still under way.
    pub async fn ask(&self, signed: &SignedCheckpoint, proofs: &dyn ProofSource) -> Option<Answered> {
        let mut confirmed = self.confirmed.try_lock().ok()?;
        let mut outcome = self.request(*confirmed, signed, proofs).await;
        if let Outcome::Recorded(size) = outcome
            && size <= signed.size()
            && size != *confirmed
        {
            // C2SP tlog-witness: the client learns the recorded size and retries; once only, or a liar would keep us
            // busy.
            *confirmed = size;
            outcome = self.request(size, signed, proofs).await;
        }
        let (finding, lines) = match outcome {
            Outcome::Done(finding, lines) => (finding, lines),
            // Also of the size that was sent: older witnesses say so of another root at equal size.
            Outcome::Recorded(size) if size <= signed.size() => {
                let why = format!("it refuses a proof from the {size} leaves that it says it recorded");
                (
                    self.explain(Finding::Alarm { why }, signed, proofs).await,
                    Vec::new(),
                )
            }
            Outcome::Recorded(size) => {
                let ours = signed.size();
                let why = format!("it claims {size} leaves, this log has {ours}, and it shows no proof");
                (
                    self.explain(Finding::Faulty { why }, signed, proofs).await,
                    Vec::new(),
                )
            }
            Outcome::Refused(finding) => (self.explain(finding, signed, proofs).await, Vec::new()),
        };
        if finding == Finding::Cosigned {
            *confirmed = signed.size();
        }
        let witness = self.key.name().clone();
        Some(Answered {
            report: WitnessReport { witness, finding },
            lines,
        })
    }

    /// What it comes to when it said nothing for so long. Asked again with the next question.
    pub fn silent(&self, limit: Duration) -> Answered {
        let finding = Finding::Unavailable {
            why: format!("no answer in {} s", limit.as_secs()),
        };
        let witness = self.key.name().clone();
        Answered {
            report: WitnessReport { witness, finding },
            lines: Vec::new(),
        }
    }

    /// Whether the witness shows a checkpoint of ours that is not in the past of `ours`.
    pub async fn look(&self, ours: &SignedCheckpoint, proofs: &dyn ProofSource) -> Option<WitnessStop> {
        let origin = origin_hash(ours.checkpoint().origin());
        let shown = self.transport.monitoring(&self.prefix, origin).await.ok()?;
        self.contradiction(&shown, ours, proofs).await
    }

    async fn request(&self, old: TreeSize, signed: &SignedCheckpoint, proofs: &dyn ProofSource) -> Outcome {
        let proof = match proofs.consistency(old, signed.size()).await {
            Ok(proof) => proof,
            Err(error) => return Outcome::only(Finding::NoProof { why: told(&error) }),
        };
        let request = match AddCheckpoint::new(old, proof, signed) {
            Ok(request) => request,
            Err(error) => return Outcome::only(Finding::NoProof { why: told(&error) }),
        };
        let answer = self.transport.add_checkpoint(&self.prefix, request.to_string());
        let RawAnswer { status, body } = match answer.await {
            Ok(answer) => answer,
            Err(error) => return Outcome::only(Finding::Unavailable { why: told(&error) }),
        };
        match Answer::read(status, &body) {
            Ok(Answer::Lines(lines)) => self.check_lines(signed, &lines),
            Ok(Answer::Recorded(size)) => Outcome::Recorded(size),
            Ok(Answer::NotTrusted | Answer::UnknownLog) => Outcome::only(Finding::NotKnown),
            Ok(Answer::Inconsistent) => Outcome::Refused(Finding::Alarm {
                why: format!("it refuses {} leaves as inconsistent with {old}", signed.size()),
            }),
            Ok(Answer::NotUnderstood) => Outcome::only(Finding::Faulty {
                why: "it does not understand a well-formed request".to_owned(),
            }),
            Ok(Answer::Unavailable { status }) => Outcome::only(Finding::Unavailable {
                why: format!("it answered {status}"),
            }),
            Err(error) => Outcome::only(Finding::Faulty {
                why: error.to_string(),
            }),
        }
    }

    /// Only a cosignature under this witness's own key counts as its answer.
    fn check_lines(&self, signed: &SignedCheckpoint, lines: &[NoteSignature]) -> Outcome {
        let own = std::slice::from_ref(&self.key);
        // Without what this witness said of it before, so that only its new lines are judged.
        let bare = signed.without_cosignatures(own);
        let verified: Vec<NoteSignature> = lines
            .iter()
            .filter(|line| {
                let (_, by) = bare.with_cosignatures(&[(*line).clone()], own);
                !by.is_empty()
            })
            .cloned()
            .collect();
        if verified.is_empty() {
            return Outcome::only(Finding::Faulty {
                why: "none of its signatures is by its key over this checkpoint".to_owned(),
            });
        }
        Outcome::Done(Finding::Cosigned, verified)
    }

    /// What the witness holds against us: only a checkpoint signed by us proves that it is right, and then we must
    /// stop. Without one the finding stands as it is.
    async fn explain(
        &self,
        otherwise: Finding,
        ours: &SignedCheckpoint,
        proofs: &dyn ProofSource,
    ) -> Finding {
        let stop = self.look(ours, proofs).await;
        stop.map_or(otherwise, Finding::Stop)
    }

    async fn contradiction(
        &self,
        shown: &RawAnswer,
        ours: &SignedCheckpoint,
        proofs: &dyn ProofSource,
    ) -> Option<WitnessStop> {
        if shown.status != 200 || shown.body.len() > RawAnswer::MAX_BODY {
            return None;
        }
        let theirs = SignedCheckpoint::open_any(&shown.body, &self.log_keys).ok()?;
        if theirs.checkpoint().origin() != ours.checkpoint().origin() {
            return None;
        }
        if theirs.size() <= ours.size() {
            // Without a proof nothing is concluded; with one that fails, what was signed once is not in our past.
            let proof = proofs.consistency(theirs.size(), ours.size()).await.ok()?;
            let (old, new) = (theirs.root(), ours.root());
            if verify_consistency(theirs.size(), ours.size(), &old, &new, &proof).is_ok() {
                return None;
            }
        }
        Some(WitnessStop {
            witness: self.key.name().clone(),
            ours: ours.size(),
            theirs: theirs.size(),
            our_note: ours.note().to_string(),
            evidence: theirs.note().to_string(),
        })
    }
}

/// The error with its causes, for the log.
fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
