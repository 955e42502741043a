//! What our officers are told at the operator's address: that a request is due or a recipient silent. Never about whom.

use broker_domain::deadline::days_left;
use broker_domain::time::Instant;

use super::Duties;
use super::changes::{StaffWord, tell_staff};
use crate::failure::Fault;
use crate::own_data::local_day;

/// How many requests are looked at: the earliest due first.
const PAGE: u32 = 500;

/// What is said of a request so many days before it is due; nothing earlier than a week.
const fn word(days_left: i32) -> Option<StaffWord> {
    match days_left {
        ..=-1 => Some(StaffWord::Late),
        0..=1 => Some(StaffWord::DueTomorrow),
        2..=7 => Some(StaffWord::DueInSeven),
        _ => None,
    }
}

impl Duties {
    /// Queues what is due about requests, each word once a request and due date.
    pub(super) async fn remind_staff(&self, now: Instant) -> Result<(), Fault> {
        if self.parts.staff.is_none() {
            return Ok(());
        }
        let today = local_day(now)?;
        let open = self.broker.store.read().await?.rights_requests_open(PAGE).await?;
        let mut due = Vec::new();
        for row in open {
            let request = row.request;
            // Its clock stands still until she answers.
            if request.paused_at.is_some() {
                continue;
            }
            if let Some(word) = word(days_left(today, request.due_on)) {
                let occasion = format!("{}/{}", request.id, request.due_on);
                due.push((request.participant, word, occasion));
            }
        }
        if due.is_empty() {
            return Ok(());
        }
        let mut tx = self.broker.store.begin("remind the officers").await?;
        for (about, word, occasion) in due {
            // She may have been erased meanwhile, with her request.
            if tx.participant(about).await?.is_some() {
                tell_staff(&mut *tx, about, word, occasion.as_bytes(), now).await?;
            }
        }
        Ok(tx.commit().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_and_a_day_before_and_once_it_is_late() {
        assert_eq!(
            [8, 7, 2, 1, 0, -1].map(word),
            [
                None,
                Some(StaffWord::DueInSeven),
                Some(StaffWord::DueInSeven),
                Some(StaffWord::DueTomorrow),
                Some(StaffWord::DueTomorrow),
                Some(StaffWord::Late),
            ]
        );
    }
}
