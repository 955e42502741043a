//! Everything the ledger holds about a participant, as a stream that ends in the proof that nothing is left out.

mod list;
mod restores;
mod shown;

use std::collections::BTreeMap;
use std::sync::Arc;

use broker_domain::ids::{ParticipantId, SubjectId};
use broker_store::{Read, RecordRow};
use evidence::history::{Consistency, Entry, Header, LostEntry, Proofs, WINDOW};
use evidence::jcs::JcsError;
use evidence::jws::Jws;
use ledger_core::leaf::{RecordNumber, Salt, SubjectKey, Tag};
use ledger_core::map::PrunedMap;
use ledger_core::tree::{Hash, LeafIndex, ProofPlan, TreeSize};
use ledger_log::MapSnapshot;
use tokio::sync::mpsc;

use crate::broker::Broker;
use crate::committer::tile_nodes;
use crate::failure::{Failure, Fault};
use crate::own::OwnRefusal;
use crate::own_copy::CopyRefusal;

pub(crate) use restores::{known_restores, restores_in};
pub use shown::OwnRecord;

/// Records read at once.
const PAGE: u64 = 256;
/// Files of one person at once: one that the page checks, and one that she downloads.
pub(crate) const FILES_AT_ONCE: u8 = 2;
/// Chunks that wait for a slow reader.
const BUFFER: usize = 4;
/// Leaves at most this far apart are read at once; a page then reads at most `NEAR * PAGE` leaves.
const NEAR: u64 = 64;
/// Subtrees of the log whose roots are looked up at once: bounds the tiles held in memory.
const SUBTREES: usize = 1_024;

/// The lines of a history file, some at a time. An `Err` is the last item: the file is incomplete and does not verify.
pub type HistoryLines = mpsc::Receiver<Result<Vec<u8>, Fault>>;

/// A record with its leaf; without a row when its detail was lost in a restore.
struct Placed {
    n: u64,
    index: LeafIndex,
    leaf: Vec<u8>,
    row: Option<RecordRow>,
}

impl Placed {
    fn into_line(self) -> Result<Vec<u8>, Fault> {
        let line = match self.row {
            Some(row) => entry(row, &self.leaf)?.to_line(),
            None => lost(self.n, self.index, &self.leaf)?.to_line(),
        };
        line.map_err(unwritable)
    }
}

/// Which file of a participant.
#[derive(Clone, Copy)]
enum Form {
    /// `fiducie-history/1`.
    Everything,
    /// `fiducie-list/1`.
    List,
}

/// The log at the size that the file speaks of.
struct View {
    map: MapSnapshot,
    subject: SubjectId,
    key: SubjectKey,
    newest: u64,
}

impl Broker {
    /// The file `fiducie-history/1` of a participant, for herself: all records, and the proof that they are all.
    ///
    /// `since` is the size of the log at an earlier visit: the file then proves that the log only grew from there. A
    /// size that the log does not have yet is left out, and the reader sees that the log went back.
    ///
    /// # Errors
    /// See [`CopyRefusal`]; what fails while the file is made ends the stream.
    pub async fn own_history_file(
        self: &Arc<Self>,
        who: ParticipantId,
        since: Option<u64>,
    ) -> Result<HistoryLines, Failure<CopyRefusal>> {
        self.own_file(who, since, Form::Everything).await
    }

    /// That the log of `to` leaves grew from the one of `from` leaves: hashes of 32 bytes side by side (RFC 6962 §2.1.2).
    /// Anybody can compute them from the public tiles; a page that holds two checkpoints asks here.
    ///
    /// # Errors
    /// [`OwnRefusal::NotYours`] for sizes that are not public or not in this order, too.
    pub async fn own_growth(
        &self,
        who: ParticipantId,
        from: u64,
        to: u64,
    ) -> Result<Vec<u8>, Failure<OwnRefusal>> {
        self.read_own(who)?;
        let newest = self.latest_checkpoint().size();
        let to = TreeSize::new(to).filter(|to| *to <= newest);
        let to = to.ok_or(Failure::Refused(OwnRefusal::NotYours))?;
        let grown = self.grown_since(Some(from).filter(|from| *from > 0), to).await?;
        let grown = grown.ok_or(Failure::Refused(OwnRefusal::NotYours))?;
        Ok(grown.hashes.iter().flat_map(|hash| *hash.as_bytes()).collect())
    }

    /// What a file of hers speaks of, if it is hers.
    async fn own_view(&self, who: ParticipantId) -> Result<View, Failure<OwnRefusal>> {
        self.read_own(who)?;
        let view = self.view(who.into()).await?;
        view.ok_or(Failure::Refused(OwnRefusal::NotYours))
    }

    /// Makes a file beside its reader, as slowly as she takes it.
    async fn own_file(
        self: &Arc<Self>,
        who: ParticipantId,
        since: Option<u64>,
        form: Form,
    ) -> Result<HistoryLines, Failure<CopyRefusal>> {
        let view = self.own_view(who).await;
        let view = view.map_err(|failure| failure.map_refusal(|_| CopyRefusal::NotYours))?;
        let running = self.histories.begin(who);
        let running = running.ok_or(Failure::Refused(CopyRefusal::Running))?;
        let (pieces, file) = mpsc::channel(BUFFER);
        let broker = Arc::clone(self);
        tokio::spawn(async move {
            let written = match form {
                Form::Everything => broker.write_history(&view, since, &pieces).await,
                Form::List => broker.write_list(&view, since, &pieces).await,
            };
            broke_off(written, &pieces).await;
            drop(running);
        });
        Ok(file)
    }

    /// The newest map, and how many records it holds of the subject. `None` when the subject is unknown or erased.
    async fn view(&self, subject: SubjectId) -> Result<Option<View>, Fault> {
        // The map first: what is read after it knows every leaf that the map covers.
        let map = self.tag_map();
        let mut read = self.store.read().await?;
        let Some(known) = read.subject(subject).await? else {
            return Ok(None);
        };
        let mut newest = known.newest;
        'pages: loop {
            // Records of batches that were committed since stand behind the map's last leaf. A number without a row was
            // lost in a restore: its leaf is older than any batch since.
            let rows = read.records_of(subject, newest.saturating_add(1), 64).await?;
            let found = rows.len();
            for row in rows {
                if row.n != newest || row.leaf_index < map.size().get() {
                    break 'pages;
                }
                newest = newest.saturating_sub(1);
            }
            if found == 0 {
                break;
            }
        }
        Ok((newest > 0).then(|| View {
            map,
            subject,
            key: SubjectKey::new(known.key),
            newest,
        }))
    }

    async fn write_history(
        &self,
        view: &View,
        since: Option<u64>,
        lines: &mpsc::Sender<Result<Vec<u8>, Fault>>,
    ) -> Result<(), Fault> {
        let size = view.map.size();
        let send = async |bytes: Vec<u8>| lines.send(Ok(bytes)).await.is_ok();
        if !send(self.history_header(view).await?.to_line().map_err(unwritable)?).await {
            return Ok(());
        }
        let mut places = Vec::new();
        let mut first = 1;
        while first <= view.newest {
            let page = self.history_page(view, first).await?;
            first += PAGE;
            places.extend(page.iter().map(|placed| placed.index));
            let lines = page
                .into_iter()
                .map(Placed::into_line)
                .collect::<Result<Vec<_>, _>>()?;
            if !send(lines.concat()).await {
                return Ok(());
            }
        }
        let plan = self.plan(places, size)?;
        let proofs = Proofs {
            log: self.prove(plan, size).await?,
            map: prune(view).await?,
            consistency: self.grown_since(since, size).await?,
            key_changes: self.key_changes.clone(),
            restores: self.restores.clone(),
        };
        send(proofs.to_line().map_err(unwritable)?).await;
        Ok(())
    }

    async fn history_header(&self, view: &View) -> Result<Header, Fault> {
        let size = view.map.size();
        let last = size.last_index().ok_or(corrupt("segment"))?.get();
        // Not before its checkpoint is the log's (`ledger.md` §12; invariant I8).
        let latest = self.sequencer.published(size).await.ok_or(Fault::Stopped)?;
        let mut read = self.store.read().await?;
        let head = read.head_covering(last).await?.ok_or(corrupt("segment"))?;
        let map_root = read
            .leaves(last, last + 1)
            .await?
            .pop()
            .ok_or(corrupt("segment"))?;
        let public = self.public_checkpoint();
        let checkpoint = if public.checkpoint() == latest.checkpoint() && public.size() == size {
            // The same, with what witnesses said of it.
            public.note().to_string()
        } else if latest.size() == size {
            latest.note().to_string()
        } else {
            self.signed(size, Hash::new(head.root))?.note().to_string()
        };
        Ok(Header {
            log_key: self.log_key().clone(),
            checkpoint,
            map_root: map_root.bytes,
            subject_key: view.key.clone(),
            newest: RecordNumber::new(view.newest).ok_or(corrupt("record.n"))?,
            record_keys: vec![self.record_key.clone()],
        })
    }

    /// Records `[first, first + PAGE)`, as far as there are any. Each page has a reading view of its own, so that a
    /// slow reader holds nothing up; an erasure in between breaks the file off.
    async fn history_page(&self, view: &View, first: u64) -> Result<Vec<Placed>, Fault> {
        let end = view.newest.saturating_add(1).min(first.saturating_add(PAGE));
        let limit = u32::try_from(end.saturating_sub(first)).unwrap_or(u32::MAX);
        let mut read = self.store.read().await?;
        let mut rows = read.records_of(view.subject, end, limit).await?;
        if rows.is_empty() && read.subject(view.subject).await?.is_none() {
            return Err(Fault::SubjectErased);
        }
        // Newest first, so the last is the next; a gap makes the store reach below this page.
        rows.retain(|row| row.n >= first);
        let mut page = Vec::new();
        for n in first..end {
            let row = rows.pop_if(|row| row.n == n);
            let index = match &row {
                Some(row) => LeafIndex::new(row.leaf_index).ok_or(corrupt("record.leaf_index"))?,
                None => self.lost_leaf(view, n).await?,
            };
            page.push((n, index, row));
        }
        if !rows.is_empty() {
            return Err(corrupt("record.n"));
        }
        let places = page.iter().map(|(_, index, _)| index.get()).collect();
        let mut leaves = leaves_at(&mut *read, places).await?;
        let placed = page.into_iter().map(|(n, index, row)| {
            let leaf = leaves.remove(&index.get()).ok_or(corrupt("segment"))?;
            Ok(Placed { n, index, leaf, row })
        });
        placed.collect()
    }

    /// The place of a leaf whose detail was lost in a restore: the map knows it.
    async fn lost_leaf(&self, view: &View, n: u64) -> Result<LeafIndex, Fault> {
        let tag = view.key.tag(RecordNumber::new(n).ok_or(corrupt("record.n"))?);
        let map = view.map.clone();
        let found = tokio::task::spawn_blocking(move || map.value(&tag)).await;
        let index = match found {
            Ok(Ok(Some(value))) => value.index,
            Ok(Ok(None) | Err(_)) => return Err(corrupt("map")),
            Err(_) => return Err(Fault::Stopped),
        };
        self.check_lost(index)?;
        Ok(index)
    }

    /// All these leaves, the map root, the key changes and the restores.
    fn plan(&self, mut places: Vec<LeafIndex>, size: TreeSize) -> Result<ProofPlan, Fault> {
        places.extend(size.last_index());
        places.extend(self.key_changes.iter().map(|(place, _)| *place));
        places.extend(self.restores.iter().map(|(place, _)| *place));
        places.sort_unstable();
        ProofPlan::inclusion_of_many(&places, size).map_err(|_| corrupt("record.leaf_index"))
    }

    async fn prove(&self, plan: ProofPlan, size: TreeSize) -> Result<Vec<Hash>, Fault> {
        let mut hashes = Vec::new();
        for part in plan.parts(SUBTREES) {
            let mut read = self.store.read().await?;
            let tiles = tile_nodes(&mut *read, size, part.nodes()).await?;
            hashes.extend(part.build(&tiles).map_err(|_| corrupt("tile_root"))?);
        }
        Ok(hashes)
    }

    async fn grown_since(&self, since: Option<u64>, size: TreeSize) -> Result<Option<Consistency>, Fault> {
        let since = since.and_then(TreeSize::new).filter(|since| *since <= size);
        let Some(since) = since else { return Ok(None) };
        let plan = ProofPlan::consistency(since, size).map_err(|_| corrupt("log size"))?;
        Ok(Some(Consistency {
            size: since,
            hashes: self.prove(plan, size).await?,
        }))
    }
}

/// Tells the reader, unless she went away.
async fn broke_off(written: Result<(), Fault>, lines: &mpsc::Sender<Result<Vec<u8>, Fault>>) {
    if let Err(fault) = written {
        tracing::warn!(
            error = &fault as &dyn std::error::Error,
            "a history file broke off"
        );
        let _ = lines.send(Err(fault)).await;
    }
}

/// Leaves by their places. Those that stand close together are read at once: a person's records of one batch do.
async fn leaves_at(
    read: &mut (dyn Read + '_),
    mut places: Vec<u64>,
) -> Result<BTreeMap<u64, Vec<u8>>, Fault> {
    places.sort_unstable();
    let near = |a: &u64, b: &u64| b.saturating_sub(*a) < NEAR;
    let mut found = BTreeMap::new();
    for run in places.chunk_by(near) {
        let Some((first, last)) = run.first().zip(run.last()) else {
            continue;
        };
        let leaves = read.leaves(*first, last.saturating_add(1)).await?;
        let wanted = leaves
            .into_iter()
            .filter(|leaf| run.binary_search(&leaf.index).is_ok());
        found.extend(wanted.map(|leaf| (leaf.index, leaf.bytes)));
    }
    Ok(found)
}

/// Reads buckets of the map's base file: on a thread that may block.
async fn prune(view: &View) -> Result<PrunedMap, Fault> {
    let tag = |n: u64| RecordNumber::new(n).map(|n| view.key.tag(n));
    let present: Vec<Tag> = (1..=view.newest).filter_map(tag).collect();
    let absent: Vec<Tag> = (view.newest + 1..=view.newest + WINDOW).filter_map(tag).collect();
    let map = view.map.clone();
    let pruned = tokio::task::spawn_blocking(move || map.prune(&present, &absent)).await;
    match pruned {
        Ok(Ok(pruned)) => Ok(pruned),
        Ok(Err(error)) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the map does not hold what the records say"
            );
            Err(corrupt("map"))
        }
        Err(_) => Err(Fault::Stopped),
    }
}

fn lost(n: u64, index: LeafIndex, leaf: &[u8]) -> Result<LostEntry, Fault> {
    Ok(LostEntry {
        n: RecordNumber::new(n).ok_or(corrupt("record.n"))?,
        index,
        leaf: leaf.try_into().map_err(|_| corrupt("segment.leaves"))?,
    })
}

fn entry(row: RecordRow, leaf: &[u8]) -> Result<Entry, Fault> {
    let record = String::from_utf8(row.record).map_err(|_| corrupt("record.record"))?;
    Ok(Entry {
        n: RecordNumber::new(row.n).ok_or(corrupt("record.n"))?,
        index: LeafIndex::new(row.leaf_index).ok_or(corrupt("record.leaf_index"))?,
        header: *leaf.first_chunk().ok_or(corrupt("segment.leaves"))?,
        record: Jws::from_stored(record),
        salt: Salt::new(row.salt),
    })
}

const fn corrupt(what: &'static str) -> Fault {
    Fault::Corrupt { what }
}

/// Only a number of 2^53 or more cannot be written.
fn unwritable(_: JcsError) -> Fault {
    corrupt("record.n")
}
