//! The restores that a log names: everybody sees which details were lost, so that a person's file cannot call others so.

use ledger_core::{
    leaf::{RestoreLeaf, SystemLeaf},
    tree::LeafIndex,
};
use serde_json::{Value, json};

use crate::report::{Failure, Report, refused};

/// The restores of a log, in its order.
#[derive(Default)]
pub struct Restores(Vec<(LeafIndex, RestoreLeaf)>);

impl Restores {
    /// Takes a leaf of the kind; it speaks of leaves before it.
    pub fn take(&mut self, index: LeafIndex, system: &SystemLeaf) -> Result<(), Failure> {
        let leaf = RestoreLeaf::try_from(system).map_err(refused)?;
        if leaf.lost().is_none_or(|lost| lost.end > index.get()) {
            return Err(Failure::Refused(format!(
                "entry {index} names a restore of entries that come after it"
            )));
        }
        self.0.push((index, leaf));
        Ok(())
    }

    /// Says what they lost.
    pub fn tell(&self, report: &mut Report) {
        let values: Vec<Value> = self
            .0
            .iter()
            .map(|(index, leaf)| {
                json!({
                    "entry": index.get(),
                    "hour": leaf.hour.get(),
                    "first_lost": leaf.known,
                    "lost": leaf.imported,
                    "erased_again": leaf.erasures,
                })
            })
            .collect();
        if !values.is_empty() {
            report.check(format!(
                "The log names {} restores of its database from a backup; each speaks of entries before it.",
                values.len()
            ));
            report.skip(
                "Whether a restore that the log names took place: it excuses the broker from showing the details of the \
                 entries it names. Ask for the reason of each.",
            );
        }
        report.detail("restores", values);
    }
}
