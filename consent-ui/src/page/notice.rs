//! What was just done, announced on the next page.

use crate::vocabulary::Word;

/// One line a notice: its name, the value of the `fait` query parameter, so that a redirect after a POST can carry it, and
/// the key of its text.
macro_rules! notices {
    ($($(#[$doc:meta])* $name:ident: $tag:literal, $key:literal;)*) => {
        /// What was just done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Notice {
            $($(#[$doc])* $name,)*
        }

        impl Notice {
            /// Every notice.
            pub const ALL: [Self; [$($tag),*].len()] = [$(Self::$name),*];

            /// The value of the `fait` query parameter.
            pub fn tag(self) -> &'static str {
                match self {
                    $(Self::$name => $tag,)*
                }
            }
        }

        impl Word for Notice {
            fn key(&self) -> &'static str {
                match self {
                    $(Self::$name => $key,)*
                }
            }
        }
    };
}

notices! {
    /// Measuring was switched on.
    MeasuringOn: "mesure-on", "notice-measuring-on";
    /// Measuring was switched off.
    MeasuringOff: "mesure-off", "notice-measuring-off";
    /// A researcher's request was sent.
    RequestSent: "demande-envoyee", "notice-request-sent";
    /// An officer's approval was recorded.
    RequestApproved: "demande-acceptee", "notice-request-approved";
    /// An officer's refusal was recorded.
    RequestRefused: "demande-refusee", "notice-request-refused";
    /// The visitor signed out.
    SignedOut: "deconnexion", "notice-signed-out";
    /// The page asked for needs somebody signed in.
    SignInFirst: "connexion", "notice-sign-in-first";
    /// Something about an account was changed.
    AccountChanged: "compte", "notice-account-changed";
    /// One more way in.
    WayAdded: "acces-ajoute", "notice-way-added";
    /// Sessions were ended.
    DevicesEnded: "sessions-fermees", "notice-devices-ended";
    /// "This was not me" was said.
    Frozen: "compte-bloque", "notice-frozen";
    /// The step needs a fresh proof.
    ProveFirst: "preuve", "notice-prove-first";
    /// A recovery code let somebody in.
    Recovered: "secours", "notice-recovered";
    /// A sharing was paused.
    Paused: "pause", "notice-paused";
    /// A pause was ended.
    Resumed: "reprise", "notice-resumed";
    /// Less of a sharing was left.
    Narrowed: "reduction", "notice-narrowed";
    /// A later end was agreed to.
    Renewed: "renouvellement", "notice-renewed";
    /// A legal person permitted something for its points.
    PointsPermitted: "points-autorises", "notice-points-permitted";
    /// A legal person withdrew for its points.
    PointsWithdrawn: "points-retires", "notice-points-withdrawn";
    /// Points were added to a legal person.
    PointsAdded: "points-ajoutes", "notice-points-added";
    /// A point was set aside, because it shows a person.
    PointAside: "point-personne", "notice-point-aside";
    /// A representative represents nobody any more.
    RepresentationEnded: "representant-fini", "notice-representation-ended";
    /// A legal person was closed and erased.
    LegalPersonClosed: "personne-morale-close", "notice-legal-person-closed";
    /// Several sharings were withdrawn.
    WithdrawnTogether: "retraits", "notice-withdrawn-together";
    /// An offer was put off.
    PutOff: "plus-tard", "notice-put-off";
    /// A request about one's rights was sent.
    RightSent: "droit-envoye", "notice-right-sent";
    /// An officer took one up.
    RightTaken: "droit-pris", "notice-right-taken";
    /// An officer opened the case of a frozen sharing.
    FrozenCaseOpened: "gel-dossier", "notice-frozen-case-opened";
    /// An officer answered one.
    RightAnswered: "droit-repondu", "notice-right-answered";
    /// A departure was recorded.
    HomeLeft: "depart", "notice-home-left";
    /// A departure to come was taken back.
    HomeKept: "maintien", "notice-home-kept";
    /// A person still lives where the contract changed.
    HomeConfirmed: "logement-confirme", "notice-home-confirmed";
    /// An officer recorded a change of holder.
    HolderChanged: "titulaire-change", "notice-holder-changed";
    /// An officer recorded a change of contract.
    ContractNoted: "contrat-change", "notice-contract-noted";
    /// A code was sent to a new address.
    CodeSent: "code-envoye", "notice-code-sent";
    /// A new address was confirmed.
    MailConfirmed: "adresse-confirmee", "notice-mail-confirmed";
    /// Recipients are asked to delete.
    DeletionAsked: "effacement-demande", "notice-deletion-asked";
    /// Something was written in a request, or its clock moved.
    RightStep: "demande-suivie", "notice-right-step";
    /// A mandate was accepted.
    MandateAccepted: "mandat-accepte", "notice-mandate-accepted";
    /// A mandate was ended.
    MandateEnded: "mandat-termine", "notice-mandate-ended";
    /// From now on she acts for somebody.
    ActingForAnother: "agir-pour", "notice-acting-for-another";
    /// From now on she acts for herself.
    ActingForHerself: "agir-pour-soi", "notice-acting-for-herself";
    /// Who else lives in a home was said.
    HouseholdSaid: "foyer-dit", "notice-household-said";
    /// A code for the notice of a home was made.
    HomeCodeMade: "code-foyer", "notice-home-code-made";
    /// A sharing stands still.
    SharingFrozen: "partage-arrete", "notice-sharing-frozen";
    /// The end of a capacity was found to be a mistake.
    CapacityUndone: "personne-erreur", "notice-capacity-undone";
    /// An officer entered an act.
    Entered: "saisie", "notice-entered";
    /// An officer confirmed one.
    EnteredConfirmed: "saisie-confirmee", "notice-entered-confirmed";
    /// An officer sent one back.
    EnteredBack: "saisie-renvoyee", "notice-entered-back";
    /// A letter was posted.
    LetterPosted: "courrier-poste", "notice-letter-posted";
    /// A new code for an account was stopped.
    CodeStopped: "code-arrete", "notice-code-stopped";
    /// A breach was written down or changed.
    BreachSaved: "violation-inscrite", "notice-breach-saved";
    /// People are being told of a breach.
    BreachTelling: "avis-envoyes", "notice-breach-telling";
    /// An officer has seen to an erasure that a recipient was not told of.
    ErasureHandled: "effacement-traite", "notice-erasure-handled";
    /// A summary is ready.
    SummaryMade: "bilan-pret", "notice-summary-made";
    /// Summaries come every year, or no more.
    SummaryWished: "bilan-regle", "notice-summary-wished";
    /// An objection to a project was recorded.
    Objected: "opposition", "notice-objected";
    /// The channels of her messages were chosen.
    ChannelsChosen: "voies", "notice-channels-chosen";
    /// A code was sent to a telephone number.
    NumberAsked: "numero", "notice-number-asked";
    /// A telephone number was confirmed.
    NumberConfirmed: "numero-confirme", "notice-number-confirmed";
    /// Somebody was added to a project.
    MemberAdded: "membre", "notice-member-added";
    /// The undertaking of a project was signed.
    UndertakingSigned: "engagement", "notice-undertaking-signed";
    /// A membership of a project was ended.
    MemberEnded: "membre-fin", "notice-member-ended";
    /// She agreed, and another must too.
    AgreementWaits: "accord-attendu", "notice-agreement-waits";
    /// All agreed.
    AgreementMade: "accord-complet", "notice-agreement-made";
    /// What waited was taken back or refused.
    AgreementDeclined: "accord-refuse", "notice-agreement-declined";
    /// Another rule about who must agree was asked for, or agreed to.
    RuleSaid: "regle", "notice-rule-said";
}

impl Notice {
    /// The notice of a `fait` query parameter.
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|notice| notice.tag() == tag)
    }
}
