//! clientDataJSON: what the browser says of the page that asked (WebAuthn L3 §5.8.1).

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{Refusal, demand};
use crate::base64url;

/// `consent.md` §4.2, 3: type, challenge, origin, no frame. Members we do not know are allowed: browsers add them.
pub(super) fn check(raw: &[u8], challenge: &[u8], origin: &str) -> Result<(), Refusal> {
    let Object(members) = serde_json::from_slice(raw).map_err(|_| Refusal::Malformed)?;
    let text = |name| match members.get(name) {
        Some(Member::Text(text)) => Ok(text.as_str()),
        Some(Member::Truth(_) | Member::Other) | None => Err(Refusal::Malformed),
    };
    demand(text("type")? == "webauthn.get", Refusal::WrongType)?;
    demand(
        text("challenge")? == base64url::encode(challenge),
        Refusal::ChallengeMismatch,
    )?;
    demand(text("origin")? == origin, Refusal::OriginMismatch)?;
    match members.get("crossOrigin") {
        None | Some(Member::Truth(false)) => {}
        Some(Member::Truth(true)) => return Err(Refusal::CrossOrigin),
        Some(Member::Text(_) | Member::Other) => return Err(Refusal::Malformed),
    }
    // Whatever its value: a browser names it only when our page was in a frame.
    demand(!members.contains_key("topOrigin"), Refusal::TopOrigin)
}

/// An object none of whose members stands twice, at any depth. `serde_json` keeps the last of two without a word, other
/// readers the first: the browser and we could read two challenges from the same bytes.
struct Object(BTreeMap<String, Member>);

enum Member {
    Text(String),
    Truth(bool),
    Other,
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((name, member)) = map.next_entry::<String, Member>()? {
            if members.insert(name, member).is_some() {
                return Err(A::Error::custom("a member stands twice"));
            }
        }
        Ok(Object(members))
    }
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MemberVisitor)
    }
}

struct MemberVisitor;

impl<'de> Visitor<'de> for MemberVisitor {
    type Value = Member;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_str<E>(self, text: &str) -> Result<Member, E> {
        Ok(Member::Text(text.to_owned()))
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Member, E> {
        Ok(Member::Truth(truth))
    }

    fn visit_unit<E>(self) -> Result<Member, E> {
        Ok(Member::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Member, E> {
        Ok(Member::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Member, E> {
        Ok(Member::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Member, E> {
        Ok(Member::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Member, A::Error> {
        while items.next_element::<Member>()?.is_some() {}
        Ok(Member::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Member, A::Error> {
        ObjectVisitor.visit_map(map).map(|_| Member::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "https://broker.example";

    fn judged(json: &str) -> Result<(), Refusal> {
        check(json.as_bytes(), &[7; 32], ORIGIN)
    }

    fn with(more: &str) -> String {
        let challenge = base64url::encode(&[7; 32]);
        format!(r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":"{ORIGIN}"{more}}}"#)
    }

    #[test]
    fn members_of_any_kind_are_allowed_besides() {
        for more in [
            "",
            r#","crossOrigin":false"#,
            r#","new":{"a":[1,-2,0.5,null,true,{"b":"c"}],"origin":"https://evil.example"}"#,
            r#","tokenBinding":{"status":"supported"},"é":"\ud83d\udd11""#,
        ] {
            assert_eq!(judged(&with(more)), Ok(()), "{more}");
        }
    }

    #[test]
    fn a_member_that_stands_twice_is_refused_at_any_depth_and_in_any_spelling() {
        for more in [
            r#","type":"webauthn.get""#,
            r#","\u0074ype":"webauthn.get""#,
            r#","a":1,"a":1"#,
            r#","a":{"b":1,"b":1}"#,
            r#","a":[[{"b":1,"b":2}]]"#,
        ] {
            assert_eq!(judged(&with(more)), Err(Refusal::Malformed), "{more}");
        }
    }

    #[test]
    fn what_is_not_client_data_is_refused() {
        let good = with("");
        let deep = with(&format!(r#","a":{}{}"#, "[".repeat(500), "]".repeat(500)));
        for json in [
            "",
            "null",
            "[]",
            "{}",
            "\u{feff}{}",
            &format!("\u{feff}{good}"),
            &format!("{good}{good}"),
            &good.replace("webauthn.get", "\u{0}"),
            &good.replace(r#""webauthn.get""#, "1"),
            &good.replace(r#""https://broker.example""#, "null"),
            &with(r#","crossOrigin":"false""#),
            &with(r#","crossOrigin":null"#),
            &with(r#","a":"\ud800""#),
            &with(r#","a":1e999"#),
            &deep,
        ] {
            assert_eq!(judged(json), Err(Refusal::Malformed), "{json}");
        }
        assert_eq!(
            check(b"{\"type\":\"\xff\"}", &[7; 32], ORIGIN),
            Err(Refusal::Malformed)
        );
    }

    #[test]
    fn what_the_browser_says_against_it_is_believed() {
        let good = with("");
        for (json, refusal) in [
            (good.replace(".get", ".create"), Refusal::WrongType),
            (good.replace("Bwc", "bWc"), Refusal::ChallengeMismatch),
            (
                good.replace(r#"","origin""#, r#"=","origin""#),
                Refusal::ChallengeMismatch,
            ),
            (good.replace("https:", "http:"), Refusal::OriginMismatch),
            (good.replace(".example", ".example/"), Refusal::OriginMismatch),
            (
                good.replace("broker.example", "broker.example.evil.example"),
                Refusal::OriginMismatch,
            ),
            (with(r#","crossOrigin":true"#), Refusal::CrossOrigin),
            (
                with(r#","crossOrigin":true,"topOrigin":"https://evil.example""#),
                Refusal::CrossOrigin,
            ),
            (
                with(r#","topOrigin":"https://broker.example""#),
                Refusal::TopOrigin,
            ),
            (with(r#","topOrigin":null"#), Refusal::TopOrigin),
        ] {
            assert_eq!(judged(&json), Err(refusal), "{json}");
        }
    }
}
