//! A log in a folder, written by other code than the broker's, and the program under test.

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use evidence::{
    bundle::{Bundle, leaf_of},
    jws::{Jwk, Jws},
    record::{
        Digest, Id, Instant, ManifestRoot, OutOutcome, Record, Release, ReleasedFile, Seconds, TransferOut,
    },
};
use ledger_core::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    leaf::{
        ActorClass, Hour, RecordNumber, Salt, SubjectKey, UnsignedErasure, UnsignedKeyChange, map_root_leaf,
    },
    map::{MapEntry, MapTree},
    note::{Ed25519Signer, KeyName, NoteSigner},
    proof::TlogProof,
    tile::{Resource, bundles, encode_entries, encode_tile, tiles},
    tree::{Frontier, Hash, LeafIndex, NodeMap, ProofPlan, TreeSize, leaf_hash},
};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::Value;
use tempfile::TempDir;

pub const ORIGIN: &str = "log.example/consent";

pub fn signer(name: &str, seed: u8) -> Ed25519Signer {
    Ed25519Signer::from_seed(KeyName::new(name).unwrap(), &[seed; 32]).unwrap()
}

pub fn log_signer() -> Ed25519Signer {
    signer(ORIGIN, 1)
}

pub fn officer() -> Ed25519Signer {
    signer("broker.example/dpo", 2)
}

pub fn subject() -> SubjectKey {
    SubjectKey::new([0x80; 32])
}

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn at(seconds: i64) -> Instant {
    Instant::from_unix_micros((1_767_225_600 + seconds) * 1_000_000).unwrap()
}

pub fn transfer(number: u64) -> Record {
    Record::TransferOut(TransferOut {
        transfer: id(&format!("t-{number}")),
        participant: Some(id("p-1")),
        consent: Some(id("c-1")),
        recipient: id("org-1"),
        purpose: id("self-consumption"),
        step_s: Seconds(1800),
        from: at(0),
        until: at(3600),
        rows: 2,
        ciphertext_sha256: Some(Digest::of(b"age file")),
        policy_set_sha256: Digest::of(b"policies"),
        policies: vec![id("transfer-under-consent")],
        outcome: OutOutcome::Delivered,
        refusal: None,
        at: at(3700),
    })
}

pub fn release() -> Record {
    Record::Release(Release {
        release: id("r-1"),
        request: id("q-1"),
        dataset: id("street-load"),
        researcher: Some(id("researcher-1")),
        rule: id("fr-d111-63/2026"),
        households: 120,
        from: at(0),
        until: at(86_400),
        step_s: Seconds(1800),
        files: vec![ReleasedFile {
            name: id("curve.csv"),
            sha256: Digest::of(b"a,b\n"),
            bytes: 4,
        }],
        manifest_sha256: Digest::of(b"{}"),
        ciphertext_sha256: Digest::of(b"age file"),
        disclosure_root: Some(ManifestRoot::new([0x5a; 32])),
        policy_set_sha256: Digest::of(b"policies"),
        at: at(90_000),
    })
}

/// A log in memory, whose files can be written at any size.
pub struct Log {
    pub leaves: Vec<Vec<u8>>,
    nodes: NodeMap,
    frontier: Frontier,
    map: MapTree,
}

impl Log {
    /// `count` entries: transfers of one subject, as numbers 1, 2, 3 …, every hundredth and the last one a map root.
    pub fn of_transfers(count: u64) -> Self {
        let mut log = Self {
            leaves: Vec::new(),
            nodes: NodeMap::default(),
            frontier: Frontier::empty(),
            map: MapTree::default(),
        };
        let mut n = 0;
        for size in 1..=count {
            if size % 100 == 0 || size == count {
                log.close();
            } else {
                n += 1;
                log.push_record(&transfer(n), n);
            }
        }
        log
    }

    /// The map root that ends a batch.
    pub fn close(&mut self) {
        let covers = LeafIndex::new(self.leaves.len() as u64).unwrap();
        let root = map_root_leaf(Hour::new(490_896), covers, self.map.len() as u64, self.map.root());
        self.push(root.to_bytes());
    }

    pub fn push(&mut self, leaf: Vec<u8>) {
        let index = LeafIndex::new(self.leaves.len() as u64).unwrap();
        if let Ok(Some(entry)) = MapEntry::of_leaf(index, &leaf) {
            // A repeated tag stands in some logs of these tests, and in no map.
            let _ = self.map.insert(entry);
        }
        for node in self.frontier.append(leaf_hash(&leaf)).unwrap() {
            self.nodes.insert(node.id, node.hash);
        }
        self.leaves.push(leaf);
    }

    pub fn push_record(&mut self, record: &Record, n: u64) {
        let (jws, n, salt) = (
            sign(record),
            RecordNumber::new(n).unwrap(),
            Salt::new([n as u8; 64]),
        );
        let leaf = leaf_of(record, &jws, ActorClass::Broker, &subject(), n, &salt).unwrap();
        self.push(leaf.to_bytes().to_vec());
    }

    pub fn push_erasure(&mut self, officer: &Ed25519Signer) {
        let erasure = UnsignedErasure {
            hour: Hour::new(490_896),
            handle: subject().erasure_handle(),
            records: 3,
            policy: leaf_hash(b"policy"),
        };
        self.push(erasure.sign(ORIGIN, officer).to_bytes());
    }

    /// The log names its next key. Checkpoints are signed by whoever a test says.
    pub fn push_key_change(&mut self, old: &Ed25519Signer, new: &Ed25519Signer) {
        let change = UnsignedKeyChange {
            hour: Hour::new(490_896),
            new: *new.vkey().public(),
            valid_from: LeafIndex::new(self.leaves.len() as u64).unwrap(),
        };
        self.push(change.sign(old).to_bytes());
    }

    pub fn checkpoint(&self, count: u64) -> SignedCheckpoint {
        let size = TreeSize::new(count).unwrap();
        let root = Frontier::read(size, &self.nodes).unwrap().root();
        SignedCheckpoint::sign(Checkpoint::new(ORIGIN, size, root).unwrap(), &log_signer()).unwrap()
    }

    /// That the entry at this index stands in the log of today.
    pub fn proof(&self, index: u64) -> TlogProof {
        let size = TreeSize::new(self.leaves.len() as u64).unwrap();
        let index = LeafIndex::new(index).unwrap();
        let path = ProofPlan::inclusion(index, size)
            .unwrap()
            .build(&self.nodes)
            .unwrap();
        TlogProof::new(index, path, &self.checkpoint(size.get()))
    }

    /// The bundle of record number n, which stands at index n - 1.
    pub fn bundle(&self, record: &Record, n: u64) -> Bundle {
        let proof = self.proof(n - 1);
        let n = RecordNumber::new(n).unwrap();
        let (record_jws, salt) = (sign(record), Salt::new([n.get() as u8; 64]));
        Bundle {
            leaf: leaf_of(record, &record_jws, ActorClass::Broker, &subject(), n, &salt).unwrap(),
            record: record_jws,
            record_key: record_key().1,
            salt,
            n,
            proof,
            log_key: log_signer().vkey().clone(),
        }
    }

    /// Writes the files of these sizes, oldest first; the checkpoint is that of the last.
    pub fn write(&self, sizes: &[u64]) -> TempDir {
        let folder = TempDir::new().unwrap();
        for count in sizes {
            let size = TreeSize::new(*count).unwrap();
            for tile in tiles(size) {
                let hashes: Vec<Hash> = tile.nodes().map(|node| self.nodes.get(node).unwrap()).collect();
                put(
                    folder.path(),
                    &Resource::Tile(tile).to_string(),
                    &encode_tile(&hashes),
                );
            }
            for span in bundles(size) {
                let entries = &self.leaves[span.first() as usize..span.end() as usize];
                let bytes = encode_entries(entries.iter().map(Vec::as_slice)).unwrap();
                put(folder.path(), &Resource::Entries(span).to_string(), &bytes);
            }
            put(
                folder.path(),
                "checkpoint",
                self.checkpoint(*count).note().to_string().as_bytes(),
            );
        }
        put(
            folder.path(),
            "log.vkey",
            format!("{}\n", log_signer().vkey()).as_bytes(),
        );
        folder
    }
}

pub fn record_key() -> (Ed25519KeyPair, Jwk) {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap();
    let key = Jwk::Ed25519 {
        x: pair.public_key().as_ref().try_into().unwrap(),
    };
    (pair, key)
}

pub fn sign(record: &Record) -> Jws {
    let (pair, key) = record_key();
    let payload = record.to_jcs_bytes().unwrap();
    Jws::sign(&payload, &key, |input| {
        pair.sign(input).as_ref().try_into().unwrap()
    })
    .unwrap()
}

pub fn put(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

/// Runs the program; the exit status and what it said.
pub fn audit(arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_ledger-audit"))
        .args(arguments)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

/// The same with `--json`.
pub fn audit_json(arguments: &[&str]) -> (i32, Value) {
    let (status, said) = audit(&[arguments, &["--json"]].concat());
    (status, serde_json::from_str(&said).unwrap())
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Serves a folder over HTTP until the test ends.
pub fn serve(folder: PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            let mut buffer = [0; 1024];
            while !request.ends_with(b"\r\n\r\n") {
                let count = stream.read(&mut buffer).unwrap();
                request.extend_from_slice(&buffer[..count]);
            }
            let request = String::from_utf8(request).unwrap();
            let path = request
                .split(' ')
                .nth(1)
                .unwrap()
                .strip_prefix("/ledger/")
                .unwrap()
                .to_owned();
            let (status, body) = match fs::read(folder.join(path)) {
                Ok(body) => ("200 OK", body),
                Err(_) => ("404 Not Found", Vec::new()),
            };
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all(&[head.as_bytes(), &body].concat()).unwrap();
        }
    });
    format!("http://{address}/ledger")
}
