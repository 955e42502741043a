//! What holds for every answer, whatever the route: in time, a problem document when it is a refusal, never sniffed, and
//! never kept by a cache unless it is a public file of the ledger.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;

/// Longest a request may take, its body included.
pub const REQUEST_TIME: Duration = Duration::from_secs(30);

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// Answers of `/api` are about somebody or about this moment: no cache keeps any of them.
pub(crate) async fn api(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    let mut answer = in_time(limit, request, next).await;
    answer.headers_mut().insert(header::CACHE_CONTROL, NO_STORE);
    answer
}

/// Public files of the ledger say themselves how long they last; that one is missing may change any moment.
pub(crate) async fn ledger(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    let mut answer = in_time(limit, request, next).await;
    if !answer.status().is_success() {
        answer.headers_mut().insert(header::CACHE_CONTROL, NO_STORE);
    }
    answer
}

/// No such address under `/api`.
pub(crate) async fn nowhere() -> Problem {
    Problem::not_found("no such address; GET /api/v1/openapi.json lists them all")
}

async fn in_time(limit: Duration, request: Request, next: Next) -> Response {
    let answered = tokio::time::timeout(limit, next.run(request)).await;
    let mut answer = match answered {
        Ok(answer) => in_our_words(answer),
        Err(_) => Problem::out_of_time().into_response(),
    };
    answer
        .headers_mut()
        .insert(header::X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
    answer
}

/// A refusal that axum made itself (405, a path that is no UTF-8, …) as a problem document. Our own carry JSON already.
fn in_our_words(answer: Response) -> Response {
    let status = answer.status();
    let is_refusal = status.is_client_error() || status.is_server_error();
    let is_ours = answer
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind == "application/json" || kind == "application/problem+json");
    if !is_refusal || is_ours {
        return answer;
    }
    let problem = match status {
        StatusCode::NOT_FOUND => Problem::not_found("no such address"),
        StatusCode::METHOD_NOT_ALLOWED => Problem::new(
            status,
            "method-not-allowed",
            "Method not allowed",
            "this address exists for other methods; the header `Allow` names them",
        ),
        other => Problem::new(
            other,
            "malformed",
            "Request not understood",
            "the address, the headers or the body could not be read; see docs/API.md",
        ),
    };
    let mut told = problem.into_response();
    // RFC 9110 §15.5.6: a 405 MUST have `Allow`.
    if let Some(methods) = answer.headers().get(header::ALLOW) {
        told.headers_mut().insert(header::ALLOW, methods.clone());
    }
    told
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    async fn answered(
        router: Router,
        method: &str,
    ) -> (StatusCode, axum::http::HeaderMap, serde_json::Value) {
        let request = Request::builder()
            .method(method)
            .uri("/x")
            .body(Body::empty())
            .unwrap();
        let answer = router.oneshot(request).await.unwrap();
        let (head, body) = answer.into_parts();
        let body = to_bytes(body, 10_000).await.unwrap();
        (
            head.status,
            head.headers,
            serde_json::from_slice(&body).unwrap_or_default(),
        )
    }

    fn guarded(router: Router) -> Router {
        router.layer(from_fn_with_state(Duration::from_millis(20), api))
    }

    #[tokio::test]
    async fn a_request_that_takes_too_long_is_told_when_to_come_back() {
        let router = guarded(Router::new().route("/x", get(std::future::pending::<()>)));
        let (status, headers, problem) = answered(router, "GET").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(headers[header::RETRY_AFTER], "1");
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(problem["code"], "timeout");
        assert_eq!(problem["retry_after_s"], 1);
    }

    #[tokio::test]
    async fn a_wrong_method_is_a_problem_that_names_the_right_ones() {
        let router = guarded(Router::new().route("/x", get(|| async { "yes" })));
        let (status, headers, problem) = answered(router.clone(), "DELETE").await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(headers[header::ALLOW], "GET,HEAD");
        assert_eq!(problem["code"], "method-not-allowed");
        let (status, headers, _) = answered(router, "GET").await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    }
}
