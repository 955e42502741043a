//! The participant's home page at a steady rate, through the real router.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant as Stopwatch};

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use broker_domain::ids::ParticipantId;
use broker_service::Broker;
use broker_store::SessionRole;
use consent_ui::page::{Mode, Operator};
use consent_ui::paths;
use consent_ui::routes::{Pages, Site};
use tokio::task::JoinSet;
use tower::ServiceExt as _;

/// Requests a second, evenly spaced: the next one comes whether the last one is answered or not.
pub const RATE: u32 = 200;
const HOST: &str = "127.0.0.1:8080";
/// No page is larger.
const LARGEST: usize = 1 << 20;

/// What the visits came to.
pub struct Visits {
    /// Time from a request's arrival at the router to the last byte of its answer, in order.
    pub times: Vec<Duration>,
    /// Bytes of one page.
    pub bytes: usize,
}

/// Lets people who are signed in look at their home page for some time, each in turn.
pub async fn visit(broker: &Arc<Broker>, people: &[ParticipantId], lasting: Duration) -> Result<Visits> {
    let mut cookies = Vec::with_capacity(people.len());
    for person in people {
        let session = broker.open_session(SessionRole::Participant(*person)).await?;
        cookies.push(format!("fiducie={}", URL_SAFE_NO_PAD.encode(session.token)));
    }
    let app = consent_ui::routes::routes(Pages {
        broker: Arc::clone(broker),
        mode: Mode::Serve,
        operator: Operator {
            name: "Fiducie".into(),
            contact_email: "dpo@fiducie.invalid".into(),
        },
        site: Site {
            url: format!("http://{HOST}"),
        },
        demo: None,
    });
    let between = Duration::from_secs(1) / RATE;
    let count = usize::try_from(lasting.as_nanos() / between.as_nanos().max(1))?;
    let mut clock = tokio::time::interval(between);
    let mut answers = JoinSet::new();
    for cookie in cookies.iter().cycle().take(count) {
        clock.tick().await;
        answers.spawn(look(app.clone(), cookie.clone(), Stopwatch::now()));
    }
    let mut visits = Visits {
        times: Vec::with_capacity(count),
        bytes: 0,
    };
    while let Some(answer) = answers.join_next().await {
        let (time, bytes) = answer??;
        visits.times.push(time);
        visits.bytes = bytes;
    }
    visits.times.sort_unstable();
    Ok(visits)
}

async fn look(app: Router, cookie: String, arrived: Stopwatch) -> Result<(Duration, usize)> {
    let request = Request::get(paths::DASHBOARD)
        .header(header::HOST, HOST)
        .header(header::COOKIE, cookie)
        .extension(ConnectInfo(SocketAddr::from((Ipv4Addr::LOCALHOST, 40_000))))
        .body(Body::empty())?;
    let answer = app.oneshot(request).await?;
    let status = answer.status();
    let page = to_bytes(answer.into_body(), LARGEST)
        .await
        .context("the page is too large")?;
    ensure!(status == StatusCode::OK, "the home page answered {status}");
    Ok((arrived.elapsed(), page.len()))
}
