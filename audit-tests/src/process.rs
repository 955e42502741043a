//! A program that runs while a test talks to it, and everything it says.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::programs::text;

/// Longest a start, an answer or an end may take.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A running program. It is killed when this is dropped.
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts it; what it says on both outputs is added to the file `log`.
    #[must_use]
    pub fn start(command: &mut Command, log: PathBuf) -> Self {
        let output = File::options().create(true).append(true).open(&log).unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        Self { child, log }
    }

    /// Waits until its whole lines hold what is looked for.
    ///
    /// # Errors
    /// What it said, when it ended before.
    pub fn until<T>(&mut self, find: impl Fn(&str) -> Option<T>) -> Result<T, String> {
        let started = Instant::now();
        loop {
            // Asked before the log is read: what is said before the end is not missed.
            let ended = self.child.try_wait().unwrap().is_some();
            let said = self.log();
            let whole = said.rfind('\n').map_or("", |end| &said[..=end]);
            match find(whole) {
                Some(found) => return Ok(found),
                None if ended => return Err(said),
                None => assert!(
                    started.elapsed() < PATIENCE,
                    "the program does not say what was waited for:\n{said}"
                ),
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Whether it has ended by itself, or was ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// What it said until now.
    #[must_use]
    pub fn log(&self) -> String {
        text(&fs::read(&self.log).unwrap())
    }

    /// Sends a signal, by the name that `kill` gives it.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args(["-s", name, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    /// Waits for its own end.
    pub fn wait(&mut self) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(
                started.elapsed() < PATIENCE,
                "the program does not end:\n{}",
                self.log()
            );
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Ends it as a power cut would: nothing of it runs again.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A test that failed leaves nothing running; one that stopped the program itself has nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
