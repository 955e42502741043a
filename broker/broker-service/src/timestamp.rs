//! A time-stamp token goes into the log, by its digest.

use async_trait::async_trait;
use broker_store::Serial;
use ledger_core::leaf::{Hour, TimestampLeaf};
use ledger_core::tree::Hash;

use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Group};

impl Broker {
    /// Appends the leaf that keeps a token (RFC 3161) from being exchanged; gives its place. The caller verified the
    /// token and keeps it where others find it.
    ///
    /// # Errors
    /// A fault when the leaf was not committed.
    pub async fn log_timestamp(
        &self,
        token_sha256: [u8; 32],
    ) -> Result<u64, Failure<std::convert::Infallible>> {
        self.commit(LogTimestamp {
            token: Hash::new(token_sha256),
        })
        .await
    }
}

struct LogTimestamp {
    token: Hash,
}

#[async_trait]
impl Commit for LogTimestamp {
    type Answer = Serial;
    type Refusal = std::convert::Infallible;
    const NAME: &'static str = "log timestamp";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Serial, Self::Refusal>, Fault> {
        let leaf = TimestampLeaf {
            hour: Hour::new(group.now.hour()),
            token: self.token,
        };
        Ok(Ok(group.append_leaf(leaf.to_bytes())?))
    }
}
