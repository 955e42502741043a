//! The full check of what the log does not hold: whether every stored detail opens its leaf, and every stored head is
//! that of its leaves.

use std::collections::HashSet;

use broker_domain::ids::SubjectId;
use broker_store::{HeadRow, Read, RecordRow, Store, StoreError, SubjectRow};
use ledger_core::leaf::{Commitment, RecordNumber, Salt, SubjectKey, SubjectLeaf, Tag};
use ledger_core::tree::{Frontier, leaf_hash};

use crate::history::restores_in;

/// Rows read at once.
const PAGE: u32 = 256;

/// Leaves read at once.
const LEAVES: u64 = 4096;

/// What was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Details {
    /// Batches whose head is that of their leaves.
    pub batches: u64,
    /// Records that open their leaf.
    pub records: u64,
    /// Numbers without a record, whose leaves a restore leaf of the log names as lost.
    pub lost: u64,
    /// Numbers without a record that no restore lost: somebody or something took them.
    pub missing: u64,
    /// The first leaf whose record does not open it.
    pub unopened: Option<u64>,
    /// The first leaf of the first batch whose head is not that of its leaves.
    pub wrong_head: Option<u64>,
}

/// Recomputes all of them. Whose record is wrong is not said: the leaf names it for whoever may look.
///
/// LIMIT: the tags of the numbers without a record are held in memory, 32 bytes each and the set around them.
///
/// # Errors
/// When the store fails.
pub async fn check_details(store: &dyn Store) -> Result<Details, StoreError> {
    let mut found = Details::default();
    let size = heads(&mut *store.read().await?, &mut found).await?;
    let mut missing = Missing {
        tags: HashSet::new(),
        most: size.saturating_add(1),
    };
    let mut after: Option<SubjectId> = None;
    loop {
        // A view for each page, so that a running broker is not held up.
        let mut read = store.read().await?;
        let page = read.all_subjects(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for subject in page {
            records(&mut *read, &subject, &mut found, &mut missing).await?;
        }
    }
    found.lost = lost(store, &mut missing).await?;
    found.missing = missing.count();
    Ok(found)
}

/// The tags of the numbers without a record.
struct Missing {
    tags: HashSet<Tag>,
    /// One more than there are leaves: so many cannot all be lost, however high a changed row counts.
    most: u64,
}

impl Missing {
    /// Adds the numbers `first` to `newest` of a subject.
    fn extend(&mut self, key: &SubjectKey, first: u64, newest: u64) {
        for n in (first..=newest).filter_map(RecordNumber::new) {
            if self.count() == self.most {
                return;
            }
            self.tags.insert(key.tag(n));
        }
    }

    fn count(&self) -> u64 {
        u64::try_from(self.tags.len()).unwrap_or(u64::MAX)
    }
}

/// Takes the tags away that stand where a restore lost the details, and counts them. Without a restore leaf nothing is
/// lost, whatever is missing: a damaged or a changed database must not pass for a restored one.
async fn lost(store: &dyn Store, missing: &mut Missing) -> Result<u64, StoreError> {
    let all = missing.count();
    if all == 0 {
        return Ok(0);
    }
    for (_, restore) in restores_in(store).await? {
        let Some(range) = restore.lost() else { continue };
        let mut next = range.start;
        while next < range.end && !missing.tags.is_empty() {
            let end = range.end.min(next.saturating_add(LEAVES));
            for leaf in store.read().await?.leaves(next, end).await? {
                if let Ok(leaf) = SubjectLeaf::parse(&leaf.bytes) {
                    missing.tags.remove(&leaf.tag);
                }
            }
            next = end;
        }
    }
    Ok(all.saturating_sub(missing.count()))
}

/// How many leaves there are in batches that are right.
async fn heads(read: &mut (dyn Read + '_), found: &mut Details) -> Result<u64, StoreError> {
    let mut tree = Frontier::empty();
    while let Some(head) = read.head_covering(tree.size().get()).await? {
        let first = tree.size().get();
        for leaf in read.leaves(first, head.size).await? {
            // A log that is full has no batch behind it either.
            let _ = tree.append(leaf_hash(&leaf.bytes));
        }
        if !is_head(&head, first, &tree) {
            found.wrong_head = Some(first);
            return Ok(first);
        }
        found.batches += 1;
    }
    Ok(tree.size().get())
}

fn is_head(head: &HeadRow, first: u64, tree: &Frontier) -> bool {
    let peaks = tree.peaks().iter().map(|peak| peak.as_bytes());
    head.first == first
        && head.size == tree.size().get()
        && head.root == *tree.root().as_bytes()
        && head.peaks.iter().eq(peaks)
}

async fn records(
    read: &mut (dyn Read + '_),
    subject: &SubjectRow,
    found: &mut Details,
    missing: &mut Missing,
) -> Result<(), StoreError> {
    let key = SubjectKey::new(subject.key);
    let mut before = u64::MAX;
    // The numbers up to here are still to come.
    let mut newest = subject.newest;
    loop {
        let page = read.records_of(subject.id, before, PAGE).await?;
        let Some(oldest) = page.last() else { break };
        before = oldest.n;
        for row in page {
            missing.extend(&key, row.n.saturating_add(1), newest);
            newest = newest.min(row.n.saturating_sub(1));
            let leaf = read
                .leaves(row.leaf_index, row.leaf_index.saturating_add(1))
                .await?;
            let leaf = leaf.first().map(|leaf| leaf.bytes.as_slice());
            if row.n <= subject.newest && leaf.is_some_and(|leaf| opens(&row, &key, leaf)) {
                found.records += 1;
            } else {
                found.unopened = found.unopened.or(Some(row.leaf_index));
            }
        }
    }
    missing.extend(&key, 1, newest);
    Ok(())
}

fn opens(row: &RecordRow, key: &SubjectKey, leaf: &[u8]) -> bool {
    let (Ok(leaf), Some(n)) = (SubjectLeaf::parse(leaf), RecordNumber::new(row.n)) else {
        return false;
    };
    let tag = key.tag(n);
    let commitment = Commitment::of(&Salt::new(row.salt), leaf.kind, n, &tag, &row.record);
    leaf.tag == tag && leaf.commitment == commitment && leaf.kind.number() == row.kind
}
