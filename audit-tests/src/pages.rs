//! As much of a browser as filling in a form needs: a session, `Origin`, links and hidden fields.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::programs::text;
use crate::server::{Answer, ask};

/// Somebody on the pages.
pub struct Visitor {
    address: SocketAddr,
    cookies: BTreeMap<String, String>,
}

impl Visitor {
    /// Signed in as the last household of the demonstration's first page: the one that just arrived.
    #[must_use]
    pub fn newcomer(address: SocketAddr) -> Self {
        Self::household(address, |found| found.last().copied())
    }

    /// Signed in as the first household of the demonstration.
    #[must_use]
    pub fn somebody_else(address: SocketAddr) -> Self {
        Self::household(address, |found| found.first().copied())
    }

    fn household(address: SocketAddr, choose: impl for<'p> Fn(&[&'p str]) -> Option<&'p str>) -> Self {
        let cookies = BTreeMap::new();
        let mut visitor = Self { address, cookies };
        let home = visitor.get("/");
        let is_household = |form: &&str| form.contains("name=\"role\" value=\"participant\"");
        let found: Vec<&str> = forms(&home, "/demo/sign-in").filter(is_household).collect();
        let form = choose(&found).unwrap();
        let signed_in = visitor.submit("/demo/sign-in", form, &[]);
        assert_eq!(signed_in.status, 303, "{}", signed_in.head);
        visitor
    }

    /// Reads the first offer that waits for an answer, and accepts it.
    pub fn agree(&mut self) {
        let offers = self.get("/moi/partages/nouveau");
        let offer = offers.split("href=\"/moi/partages/nouveau/").nth(1).unwrap();
        let path = format!("/moi/partages/nouveau/{}", offer.split('"').next().unwrap());
        let page = self.get(&path);
        let form = forms(&page, &path).next().unwrap();
        let choice = form.split("type=\"radio\"").nth(1).unwrap();
        let answered = self.submit(&path, form, &[(&attribute(choice, "name"), "accept")]);
        assert_eq!(answered.status, 303, "{}", text(&answered.body));
    }

    /// Opens a page.
    pub fn get(&mut self, path: &str) -> String {
        let answer = self.send("GET", path, &[], "");
        assert_eq!(answer.status, 200, "{path}: {}", answer.head);
        text(&answer.body)
    }

    /// Opens a page or a file, whatever the answer.
    pub fn fetch(&mut self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    fn submit(&mut self, action: &str, form: &str, chosen: &[(&str, &str)]) -> Answer {
        let hidden = form
            .split("<input")
            .filter(|input| input.contains("type=\"hidden\""));
        let hidden = hidden.map(|input| (attribute(input, "name"), attribute(input, "value")));
        let chosen = chosen
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        // Names and values of these forms are identifiers and digests: nothing in them needs an escape.
        let fields: Vec<String> = hidden
            .chain(chosen)
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let origin = format!("http://{}", self.address);
        let headers = [
            ("origin", origin.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        self.send("POST", action, &headers, &fields.join("&"))
    }

    fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let jar: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let jar = jar.join("; ");
        let headers = [headers, &[("cookie", jar.as_str())]].concat();
        let answer = ask(self.address, method, path, &headers, body.as_bytes()).unwrap();
        for line in answer.head.lines() {
            let Some((name, cookie)) = line.split_once(": ") else {
                continue;
            };
            if let (true, Some((key, rest))) =
                (name.eq_ignore_ascii_case("set-cookie"), cookie.split_once('='))
            {
                let value = rest.split(';').next().unwrap();
                self.cookies.insert(key.to_owned(), value.to_owned());
            }
        }
        answer
    }
}

/// The forms of a page that are sent there.
fn forms<'p>(page: &'p str, action: &str) -> impl Iterator<Item = &'p str> {
    let action = format!("action=\"{action}\"");
    let forms = page
        .split("<form")
        .skip(1)
        .map(|rest| rest.split("</form>").next().unwrap());
    forms.filter(move |form| form.contains(&action))
}

fn attribute(tag: &str, name: &str) -> String {
    let rest = tag.split(&format!(" {name}=\"")).nth(1).unwrap();
    rest.split('"').next().unwrap().to_owned()
}
