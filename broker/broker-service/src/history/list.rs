//! The same without the records, to be checked at each visit, and some records, to be opened against it.

use std::sync::Arc;

use broker_domain::ids::ParticipantId;
use evidence::list::{Detail, Header, Item, ItemWriter, TooLarge, log_proof_length};
use ledger_core::leaf::SubjectLeaf;
use tokio::sync::mpsc;

use super::{Form, HistoryLines, PAGE, Placed, SUBTREES, View, corrupt, prune, unwritable};
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::own::OwnRefusal;
use crate::own_copy::CopyRefusal;

/// Bytes of the map that are sent at once.
const PIECE: usize = 64 * 1024;

impl Broker {
    /// The file `fiducie-list/1` of a participant, for herself: that her list is complete, without what it says.
    ///
    /// `since` is as in [`Self::own_history_file`].
    ///
    /// # Errors
    /// See [`CopyRefusal`]; what fails while the file is made ends the stream.
    pub async fn own_list_file(
        self: &Arc<Self>,
        who: ParticipantId,
        since: Option<u64>,
    ) -> Result<HistoryLines, Failure<CopyRefusal>> {
        self.own_file(who, since, Form::List).await
    }

    /// The `most` records of a participant from number `first` on, at most 256, as lines of a file `fiducie-history/1`;
    /// fewer where there are fewer.
    ///
    /// # Errors
    /// See [`OwnRefusal`].
    pub async fn own_records(
        &self,
        who: ParticipantId,
        first: u64,
        most: u64,
    ) -> Result<Vec<u8>, Failure<OwnRefusal>> {
        let mut view = self.own_view(who).await?;
        let first = first.max(1);
        view.newest = view
            .newest
            .min(first.saturating_add(most.min(PAGE)).saturating_sub(1));
        if first > view.newest {
            return Ok(Vec::new());
        }
        let page = self.history_page(&view, first).await?;
        let lines = page
            .into_iter()
            .map(Placed::into_line)
            .collect::<Result<Vec<_>, _>>()?;
        Ok(lines.concat())
    }

    pub(super) async fn write_list(
        &self,
        view: &View,
        since: Option<u64>,
        pieces: &mpsc::Sender<Result<Vec<u8>, Fault>>,
    ) -> Result<(), Fault> {
        let size = view.map.size();
        let send = async |bytes: Vec<u8>| pieces.send(Ok(bytes)).await.is_ok();
        if !send(self.list_header(view, since).await?).await {
            return Ok(());
        }
        let (mut writer, mut places, mut first) = (ItemWriter::default(), Vec::new(), 1);
        while first <= view.newest {
            let page = self.history_page(view, first).await?;
            first += PAGE;
            let mut bytes = Vec::new();
            for placed in &page {
                writer.write(&item(placed)?, &mut bytes).map_err(too_large)?;
                places.push(placed.index);
            }
            if !send(bytes).await {
                return Ok(());
            }
        }
        let plan = self.plan(places, size)?;
        if !send(log_proof_length(plan.len()).map_err(too_large)?).await {
            return Ok(());
        }
        for part in plan.parts(SUBTREES) {
            let hashes = self.prove(part, size).await?;
            let bytes = hashes.iter().flat_map(|hash| *hash.as_bytes()).collect();
            if !send(bytes).await {
                return Ok(());
            }
        }
        for piece in prune(view).await?.as_bytes().chunks(PIECE) {
            if !send(piece.to_vec()).await {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn list_header(&self, view: &View, since: Option<u64>) -> Result<Vec<u8>, Fault> {
        let header = self.history_header(view).await?;
        let header = Header {
            log_key: header.log_key,
            checkpoint: header.checkpoint,
            map_root: header.map_root,
            subject_key: header.subject_key,
            newest: header.newest,
            key_changes: self.key_changes.clone(),
            restores: self.restores.clone(),
            consistency: self.grown_since(since, view.map.size()).await?,
        };
        header.to_line().map_err(unwritable)
    }
}

fn item(placed: &Placed) -> Result<Item, Fault> {
    let leaf = SubjectLeaf::parse(&placed.leaf).map_err(|_| corrupt("segment.leaves"))?;
    Ok(Item {
        index: placed.index,
        kind: leaf.kind,
        actor: leaf.actor,
        hour: leaf.hour,
        commitment: leaf.commitment,
        detail: match placed.row {
            Some(_) => Detail::Kept,
            None => Detail::Lost,
        },
    })
}

/// Only a number of 2^53 or more cannot be written.
const fn too_large(_: TooLarge) -> Fault {
    corrupt("record.leaf_index")
}
