//! A browser as far as sign-in needs one: it follows redirects, keeps cookies, and answers the provider's question.

use std::collections::BTreeMap;

use broker_domain::identity::Arrival;
use openidconnect::url::Url;
use ureq::Agent;

use crate::ports::RETURN_URL;

/// More redirects than any sign-in has.
const MOST_STEPS: usize = 20;

/// What came back in the query of the return address.
pub struct Returned {
    pub arrival: Arrival,
    pub state: String,
}

pub struct Browser {
    agent: Agent,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    pub fn new() -> Self {
        let config = Agent::config_builder()
            .max_redirects(0)
            .max_redirects_will_error(false);
        Self {
            agent: config.http_status_as_error(false).build().new_agent(),
            cookies: BTreeMap::new(),
        }
    }

    /// Goes to the provider and answers what it asks with this query, until it is sent back to the broker.
    pub fn visit(&mut self, url: &str, answer: &str) -> Returned {
        let mut at = Url::parse(url).unwrap();
        for _ in 0..MOST_STEPS {
            if at.as_str().starts_with(RETURN_URL) {
                return read(&at);
            }
            if at.path().starts_with("/interaction/") {
                at.set_query(Some(answer));
            }
            let (status, location, body) = self.step(&at);
            let location = location.unwrap_or_else(|| panic!("{status} at {}: {body}", at.path()));
            at = at.join(&location).unwrap();
        }
        panic!("the provider sends in circles");
    }

    /// One page: its status, where it leads, and its text.
    pub fn step(&mut self, url: &Url) -> (u16, Option<String>, String) {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = self.agent.get(url.as_str()).header("cookie", cookies.join("; "));
        let mut answer = request.call().unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = cookie.split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let location = answer
            .headers()
            .get("location")
            .map(|to| to.to_str().unwrap().to_owned());
        let body = answer.body_mut().read_to_string().unwrap();
        (answer.status().as_u16(), location, body)
    }
}

fn read(url: &Url) -> Returned {
    let query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
    let one = |name: &str| query.get(name).cloned();
    Returned {
        arrival: Arrival {
            code: one("code"),
            error: one("error"),
            issuer: one("iss"),
        },
        state: one("state").unwrap(),
    }
}

/// Parameters of an address.
pub fn query(url: &str) -> BTreeMap<String, String> {
    Url::parse(url).unwrap().query_pairs().into_owned().collect()
}
