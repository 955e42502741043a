//! Telephone numbers, and the channels that people chose.

use async_trait::async_trait;
use broker_domain::ids::{MessageId, ParticipantId};
use broker_domain::telling::{Channels, MessageChannel};
use broker_store::{PhonePendingRow, PhoneReads, PhoneRow, PhoneWrites, StoreError};
use sqlx::query;

use crate::row::Cells;
use crate::transaction::SqliteTx;

#[async_trait]
impl PhoneReads for SqliteTx {
    async fn phone(&mut self, who: ParticipantId) -> Result<Option<PhoneRow>, StoreError> {
        let query =
            query("SELECT participant, epoch, sealed, set_at_us FROM phone_number WHERE participant = ?1");
        self.one(query.bind(who.as_bytes().as_slice()), |row| {
            Ok(PhoneRow {
                participant: row.id("phone_number.participant")?,
                epoch: row.number("phone_number.epoch")?,
                sealed: row.bytes("phone_number.sealed")?,
                set_at: row.instant("phone_number.set_at_us")?,
            })
        })
        .await
    }

    async fn phone_pending(&mut self, who: ParticipantId) -> Result<Option<PhonePendingRow>, StoreError> {
        let query = query(
            "SELECT participant, epoch, sealed, message, code_sealed, code_hash, expires_at_us, attempts_left \
             FROM phone_pending WHERE participant = ?1",
        );
        self.one(query.bind(who.as_bytes().as_slice()), |row| {
            Ok(PhonePendingRow {
                participant: row.id("phone_pending.participant")?,
                epoch: row.number("phone_pending.epoch")?,
                sealed: row.bytes("phone_pending.sealed")?,
                message: row.id("phone_pending.message")?,
                code_sealed: row.bytes("phone_pending.code_sealed")?,
                code_hash: row.array("phone_pending.code_hash")?,
                expires_at: row.instant("phone_pending.expires_at_us")?,
                attempts_left: row.number("phone_pending.attempts_left")?,
            })
        })
        .await
    }

    async fn channels(&mut self, who: ParticipantId) -> Result<Channels, StoreError> {
        let query = query("SELECT email, sms, post FROM message_channel WHERE participant = ?1");
        let chosen = self
            .one(query.bind(who.as_bytes().as_slice()), |row| {
                let columns: [u32; 3] = [
                    row.number("message_channel.email")?,
                    row.number("message_channel.sms")?,
                    row.number("message_channel.post")?,
                ];
                let chosen = MessageChannel::ALL.into_iter().zip(columns);
                Ok(Channels::new(
                    chosen
                        .filter(|(_, stands)| *stands == 1)
                        .map(|(channel, _)| channel),
                ))
            })
            .await?;
        Ok(chosen.flatten().unwrap_or_default())
    }

    async fn failed_texts_to(&mut self, who: ParticipantId) -> Result<u64, StoreError> {
        let query = query(
            "SELECT COUNT(*) AS failed FROM message JOIN phone_number USING (participant) \
             WHERE participant = ?1 AND channel = 'sms' AND ended = 'failed' AND queued_at_us >= set_at_us",
        );
        let query = query.bind(who.as_bytes().as_slice());
        let failed = self.one(query, |row| row.number("message.failed")).await?;
        Ok(failed.unwrap_or_default())
    }
}

#[async_trait]
impl PhoneWrites for SqliteTx {
    async fn set_phone(&mut self, row: &PhoneRow) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO phone_number (participant, epoch, sealed, set_at_us) \
             SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM participant WHERE id = ?1) \
             ON CONFLICT (participant) DO UPDATE SET epoch = ?2, sealed = ?3, set_at_us = ?4",
        );
        let query = query
            .bind(row.participant.as_bytes().as_slice())
            .bind(row.epoch)
            .bind(&row.sealed)
            .bind(row.set_at.as_micros());
        self.change_one("phone_number", query).await
    }

    async fn forget_phone(&mut self, who: ParticipantId) -> Result<(), StoreError> {
        let query = query("DELETE FROM phone_number WHERE participant = ?1");
        let query = query.bind(who.as_bytes().as_slice());
        self.change("phone_number", query).await.map(|_| ())
    }

    async fn set_phone_pending(&mut self, row: &PhonePendingRow) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO phone_pending (participant, epoch, sealed, message, code_sealed, code_hash, expires_at_us, \
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
        self.change_one("phone_pending", query).await
    }

    async fn forget_phone_pending(&mut self, who: ParticipantId) -> Result<(), StoreError> {
        let query = query("DELETE FROM phone_pending WHERE participant = ?1");
        let query = query.bind(who.as_bytes().as_slice());
        self.change("phone_pending", query).await.map(|_| ())
    }

    async fn forget_phone_code(&mut self, message: MessageId) -> Result<(), StoreError> {
        let query = query("UPDATE phone_pending SET code_sealed = x'' WHERE message = ?1");
        let query = query.bind(message.as_bytes().as_slice());
        self.change("phone_pending", query).await.map(|_| ())
    }

    async fn set_channels(&mut self, who: ParticipantId, chosen: &Channels) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO message_channel (participant, email, sms, post) \
             SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM participant WHERE id = ?1) \
             ON CONFLICT (participant) DO UPDATE SET email = ?2, sms = ?3, post = ?4",
        );
        let stands = |channel| i64::from(chosen.contains(channel));
        let query = query
            .bind(who.as_bytes().as_slice())
            .bind(stands(MessageChannel::Email))
            .bind(stands(MessageChannel::Sms))
            .bind(stands(MessageChannel::Post));
        self.change_one("message_channel", query).await
    }

    async fn forget_channels(&mut self, who: ParticipantId) -> Result<(), StoreError> {
        let query = query("DELETE FROM message_channel WHERE participant = ?1");
        let query = query.bind(who.as_bytes().as_slice());
        self.change("message_channel", query).await.map(|_| ())
    }
}
