//! An authenticator that is plugged into a browser: virtual, as WebAuthn L3 §11 describes it for tests.

use serde_json::{Value, json};

use crate::browser::Browser;

/// How an authenticator is attached. A browser takes one that is built in, and any number of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Built in, as in a telephone.
    Internal,
    /// Plugged in, as a security key.
    Usb,
}

/// Whether the person at it shows who she is: finger, face or code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    /// She does.
    Verified,
    /// She does not.
    Unverified,
}

/// An authenticator that is plugged in.
pub struct Authenticator<'a> {
    browser: &'a Browser,
    id: String,
}

impl<'a> Authenticator<'a> {
    /// One that keeps its keys and whose person is verified.
    #[must_use]
    pub fn plug_in(browser: &'a Browser, transport: Transport) -> Self {
        let transport = match transport {
            Transport::Internal => "internal",
            Transport::Usb => "usb",
        };
        let options = json!({
            "protocol": "ctap2",
            "transport": transport,
            "hasResidentKey": true,
            "hasUserVerification": true,
            "isUserConsenting": true,
            "isUserVerified": true,
        });
        let id = browser.driver("POST", "webauthn/authenticator", &options);
        Self {
            browser,
            id: id.as_str().unwrap().to_owned(),
        }
    }

    /// Pulls it out; gives the keys that it kept.
    pub fn pull_out(self) -> Vec<Value> {
        let keys = self.keys();
        let command = format!("webauthn/authenticator/{}", self.id);
        self.browser.driver("DELETE", &command, &json!({}));
        keys
    }

    /// Whether the person shows who she is from now on.
    pub fn set_person(&self, person: Person) {
        let verified = json!({ "isUserVerified": person == Person::Verified });
        self.browser.driver("POST", &self.command("uv"), &verified);
    }

    /// Its keys, private halves among them.
    #[must_use]
    pub fn keys(&self) -> Vec<Value> {
        let keys = self
            .browser
            .driver("GET", &self.command("credentials"), &json!({}));
        keys.as_array().unwrap().clone()
    }

    /// Gives it a key.
    pub fn put_key(&self, key: &Value) {
        self.browser.driver("POST", &self.command("credential"), key);
    }

    fn command(&self, what: &str) -> String {
        format!("webauthn/authenticator/{}/{what}", self.id)
    }
}
