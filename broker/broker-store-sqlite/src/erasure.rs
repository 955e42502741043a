//! Erasing a person.

use broker_domain::ids::ParticipantId;
use broker_store::StoreError;
use sqlx::query;

use crate::transaction::SqliteTx;

/// Deletes the rows of the person's account, unless it is another role's too: then it is not hers alone, and the keys
/// that sign for the other role stay.
macro_rules! own_account {
    ($table:literal) => {
        own_account!($table, "account")
    };
    ($table:literal, $column:literal) => {
        concat!(
            "DELETE FROM ",
            $table,
            " WHERE ",
            $column,
            " = (SELECT own.account FROM account_role own WHERE own.participant = ?1 \
             AND NOT EXISTS (SELECT 1 FROM account_role other WHERE other.account = own.account \
             AND other.participant IS NOT ?1))"
        )
    };
}

/// Table and statement, in the order in which they run: wrapped keys first, because without them every sealed copy of
/// a reading is noise, wherever it lies; then children before parents, so that a forgotten table fails a foreign key
/// and with it the whole erasure.
const STATEMENTS: [(&str, &str); 64] = [
    ("wrapped_key", "DELETE FROM wrapped_key WHERE participant = ?1"),
    (
        "session_acting",
        "DELETE FROM session_acting WHERE mandate IN \
         (SELECT id FROM mandate WHERE participant = ?1 OR delegate = ?1 OR newcomer = ?1)",
    ),
    (
        "mandate_look",
        "DELETE FROM mandate_look WHERE mandate IN \
         (SELECT id FROM mandate WHERE participant = ?1 OR delegate = ?1 OR newcomer = ?1)",
    ),
    (
        "joint_holding",
        "DELETE FROM joint_holding WHERE mandate IN \
         (SELECT id FROM mandate WHERE participant = ?1 OR delegate = ?1 OR newcomer = ?1)",
    ),
    (
        "mandate",
        "DELETE FROM mandate WHERE participant = ?1 OR delegate = ?1 OR newcomer = ?1",
    ),
    ("session", "DELETE FROM session WHERE participant = ?1"),
    ("session", own_account!("session")),
    ("ceremony", own_account!("ceremony")),
    (
        "ceremony",
        "DELETE FROM ceremony WHERE invitation IN (SELECT hash FROM invitation WHERE participant = ?1)",
    ),
    ("invitation", "DELETE FROM invitation WHERE participant = ?1"),
    ("sign_in", "DELETE FROM sign_in WHERE participant = ?1"),
    ("sign_in", own_account!("sign_in")),
    ("attempt", own_account!("attempt")),
    ("recovery_code", own_account!("recovery_code")),
    ("provider_identity", own_account!("provider_identity")),
    ("passkey", own_account!("passkey")),
    ("account", own_account!("account", "id")),
    ("account_role", "DELETE FROM account_role WHERE participant = ?1"),
    (
        "stop_code",
        "DELETE FROM stop_code WHERE act IN (SELECT id FROM entered_act WHERE participant = ?1)",
    ),
    ("entered_act", "DELETE FROM entered_act WHERE participant = ?1"),
    (
        "enrolment_form",
        "DELETE FROM enrolment_form WHERE participant = ?1",
    ),
    ("disclosure", "DELETE FROM disclosure WHERE participant = ?1"),
    (
        "age_statement",
        "DELETE FROM age_statement WHERE participant = ?1",
    ),
    (
        "standstill",
        "DELETE FROM standstill WHERE consent IN (SELECT id FROM consent WHERE participant = ?1)",
    ),
    ("capacity_end", "DELETE FROM capacity_end WHERE participant = ?1"),
    (
        "household_case",
        "DELETE FROM household_case WHERE request IN (SELECT id FROM rights_request WHERE participant = ?1)",
    ),
    (
        "home",
        "DELETE FROM home WHERE point IN (SELECT id FROM point WHERE participant = ?1)",
    ),
    (
        "rights_words",
        "DELETE FROM rights_words WHERE request IN (SELECT id FROM rights_request WHERE participant = ?1)",
    ),
    (
        "rights_request",
        "DELETE FROM rights_request WHERE participant = ?1",
    ),
    ("own_access", "DELETE FROM own_access WHERE participant = ?1"),
    ("batch", "DELETE FROM batch WHERE participant = ?1"),
    ("transfer", "DELETE FROM transfer WHERE participant = ?1"),
    ("message", "DELETE FROM message WHERE participant = ?1"),
    ("mail_pending", "DELETE FROM mail_pending WHERE participant = ?1"),
    ("mail_address", "DELETE FROM mail_address WHERE participant = ?1"),
    (
        "phone_pending",
        "DELETE FROM phone_pending WHERE participant = ?1",
    ),
    ("phone_number", "DELETE FROM phone_number WHERE participant = ?1"),
    (
        "message_channel",
        "DELETE FROM message_channel WHERE participant = ?1",
    ),
    // The telling begins anew; whoever was told is told no second time, since her message is known.
    (
        "project_member",
        "UPDATE project_member SET told_upto = NULL WHERE told_upto = ?1",
    ),
    ("telling", "DELETE FROM telling WHERE participant = ?1"),
    (
        "unusual_use",
        "DELETE FROM unusual_use WHERE consent IN (SELECT id FROM consent WHERE participant = ?1)",
    ),
    (
        "breach_person",
        "DELETE FROM breach_person WHERE participant = ?1",
    ),
    // The register says how many were concerned; not any more which one.
    (
        "breach",
        "UPDATE breach SET subject = NULL WHERE scope = 'consent' \
         AND subject IN (SELECT id FROM consent WHERE participant = ?1)",
    ),
    (
        "breach",
        "UPDATE breach SET subject = NULL WHERE scope = 'gateway' \
         AND subject IN (SELECT id FROM gateway WHERE participant = ?1)",
    ),
    ("summary", "DELETE FROM summary WHERE participant = ?1"),
    ("summary_wish", "DELETE FROM summary_wish WHERE participant = ?1"),
    ("objection", "DELETE FROM objection WHERE participant = ?1"),
    (
        "dossier_notice",
        "DELETE FROM dossier_notice WHERE dossier IN (SELECT id FROM dossier WHERE participant = ?1)",
    ),
    ("dossier", "DELETE FROM dossier WHERE participant = ?1"),
    (
        "intent_list",
        "DELETE FROM intent_list WHERE nonce IN (SELECT nonce FROM consent_intent WHERE participant = ?1)",
    ),
    (
        "consent_intent",
        "DELETE FROM consent_intent WHERE participant = ?1",
    ),
    (
        "notice_served",
        "DELETE FROM notice_served WHERE participant = ?1",
    ),
    (
        "delegated_event",
        "DELETE FROM delegated_event WHERE consent IN (SELECT id FROM consent WHERE participant = ?1)",
    ),
    (
        "permission",
        "DELETE FROM permission WHERE consent IN (SELECT id FROM consent WHERE participant = ?1)",
    ),
    (
        "consent_act",
        "DELETE FROM consent_act WHERE consent IN (SELECT id FROM consent WHERE participant = ?1)",
    ),
    (
        "consent_request",
        "DELETE FROM consent_request WHERE consent IN (SELECT id FROM consent WHERE participant = ?1)",
    ),
    (
        "consent_event",
        "DELETE FROM consent_event WHERE consent IN (SELECT id FROM consent WHERE participant = ?1)",
    ),
    ("consent", "DELETE FROM consent WHERE participant = ?1"),
    ("reminder", "DELETE FROM reminder WHERE participant = ?1"),
    (
        "enrolment_code",
        "DELETE FROM enrolment_code WHERE participant = ?1",
    ),
    ("gateway", "DELETE FROM gateway WHERE participant = ?1"),
    (
        "site",
        "DELETE FROM site WHERE point IN (SELECT id FROM point WHERE participant = ?1)",
    ),
    ("legal_person", "DELETE FROM legal_person WHERE participant = ?1"),
    ("point", "DELETE FROM point WHERE participant = ?1"),
];

impl SqliteTx {
    /// Deletes every row about the person, the person's own last.
    ///
    /// LIMIT: the bits in the membership bitmaps of past releases stay: the differencing audit must go on counting the
    /// home. Its ordinal stands nowhere else any more and is not given again.
    pub(crate) async fn erase(&mut self, id: ParticipantId) -> Result<(), StoreError> {
        let consents = self.consent_ids_of(id).await?;
        for (table, statement) in STATEMENTS {
            let query = query(statement).bind(id.as_bytes().as_slice());
            self.change_consents(&consents, table, query).await?;
        }
        let due = query("INSERT INTO scrub_due (id) VALUES (1) ON CONFLICT (id) DO NOTHING");
        self.change("scrub_due", due).await?;
        let own = query("DELETE FROM participant WHERE id = ?1");
        self.change_one("participant", own.bind(id.as_bytes().as_slice()))
            .await
    }
}
