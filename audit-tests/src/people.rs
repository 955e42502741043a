//! A broker that people sign in to: `fiducie invite` lets them in, `fiducie serve` serves them, at an address of which
//! browsers take passkeys.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};

use crate::operator::fiducie;
use crate::town::{ORIGIN, Town};

/// Where people come to.
pub struct Site {
    /// Its address: passkeys are for names, so it is `localhost` (WebAuthn L3 §5.1.2).
    pub url: String,
}

impl Site {
    /// Configures the town's broker for people.
    ///
    /// LIMIT: the port is chosen before the broker takes it, so another program could take it meanwhile.
    #[must_use]
    pub fn prepare(town: &Town) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let url = format!("http://localhost:{port}");
        let config = format!(
            "listen = \"127.0.0.1:{port}\"\ndata = \"{}\"\norigin = \"{ORIGIN}\"\nsite = \"{url}\"\n\
             [operator]\nname = \"Audit\"\ncontact_email = \"dpo@audit.invalid\"\n",
            town.data().display()
        );
        fs::write(town.aside("fiducie.toml"), config).unwrap();
        Self { url }
    }

    /// Adds to the configuration, for a broker that starts after.
    pub fn add(&self, town: &Town, more: &str) {
        let path = town.aside("fiducie.toml");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(path, text + more).unwrap();
    }

    /// The address of a page.
    #[must_use]
    pub fn page(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}

/// Runs `fiducie invite` with these arguments: who it was, and the code.
#[must_use]
pub fn invite(town: &Town, arguments: &[&str]) -> (String, String) {
    let (status, said) = fiducie(town, &[&["invite"], arguments].concat());
    assert_eq!(status, 0, "{said}");
    let word = |mark: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(mark));
        let line = line.unwrap_or_else(|| panic!("no `{mark}` in {said}"));
        line.split_whitespace().last().unwrap().to_owned()
    };
    (word("invited:"), word("code:"))
}
