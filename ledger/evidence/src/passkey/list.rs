//! One signature over many drafts: what is signed is the root of a tree over them, and each record carries the way from its own
//! draft to that root, so that it verifies alone.
//!
//! ```text
//! leaf_i = SHA-256(0x00 || draft_i)                       (RFC 6962 §2.1)
//! terms  = "fiducie-signed-list/1" || 0x00 || u32be count || root
//! terms_sha256 of the intent = SHA-256(terms)
//! ```
//!
//! A draft of ours is a JSON object and begins with `{`: no draft is taken for a list, nor a list for a draft.

use ledger_core::tree::{
    Frontier, Hash, LeafIndex, NodeMap, ProofPlan, TreeSize, leaf_hash, verify_inclusion,
};
use serde::{Deserialize, Serialize};

use super::Refusal;
use crate::record::Digest;

const LABEL: &[u8] = b"fiducie-signed-list/1\0";

/// Where a draft stands in a list that was signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListPlace {
    /// How many drafts were signed together.
    pub count: u32,
    /// Which one this is, from 0.
    pub index: u32,
    /// The root over all of them.
    pub root: Digest,
    /// From the leaf upwards.
    pub path: Vec<Digest>,
}

impl ListPlace {
    /// The bytes that were signed, where this draft stands in them.
    ///
    /// # Errors
    /// [`Refusal::TermsChanged`] when the path does not lead from the draft to the root.
    pub fn terms(&self, draft: &[u8]) -> Result<Vec<u8>, Refusal> {
        let hash = |digest: &Digest| Hash::new(*digest.as_bytes());
        let path: Vec<Hash> = self.path.iter().map(hash).collect();
        let index = LeafIndex::new(u64::from(self.index)).ok_or(Refusal::TermsChanged)?;
        let size = TreeSize::new(u64::from(self.count)).ok_or(Refusal::TermsChanged)?;
        verify_inclusion(index, size, &leaf_hash(draft), &path, &hash(&self.root))
            .map_err(|_| Refusal::TermsChanged)?;
        Ok(terms(self.count, &self.root))
    }
}

/// Drafts that are signed together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedList {
    /// What is signed.
    pub terms: Vec<u8>,
    /// The place of each draft, in their order.
    pub places: Vec<ListPlace>,
}

impl SignedList {
    /// The list of these drafts; `None` for none, and for more than 2^32.
    pub fn of<'a>(drafts: impl IntoIterator<Item = &'a [u8]>) -> Option<Self> {
        let (mut tree, mut nodes) = (Frontier::empty(), NodeMap::default());
        let mut count = 0_u32;
        for draft in drafts {
            for node in tree.append(leaf_hash(draft)).ok()? {
                nodes.insert(node.id, node.hash);
            }
            count = count.checked_add(1)?;
        }
        if count == 0 {
            return None;
        }
        let size = TreeSize::new(u64::from(count))?;
        let digest = |hash: Hash| Digest::new(*hash.as_bytes());
        let root = digest(tree.root());
        let place = |index: u32| {
            let plan = ProofPlan::inclusion(LeafIndex::new(u64::from(index))?, size).ok()?;
            let path = plan.build(&nodes).ok()?;
            Some(ListPlace {
                count,
                index,
                root,
                path: path.into_iter().map(digest).collect(),
            })
        };
        Some(Self {
            terms: terms(count, &root),
            places: (0..count).map(place).collect::<Option<_>>()?,
        })
    }
}

fn terms(count: u32, root: &Digest) -> Vec<u8> {
    [LABEL, &count.to_be_bytes(), root.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drafts(count: usize) -> Vec<Vec<u8>> {
        (0..count)
            .map(|number| format!("{{{number}}}").into_bytes())
            .collect()
    }

    #[test]
    fn each_draft_leads_to_what_was_signed_and_to_nothing_else() {
        for count in [1, 2, 3, 5, 8, 13] {
            let drafts = drafts(count);
            let list = SignedList::of(drafts.iter().map(Vec::as_slice)).unwrap();
            for (place, draft) in list.places.iter().zip(&drafts) {
                assert_eq!(place.terms(draft), Ok(list.terms.clone()));
                assert_eq!(place.terms(b"{another}"), Err(Refusal::TermsChanged));
            }
        }
        assert_eq!(SignedList::of([]), None);
    }

    #[test]
    fn a_place_of_another_count_or_index_is_refused() {
        let drafts = drafts(5);
        let list = SignedList::of(drafts.iter().map(Vec::as_slice)).unwrap();
        let place = list.places[1].clone();
        for wrong in [
            ListPlace {
                index: 2,
                ..place.clone()
            },
            ListPlace {
                index: 9,
                ..place.clone()
            },
            ListPlace {
                count: 4096,
                ..place.clone()
            },
            ListPlace {
                root: Digest::of(b"root"),
                ..place
            },
        ] {
            assert_eq!(wrong.terms(&drafts[1]), Err(Refusal::TermsChanged));
        }
    }
}
