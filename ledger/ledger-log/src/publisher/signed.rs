//! Batches between steps 4 and 5: signed for, and not public yet.

use std::{collections::HashSet, sync::Arc};

use ledger_core::{
    checkpoint::SignedCheckpoint,
    tile::{FULL, Resource, Span, TileId},
};

use super::{PublishFault, Stores, show};
use crate::ports::PublicFile;

/// A batch that the lock store has: a start would publish it, whatever becomes of this process.
#[derive(Debug)]
pub struct Signed {
    full: Vec<PublicFile>,
    partial: Vec<PublicFile>,
    checkpoint: Arc<SignedCheckpoint>,
}

impl Signed {
    pub const fn new(
        full: Vec<PublicFile>,
        partial: Vec<PublicFile>,
        checkpoint: Arc<SignedCheckpoint>,
    ) -> Self {
        Self {
            full,
            partial,
            checkpoint,
        }
    }

    pub const fn checkpoint(&self) -> &Arc<SignedCheckpoint> {
        &self.checkpoint
    }

    /// Steps 5 to 7 for batches that follow each other, in one go: all their files, then the checkpoint of the last,
    /// which is given. `None` when there is no batch.
    ///
    /// Nobody saw the checkpoints before the last yet. What they require is there when their callers get them: the
    /// partial tiles of each, but where the full tile is among these files. Whoever finds no partial tile asks for the
    /// full one (C2SP tlog-tiles, Partial Tiles).
    pub async fn show(
        batches: Vec<Self>,
        stores: &Stores,
    ) -> Result<Option<Arc<SignedCheckpoint>>, PublishFault> {
        let Some(last) = batches.last().map(|last| Arc::clone(&last.checkpoint)) else {
            return Ok(None);
        };
        let (mut full, mut partial) = (Vec::new(), Vec::new());
        for batch in batches {
            full.extend(batch.full);
            partial.extend(batch.partial);
        }
        let filled: HashSet<_> = full.iter().map(|file| file.resource).collect();
        partial.retain(|file| when_full(file.resource).is_none_or(|full| !filled.contains(&full)));
        full.extend(partial);
        show(stores, full, &last).await?;
        Ok(Some(last))
    }
}

/// The tile or bundle that this one becomes.
fn when_full(resource: Resource) -> Option<Resource> {
    match resource {
        Resource::Checkpoint => None,
        Resource::Tile(tile) => {
            TileId::new(tile.level(), Span::new(tile.span().index(), FULL)?).map(Resource::Tile)
        }
        Resource::Entries(span) => Span::new(span.index(), FULL).map(Resource::Entries),
    }
}
