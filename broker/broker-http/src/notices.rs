//! Notices by the SHA-256 of their bytes: what was shown can be fetched again for ever.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use broker_domain::ids::Digest;

use crate::Api;
use crate::problem::Problem;

/// The exact text of a notice.
#[utoipa::path(
    get,
    path = "/notices/{sha256}",
    params(("sha256" = String, Path, description = "64 lower-case hexadecimal digits")),
    responses(
        (status = 200, description = "The text whose SHA-256 was asked for", content_type = "text/plain"),
        (status = 404, description = "No such notice", body = Problem),
    )
)]
pub(crate) async fn notice(State(api): State<Api>, Path(sha256): Path<String>) -> Result<Response, Problem> {
    let missing =
        || Problem::not_found("no notice has this digest; take the address from an offer or a receipt");
    let digest = parse_hex(&sha256).ok_or_else(missing)?;
    let mut read = api.broker.read().await.map_err(broker_service::Fault::from)?;
    let notice = read
        .notice(digest)
        .await
        .map_err(broker_service::Fault::from)?
        .ok_or_else(missing)?;
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (header::CONTENT_LANGUAGE, notice.language),
    ];
    Ok((headers, notice.text).into_response())
}

fn parse_hex(text: &str) -> Option<Digest> {
    let mut bytes = [0_u8; 32];
    if text.len() != 64 || !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(index * 2..index * 2 + 2)?, 16).ok()?;
    }
    Some(Digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_64_lower_case_digits_are_a_digest() {
        assert_eq!(parse_hex(&"0a".repeat(32)), Some(Digest([10; 32])));
        for bad in [
            "",
            "0a",
            &"0A".repeat(32),
            &"zz".repeat(32),
            &"é".repeat(32),
            &"+a".repeat(32),
        ] {
            assert_eq!(parse_hex(bad), None);
        }
    }
}
