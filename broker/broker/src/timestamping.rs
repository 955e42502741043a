//! `fiducie ledger timestamp`: an authority's clock says when the newest checkpoint existed (RFC 3161).
//!
//! LIMIT: the broker must be stopped, because the token's digest goes into the log; a broker that runs stamps nothing by
//! itself. LIMIT: tokens are files of the public folder; the broker's own HTTP interface does not serve them.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use broker_domain::time::{Clock as _, Entropy as _};
use clap::Args;
use ledger_core::tile::Resource;
use ring::digest::{SHA256, digest};
use timestamp::{Expected, MAX_LEN, QUERY_TYPE, request, roots_from_pem, token_of_response, verify};
use ureq::Agent;

use crate::assemble::{self, Home, Running, Setting};
use crate::config::{self, Timestamps};
use crate::ports::{SystemClock, SystemEntropy};

/// Longest that the authority may take.
const CALL_TIME: Duration = Duration::from_secs(30);
/// How far its clock may be from ours, in seconds: more, and one of the two is wrong.
const CLOCKS_APART: u64 = 300;

/// Options of `timestamp`.
#[derive(Debug, Args)]
pub struct Timestamp {
    /// The configuration file, with a section `[timestamps]`.
    #[arg(long, value_name = "FILE", default_value = "fiducie.toml")]
    config: PathBuf,
}

/// Obtains a token, verifies it, keeps it beside the log, and logs its digest.
///
/// # Errors
/// Whatever kept it from being done; nothing is logged then.
pub async fn run(options: &Timestamp) -> Result<()> {
    let config = config::read(&options.config)?;
    let authority = config.timestamps.as_ref();
    let authority =
        authority.context("the configuration has no section `[timestamps]`; see docs/OPERATING.md")?;
    let home = Home::at(&config.data);
    // This command signs too, so the witnesses are looked at before, as by a broker.
    let running = assemble::start(Setting::of(&config, &home)).await?;
    let note = running.public.read(Resource::Checkpoint).await?;
    let note = note.context("the log has no public checkpoint")?;
    let size = running.broker.latest_checkpoint().size();
    let (token, seconds) = obtain(authority, &note).await?;
    let folder = home.ledger().join("timestamps");
    put(&folder, &format!("{size}.checkpoint"), &note)?;
    put(&folder, &format!("{size}.tst"), &token)?;
    let entry = running.broker.log_timestamp(sha256(&token)).await?;
    let Running { broker, writer, .. } = running;
    drop(broker);
    writer.await?.context("the ledger has stopped")?;
    tracing::info!(
        ledger.size = size.get(),
        ledger.entry = entry,
        stamped_at_s = seconds,
        "the checkpoint is stamped; token and checkpoint are in `ledger/timestamps`"
    );
    Ok(())
}

/// Asks for a token over the note and verifies it.
async fn obtain(authority: &Timestamps, note: &[u8]) -> Result<(Vec<u8>, u64)> {
    let roots = fs::read(&authority.roots)
        .with_context(|| format!("the roots `{}` cannot be read", authority.roots.display()))?;
    let roots = roots_from_pem(&roots)?;
    let mut nonce = [0; 8];
    SystemEntropy::open().fill(&mut nonce)?;
    let imprint = sha256(note);
    let policy = authority.policy.as_deref();
    let query = request(&imprint, nonce, policy)?;
    let url = authority.url.clone();
    let response = tokio::task::spawn_blocking(move || ask(&url, &query)).await??;
    let token = token_of_response(&response)?;
    let expected = Expected {
        digest: &imprint,
        nonce: Some(nonce),
        policy,
        roots: &roots,
    };
    let stamp = verify(&token, &expected).context("the authority's token is refused")?;
    let now = u64::try_from(SystemClock.now().as_micros().div_euclid(1_000_000))?;
    ensure!(
        stamp.seconds.abs_diff(now) <= CLOCKS_APART,
        "the authority's clock and ours are {} s apart",
        stamp.seconds.abs_diff(now)
    );
    Ok((token, stamp.seconds))
}

fn ask(url: &str, query: &[u8]) -> Result<Vec<u8>> {
    let agent: Agent = Agent::config_builder()
        .timeout_global(Some(CALL_TIME))
        .max_redirects(0)
        .user_agent(concat!("fiducie/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent();
    let mut answer = agent.post(url).content_type(QUERY_TYPE).send(query)?;
    let limit = u64::try_from(MAX_LEN)?.saturating_add(1);
    Ok(answer.body_mut().with_config().limit(limit).read_to_vec()?)
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.iter_mut()
        .zip(digest(&SHA256, bytes).as_ref())
        .for_each(|(to, from)| *to = *from);
    hash
}

/// Writes a file in one step, durably, before its digest is logged.
fn put(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let path = folder.join(name);
    let beside = folder.join(format!("{name}.part"));
    let write = || {
        fs::create_dir_all(folder)?;
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, &path)?;
        File::open(folder)?.sync_all()
    };
    write().with_context(|| format!("`{}` cannot be written", path.display()))
}
