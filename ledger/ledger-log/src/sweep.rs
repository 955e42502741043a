//! The sweep after a start: every full public file held against the signed checkpoint.
//!
//! A start looks at the right edge and must be quick; a tile that was changed further left would be met by whoever asks for
//! a proof years later. The sweep goes down from the edge, which the start has checked: the hashes of a tile say what each
//! tile or bundle below must hold. It reads what the world reads and computes every hash of the log once, beside the
//! running broker; the full check (`full_check`) also recomputes the map, and takes longer.

use std::time::Duration;

use ledger_core::{
    checkpoint::SignedCheckpoint,
    tile::{self, FULL, Resource, Span, TileId, encode_entries, encode_tile, parse_entries, parse_tile},
    tree::{Hash, leaf_hash, node_hash},
};
use tokio::time::{Instant, sleep};

use crate::{
    edge::{Edge, EdgeError},
    ports::{LogData, PublicFault, PublicFile, PublicStore, StoreFault},
};

/// Rests this many times as long as it worked, so that the broker beside it keeps its processors.
const REST: u32 = 3;

/// Works this long before it rests.
const SHIFT: Duration = Duration::from_millis(10);

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Full tiles and bundles that hold what the checkpoint says.
    pub files: u64,
    /// Lost ones that were written again from the data store.
    pub rewritten: u64,
}

/// Why a sweep ended early.
#[derive(Debug, thiserror::Error)]
pub enum SweepFault {
    /// The data store does not have the root that was signed.
    #[error("the data store does not have the root of the checkpoint")]
    Root,
    /// The data store contradicts itself.
    #[error("the data store contradicts itself: {what}")]
    Contradiction {
        /// Which.
        what: String,
    },
    /// A file holds other bytes.
    #[error("`{resource}` holds other bytes than were signed for")]
    Changed {
        /// Which.
        resource: Resource,
    },
    /// A store could not be read or written; nothing is known of the files. To be tried again.
    #[error(transparent)]
    Store(#[from] StoreFault),
}

impl SweepFault {
    /// Whether it says nothing about the files: a store failed, which may pass.
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::Store(_))
    }
}

impl From<PublicFault> for SweepFault {
    fn from(fault: PublicFault) -> Self {
        match fault {
            PublicFault::Different { resource } => Self::Changed { resource },
            PublicFault::Store(fault) => Self::Store(fault),
        }
    }
}

impl From<EdgeError> for SweepFault {
    fn from(error: EdgeError) -> Self {
        match error {
            EdgeError::Store(fault) => fault.into(),
            other => Self::Contradiction {
                what: other.to_string(),
            },
        }
    }
}

/// Holds every full tile and bundle below the edge of `signed` against it, and writes lost ones again.
///
/// Partial files are the start's: they come and go while a broker runs.
///
/// # Errors
/// [`SweepFault::Changed`] at the first file that holds other bytes; it is left as it is.
pub async fn sweep(
    data: &dyn LogData,
    public: &dyn PublicStore,
    signed: &SignedCheckpoint,
) -> Result<Swept, SweepFault> {
    let edge = Edge::load(signed.size(), data).await?;
    if edge.root() != signed.root() {
        return Err(SweepFault::Root);
    }
    let mut swept = Swept::default();
    // Tiles whose hashes are known to be right; what hangs below them is still to be read.
    let mut known: Vec<(TileId, Vec<Hash>)> = Vec::new();
    for (tile, hashes) in tile::edge_tiles(signed.size()).zip(edge.levels()) {
        // A full one is reached from the tile above, which holds its root.
        if !tile.span().is_full() {
            known.push((tile, hashes.clone()));
        }
    }
    let mut began = Instant::now();
    while let Some((tile, hashes)) = known.pop() {
        if tile.level() == 0 {
            if tile.span().is_full() {
                bundle(data, public, tile.span(), &hashes, &mut swept).await?;
            }
        } else {
            for (index, hash) in (tile.span().first()..).zip(hashes) {
                known.extend(child(data, public, (tile.level() - 1, index), hash, &mut swept).await?);
            }
        }
        if began.elapsed() >= SHIFT {
            sleep(began.elapsed().saturating_mul(REST)).await;
            began = Instant::now();
        }
    }
    Ok(swept)
}

/// The full tile of this level and number, whose root must be `hash`.
async fn child(
    data: &dyn LogData,
    public: &dyn PublicStore,
    (level, index): (u8, u64),
    hash: Hash,
    swept: &mut Swept,
) -> Result<Option<(TileId, Vec<Hash>)>, SweepFault> {
    let tile = Span::new(index, FULL).and_then(|span| TileId::new(level, span));
    let Some(tile) = tile else { return Ok(None) };
    let resource = Resource::Tile(tile);
    let is_it = |bytes: &[u8]| {
        parse_tile(bytes, FULL)
            .ok()
            .filter(|hashes| subtree_root(hashes) == Some(hash))
    };
    if let Some(bytes) = public.read(resource).await? {
        let hashes = is_it(&bytes).ok_or(SweepFault::Changed { resource })?;
        swept.files += 1;
        return Ok(Some((tile, hashes)));
    }
    let ids: Vec<_> = tile.nodes().collect();
    let bytes = encode_tile(&data.nodes(&ids).await?);
    let hashes = is_it(&bytes).ok_or_else(|| contradiction(resource))?;
    public.write(vec![PublicFile { resource, bytes }]).await?;
    swept.rewritten += 1;
    Ok(Some((tile, hashes)))
}

/// The full bundle of this number, whose entries must have these hashes.
async fn bundle(
    data: &dyn LogData,
    public: &dyn PublicStore,
    span: Span,
    hashes: &[Hash],
    swept: &mut Swept,
) -> Result<(), SweepFault> {
    let resource = Resource::Entries(span);
    if let Some(bytes) = public.read(resource).await? {
        let entries = parse_entries(&bytes, FULL).unwrap_or_default();
        if !entries
            .iter()
            .map(|entry| leaf_hash(entry))
            .eq(hashes.iter().copied())
        {
            return Err(SweepFault::Changed { resource });
        }
        swept.files += 1;
        return Ok(());
    }
    let entries = data.leaves(span.first()..span.end()).await?;
    if !entries
        .iter()
        .map(|entry| leaf_hash(entry))
        .eq(hashes.iter().copied())
    {
        return Err(contradiction(resource));
    }
    let bytes = encode_entries(entries.iter().map(Vec::as_slice)).map_err(|_| contradiction(resource))?;
    public.write(vec![PublicFile { resource, bytes }]).await?;
    swept.rewritten += 1;
    Ok(())
}

fn contradiction(resource: Resource) -> SweepFault {
    SweepFault::Contradiction {
        what: format!("it does not hold what `{resource}` is made from"),
    }
}

/// The root over the hashes of a full tile (RFC 6962 §2.1); `None` for none.
fn subtree_root(hashes: &[Hash]) -> Option<Hash> {
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        let pairs = row.as_chunks::<2>().0.iter();
        row = pairs.map(|[left, right]| node_hash(left, right)).collect();
    }
    row.first().copied()
}
