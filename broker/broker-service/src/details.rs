//! The full check of what the log does not hold: whether every stored detail opens its leaf, and every stored head is
//! that of its leaves.

use broker_domain::ids::SubjectId;
use broker_store::{HeadRow, Read, RecordRow, Store, StoreError, SubjectRow};
use ledger_core::leaf::{Commitment, RecordNumber, Salt, SubjectKey, SubjectLeaf};
use ledger_core::tree::{Frontier, leaf_hash};

/// Rows read at once.
const PAGE: u32 = 256;

/// What was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Details {
    /// Batches whose head is that of their leaves.
    pub batches: u64,
    /// Records that open their leaf.
    pub records: u64,
    /// Numbers without a record: lost in a restore.
    pub lost: u64,
    /// The first leaf whose record does not open it.
    pub unopened: Option<u64>,
    /// The first leaf of the first batch whose head is not that of its leaves.
    pub wrong_head: Option<u64>,
}

/// Recomputes all of them. Whose record is wrong is not said: the leaf names it for whoever may look.
///
/// # Errors
/// When the store fails.
pub async fn check_details(store: &dyn Store) -> Result<Details, StoreError> {
    let mut found = Details::default();
    heads(&mut *store.read().await?, &mut found).await?;
    let mut after: Option<SubjectId> = None;
    loop {
        // A view for each page, so that a running broker is not held up.
        let mut read = store.read().await?;
        let page = read.all_subjects(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(found) };
        after = Some(last.id);
        for subject in page {
            records(&mut *read, &subject, &mut found).await?;
        }
    }
}

async fn heads(read: &mut (dyn Read + '_), found: &mut Details) -> Result<(), StoreError> {
    let mut tree = Frontier::empty();
    while let Some(head) = read.head_covering(tree.size().get()).await? {
        let first = tree.size().get();
        for leaf in read.leaves(first, head.size).await? {
            // A log that is full has no batch behind it either.
            let _ = tree.append(leaf_hash(&leaf.bytes));
        }
        if !is_head(&head, first, &tree) {
            found.wrong_head = Some(first);
            return Ok(());
        }
        found.batches += 1;
    }
    Ok(())
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
) -> Result<(), StoreError> {
    let key = SubjectKey::new(subject.key);
    let (mut before, mut known) = (u64::MAX, 0);
    loop {
        let page = read.records_of(subject.id, before, PAGE).await?;
        let Some(oldest) = page.last() else { break };
        before = oldest.n;
        for row in page {
            known += 1;
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
    found.lost += subject.newest.saturating_sub(known);
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
