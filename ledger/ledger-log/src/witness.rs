//! The log as a client of its witnesses: step 6 of the commit order.
//!
//! All witnesses are asked in parallel, each with the consistency proof from the last size it confirmed, and with one
//! retry where it names another size (409). Lines that do not verify under a configured key are dropped. What a
//! witness can tell us that nobody else can: that a larger checkpoint of ours is about, because we were rolled back
//! or a second log runs with our key. Then nothing may be signed any more ([`WitnessStop`]).
//!
//! HTTP is behind [`WitnessTransport`]; the clock is the caller's.

mod client;
mod keeper;
mod late;
mod ports;
mod report;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ledger_core::{
    checkpoint::SignedCheckpoint,
    cosignature::PosixSeconds,
    note::{NoteSignature, Vkey},
    policy::{Freshness, Policy, Quorum},
};
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, timeout, timeout_at},
};

use client::Client;
use late::{LateAnswers, Question};

pub use keeper::{
    Answering, Handover, Keeper, KeeperClock, KeeperConfig, KeeperStop, Standing, Unwitnessed, WitnessState,
    WitnessView, WitnessedHead,
};
pub use ports::{DataProofs, ProofSource, RawAnswer, StopKeeper, TransportFault, WitnessTransport};
pub use report::{Finding, WitnessReport, WitnessStop};

/// How witnesses are asked.
#[derive(Clone, Copy, Debug)]
pub struct WitnessConfig {
    /// Longest that one question waits for a quorum (2 s).
    pub time_limit: Duration,
    /// Longest that a witness may take all the same (60 s): until then its cosignature counts for the checkpoint that it
    /// was asked about, whatever was asked since. Longer than a transport lets a call last.
    pub late_limit: Duration,
    /// Oldest that the newest cosignature may be, in seconds (300). An unchanged checkpoint must be asked for again
    /// before that.
    pub max_age_seconds: u64,
}

impl Default for WitnessConfig {
    fn default() -> Self {
        Self {
            time_limit: Duration::from_secs(2),
            late_limit: Duration::from_secs(60),
            max_age_seconds: 300,
        }
    }
}

/// What the witnesses made of a checkpoint.
#[derive(Clone, Debug)]
pub struct Witnessed {
    /// The checkpoint with every cosignature that verified: the bytes for the file `checkpoint` and for receipts.
    pub checkpoint_with_cosignatures: SignedCheckpoint,
    /// Whether the policy is satisfied; if not, "recorded, not yet witnessed", and why.
    pub quorum: Quorum,
    /// What each witness said, in the order in which they answered: since the question before was over, then in time.
    /// Findings were logged already.
    pub reports: Vec<WitnessReport>,
}

/// The witnesses of one log. Share it behind an [`Arc`]; dropping it ends what is still under way.
pub struct Witnesses {
    policy: Policy,
    keys: Vec<Vkey>,
    clients: Vec<Arc<Client>>,
    config: WitnessConfig,
    /// Set once, by whichever question found it; nothing is asked afterwards.
    stop: Arc<Mutex<Option<WitnessStop>>>,
    /// Witnesses that were too slow for the question that began them.
    slow: Mutex<JoinSet<()>>,
    /// What they said in the end: it counts for the checkpoint that they were asked about.
    late: Arc<LateAnswers>,
}

impl Witnesses {
    /// The witnesses of a policy that have a URL, for the log with these keys (several while a key is rotated).
    pub fn new(
        policy: Policy,
        log_keys: &[Vkey],
        transport: &Arc<dyn WitnessTransport>,
        config: WitnessConfig,
    ) -> Self {
        let clients = policy
            .witnesses()
            .iter()
            .filter_map(|witness| Client::new(witness, log_keys, Arc::clone(transport)).map(Arc::new))
            .collect();
        Self {
            keys: policy.witness_keys(),
            policy,
            clients,
            config,
            stop: Arc::default(),
            slow: Mutex::default(),
            late: Arc::default(),
        }
    }

    /// The policy.
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Asks every witness to cosign, and returns as soon as the policy is satisfied, all have answered, or the time
    /// limit is reached. Witnesses that are slower finish on their own: their size is remembered, and what they find
    /// stops the next question.
    ///
    /// `now` is our clock: it judges freshness. Asking again for the same checkpoint is allowed, and gives fresh
    /// times. No witness is asked twice at once.
    ///
    /// # Errors
    /// [`WitnessStop`]: a checkpoint signed by this log is not in its past. The log must stop signing; every
    /// later call returns the same.
    pub async fn ask(
        &self,
        signed: &SignedCheckpoint,
        proofs: Arc<dyn ProofSource>,
        now: PosixSeconds,
    ) -> Result<Witnessed, WitnessStop> {
        let question = Arc::new(Question::about(signed));
        let mut answers = self.begin(&question, &proofs);
        let freshness = self.freshness(now);
        let limit = Instant::now() + self.config.time_limit;
        let (lines, reports) = self.late.about(signed);
        let (checkpoint, by) = signed.with_cosignatures(&lines, &self.keys);
        let mut witnessed = Witnessed {
            quorum: self.policy.count(&by, freshness),
            checkpoint_with_cosignatures: checkpoint,
            reports,
        };
        self.check_stop()?;
        while let Ok(Some(answer)) = timeout_at(limit, answers.recv()).await {
            self.take(&mut witnessed, answer, freshness)?;
            if witnessed.quorum == Quorum::Met {
                break;
            }
        }
        // What has arrived by now costs nothing; whoever comes after this is late.
        answers.close();
        while let Ok(answer) = answers.try_recv() {
            self.take(&mut witnessed, answer, freshness)?;
        }
        self.check_stop()?;
        question.ends_with(&witnessed.checkpoint_with_cosignatures);
        Ok(witnessed)
    }

    /// Asks every witness that is not busy.
    fn begin(&self, question: &Arc<Question>, proofs: &Arc<dyn ProofSource>) -> mpsc::Receiver<Answered> {
        let (send, answers) = mpsc::channel(self.clients.len().max(1));
        let limit = self.config.late_limit;
        for client in &self.clients {
            let (client, send) = (Arc::clone(client), send.clone());
            let (question, proofs) = (Arc::clone(question), Arc::clone(proofs));
            let (stop, late) = (Arc::clone(&self.stop), Arc::clone(&self.late));
            self.spawn(async move {
                let answer = timeout(limit, client.ask(question.asked(), proofs.as_ref())).await;
                let Some(answer) = answer.unwrap_or_else(|_| Some(client.silent(limit))) else {
                    return;
                };
                if client.is_news(&answer.report.finding) {
                    answer.report.log();
                }
                if let Finding::Stop(found) = &answer.report.finding {
                    keep_first(&stop, found);
                }
                // Nobody listens any more when the question is over.
                if let Err(unheard) = send.send(answer).await {
                    late.keep(question, unheard.0);
                }
            });
        }
        answers
    }

    const fn freshness(&self, now: PosixSeconds) -> Freshness {
        Freshness::Required {
            now,
            max_age_seconds: self.config.max_age_seconds,
        }
    }

    /// Waits until a witness has answered that was too slow for its question.
    pub(crate) async fn heard_late(&self) {
        self.late.heard().await;
    }

    /// What slow witnesses said in the end, checkpoint by checkpoint: each with every cosignature that came for it, then
    /// or since, and whether they are enough at `now`.
    ///
    /// # Errors
    /// [`WitnessStop`], as [`Self::ask`].
    pub(crate) fn late_answers(&self, now: PosixSeconds) -> Result<Vec<Witnessed>, WitnessStop> {
        self.check_stop()?;
        let mut all = Vec::new();
        for (question, answer) in self.late.take() {
            let (cosigned, by) = question.so_far().with_cosignatures(&answer.lines, &self.keys);
            let quorum = self.policy.count(&by, self.freshness(now));
            question.ends_with(&cosigned);
            all.push(Witnessed {
                checkpoint_with_cosignatures: cosigned,
                quorum,
                reports: vec![answer.report],
            });
        }
        Ok(all)
    }

    /// Looks at what every witness shows of this log and asks for nothing: for the start, before anything is signed.
    ///
    /// Witnesses that do not answer in time prove nothing and are passed over.
    ///
    /// # Errors
    /// [`WitnessStop`]: a witness shows a checkpoint of ours that is not in the past of `ours`.
    pub async fn look(
        &self,
        ours: &SignedCheckpoint,
        proofs: Arc<dyn ProofSource>,
    ) -> Result<(), WitnessStop> {
        let ours = Arc::new(ours.clone());
        let (send, mut found) = mpsc::channel(self.clients.len().max(1));
        for client in &self.clients {
            let (client, send) = (Arc::clone(client), send.clone());
            let (ours, proofs) = (Arc::clone(&ours), Arc::clone(&proofs));
            self.spawn(async move {
                let _ = send.send(client.look(&ours, proofs.as_ref()).await).await;
            });
        }
        drop(send);
        let limit = Instant::now() + self.config.time_limit;
        while let Ok(Some(seen)) = timeout_at(limit, found.recv()).await {
            if let Some(stop) = seen {
                keep_first(&self.stop, &stop);
                let (witness, finding) = (stop.witness.clone(), Finding::Stop(stop));
                WitnessReport { witness, finding }.log();
            }
        }
        self.check_stop()
    }

    fn take(
        &self,
        witnessed: &mut Witnessed,
        answer: Answered,
        freshness: Freshness,
    ) -> Result<(), WitnessStop> {
        let Answered { report, lines } = answer;
        if let Finding::Stop(stop) = &report.finding {
            return Err(stop.clone());
        }
        let (cosigned, by) = witnessed
            .checkpoint_with_cosignatures
            .with_cosignatures(&lines, &self.keys);
        witnessed.quorum = self.policy.count(&by, freshness);
        witnessed.checkpoint_with_cosignatures = cosigned;
        witnessed.reports.push(report);
        Ok(())
    }

    fn check_stop(&self) -> Result<(), WitnessStop> {
        let stop = self.stop.lock().unwrap_or_else(PoisonError::into_inner);
        stop.clone().map_or(Ok(()), Err)
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut slow = self.slow.lock().unwrap_or_else(PoisonError::into_inner);
        while slow.try_join_next().is_some() {}
        slow.spawn(task);
    }
}

fn keep_first(stop: &Mutex<Option<WitnessStop>>, found: &WitnessStop) {
    stop.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get_or_insert_with(|| found.clone());
}

/// What one witness said, with lines that verify under its key.
struct Answered {
    report: WitnessReport,
    lines: Vec<NoteSignature>,
}
