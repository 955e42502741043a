//! What forms and lists have in common: errors tied to fields, and pages.

use crate::vocabulary::Word;

/// What is wrong with one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldProblem {
    /// Neither accepted nor refused.
    AnswerMissing,
    /// No meter chosen.
    MeterMissing,
    /// The confirmation box is not ticked.
    ConfirmationMissing,
    /// The notice changed while the person was reading: they must see the new one first.
    NoticeChanged,
    /// No justification.
    JustificationMissing,
    /// The justification says too little.
    JustificationTooShort,
    /// The text is longer than we keep.
    TextTooLong,
    /// No date.
    DateMissing,
    /// Not a date.
    DateInvalid,
    /// The end comes before the start.
    PeriodReversed,
    /// The dataset does not cover this period.
    PeriodOutsideDataset,
    /// Neither approved nor refused.
    DecisionMissing,
    /// A decision without its reason.
    ReasonMissing,
    /// Too many messages in one request.
    TooManyMessages,
    /// Another code than the one that was sent.
    CodeWrong,
    /// No e-mail address.
    MailInvalid,
    /// The address was changed three times today.
    MailTooOften,
    /// No code, or one that is unknown, used or expired.
    CodeUnknown,
    /// Too many codes were tried.
    TooManyCodes,
    /// No name.
    NameMissing,
    /// A day that is over, or too far away.
    DayOutOfReach,
    /// Paused until a later day already.
    PausedLonger,
    /// Nothing coarser and nothing earlier was chosen.
    NotLess,
    /// No words where a request or an answer needs them.
    WordsMissing,
    /// Too many requests wait for an answer.
    TooManyRequests,
    /// The form was sent before, with other words.
    SentBefore,
    /// The recipient asks for a signature with a passkey.
    SignatureNeeded,
    /// The recipient asks that the person proves who she is first.
    ProofNeeded,
    /// A day before the meter was enrolled, or more than a year ahead.
    DepartureOutOfReach,
    /// The departure comes from the contract, and is not the person's to take back or to move to later.
    DepartureFromContract,
    /// No such meter here.
    MeterUnknown,
    /// Neither of the two kinds of change.
    KindMissing,
    /// No postal address.
    AddressMissing,
    /// Not the number of a meter.
    MeterNumberInvalid,
    /// Another participant has this meter.
    MeterTaken,
    /// Nobody is known under this identifier or number.
    PersonUnknown,
    /// No power is ticked.
    PowersMissing,
    /// A mandate that ends before it begins, or lasts for too long.
    MandateSpan,
    /// There are enough mandates.
    TooManyMandates,
    /// Her own.
    MandateOwn,
    /// No SHA-256 in hexadecimal.
    DigestInvalid,
    /// Not a number of other adults.
    AdultsInvalid,
    /// Neither yes nor no about minors.
    MinorsMissing,
    /// No code of a home or of a case, or one that ended.
    HomeCodeUnknown,
    /// Neither an objection nor a question.
    NatureMissing,
    /// An objection to nothing.
    SharingMissing,
    /// Neither died nor cannot decide.
    CauseMissing,
    /// Not said that one is of age.
    AgeMissing,
    /// The form does not say that she is of age.
    AgeOnForm,
    /// Not said whether sharings that stand still end or go on.
    OutcomeMissing,
    /// The reference is that of no form of today.
    FormUnknown,
    /// No scan was digested.
    ScanMissing,
    /// Not a SHA-256.
    ScanInvalid,
    /// The days on the sheet are missing, or cannot be.
    EntryDays,
    /// She ended or refused the same since she signed.
    ChangedSince,
    /// This is shared already.
    SharedAlready,
    /// The code was used.
    CodeUsed,
    /// Nothing was breached.
    BreachNature,
    /// No such organisation, sharing or gateway.
    BreachSubject,
    /// A date to come, or one before the breach was known.
    BreachDate,
    /// The 72 hours were over, and nobody says why.
    LateReason,
    /// No number of the registers of companies.
    RegisterInvalid,
    /// A number that is enrolled already.
    RegisterTaken,
    /// Lines of a list of points are wrong.
    ListWrong,
    /// Something about how a person is reached, or about the members of a project.
    People(PeopleProblem),
}

impl FieldProblem {
    /// Every problem.
    pub const ALL: [Self; 73] = [
        Self::AnswerMissing,
        Self::MeterMissing,
        Self::ConfirmationMissing,
        Self::NoticeChanged,
        Self::JustificationMissing,
        Self::JustificationTooShort,
        Self::TextTooLong,
        Self::DateMissing,
        Self::DateInvalid,
        Self::PeriodReversed,
        Self::PeriodOutsideDataset,
        Self::DecisionMissing,
        Self::ReasonMissing,
        Self::MailInvalid,
        Self::MailTooOften,
        Self::CodeUnknown,
        Self::TooManyCodes,
        Self::NameMissing,
        Self::DayOutOfReach,
        Self::PausedLonger,
        Self::NotLess,
        Self::WordsMissing,
        Self::TooManyRequests,
        Self::SentBefore,
        Self::SignatureNeeded,
        Self::ProofNeeded,
        Self::DepartureOutOfReach,
        Self::DepartureFromContract,
        Self::MeterUnknown,
        Self::KindMissing,
        Self::AddressMissing,
        Self::MeterNumberInvalid,
        Self::MeterTaken,
        Self::PersonUnknown,
        Self::PowersMissing,
        Self::MandateSpan,
        Self::TooManyMandates,
        Self::MandateOwn,
        Self::DigestInvalid,
        Self::AdultsInvalid,
        Self::MinorsMissing,
        Self::HomeCodeUnknown,
        Self::NatureMissing,
        Self::SharingMissing,
        Self::CauseMissing,
        Self::AgeMissing,
        Self::AgeOnForm,
        Self::OutcomeMissing,
        Self::FormUnknown,
        Self::ScanMissing,
        Self::ScanInvalid,
        Self::EntryDays,
        Self::ChangedSince,
        Self::SharedAlready,
        Self::CodeUsed,
        Self::BreachNature,
        Self::BreachSubject,
        Self::BreachDate,
        Self::LateReason,
        Self::RegisterInvalid,
        Self::RegisterTaken,
        Self::ListWrong,
        Self::People(PeopleProblem::MailCodeOver),
        Self::People(PeopleProblem::Number),
        Self::People(PeopleProblem::TooOften),
        Self::People(PeopleProblem::CodeWrong),
        Self::People(PeopleProblem::CodeOver),
        Self::People(PeopleProblem::NoChannel),
        Self::People(PeopleProblem::NumberMissing),
        Self::People(PeopleProblem::AddressMissing),
        Self::People(PeopleProblem::MemberMissing),
        Self::People(PeopleProblem::TooManyMembers),
        Self::People(PeopleProblem::HeldTogether),
    ];
}

impl Word for FieldProblem {
    fn key(&self) -> &'static str {
        match self {
            Self::AnswerMissing => "field-answer-missing",
            Self::MeterMissing => "field-meter-missing",
            Self::ConfirmationMissing => "field-confirmation-missing",
            Self::NoticeChanged => "field-notice-changed",
            Self::JustificationMissing => "field-justification-missing",
            Self::JustificationTooShort => "field-justification-too-short",
            Self::TextTooLong => "field-text-too-long",
            Self::DateMissing => "field-date-missing",
            Self::DateInvalid => "field-date-invalid",
            Self::PeriodReversed => "field-period-reversed",
            Self::PeriodOutsideDataset => "field-period-outside",
            Self::DecisionMissing => "field-decision-missing",
            Self::ReasonMissing => "field-reason-missing",
            Self::MailInvalid => "field-mail-invalid",
            Self::MailTooOften => "field-mail-too-often",
            Self::TooManyMessages => "field-too-many-messages",
            Self::CodeWrong => "field-code-wrong",
            Self::CodeUnknown => "field-code-unknown",
            Self::TooManyCodes => "field-too-many-codes",
            Self::NameMissing => "field-name-missing",
            Self::DayOutOfReach => "field-day-out-of-reach",
            Self::PausedLonger => "field-paused-longer",
            Self::NotLess => "field-not-less",
            Self::WordsMissing => "field-words-missing",
            Self::TooManyRequests => "field-too-many-requests",
            Self::SentBefore => "field-sent-before",
            Self::SignatureNeeded => "field-signature-needed",
            Self::ProofNeeded => "field-proof-needed",
            Self::DepartureOutOfReach => "field-departure-out-of-reach",
            Self::DepartureFromContract => "field-departure-from-contract",
            Self::MeterUnknown => "field-meter-unknown",
            Self::KindMissing => "field-kind-missing",
            Self::AddressMissing => "field-address-missing",
            Self::MeterNumberInvalid => "field-meter-number-invalid",
            Self::MeterTaken => "field-meter-taken",
            Self::PersonUnknown => "field-person-unknown",
            Self::PowersMissing => "field-powers-missing",
            Self::MandateSpan => "field-mandate-span",
            Self::TooManyMandates => "field-too-many-mandates",
            Self::MandateOwn => "field-mandate-own",
            Self::DigestInvalid => "field-digest-invalid",
            Self::AdultsInvalid => "field-adults-invalid",
            Self::MinorsMissing => "field-minors-missing",
            Self::HomeCodeUnknown => "field-home-code-unknown",
            Self::NatureMissing => "field-nature-missing",
            Self::SharingMissing => "field-sharing-missing",
            Self::CauseMissing => "field-cause-missing",
            Self::AgeMissing => "field-age-missing",
            Self::AgeOnForm => "field-age-on-form",
            Self::OutcomeMissing => "field-outcome-missing",
            Self::FormUnknown => "field-form-unknown",
            Self::ScanMissing => "field-scan-missing",
            Self::ScanInvalid => "field-scan-invalid",
            Self::EntryDays => "field-entry-days",
            Self::ChangedSince => "field-changed-since",
            Self::SharedAlready => "field-shared-already",
            Self::CodeUsed => "field-code-used",
            Self::BreachNature | Self::BreachSubject => self.desk_key(),
            Self::BreachDate | Self::LateReason | Self::RegisterInvalid => self.desk_key(),
            Self::RegisterTaken | Self::ListWrong => self.desk_key(),
            Self::People(problem) => problem.key(),
        }
    }
}

impl FieldProblem {
    /// What is wrong with what an officer writes about a breach or a legal person.
    const fn desk_key(&self) -> &'static str {
        match self {
            Self::BreachNature => "field-breach-nature",
            Self::BreachSubject => "field-breach-subject",
            Self::BreachDate => "field-breach-date",
            Self::RegisterInvalid => "field-register-invalid",
            Self::RegisterTaken => "field-register-taken",
            Self::ListWrong => "field-list-wrong",
            _ => "field-late-reason",
        }
    }
}

/// What is wrong with how somebody is to be reached, or with who is to join a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PeopleProblem {
    /// No address waits for this code any more.
    MailCodeOver,
    /// No telephone number with its country.
    Number,
    /// Changed three times today.
    TooOften,
    /// Another code than the one that was sent to the number.
    CodeWrong,
    /// No number waits for this code any more.
    CodeOver,
    /// No channel is ticked.
    NoChannel,
    /// Short messages without a number.
    NumberMissing,
    /// E-mail and nothing else, without an address.
    AddressMissing,
    /// Nobody chosen who may join a project.
    MemberMissing,
    /// A project has enough members.
    TooManyMembers,
    /// Somebody holds the contract of this meter too, or was given a code to.
    HeldTogether,
}

impl PeopleProblem {
    const fn key(self) -> &'static str {
        match self {
            Self::MailCodeOver => "field-code-over",
            Self::Number => "field-phone-invalid",
            Self::TooOften => "field-reach-too-often",
            Self::CodeWrong => "field-phone-code-wrong",
            Self::CodeOver => "field-phone-code-over",
            Self::NoChannel => "field-channel-missing",
            Self::NumberMissing => "field-number-missing",
            Self::AddressMissing => "field-mail-missing",
            Self::MemberMissing => "field-member-missing",
            Self::TooManyMembers => "field-too-many-members",
            Self::HeldTogether => "field-joint-held",
        }
    }
}

/// One problem and the field it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field, by the name it is posted under; the error summary links to it.
    pub field: String,
    /// What is wrong.
    pub problem: FieldProblem,
}

/// What is wrong with a form that came back. Answer such a page with HTTP 422.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormErrors(pub Vec<FieldError>);

impl FormErrors {
    /// Whether the form has nothing to correct.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first problem of a field.
    pub(crate) fn of(&self, field: &str) -> Option<FieldProblem> {
        self.0
            .iter()
            .find(|error| error.field == field)
            .map(|error| error.problem)
    }
}

/// Where a page of a list stands.
///
/// Lists run from the newest line back, and a page is named by the line it goes on from (`avant`), so that what is added
/// meanwhile never shifts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pager {
    /// Whether the newest line is on this page.
    pub place: Position,
    /// The value of `avant` that leads to the lines before these, when there may be any.
    pub older: Option<u64>,
}

impl Pager {
    /// The one page of a short list.
    pub const WHOLE: Self = Self {
        place: Position::Newest,
        older: None,
    };
}

/// Whether a page shows the newest lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// It does.
    Newest,
    /// It goes on from further back.
    Further,
}

#[cfg(test)]
mod tests {
    use super::{FieldError, FieldProblem, FormErrors};

    #[test]
    fn a_field_knows_its_own_problem_only() {
        let errors = FormErrors(vec![FieldError {
            field: "meter".into(),
            problem: FieldProblem::MeterMissing,
        }]);
        assert_eq!(errors.of("meter"), Some(FieldProblem::MeterMissing));
        assert_eq!(errors.of("answer-1"), None);
    }
}
