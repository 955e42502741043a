//! `compare`: a consistency proof between two checkpoints, made from the tiles and verified.

use std::collections::BTreeSet;

use ledger_core::{
    checkpoint::SignedCheckpoint,
    tile::{FULL, Span, TileHashes, TileId, hashes_in_level, parse_tile},
    tree::{Frontier, NodeId, ProofPlan, TreeSize, verify_consistency},
};

use crate::{
    cli::Compare,
    report::{Failure, Report, refused},
    source::{Source, describe, read_checkpoint},
};

pub fn run(options: &Compare) -> Result<Report, Failure> {
    let source = Source::new(&options.source);
    let (key, key_source) = source.key(options.log_key.as_deref())?;
    let (old, new) = (
        read_checkpoint(&options.old, &key)?,
        read_checkpoint(&options.new, &key)?,
    );
    if old.size() > new.size() {
        return Err(Failure::Refused(format!(
            "the checkpoint given as newer has {} entries, the older one {}",
            new.size(),
            old.size()
        )));
    }
    if old.size() == new.size() && old.root() != new.root() {
        return Err(Failure::Refused(format!(
            "two different logs of {} entries are signed by the same key: keep both files, they prove it",
            old.size()
        )));
    }
    prove(&source, &old, &new)?;
    let mut report = Report {
        summary: format!(
            "The log of {} entries only adds to the log of {}.",
            new.size(),
            old.size()
        ),
        ..Report::default()
    };
    describe(&mut report, &new);
    report.detail("old_size", old.size().get());
    report.key(&key, key_source, "log");
    report.check("A consistency proof made from the log's tiles leads from the older root to the newer one.");
    if old.size() == TreeSize::ZERO {
        report.skip("Nothing follows from an older checkpoint of 0 entries: every log begins with it.");
    }
    report.skip("The entries themselves: use `ledger-audit log`.");
    Ok(report)
}

fn prove(source: &Source, old: &SignedCheckpoint, new: &SignedCheckpoint) -> Result<(), Failure> {
    let plan = ProofPlan::consistency(old.size(), new.size()).map_err(refused)?;
    let mut tiles = TileHashes::new(new.size());
    let edge = Frontier::nodes(new.size());
    let needed: BTreeSet<TileId> = plan
        .nodes()
        .chain(edge)
        .filter_map(|node| tile_of(node, new.size()))
        .collect();
    for tile in needed {
        let hashes = parse_tile(&source.tile(tile)?, tile.span().width()).map_err(refused)?;
        tiles.insert(tile, hashes);
    }
    // Never trust a tile: the root must come out before a hash is used.
    if Frontier::read(new.size(), &tiles).map_err(refused)?.root() != new.root() {
        return Err(Failure::Refused(
            "the tiles do not lead to the root of the newer checkpoint".to_owned(),
        ));
    }
    let proof = plan.build(&tiles).map_err(refused)?;
    verify_consistency(old.size(), new.size(), &old.root(), &new.root(), &proof).map_err(refused)
}

/// The tile that holds the hashes a node is folded from, as wide as a tree of `size` leaves has it.
fn tile_of(node: NodeId, size: TreeSize) -> Option<TileId> {
    let level = node.level / 8;
    let full = u64::from(FULL);
    let index = node.index.checked_mul(1 << (node.level % 8))? / full;
    let width = hashes_in_level(size, level)
        .checked_sub(index.checked_mul(full)?)?
        .min(full);
    TileId::new(level, Span::new(index, u16::try_from(width).ok()?)?)
}
