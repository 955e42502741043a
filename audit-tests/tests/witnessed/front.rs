//! What stands between the broker and a witness, and may be slow, silent, or lie.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use audit_tests::programs::text;
use audit_tests::server::ask;

/// What it does with a request.
#[derive(Clone, Copy)]
pub enum Manner {
    /// Hands it on after a while.
    HandsOn(Duration),
    /// Hangs up.
    HangsUp,
    /// Answers 409 with this size, and shows nothing.
    Claims(u64),
}

/// A front before one witness. Its thread ends with the test.
pub struct Front {
    address: SocketAddr,
    manner: Arc<Mutex<Manner>>,
}

impl Front {
    pub fn before(witness: SocketAddr, manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let manner = Arc::new(Mutex::new(manner));
        let shared = Arc::clone(&manner);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let manner = *shared.lock().unwrap();
                thread::spawn(move || serve(stream, witness, manner));
            }
        });
        Self { address, manner }
    }

    pub fn set(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

fn serve(mut stream: TcpStream, witness: SocketAddr, manner: Manner) -> Option<()> {
    let (method, path, body) = read(&mut stream)?;
    let (status, body) = match manner {
        Manner::HangsUp => return None,
        Manner::Claims(size) if method == "POST" => (409, format!("{size}\n").into_bytes()),
        Manner::Claims(_) => (404, Vec::new()),
        Manner::HandsOn(delay) => {
            thread::sleep(delay);
            let answer = ask(witness, &method, &path, &[], &body).ok()?;
            (answer.status, answer.body)
        }
    };
    let head = format!(
        "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), &body].concat()).ok()
}

/// Method, path and body of a request.
fn read(stream: &mut TcpStream) -> Option<(String, String, Vec<u8>)> {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = text(&bytes[..end]).to_ascii_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok())
                .unwrap_or(0);
            if bytes.len() >= end + 4 + length {
                let first = text(&bytes[..end]);
                let mut words = first.split_whitespace();
                let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
                return Some((method, path, bytes[end + 4..].to_vec()));
            }
        }
        match stream.read(&mut chunk).ok()? {
            0 => return None,
            read => bytes.extend_from_slice(&chunk[..read]),
        }
    }
}
