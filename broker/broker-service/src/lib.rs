//! The use cases of the broker, each in five beats: read, decide, transform, commit, publish.
//!
//! What it does: intake, enrolment, consent, delivery, requests, releases, erasure, and what each person may see.
//! What it deliberately does not: HTTP, HTML, SQL or files. Time, chance, storage, keys and policies are ports, so a
//! test or an auditor can run every use case with values of their own.

mod accounts;
mod batch;
mod broker;
mod catalogue;
mod committer;
mod consents;
mod deliver;
mod details;
mod enrol;
mod entered;
mod erase;
mod failure;
mod formats;
mod gateways;
mod group;
mod growth;
mod history;
mod household;
mod intake;
mod key_change;
mod legal;
mod lifecycle;
mod mandates;
mod manifests;
mod moving;
mod objection;
mod own;
mod own_copy;
mod own_data;
mod own_transfers;
mod project;
mod readable;
mod receipts;
mod records;
mod release;
mod research;
mod restore;
mod rights;
mod senml;
mod sessions;
mod standstill;
mod stopped;
mod summary;
mod telling;
mod timestamp;
mod vault;
mod views;
mod watching;
mod witnessing;

pub use accounts::{
    Arrived, Back, Begun, Browser, Departed, IdentityView, Invitation, InviteRefusal, InvitedParticipant,
    Inviting, OpenedInvitation, PasskeyView, Registration, SignInParts, SignInRefusal, SignedIn, Ways,
};
pub use batch::Batch;
pub use broker::{Broker, Parts};
pub use catalogue::{CatalogueEntry, HouseholdBand};
pub use committer::DataView;
pub use consents::{
    Answer, AskedSignature, Choice, ChoiceRefusal, Chosen, PermitOrder, Permitted, WithdrawalRefusal,
};
pub use deliver::{Authorisation, Delivered, DeliveryRefusal, Order, Weighed};
pub use details::{Details, check_details};
pub use enrol::{
    EnrolRefusal, GatewayEnrolment, JoinRefusal, Joined, Member, Newcomer, credential_hash, notice_digest,
};
pub use entered::{
    Asked, Decision, EnteredDesk, EnteredRefusal, EnteredView, EntryForm, Envelope, FormSheet,
    MAX_ENTERED_REASON, PaperForm, WaitingGrant,
};
pub use erase::{Erased, ErasureRefusal};
pub use evidence::passkey::Refusal as SignatureRefusal;
pub use failure::{Failure, Fault};
pub use formats::consent_receipt;
pub use gateways::{SettingsQuestion, SettingsRefusal};
pub use growth::{Growth, GrowthError};
pub use history::{HistoryLines, OwnRecord};
pub use household::{
    AskedFromHome, CapacityEnded, CapacityRefusal, DrawnCase, FoundPerson, HomeAsk, HomeRefusal, HomeSharing,
    HomeVisit, HouseholdCase, OwnHome, OwnHomeCase, ReadCase, RecordedEnd,
};
pub use intake::{IntakeRefusal, News, Taken, Unfit};
pub use key_change::KeyChangeRefusal;
pub use ledger_log::Answering;
pub use legal::{LegalFacts, LegalNewcomer, LegalRefusal, PointsAdded, Site};
pub use lifecycle::{
    Agreement, Announced, Awaited, ChangeRefusal, Frozen, HerWord, LATEST_REMINDER_SECONDS,
    LONGEST_PAUSE_SECONDS, Narrowing, ReminderRefusal, Renewal, RenewalClick, RenewalShown, Together,
    WithdrawnTogether,
};
pub use mandates::{
    ActingNow, Claim, DelegateInvited, GivenMandate, HeldTogether, JointOrder, MandateOrder, MandateRefusal,
    MandateView, OwnMandates, RepresentOrder,
};
pub use moving::{FoundMeter, HomeLeft, LATEST_DEPARTURE_SECONDS, MoveRefusal};
pub use objection::{ObjectionRefusal, Project};
pub use own::{OwnProfile, OwnRefusal};
pub use own_copy::{CopyContent, CopyForm, CopyOrder, CopyPieces, CopyRefusal};
pub use project::{ProjectRefusal, ProjectView, undertaking};
pub use readable::{ActedBy, Body, LogPlace, ReadableReceipt, ReadableTerms, ReceiptAct, ReceiptForm};
pub use receipts::Receipt;
pub use records::consent::RecordSite;
pub use release::{
    Download, DownloadRefusal, Feasibility, FeasibilityRefusal, Obstacles, ReleaseRefusal, Released, ZONE,
};
pub use research::{Application, DecisionRefusal, RequestRefusal};
pub use restore::{RestoreError, Restored, log_view, restore};
pub use rights::{
    AnswerRefusal, AskRefusal, FrozenWithoutCase, MAX_RIGHTS_WORDS, RightsAction, RightsDesk, RightsThread,
    RightsWords,
};
pub use sessions::{Device, LiveSession, OpenedSession, Place, Powers};
pub use stopped::{ResumeError, Resumed, StopEvidence, StopShelf};
pub use summary::{Summary, SummarySharing, SummaryWish, SummaryWishes};
pub use telling::{
    Answered, DeletionRefusal, Duties, LetterHead, Mailbox, MailboxRefusal, Overdue, PendingAddress,
    PendingNumber, PrintedLetter, QueueCounts, ReachRefusal, Reached, RecipientRefusal, SentMessage,
    Standing, TellingParts, Told, UntoldErasure, WaitingLetter, short_messages_fit,
};

pub use vault::VaultKeys;
pub use views::{ConsentHistory, ErasureEntry};
pub use watching::{BreachPreview, BreachRefusal, OwnBreach, RegisterEntry};
pub use witnessing::{Demand, Vouched, Vouching, WitnessParts, Witnessing};
