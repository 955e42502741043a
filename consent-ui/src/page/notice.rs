//! What was just done, announced on the next page.

use crate::vocabulary::Word;

/// What was just done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Notice {
    /// Measuring was switched on.
    MeasuringOn,
    /// Measuring was switched off.
    MeasuringOff,
    /// A researcher's request was sent.
    RequestSent,
    /// An officer's approval was recorded.
    RequestApproved,
    /// An officer's refusal was recorded.
    RequestRefused,
    /// The visitor signed out.
    SignedOut,
    /// The page asked for needs somebody signed in.
    SignInFirst,
    /// Something about an account was changed.
    AccountChanged,
    /// One more way in.
    WayAdded,
    /// Sessions were ended.
    DevicesEnded,
    /// "This was not me" was said.
    Frozen,
    /// The step needs a fresh proof.
    ProveFirst,
    /// A recovery code let somebody in.
    Recovered,
    /// A sharing was paused.
    Paused,
    /// A pause was ended.
    Resumed,
    /// Less of a sharing was left.
    Narrowed,
    /// A later end was agreed to.
    Renewed,
    /// A legal person permitted something for its points.
    PointsPermitted,
    /// A legal person withdrew for its points.
    PointsWithdrawn,
    /// Points were added to a legal person.
    PointsAdded,
    /// A point was set aside, because it shows a person.
    PointAside,
    /// A representative represents nobody any more.
    RepresentationEnded,
    /// A legal person was closed and erased.
    LegalPersonClosed,
    /// Several sharings were withdrawn.
    WithdrawnTogether,
    /// An offer was put off.
    PutOff,
    /// A request about one's rights was sent.
    RightSent,
    /// An officer took one up.
    RightTaken,
    /// An officer opened the case of a frozen sharing.
    FrozenCaseOpened,
    /// An officer answered one.
    RightAnswered,
    /// A departure was recorded.
    HomeLeft,
    /// A departure to come was taken back.
    HomeKept,
    /// A person still lives where the contract changed.
    HomeConfirmed,
    /// An officer recorded a change of holder.
    HolderChanged,
    /// An officer recorded a change of contract.
    ContractNoted,
    /// A code was sent to a new address.
    CodeSent,
    /// A new address was confirmed.
    MailConfirmed,
    /// Recipients are asked to delete.
    DeletionAsked,
    /// Something was written in a request, or its clock moved.
    RightStep,
    /// A mandate was accepted.
    MandateAccepted,
    /// A mandate was ended.
    MandateEnded,
    /// From now on she acts for somebody.
    ActingForAnother,
    /// From now on she acts for herself.
    ActingForHerself,
    /// Who else lives in a home was said.
    HouseholdSaid,
    /// A code for the notice of a home was made.
    HomeCodeMade,
    /// A sharing stands still.
    SharingFrozen,
    /// The end of a capacity was found to be a mistake.
    CapacityUndone,
    /// An officer entered an act.
    Entered,
    /// An officer confirmed one.
    EnteredConfirmed,
    /// An officer sent one back.
    EnteredBack,
    /// A letter was posted.
    LetterPosted,
    /// A new code for an account was stopped.
    CodeStopped,
    /// A breach was written down or changed.
    BreachSaved,
    /// People are being told of a breach.
    BreachTelling,
    /// An officer has seen to an erasure that a recipient was not told of.
    ErasureHandled,
    /// A summary is ready.
    SummaryMade,
    /// Summaries come every year, or no more.
    SummaryWished,
    /// An objection to a project was recorded.
    Objected,
    /// The channels of her messages were chosen.
    ChannelsChosen,
    /// A code was sent to a telephone number.
    NumberAsked,
    /// A telephone number was confirmed.
    NumberConfirmed,
    /// Somebody was added to a project.
    MemberAdded,
    /// The undertaking of a project was signed.
    UndertakingSigned,
    /// A membership of a project was ended.
    MemberEnded,
    /// She agreed, and another must too.
    AgreementWaits,
    /// All agreed.
    AgreementMade,
    /// What waited was taken back or refused.
    AgreementDeclined,
    /// Another rule about who must agree was asked for, or agreed to.
    RuleSaid,
}

impl Notice {
    /// Every notice.
    pub const ALL: [Self; 67] = [
        Self::MeasuringOn,
        Self::MeasuringOff,
        Self::RequestSent,
        Self::RequestApproved,
        Self::RequestRefused,
        Self::SignedOut,
        Self::SignInFirst,
        Self::AccountChanged,
        Self::WayAdded,
        Self::DevicesEnded,
        Self::Frozen,
        Self::ProveFirst,
        Self::Recovered,
        Self::Paused,
        Self::Resumed,
        Self::Narrowed,
        Self::Renewed,
        Self::PointsPermitted,
        Self::PointsWithdrawn,
        Self::PointsAdded,
        Self::PointAside,
        Self::RepresentationEnded,
        Self::LegalPersonClosed,
        Self::WithdrawnTogether,
        Self::PutOff,
        Self::RightSent,
        Self::RightTaken,
        Self::FrozenCaseOpened,
        Self::RightAnswered,
        Self::HomeLeft,
        Self::HomeKept,
        Self::HomeConfirmed,
        Self::HolderChanged,
        Self::ContractNoted,
        Self::CodeSent,
        Self::MailConfirmed,
        Self::DeletionAsked,
        Self::RightStep,
        Self::MandateAccepted,
        Self::MandateEnded,
        Self::ActingForAnother,
        Self::ActingForHerself,
        Self::HouseholdSaid,
        Self::HomeCodeMade,
        Self::SharingFrozen,
        Self::CapacityUndone,
        Self::Entered,
        Self::EnteredConfirmed,
        Self::EnteredBack,
        Self::LetterPosted,
        Self::CodeStopped,
        Self::BreachSaved,
        Self::BreachTelling,
        Self::ErasureHandled,
        Self::SummaryMade,
        Self::SummaryWished,
        Self::Objected,
        Self::ChannelsChosen,
        Self::NumberAsked,
        Self::NumberConfirmed,
        Self::MemberAdded,
        Self::UndertakingSigned,
        Self::MemberEnded,
        Self::AgreementWaits,
        Self::AgreementMade,
        Self::AgreementDeclined,
        Self::RuleSaid,
    ];

    /// The value of the `fait` query parameter, so that a redirect after a POST can carry the notice.
    pub fn tag(self) -> &'static str {
        match self {
            Self::MeasuringOn => "mesure-on",
            Self::MeasuringOff => "mesure-off",
            Self::RequestSent => "demande-envoyee",
            Self::RequestApproved => "demande-acceptee",
            Self::RequestRefused => "demande-refusee",
            Self::SignedOut => "deconnexion",
            Self::SignInFirst => "connexion",
            Self::AccountChanged => "compte",
            Self::WayAdded => "acces-ajoute",
            Self::DevicesEnded => "sessions-fermees",
            Self::Frozen => "compte-bloque",
            Self::ProveFirst => "preuve",
            Self::Recovered => "secours",
            Self::Paused => "pause",
            Self::Resumed => "reprise",
            Self::Narrowed => "reduction",
            Self::Renewed => "renouvellement",
            Self::PointsPermitted => "points-autorises",
            Self::PointsWithdrawn => "points-retires",
            Self::PointsAdded => "points-ajoutes",
            Self::PointAside => "point-personne",
            Self::RepresentationEnded => "representant-fini",
            Self::LegalPersonClosed => "personne-morale-close",
            Self::WithdrawnTogether => "retraits",
            Self::PutOff => "plus-tard",
            Self::RightSent => "droit-envoye",
            Self::RightTaken => "droit-pris",
            Self::FrozenCaseOpened => "gel-dossier",
            Self::RightAnswered => "droit-repondu",
            Self::HomeLeft => "depart",
            Self::HomeKept => "maintien",
            Self::HomeConfirmed => "logement-confirme",
            Self::HolderChanged => "titulaire-change",
            Self::ContractNoted => "contrat-change",
            Self::CodeSent => "code-envoye",
            Self::MailConfirmed => "adresse-confirmee",
            Self::DeletionAsked => "effacement-demande",
            Self::RightStep => "demande-suivie",
            Self::MandateAccepted => "mandat-accepte",
            Self::MandateEnded => "mandat-termine",
            Self::ActingForAnother => "agir-pour",
            Self::ActingForHerself => "agir-pour-soi",
            Self::HouseholdSaid => "foyer-dit",
            Self::HomeCodeMade => "code-foyer",
            Self::SharingFrozen => "partage-arrete",
            Self::CapacityUndone => "personne-erreur",
            Self::Entered => "saisie",
            Self::EnteredConfirmed => "saisie-confirmee",
            Self::EnteredBack => "saisie-renvoyee",
            Self::LetterPosted => "courrier-poste",
            Self::CodeStopped => "code-arrete",
            Self::BreachSaved => "violation-inscrite",
            Self::BreachTelling => "avis-envoyes",
            Self::ErasureHandled => "effacement-traite",
            Self::SummaryMade => "bilan-pret",
            Self::SummaryWished => "bilan-regle",
            Self::Objected => "opposition",
            Self::ChannelsChosen => "voies",
            Self::NumberAsked => "numero",
            Self::NumberConfirmed => "numero-confirme",
            Self::MemberAdded => "membre",
            Self::UndertakingSigned => "engagement",
            Self::MemberEnded => "membre-fin",
            Self::AgreementWaits => "accord-attendu",
            Self::AgreementMade => "accord-complet",
            Self::AgreementDeclined => "accord-refuse",
            Self::RuleSaid => "regle",
        }
    }

    /// The notice of a `fait` query parameter.
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|notice| notice.tag() == tag)
    }
}

impl Word for Notice {
    fn key(&self) -> &'static str {
        match self {
            Self::MeasuringOn => "notice-measuring-on",
            Self::Paused => "notice-paused",
            Self::Resumed => "notice-resumed",
            Self::Narrowed => "notice-narrowed",
            Self::Renewed => "notice-renewed",
            Self::PointsPermitted => "notice-points-permitted",
            Self::PointsWithdrawn => "notice-points-withdrawn",
            Self::PointsAdded => "notice-points-added",
            Self::PointAside => "notice-point-aside",
            Self::RepresentationEnded => "notice-representation-ended",
            Self::LegalPersonClosed => "notice-legal-person-closed",
            Self::WithdrawnTogether => "notice-withdrawn-together",
            Self::PutOff => "notice-put-off",
            Self::MeasuringOff => "notice-measuring-off",
            Self::RequestSent => "notice-request-sent",
            Self::RequestApproved => "notice-request-approved",
            Self::RequestRefused => "notice-request-refused",
            Self::SignedOut => "notice-signed-out",
            Self::SignInFirst => "notice-sign-in-first",
            Self::AccountChanged => "notice-account-changed",
            Self::WayAdded => "notice-way-added",
            Self::DevicesEnded => "notice-devices-ended",
            Self::Frozen => "notice-frozen",
            Self::ProveFirst => "notice-prove-first",
            Self::Recovered => "notice-recovered",
            Self::RightSent => "notice-right-sent",
            Self::RightTaken => "notice-right-taken",
            Self::FrozenCaseOpened => "notice-frozen-case-opened",
            Self::RightAnswered => "notice-right-answered",
            Self::HomeLeft => "notice-home-left",
            Self::HomeKept => "notice-home-kept",
            Self::HomeConfirmed => "notice-home-confirmed",
            Self::HolderChanged => "notice-holder-changed",
            Self::ContractNoted => "notice-contract-noted",
            Self::CodeSent => "notice-code-sent",
            Self::MailConfirmed => "notice-mail-confirmed",
            Self::DeletionAsked => "notice-deletion-asked",
            Self::RightStep => "notice-right-step",
            Self::MandateAccepted => "notice-mandate-accepted",
            Self::MandateEnded => "notice-mandate-ended",
            Self::ActingForAnother => "notice-acting-for-another",
            Self::ActingForHerself => "notice-acting-for-herself",
            Self::HouseholdSaid => "notice-household-said",
            Self::HomeCodeMade => "notice-home-code-made",
            Self::SharingFrozen => "notice-sharing-frozen",
            Self::CapacityUndone => "notice-capacity-undone",
            Self::Entered => "notice-entered",
            Self::EnteredConfirmed => "notice-entered-confirmed",
            Self::EnteredBack => "notice-entered-back",
            Self::LetterPosted => "notice-letter-posted",
            Self::CodeStopped => "notice-code-stopped",
            Self::BreachSaved => "notice-breach-saved",
            Self::BreachTelling => "notice-breach-telling",
            Self::ErasureHandled => "notice-erasure-handled",
            Self::SummaryMade => "notice-summary-made",
            Self::SummaryWished => "notice-summary-wished",
            Self::Objected => "notice-objected",
            Self::ChannelsChosen => "notice-channels-chosen",
            Self::NumberAsked => "notice-number-asked",
            Self::NumberConfirmed => "notice-number-confirmed",
            Self::MemberAdded => "notice-member-added",
            Self::UndertakingSigned => "notice-undertaking-signed",
            Self::MemberEnded => "notice-member-ended",
            Self::AgreementWaits => "notice-agreement-waits",
            Self::AgreementMade => "notice-agreement-made",
            Self::AgreementDeclined => "notice-agreement-declined",
            Self::RuleSaid => "notice-rule-said",
        }
    }
}
