//! A real browser: Debian's Chromium, driven through its own `chromedriver`.
//!
//! LIMIT: one browser engine. What other engines and screen readers make of the pages is for people to try.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use fantoccini::actions::{
    InputSource as _, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MouseActions, PointerAction,
};
use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::time::sleep;

use crate::process::{PATIENCE, Process};
use crate::programs::has_tool;
use crate::server;

/// Runs as root in a container, talks to nobody, keeps nothing of another run.
const ARGUMENTS: [&str; 8] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// Whether pages may run scripts. A test may always.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scripts {
    /// As browsers come.
    Allowed,
    /// As careful people set them.
    Blocked,
}

/// A browser with one window.
pub struct Browser {
    client: Client,
    home: TempDir,
    driver: SocketAddr,
    session: String,
    // Last: the browser ends with its driver.
    _process: Process,
}

/// Runs a test with a browser of its own. Where there is none, says so and does nothing; on a machine that must have
/// everything, fails.
pub fn with_browser<T>(scripts: Scripts, test: impl AsyncFnOnce(&Browser) -> T) -> Option<T> {
    if !has_tool("chromium") || !has_tool("chromedriver") {
        return None;
    }
    Runtime::new().unwrap().block_on(async {
        let browser = Browser::open(scripts).await;
        let outcome = test(&browser).await;
        browser.client.clone().close().await.unwrap();
        Some(outcome)
    })
}

impl Browser {
    async fn open(scripts: Scripts) -> Self {
        let home = TempDir::new().unwrap();
        let mut driver = Command::new("chromedriver");
        // Dates are typed in the order of this locale.
        driver
            .arg("--port=0")
            .env("LC_ALL", "C.UTF-8")
            .env_remove("LANGUAGE");
        let mut process = Process::start(&mut driver, home.path().join("chromedriver.log"));
        let port: u16 = process
            .until(|said| {
                said.split("successfully on port ")
                    .nth(1)?
                    .split('.')
                    .next()?
                    .parse()
                    .ok()
            })
            .unwrap();
        let driver = SocketAddr::from(([127, 0, 0, 1], port));

        let profile = format!("--user-data-dir={}", home.path().join("profile").display());
        let arguments: Vec<&str> = ARGUMENTS.into_iter().chain([profile.as_str()]).collect();
        let mut preferences = json!({ "download.default_directory": home.path().join("downloads") });
        if scripts == Scripts::Blocked {
            preferences["profile.managed_default_content_settings.javascript"] = json!(2);
        }
        let capabilities = json!({
            "browserName": "chrome",
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": { "args": arguments, "prefs": preferences },
        });
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.as_object().unwrap().clone())
            .connect(&format!("http://{driver}"))
            .await
            .unwrap();
        let session = client.session_id().await.unwrap().unwrap();
        Self {
            client,
            home,
            driver,
            session,
            _process: process,
        }
    }

    /// Opens an address.
    pub async fn open_page(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// Path of the page that is shown.
    pub async fn path(&self) -> String {
        let url = self.client.current_url().await.unwrap();
        url.path().to_owned()
    }

    /// The first element that this CSS selector finds, once there is one.
    pub async fn find(&self, selector: &str) -> Element {
        let wait = self
            .client
            .wait()
            .at_most(PATIENCE)
            .every(Duration::from_millis(20));
        let found = wait.for_element(Locator::Css(selector)).await;
        match found {
            Ok(element) => element,
            Err(error) => panic!("no `{selector}` on {}: {error}", self.text("body").await),
        }
    }

    /// How many elements it finds now.
    pub async fn count(&self, selector: &str) -> usize {
        self.client.find_all(Locator::Css(selector)).await.unwrap().len()
    }

    /// Clicks it, as a person would: what a closed menu holds after opening it, if the menu is not laid open anyway.
    pub async fn click(&self, selector: &str) {
        let element = self.find(selector).await;
        let menu = "const menu = document.querySelector(arguments[0]).closest('details:not([open])');
            const summary = menu?.querySelector('summary');
            return !menu || summary.contains(document.querySelector(arguments[0])) ? 'none'
                : summary.checkVisibility() ? 'closed' : 'laid open'";
        match self.script(menu, vec![json!(selector)]).await.as_str() {
            // WebDriver takes whatever is in a closed `details` for hidden (Selenium's `isShown`).
            Some("laid open") => self.point_at(element).await,
            Some("closed") => {
                self.find("details:not([open]) > summary")
                    .await
                    .click()
                    .await
                    .unwrap();
                element.click().await.unwrap();
            }
            _ => element.click().await.unwrap(),
        }
    }

    /// Presses the mouse's button on the middle of it, wherever that is.
    async fn point_at(&self, element: Element) {
        let button = MOUSE_BUTTON_LEFT;
        let actions = MouseActions::new("mouse".to_owned())
            .then(PointerAction::MoveToElement {
                element,
                duration: None,
                x: 0.0,
                y: 0.0,
            })
            .then(PointerAction::Down { button })
            .then(PointerAction::Up { button });
        self.client.perform_actions(actions).await.unwrap();
    }

    /// Clicks what leads to another page and waits for that page, so that what is looked for next is not found on the
    /// one that is being left.
    pub async fn follow(&self, selector: &str) {
        let mark = "document.documentElement.dataset.left = ''";
        let arrived =
            "return document.readyState === 'complete' && !('left' in document.documentElement.dataset)";
        self.script(mark, Vec::new()).await;
        self.click(selector).await;
        let started = Instant::now();
        // A script that is asked while pages change is refused: asked again.
        while !matches!(
            self.client.execute(arrived, Vec::new()).await,
            Ok(Value::Bool(true))
        ) {
            assert!(started.elapsed() < PATIENCE, "`{selector}` led to no page");
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// What a person reads there.
    pub async fn text(&self, selector: &str) -> String {
        let script = "return document.querySelector(arguments[0])?.innerText ?? ''";
        self.script(script, vec![json!(selector)])
            .await
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Types into a field.
    pub async fn type_into(&self, selector: &str, words: &str) {
        self.find(selector).await.send_keys(words).await.unwrap();
    }

    /// Loads the page again until it shows what is waited for.
    pub async fn reload_until(&self, selector: &str) {
        let started = Instant::now();
        while self.count(selector).await == 0 {
            assert!(
                started.elapsed() < PATIENCE,
                "no `{selector}` on {}",
                self.text("body").await
            );
            sleep(Duration::from_millis(500)).await;
            self.client.refresh().await.unwrap();
        }
    }

    /// Presses a key while holding others, wherever the focus is.
    pub async fn press(&self, holding: &[Key], key: Key) {
        let value = |key: Key| key.chars().next().unwrap();
        let down = holding.iter().map(|key| KeyAction::Down { value: value(*key) });
        let up = holding.iter().map(|key| KeyAction::Up { value: value(*key) });
        let struck = [
            KeyAction::Down { value: value(key) },
            KeyAction::Up { value: value(key) },
        ];
        let keyboard = KeyActions::new("keyboard".to_owned());
        let actions = down.chain(struck).chain(up).fold(keyboard, KeyActions::then);
        self.client.perform_actions(actions).await.unwrap();
    }

    /// Runs a script of the test, whatever pages may do.
    pub async fn script(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client.execute(script, arguments).await.unwrap()
    }

    /// The same for one that answers later: it calls its last argument with the answer.
    pub async fn later(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client.execute_async(script, arguments).await.unwrap()
    }

    /// Follows a link to a file and waits until it is there.
    pub async fn download(&self, selector: &str) -> PathBuf {
        let folder = self.home.path().join("downloads");
        let listed = || -> Vec<PathBuf> {
            let entries = std::fs::read_dir(&folder).into_iter().flatten();
            entries.map(|entry| entry.unwrap().path()).collect()
        };
        let before = listed();
        self.click(selector).await;
        let started = Instant::now();
        loop {
            let mut new = listed();
            new.retain(|path| !before.contains(path));
            // Chromium writes under another name until the file is whole.
            new.retain(|path| path.extension().is_none_or(|ending| ending != "crdownload"));
            new.retain(|path| !path.file_name().unwrap().to_string_lossy().starts_with('.'));
            if let Some(path) = new.pop() {
                return path;
            }
            assert!(started.elapsed() < PATIENCE, "`{selector}` led to no file");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Signs in with the token of a session that the test opened.
    pub fn use_session(&self, site: &str, token: &[u8; 32]) {
        let value = URL_SAFE_NO_PAD.encode(token);
        let cookie = json!({ "url": site, "name": "fiducie", "value": value, "httpOnly": true });
        self.devtools("Network.setCookie", &cookie);
    }

    /// The cookies of every site, the session's among them.
    #[must_use]
    pub fn cookies(&self) -> Value {
        self.devtools("Network.getAllCookies", &json!({}))["cookies"].take()
    }

    /// Puts cookies back that were read before.
    pub fn put_cookies(&self, cookies: &Value) {
        self.devtools("Network.setCookies", &json!({ "cookies": cookies }));
    }

    /// As another browser, which was never here: no cookie is left.
    pub fn forget_cookies(&self) {
        self.devtools("Network.clearBrowserCookies", &json!({}));
    }

    /// Makes the window this wide, in CSS pixels: narrower than a window manager would allow.
    pub fn set_width(&self, width: u32) {
        let metrics = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", &metrics);
    }

    /// Shows the page in the `light` or `dark` colours that people choose for their whole system, without transitions.
    pub fn set_colours(&self, scheme: &str) {
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.devtools("Emulation.setEmulatedMedia", &json!({ "features": features }));
    }

    /// The whole page as a PNG file.
    #[must_use]
    pub fn picture(&self) -> Vec<u8> {
        let answer = self.devtools(
            "Page.captureScreenshot",
            &json!({ "captureBeyondViewport": true }),
        );
        STANDARD.decode(answer["data"].as_str().unwrap()).unwrap()
    }

    /// What the browser tells assistive technology about the page: every node of its accessibility tree.
    #[must_use]
    pub fn accessible_nodes(&self) -> Vec<Value> {
        let answer = self.devtools("Accessibility.getFullAXTree", &json!({}));
        answer["nodes"].as_array().unwrap().clone()
    }

    /// Complaints of the browser since this was last asked: policy violations, missing files, errors of scripts.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        let entries = self.driver("POST", "se/log", &json!({ "type": "browser" }));
        let entries = entries.as_array().unwrap().iter();
        entries
            .map(|entry| entry["message"].as_str().unwrap().to_owned())
            .collect()
    }

    fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.driver(
            "POST",
            "goog/cdp/execute",
            &json!({ "cmd": command, "params": parameters }),
        )
    }

    /// A command of `chromedriver` that is not in the WebDriver standard itself.
    pub(crate) fn driver(&self, method: &str, command: &str, body: &Value) -> Value {
        let path = format!("/session/{}/{command}", self.session);
        let headers = [("content-type", "application/json")];
        let answer = server::ask(self.driver, method, &path, &headers, body.to_string().as_bytes()).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.json());
        answer.json()["value"].take()
    }
}
