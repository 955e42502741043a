//! As much of a browser as the pages need: cookies, `Origin`, links and hidden fields.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

pub struct Browser {
    router: Router,
    peer: Option<SocketAddr>,
    pub cookies: BTreeMap<String, String>,
    pub host: String,
    /// Sent with each POST; `None` sends none.
    pub origin: Option<String>,
    pub headers: Vec<(String, String)>,
}

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
    pub body: String,
}

impl Browser {
    pub fn new(router: Router, peer: Option<SocketAddr>) -> Self {
        Self {
            router,
            peer,
            cookies: BTreeMap::new(),
            host: "127.0.0.1:8080".into(),
            origin: Some("http://127.0.0.1:8080".into()),
            headers: Vec::new(),
        }
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        let request = Request::get(path).body(Body::empty()).unwrap();
        self.send(request).await
    }

    /// Follows redirects like a browser.
    pub async fn open(&mut self, path: &str) -> Answer {
        let mut answer = self.get(path).await;
        while answer.status == 303 {
            let onward = answer.header("location");
            answer = self.get(&onward).await;
        }
        answer
    }

    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        self.post_raw(path, body.join("&")).await
    }

    pub async fn post_raw(&mut self, path: &str, body: String) -> Answer {
        let mut request =
            Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(origin) = &self.origin {
            request = request.header(header::ORIGIN, origin);
        }
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// Posts what a script of ours posts.
    pub async fn post_json(&mut self, path: &str, body: &str) -> Answer {
        let mut request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        if let Some(origin) = &self.origin {
            request = request.header(header::ORIGIN, origin);
        }
        self.send(request.body(Body::from(body.to_owned())).unwrap())
            .await
    }

    /// Submits the form of a page: its hidden fields and what the person adds.
    pub async fn submit(&mut self, page: &Answer, action: &str, typed: &[(&str, &str)]) -> Answer {
        let hidden = page.hidden_fields(action);
        let mut fields: Vec<(&str, &str)> = hidden
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        fields.extend(typed);
        self.post(action, &fields).await
    }

    /// Posts to an address whose form this session was never shown, with the secret of its own forms.
    pub async fn forge(&mut self, own: &Answer, action: &str) -> Answer {
        let secret = own.body.split("name=\"csrf\" value=\"").nth(1).unwrap();
        let secret = secret.split('"').next().unwrap().to_owned();
        self.post(action, &[("csrf", &secret), ("motif", "x"), ("personnes", "1")])
            .await
    }

    async fn send(&mut self, mut request: Request<Body>) -> Answer {
        let headers = request.headers_mut();
        headers.insert(header::HOST, self.host.parse().unwrap());
        for (name, value) in &self.headers {
            headers.insert(
                header::HeaderName::try_from(name.as_str()).unwrap(),
                value.parse().unwrap(),
            );
        }
        if !self.cookies.is_empty() {
            let jar: Vec<String> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            headers.insert(header::COOKIE, jar.join("; ").parse().unwrap());
        }
        if let Some(peer) = self.peer {
            request.extensions_mut().insert(ConnectInfo(peer));
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        runs_its_script(&parts.headers, &bytes);
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let body = String::from_utf8_lossy(&bytes).into_owned();
        assert!(!body.contains("⟦missing"), "a message is missing: {body}");
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            bytes,
            body,
        }
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> String {
        self.headers
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
            .unwrap_or_default()
    }

    /// The first link whose address holds `part`.
    pub fn link(&self, part: &str) -> String {
        let links = self
            .body
            .split("href=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap());
        let found = links.map(unescaped).find(|href| href.contains(part));
        found.unwrap_or_else(|| panic!("no link with `{part}` in {}", self.body))
    }

    /// The action of the first form that holds `part`.
    pub fn action(&self, part: &str) -> String {
        let actions = self
            .body
            .split("action=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap());
        let found = actions.map(unescaped).find(|action| action.contains(part));
        found.unwrap_or_else(|| panic!("no form to `{part}` in {}", self.body))
    }

    pub fn hidden_fields(&self, action: &str) -> Vec<(String, String)> {
        let form = self
            .body
            .split("<form")
            .skip(1)
            .find(|form| form.contains(&format!("action=\"{action}\"")));
        let form = form.unwrap_or_else(|| panic!("no form to `{action}` in {}", self.body));
        let form = form.split("</form>").next().unwrap();
        let inputs = form
            .split("<input")
            .skip(1)
            .map(|rest| rest.split('>').next().unwrap());
        inputs
            .filter(|input| input.contains("type=\"hidden\""))
            .map(|input| (attribute(input, "name"), attribute(input, "value")))
            .collect()
    }

    /// The text without tags, white space made one.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut inside = false;
        for letter in self.body.chars() {
            match letter {
                '<' => inside = true,
                '>' => {
                    inside = false;
                    text.push(' ');
                }
                letter if !inside => text.push(letter),
                _ => {}
            }
        }
        unescaped(&text).split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

fn attribute(tag: &str, name: &str) -> String {
    let rest = tag.split(&format!(" {name}=\"")).nth(1).unwrap_or_default();
    unescaped(rest.split('"').next().unwrap_or_default())
}

fn unescaped(text: &str) -> String {
    [
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// A page with a script that its policy forbids is a page on which nothing happens.
fn runs_its_script(headers: &HeaderMap, bytes: &[u8]) {
    let text = |name| {
        let value = headers
            .get(name)
            .map(|value: &header::HeaderValue| value.to_str().unwrap());
        value.unwrap_or_default().to_owned()
    };
    let is_page = text(header::CONTENT_TYPE).starts_with("text/html");
    if is_page && String::from_utf8_lossy(bytes).contains("<script") {
        let policy = text(header::CONTENT_SECURITY_POLICY);
        for part in ["script-src 'self'", "connect-src 'self'"] {
            assert!(policy.contains(part), "a script that may not run: {policy}");
        }
    }
}
