//! A log in memory and a witness on a real port.

use std::{
    fs::{self, File},
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use ledger_core::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    note::{Ed25519Signer, KeyName, NoteSigner, Vkey},
    tree::{Frontier, Hash, NodeMap, ProofPlan, TreeSize, leaf_hash},
    witness::{AddCheckpoint, origin_hash},
};
use tempfile::TempDir;

pub const ORIGIN: &str = "log.example/consent";
const PATIENCE: Duration = Duration::from_secs(20);

pub fn log() -> Ed25519Signer {
    Ed25519Signer::from_seed(KeyName::new(ORIGIN).unwrap(), &[1; 32]).unwrap()
}

pub fn size(leaves: u64) -> TreeSize {
    TreeSize::new(leaves).unwrap()
}

/// A tree of entries with this name.
pub struct Tree {
    frontier: Frontier,
    nodes: NodeMap,
}

impl Tree {
    pub fn of(entry: &str, leaves: u64) -> Self {
        let (mut frontier, mut nodes) = (Frontier::empty(), NodeMap::default());
        for i in 0..leaves {
            for node in frontier
                .append(leaf_hash(format!("{entry}-{i}").as_bytes()))
                .unwrap()
            {
                nodes.insert(node.id, node.hash);
            }
        }
        Self { frontier, nodes }
    }

    pub fn proof_from(&self, old: u64) -> Vec<Hash> {
        let plan = ProofPlan::consistency(size(old), self.frontier.size()).unwrap();
        plan.build(&self.nodes).unwrap()
    }

    pub fn signed(&self) -> SignedCheckpoint {
        let checkpoint = Checkpoint::new(ORIGIN, self.frontier.size(), self.frontier.root()).unwrap();
        SignedCheckpoint::sign(checkpoint, &log()).unwrap()
    }

    pub fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// The request of an honest log.
    pub fn request(&self, old: u64) -> String {
        self.request_with(old, self.proof_from(old))
    }

    pub fn request_with(&self, old: u64, proof: Vec<Hash>) -> String {
        AddCheckpoint::new(size(old), proof, &self.signed())
            .unwrap()
            .to_string()
    }
}

/// The folder of a witness.
pub struct Home {
    pub folder: TempDir,
    pub key: Vkey,
}

impl Home {
    /// Makes a key and trusts the log.
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let made = program(&[
            "keygen",
            "--name",
            "witness.example/w1",
            "--folder",
            folder.path().to_str().unwrap(),
        ]);
        assert!(made.status.success(), "{made:?}");
        let said = String::from_utf8(made.stdout).unwrap();
        let home = Self {
            folder,
            key: said.lines().next().unwrap().parse().unwrap(),
        };
        home.trust(&[log().vkey()]);
        home
    }

    pub fn trust(&self, keys: &[&Vkey]) {
        let keys: String = keys.iter().map(|key| format!("  \"{key}\",\n")).collect();
        let config = fs::read_to_string(self.config()).unwrap();
        let (head, _) = config.split_once("logs = [").unwrap();
        let head = head.replace("127.0.0.1:7380", "127.0.0.1:0");
        fs::write(self.config(), format!("{head}logs = [\n{keys}]\n")).unwrap();
    }

    pub fn config(&self) -> PathBuf {
        self.folder.path().join("witness.toml")
    }

    pub fn log_folder(&self) -> PathBuf {
        let hash = origin_hash(ORIGIN).to_string();
        self.folder.path().join("state/logs").join(hash)
    }

    pub fn evidence(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.log_folder().join("evidence")) else {
            return Vec::new();
        };
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    pub fn serve(&self) -> Running {
        Running::start(&self.config()).unwrap_or_else(|said| panic!("the witness did not start: {said}"))
    }
}

/// Runs the program to its end.
pub fn program(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ledger-witness"))
        .args(arguments)
        .output()
        .unwrap()
}

/// A witness that serves.
pub struct Running {
    child: Child,
    pub address: SocketAddr,
}

impl Running {
    /// Waits until it listens, or gives back what it said before it ended.
    pub fn start(config: &Path) -> Result<Self, String> {
        let said = tempfile::NamedTempFile::new().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_ledger-witness"))
            .arg("serve")
            .arg("--config")
            .arg(config)
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(said.path()).unwrap())
            .spawn()
            .unwrap();
        let started = Instant::now();
        loop {
            let text = fs::read_to_string(said.path()).unwrap();
            let line = text.lines().find(|line| line.contains("the witness listens"));
            let listens = text.ends_with('\n').then_some(line).flatten();
            if let Some(rest) = listens.and_then(|line| line.split("listen=").nth(1)) {
                let address = rest.split_whitespace().next().unwrap().parse().unwrap();
                return Ok(Self { child, address });
            }
            if child.try_wait().unwrap().is_some() {
                return Err(fs::read_to_string(said.path()).unwrap());
            }
            assert!(started.elapsed() < PATIENCE, "neither starts nor ends: {text}");
            thread::sleep(Duration::from_millis(3));
        }
    }

    pub fn add(&self, body: &str) -> Answer {
        self.ask("POST", "/add-checkpoint", body.as_bytes())
    }

    pub fn shown(&self) -> Answer {
        self.ask("GET", &format!("/{}/checkpoint", origin_hash(ORIGIN)), b"")
    }

    /// One request on a connection of its own, with a small client that can also misbehave.
    pub fn ask(&self, method: &str, path: &str, body: &[u8]) -> Answer {
        let mut stream = self.connect();
        send(&mut stream, method, path, body);
        receive(&mut stream).unwrap()
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn wait(&mut self) -> bool {
        self.child.wait().unwrap().success()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn send(stream: &mut TcpStream, method: &str, path: &str, body: &[u8]) {
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: witness.example\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // A server that refuses early may close before all is sent.
    let _ = stream.write_all(body);
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

/// Reads one answer; `None` when the connection ends before one.
pub fn receive(stream: &mut TcpStream) -> Option<Answer> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1).unwrap();
    let mut body = vec![0; length.lines().next().unwrap().parse().unwrap()];
    stream.read_exact(&mut body).ok()?;
    Some(Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head,
        body: String::from_utf8(body).unwrap(),
    })
}
