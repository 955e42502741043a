//! Mail addresses and the queue of messages.

use async_trait::async_trait;
use broker_domain::ids::{ConsentId, MessageId, ParticipantId};
use broker_domain::telling::MessageChannel;
use broker_domain::time::Instant;
use broker_store::{
    MailAddressRow, MailPendingRow, MessageCounts, MessageEnd, MessageKind, MessageReads, MessageRow,
    MessageWrites, StoreError,
};
use sqlx::query;
use sqlx::sqlite::SqliteRow;

use crate::row::Cells;
use crate::transaction::SqliteTx;

#[async_trait]
impl MessageReads for SqliteTx {
    async fn mail_address(&mut self, who: ParticipantId) -> Result<Option<MailAddressRow>, StoreError> {
        let query =
            query("SELECT participant, epoch, sealed, set_at_us FROM mail_address WHERE participant = ?1");
        let query = query.bind(who.as_bytes().as_slice());
        self.one(query, |row| {
            Ok(MailAddressRow {
                participant: row.id("mail_address.participant")?,
                epoch: row.number("mail_address.epoch")?,
                sealed: row.bytes("mail_address.sealed")?,
                set_at: row.instant("mail_address.set_at_us")?,
            })
        })
        .await
    }

    async fn mail_pending(&mut self, who: ParticipantId) -> Result<Option<MailPendingRow>, StoreError> {
        let query = query(
            "SELECT participant, epoch, sealed, message, code_sealed, code_hash, expires_at_us, attempts_left \
             FROM mail_pending WHERE participant = ?1",
        );
        self.one(query.bind(who.as_bytes().as_slice()), |row| {
            Ok(MailPendingRow {
                participant: row.id("mail_pending.participant")?,
                epoch: row.number("mail_pending.epoch")?,
                sealed: row.bytes("mail_pending.sealed")?,
                message: row.id("mail_pending.message")?,
                code_sealed: row.bytes("mail_pending.code_sealed")?,
                code_hash: row.array("mail_pending.code_hash")?,
                expires_at: row.instant("mail_pending.expires_at_us")?,
                attempts_left: row.number("mail_pending.attempts_left")?,
            })
        })
        .await
    }

    async fn message(&mut self, id: MessageId) -> Result<Option<MessageRow>, StoreError> {
        let query = query(
            "SELECT id, participant, channel, kind, consent, ends_at_us, epoch, to_sealed, queued_at_us, due_at_us, attempts \
             FROM message WHERE id = ?1",
        );
        self.one(query.bind(id.as_bytes().as_slice()), message).await
    }

    async fn messages_due(
        &mut self,
        channel: MessageChannel,
        now: Instant,
        limit: u32,
    ) -> Result<Vec<MessageRow>, StoreError> {
        let query = query(
            "SELECT id, participant, channel, kind, consent, ends_at_us, epoch, to_sealed, queued_at_us, due_at_us, attempts \
             FROM message WHERE ended IS NULL AND channel = ?1 AND due_at_us <= ?2 ORDER BY due_at_us, id LIMIT ?3",
        );
        let query = query.bind(channel.code()).bind(now.as_micros()).bind(limit);
        self.all(query, message).await
    }

    async fn letter_to_post(&mut self, id: MessageId) -> Result<Option<MessageRow>, StoreError> {
        let query = query(
            "SELECT id, participant, channel, kind, consent, ends_at_us, epoch, to_sealed, queued_at_us, due_at_us, attempts \
             FROM message WHERE id = ?1 AND channel = 'post' AND ended IS NULL",
        );
        self.one(query.bind(id.as_bytes().as_slice()), message).await
    }

    async fn messages_to(
        &mut self,
        who: ParticipantId,
        limit: u32,
    ) -> Result<Vec<(MessageRow, Option<(MessageEnd, Instant)>)>, StoreError> {
        let query = query(
            "SELECT id, participant, channel, kind, consent, ends_at_us, epoch, to_sealed, queued_at_us, due_at_us, \
                 attempts, ended, ended_at_us \
             FROM message WHERE participant = ?1 ORDER BY queued_at_us DESC, id LIMIT ?2",
        );
        self.all(query.bind(who.as_bytes().as_slice()).bind(limit), |row| {
            let at = row.instant_or_null("message.ended_at_us")?;
            let ended = match at {
                Some(at) => Some((row.code("message.ended", MessageEnd::from_code)?, at)),
                None => None,
            };
            Ok((message(row)?, ended))
        })
        .await
    }

    async fn message_sent(&mut self, id: MessageId) -> Result<Option<Instant>, StoreError> {
        let query = query("SELECT ended_at_us FROM message WHERE id = ?1 AND ended = 'sent'");
        let query = query.bind(id.as_bytes().as_slice());
        self.one(query, |row| row.instant("message.ended_at_us")).await
    }

    async fn message_counts(&mut self) -> Result<MessageCounts, StoreError> {
        let query = query(
            "SELECT COUNT(*) FILTER (WHERE ended IS NULL AND attempts = 0) AS waiting, \
                    COUNT(*) FILTER (WHERE ended IS NULL AND attempts > 0) AS retrying, \
                    COUNT(*) FILTER (WHERE ended = 'failed') AS failed, \
                    COUNT(*) FILTER (WHERE ended = 'sent') AS sent \
             FROM message WHERE channel <> 'post'",
        );
        let counts = self.one(query, |row| {
            Ok(MessageCounts {
                waiting: row.number("message.waiting")?,
                retrying: row.number("message.retrying")?,
                failed: row.number("message.failed")?,
                sent: row.number("message.sent")?,
            })
        });
        Ok(counts.await?.unwrap_or_default())
    }

    async fn failed_messages_to(&mut self, who: ParticipantId) -> Result<u64, StoreError> {
        let query = query(
            "SELECT COUNT(*) AS failed FROM message JOIN mail_address USING (participant) \
             WHERE participant = ?1 AND channel = 'email' AND ended = 'failed' AND queued_at_us >= set_at_us",
        );
        let query = query.bind(who.as_bytes().as_slice());
        let failed = self.one(query, |row| row.number("message.failed")).await?;
        Ok(failed.unwrap_or_default())
    }

    async fn ends_untold(
        &mut self,
        kind: MessageKind,
        from: Instant,
        until: Instant,
        limit: u32,
    ) -> Result<Vec<ConsentId>, StoreError> {
        let query = query(
            "SELECT due.id FROM (SELECT c.id, COALESCE((SELECT new_end_at_us FROM consent_event \
                     WHERE consent = c.id AND new_end_at_us IS NOT NULL ORDER BY seq DESC LIMIT 1), \
                     c.data_end_at_us) AS ends \
                 FROM consent AS c WHERE EXISTS (SELECT 1 FROM mail_address AS a WHERE a.participant = c.participant) \
                     OR EXISTS (SELECT 1 FROM message_channel AS w WHERE w.participant = c.participant \
                         AND (w.sms = 1 OR w.post = 1))) \
             AS due WHERE due.ends > ?2 AND due.ends <= ?3 \
               AND NOT EXISTS (SELECT 1 FROM message AS m \
                   WHERE m.consent = due.id AND m.kind = ?1 AND m.ends_at_us = due.ends) \
               AND NOT EXISTS (SELECT 1 FROM consent_event AS e WHERE e.consent = due.id AND e.kind IN ('refused', \
                   'withdrawn', 'revoked', 'invalidated', 'superseded', 'suspended')) \
             ORDER BY due.id LIMIT ?4",
        );
        let query = query
            .bind(kind.code())
            .bind(from.as_micros())
            .bind(until.as_micros())
            .bind(limit);
        self.all(query, |row| row.id("consent.id")).await
    }
}

#[async_trait]
impl MessageWrites for SqliteTx {
    async fn set_mail_address(&mut self, row: &MailAddressRow) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO mail_address (participant, epoch, sealed, set_at_us) \
             SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM participant WHERE id = ?1) \
             ON CONFLICT (participant) DO UPDATE SET epoch = ?2, sealed = ?3, set_at_us = ?4",
        );
        let query = query
            .bind(row.participant.as_bytes().as_slice())
            .bind(row.epoch)
            .bind(&row.sealed)
            .bind(row.set_at.as_micros());
        self.change_one("mail_address", query).await
    }

    async fn forget_mail_address(&mut self, who: ParticipantId) -> Result<(), StoreError> {
        let query = query("DELETE FROM mail_address WHERE participant = ?1");
        let query = query.bind(who.as_bytes().as_slice());
        self.change("mail_address", query).await.map(|_| ())
    }

    async fn set_mail_pending(&mut self, row: &MailPendingRow) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO mail_pending (participant, epoch, sealed, message, code_sealed, code_hash, expires_at_us, \
                 attempts_left) \
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE EXISTS (SELECT 1 FROM participant WHERE id = ?1) \
             ON CONFLICT (participant) DO UPDATE SET epoch = ?2, sealed = ?3, message = ?4, code_sealed = ?5, \
                 code_hash = ?6, expires_at_us = ?7, attempts_left = ?8",
        );
        let query = query
            .bind(row.participant.as_bytes().as_slice())
            .bind(row.epoch)
            .bind(&row.sealed)
            .bind(row.message.as_bytes().as_slice())
            .bind(&row.code_sealed)
            .bind(row.code_hash.as_slice())
            .bind(row.expires_at.as_micros())
            .bind(row.attempts_left);
        self.change_one("mail_pending", query).await
    }

    async fn forget_mail_pending(&mut self, who: ParticipantId) -> Result<(), StoreError> {
        let query = query("DELETE FROM mail_pending WHERE participant = ?1");
        let query = query.bind(who.as_bytes().as_slice());
        self.change("mail_pending", query).await.map(|_| ())
    }

    async fn forget_mail_code(&mut self, message: MessageId) -> Result<(), StoreError> {
        let query = query("UPDATE mail_pending SET code_sealed = x'' WHERE message = ?1");
        let query = query.bind(message.as_bytes().as_slice());
        self.change("mail_pending", query).await.map(|_| ())
    }

    async fn add_message(&mut self, row: &MessageRow) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO message (id, participant, kind, consent, ends_at_us, epoch, to_sealed, queued_at_us, \
                 due_at_us, attempts, ended, ended_at_us, channel) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, NULL, NULL, ?11) ON CONFLICT (id) DO NOTHING",
        );
        let query = query
            .bind(row.id.as_bytes().as_slice())
            .bind(row.participant.as_bytes().as_slice())
            .bind(row.kind.code())
            .bind(row.consent.map(|id| id.as_bytes().to_vec()))
            .bind(row.ends_at.map(Instant::as_micros))
            .bind(row.epoch)
            .bind(&row.to_sealed)
            .bind(row.queued_at.as_micros())
            .bind(row.due_at.as_micros())
            .bind(row.attempts)
            .bind(row.channel.code());
        self.change("message", query).await.map(|_| ())
    }

    async fn begin_message(&mut self, id: MessageId, retry_at: Instant) -> Result<(), StoreError> {
        let query = query(
            "UPDATE message SET attempts = attempts + 1, due_at_us = ?2 WHERE id = ?1 AND ended IS NULL",
        );
        let query = query.bind(id.as_bytes().as_slice()).bind(retry_at.as_micros());
        self.change_one("message", query).await
    }

    async fn unbegin_message(&mut self, id: MessageId, retry_at: Instant) -> Result<(), StoreError> {
        let query = query(
            "UPDATE message SET attempts = attempts - 1, due_at_us = ?2 \
             WHERE id = ?1 AND ended IS NULL AND attempts > 0",
        );
        let query = query.bind(id.as_bytes().as_slice()).bind(retry_at.as_micros());
        self.change_one("message", query).await
    }

    async fn end_message(&mut self, id: MessageId, end: MessageEnd, at: Instant) -> Result<(), StoreError> {
        let query = query(
            "UPDATE message SET ended = ?2, ended_at_us = ?3, to_sealed = x'' WHERE id = ?1 AND ended IS NULL",
        );
        let query = query
            .bind(id.as_bytes().as_slice())
            .bind(end.code())
            .bind(at.as_micros());
        self.change_one("message", query).await
    }

    async fn end_messages_to(&mut self, who: ParticipantId, at: Instant) -> Result<(), StoreError> {
        let query = query(
            "UPDATE message SET ended = ?2, ended_at_us = ?3, to_sealed = x'' \
             WHERE participant = ?1 AND ended IS NULL",
        );
        let query = query
            .bind(who.as_bytes().as_slice())
            .bind(MessageEnd::Overtaken.code())
            .bind(at.as_micros());
        self.change("message", query).await.map(|_| ())
    }

    async fn drop_messages(&mut self, before: Instant) -> Result<(), StoreError> {
        let query = query("DELETE FROM message WHERE ended IS NOT NULL AND ended_at_us < ?1");
        self.change("message", query.bind(before.as_micros()))
            .await
            .map(|_| ())
    }
}

fn message(row: &SqliteRow) -> Result<MessageRow, StoreError> {
    Ok(MessageRow {
        id: row.id("message.id")?,
        participant: row.id("message.participant")?,
        channel: row.code("message.channel", MessageChannel::from_code)?,
        kind: row.code("message.kind", MessageKind::from_code)?,
        consent: row.id_or_null("message.consent")?,
        ends_at: row.instant_or_null("message.ends_at_us")?,
        epoch: row.number("message.epoch")?,
        to_sealed: row.bytes("message.to_sealed")?,
        queued_at: row.instant("message.queued_at_us")?,
        due_at: row.instant("message.due_at_us")?,
        attempts: row.number("message.attempts")?,
    })
}
