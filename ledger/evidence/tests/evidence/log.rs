//! A log with a map, in memory: several subjects, batches closed by a map root, and the file of each subject.

use evidence::{
    bundle::leaf_of,
    history::{Consistency, Entry, Header, History, LostEntry, Proofs, Remembered, WINDOW},
    jws::{Jwk, Jws},
    record::Record,
};
use ledger_core::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    leaf::{
        ActorClass, Commitment, Hour, KeyChange, RecordNumber, RestoreLeaf, Salt, SubjectKey, SubjectKind,
        UnsignedKeyChange, map_root_leaf,
    },
    map::{MapEntry, MapTree, PrunedMapWriter},
    note::{Ed25519Signer, KeyName, NoteSigner},
    tree::{Frontier, Hash, LeafIndex, NodeMap, ProofPlan, TreeSize, leaf_hash},
};

pub struct Log {
    pub signer: Ed25519Signer,
    pub record_key: Jwk,
    pub map: MapTree,
    frontier: Frontier,
    nodes: NodeMap,
    map_root: Vec<u8>,
    key_changes: Vec<(LeafIndex, KeyChange)>,
    restores: Vec<(LeafIndex, RestoreLeaf)>,
    people: Vec<(SubjectKey, Vec<Entry>)>,
}

impl Log {
    pub fn new(people: u8, record_key: Jwk) -> Self {
        let name = KeyName::new("log.example/consent").unwrap();
        Self {
            signer: Ed25519Signer::from_seed(name, &[1; 32]).unwrap(),
            record_key,
            map: MapTree::default(),
            frontier: Frontier::empty(),
            nodes: NodeMap::default(),
            map_root: Vec::new(),
            key_changes: Vec::new(),
            restores: Vec::new(),
            people: (0..people)
                .map(|person| (SubjectKey::new([0x80 + person; 32]), Vec::new()))
                .collect(),
        }
    }

    pub fn key(&self, person: usize) -> &SubjectKey {
        &self.people[person].0
    }

    fn push(&mut self, leaf: &[u8]) -> LeafIndex {
        let index = LeafIndex::new(self.frontier.size().get()).unwrap();
        for node in self.frontier.append(leaf_hash(leaf)).unwrap() {
            self.nodes.insert(node.id, node.hash);
        }
        index
    }

    /// The next record of a person.
    pub fn record(&mut self, person: usize, record: &Record, jws: Jws) {
        let index = LeafIndex::new(self.frontier.size().get()).unwrap();
        let (key, entries) = &mut self.people[person];
        let n = RecordNumber::new(entries.len() as u64 + 1).unwrap();
        // Different for each record, and random enough not to be compressed away where sizes are measured.
        let seed = leaf_hash(&index.get().to_be_bytes());
        let more = leaf_hash(seed.as_bytes());
        let salt = [*seed.as_bytes(), *more.as_bytes()].concat();
        let salt = Salt::from_slice(&salt).unwrap();
        let leaf = leaf_of(record, &jws, ActorClass::Broker, key, n, &salt)
            .unwrap()
            .to_bytes();
        entries.push(Entry {
            n,
            index,
            header: leaf[..8].try_into().unwrap(),
            record: jws,
            salt,
        });
        let entry = MapEntry::of_leaf(index, &leaf).unwrap().unwrap();
        self.map.insert(entry).unwrap();
        self.push(&leaf);
    }

    /// The log names another key, in a leaf, and signs with it from now on.
    pub fn change_key(&mut self, new: Ed25519Signer) {
        let valid_from = LeafIndex::new(self.frontier.size().get()).unwrap();
        let change = UnsignedKeyChange {
            hour: Hour::new(490_896),
            new: *new.vkey().public(),
            valid_from,
        };
        let change = change.sign(&self.signer);
        self.push(&change.to_bytes());
        self.key_changes.push((valid_from, change));
        self.signer = new;
    }

    /// The details of this many leaves from `known` on were lost, and the log says so.
    pub fn restore(&mut self, known: u64, imported: u64) {
        let leaf = RestoreLeaf {
            hour: Hour::new(490_896),
            known,
            imported,
            erasures: 0,
        };
        let index = self.push(&leaf.to_bytes());
        self.restores.push((index, leaf));
    }

    /// The last leaf of a batch.
    pub fn close(&mut self) {
        let covers = LeafIndex::new(self.frontier.size().get()).unwrap();
        let entries = self.map.len() as u64;
        let leaf = map_root_leaf(Hour::new(490_896), covers, entries, self.map.root()).to_bytes();
        self.push(&leaf);
        self.map_root = leaf;
    }

    pub fn head(&self) -> (TreeSize, Hash) {
        (self.frontier.size(), self.frontier.root())
    }

    /// The signed checkpoint.
    pub fn note(&self) -> String {
        let (size, root) = self.head();
        let checkpoint = Checkpoint::new("log.example/consent", size, root).unwrap();
        let signed = SignedCheckpoint::sign(checkpoint, &self.signer).unwrap();
        signed.note().to_string()
    }

    pub fn remember(&self, person: usize) -> Remembered {
        let (size, root) = self.head();
        let newest = RecordNumber::new(self.people[person].1.len() as u64).unwrap();
        Remembered { size, root, newest }
    }

    /// The proof that these entries, and the map root, are in the tree.
    pub fn prove(&self, entries: &[Entry]) -> Vec<Hash> {
        let size = self.frontier.size();
        let mut places: Vec<_> = entries.iter().map(|entry| entry.index).collect();
        places.extend(self.key_changes.iter().map(|(index, _)| *index));
        places.extend(self.restores.iter().map(|(index, _)| *index));
        places.push(size.last_index().unwrap());
        places.sort_unstable();
        let plan = ProofPlan::inclusion_of_many(&places, size).unwrap();
        plan.build(&self.nodes).unwrap()
    }

    /// The file of a person, as an honest broker makes it.
    pub fn history(&mut self, person: usize, since: Option<TreeSize>) -> History {
        let size = self.head().0;
        let (key, entries) = &self.people[person];
        let newest = entries.len() as u64;
        let log = self.prove(entries);
        let tag = |n| key.tag(RecordNumber::new(n).unwrap());
        let mut present: Vec<_> = (1..=newest).map(tag).collect();
        present.sort_unstable();
        let absent: Vec<_> = (newest + 1..=newest + WINDOW).map(tag).collect();
        let mut writer = PrunedMapWriter::default();
        self.map.prune(&mut writer, &present, &absent).unwrap();
        let consistency = since.map(|since| Consistency {
            size: since,
            hashes: ProofPlan::consistency(since, size)
                .unwrap()
                .build(&self.nodes)
                .unwrap(),
        });
        History {
            header: Header {
                log_key: self.signer.vkey().clone(),
                checkpoint: self.note(),
                map_root: self.map_root.clone(),
                subject_key: key.clone(),
                newest: RecordNumber::new(newest).unwrap(),
                record_keys: vec![self.record_key.clone()],
            },
            entries: entries.clone(),
            lost: Vec::new(),
            proofs: Proofs {
                log,
                map: writer.finish(),
                consistency,
                key_changes: self.key_changes.clone(),
                restores: self.restores.clone(),
            },
        }
    }
}

/// Leaves only the leaf of a record, as of one whose detail is lost.
pub fn lose(history: &mut History, n: u64) {
    let at = history
        .entries
        .iter()
        .position(|entry| entry.n.get() == n)
        .unwrap();
    let entry = history.entries.remove(at);
    let text = entry.record.as_str().as_bytes();
    let kind = SubjectKind::from_number(entry.header[1]).unwrap();
    let tag = history.header.subject_key.tag(entry.n);
    let commitment = Commitment::of(&entry.salt, kind, entry.n, &tag, text);
    let leaf = [&entry.header[..], tag.as_bytes(), commitment.as_bytes()].concat();
    history.lost.push(LostEntry {
        n: entry.n,
        index: entry.index,
        leaf: leaf.try_into().unwrap(),
    });
    history.lost.sort_by_key(|one| one.n);
}

/// The file.
pub fn to_bytes(history: &History) -> Vec<u8> {
    let mut bytes = history.header.to_line().unwrap();
    let known = history.entries.iter().map(|one| (one.n, one.to_line().unwrap()));
    let lost = history.lost.iter().map(|one| (one.n, one.to_line().unwrap()));
    let mut lines: Vec<_> = known.chain(lost).collect();
    lines.sort_by_key(|(n, _)| *n);
    bytes.extend(lines.into_iter().flat_map(|(_, line)| line));
    bytes.extend(history.proofs.to_line().unwrap());
    bytes
}
