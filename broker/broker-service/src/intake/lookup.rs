//! Looking up what many intakes need to know, together: while one question is on its way to the store, the next callers
//! gather, and the question after it asks for all of them.

use std::collections::HashMap;
use std::sync::Arc;

use broker_domain::consent::Consent;
use broker_domain::ids::{BatchId, GatewayId, ParticipantId};
use broker_store::{BatchRow, GatewayRow, Store, StoreError, WrappedKeyRow};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::failure::Fault;

/// Questions that may wait: as many as the queue of the ledger holds.
const QUEUE: usize = 4_096;
/// Questions asked together at most.
const TOGETHER: usize = 256;

/// What an intake needs to know before it decides, from one view of the store.
#[derive(Debug)]
pub(super) struct Known {
    pub gateway: GatewayRow,
    pub consents: Vec<Consent>,
    pub key: Option<WrappedKeyRow>,
    /// The batch, if it came before.
    pub batch: Option<BatchRow>,
}

/// The way to the one task that asks the store for intakes.
#[derive(Debug)]
pub(crate) struct Lookup {
    questions: mpsc::Sender<Question>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Question {
    gateway: GatewayId,
    batch: BatchId,
    answer: oneshot::Sender<Result<Option<Known>, Fault>>,
}

impl Lookup {
    /// Starts the task. It ends with this value.
    pub fn start(store: Arc<dyn Store>) -> Self {
        let (questions, waiting) = mpsc::channel(QUEUE);
        let task = tokio::spawn(answer_all(store, waiting));
        Self { questions, task }
    }

    /// What is known of the gateway and of its batch; `None` when the gateway is unknown.
    pub(super) async fn ask(&self, gateway: GatewayId, batch: BatchId) -> Result<Option<Known>, Fault> {
        let (answer, answered) = oneshot::channel();
        let question = Question {
            gateway,
            batch,
            answer,
        };
        self.questions.try_send(question).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Fault::Busy,
            mpsc::error::TrySendError::Closed(_) => Fault::Stopped,
        })?;
        answered.await.unwrap_or(Err(Fault::Stopped))
    }
}

impl Drop for Lookup {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer_all(store: Arc<dyn Store>, mut waiting: mpsc::Receiver<Question>) {
    let mut questions = Vec::with_capacity(TOGETHER);
    while waiting.recv_many(&mut questions, TOGETHER).await > 0 {
        if let Ok(found) = Found::read(&*store, &questions).await {
            for question in questions.drain(..) {
                let known = found.known(question.gateway, question.batch);
                // A caller that has gone away is no concern of ours.
                let _ = question.answer.send(Ok(known));
            }
        }
        // One damaged row must not stop everybody's intake: what could not be answered together is asked one by one.
        for question in questions.drain(..) {
            let found = Found::read(&*store, std::slice::from_ref(&question)).await;
            let known = found.map(|found| found.known(question.gateway, question.batch));
            let _ = question.answer.send(known.map_err(Fault::from));
        }
    }
}

/// Rows of one view.
struct Found {
    gateways: HashMap<GatewayId, GatewayRow>,
    consents: HashMap<ParticipantId, Vec<Consent>>,
    keys: HashMap<ParticipantId, WrappedKeyRow>,
    batches: HashMap<(GatewayId, BatchId), BatchRow>,
}

impl Found {
    async fn read(store: &dyn Store, questions: &[Question]) -> Result<Self, StoreError> {
        let asked: Vec<_> = questions.iter().map(|one| one.gateway).collect();
        let names: Vec<_> = questions.iter().map(|one| (one.gateway, one.batch)).collect();
        let mut read = store.read().await?;
        let gateways = read.gateways(&asked).await?;
        let people: Vec<_> = gateways.iter().map(|row| row.gateway.participant).collect();
        let mut consents: HashMap<_, Vec<_>> = HashMap::new();
        for consent in read.consents_of_all(&people).await? {
            consents.entry(consent.participant).or_default().push(consent);
        }
        let keys = read.newest_keys(&people).await?;
        let batches = read.batches(&names).await?;
        Ok(Self {
            gateways: gateways.into_iter().map(|row| (row.gateway.id, row)).collect(),
            consents,
            keys: keys.into_iter().map(|row| (row.participant, row)).collect(),
            batches: batches
                .into_iter()
                .map(|row| ((row.gateway, row.id), row))
                .collect(),
        })
    }

    fn known(&self, gateway: GatewayId, batch: BatchId) -> Option<Known> {
        let row = self.gateways.get(&gateway)?;
        let participant = row.gateway.participant;
        Some(Known {
            gateway: row.clone(),
            consents: self.consents.get(&participant).cloned().unwrap_or_default(),
            key: self.keys.get(&participant).cloned(),
            batch: self.batches.get(&(gateway, batch)).cloned(),
        })
    }
}
