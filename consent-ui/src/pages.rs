//! One module per page or family of pages: a view model and the function that renders it.

mod about;
mod account;
mod breach;
mod capacity;
mod changes;
mod dashboard;
mod data;
mod delivered;
mod entered;
mod erasure;
mod history;
mod home;
mod household;
mod invite;
mod joint;
mod ledger;
mod legal;
mod mandates;
mod not_mine;
mod offer;
mod officer;
mod others;
mod paper;
mod points;
mod problem;
mod project;
mod qr;
mod reach;
mod receipt;
mod recorded;
mod requests;
mod research;
mod rights;
mod sharing;
mod sign_in;
mod summary;
mod told;
mod watched;
mod withdrawal;

pub use about::{render_accessibility, render_minors, render_proofs_explained};
pub(crate) use account::WORDS as PASSKEY_WORDS;
pub use account::{
    AccountView, CodeFrom, CodesView, Copies, DevicePlace, DeviceRow, EventRow, Freedom, IdentityRow,
    NotMeView, OnTheWay, PasskeyRow, Stoppable, Working, render_account, render_codes, render_not_me,
};
pub(crate) use breach::WORDS as BREACH_WORDS;
pub use breach::{
    AuthorityForm, AuthorityStanding, BreachForm, BreachFormView, BreachLine, BreachPreviewView, BreachView,
    BreachesView, ConcernedBy, PeopleStanding, render_breach, render_breach_form, render_breach_preview,
    render_breaches,
};
pub use capacity::{
    CapacityCause, CapacityDeskView, CapacityLine, EndedView, FoundPersonView, render_capacity_desk,
    render_capacity_route, render_ended, render_found_person,
};
pub use changes::{
    NarrowingView, PauseView, PutOffView, RenewalView, TextChange, TogetherView, render_narrowing,
    render_pause, render_put_off, render_renewal, render_resumption, render_together,
};
pub use dashboard::{DashboardView, DayCurve, MeterCard, SharingCounts, render_dashboard};
pub use data::{DataView, Measured, PartRow, Period, PeriodChart, PeriodKind, PeriodValues, render_data};
pub(crate) use delivered::ROW_VERDICTS;
pub use delivered::{DeliveredView, Delivery, render_delivered};
pub use entered::{
    ActView, Can, Channel, CodeStep, Colleagues, EnterView, EnteredDeskView, EnteredKind, EnteredLine,
    EnteredStanding, LetterStep, LetterView, MessageLine, Pick, TypedEntry, render_act, render_enter,
    render_entered_desk, render_letter,
};
pub use erasure::{ErasedView, ErasureView, render_erased, render_erasure};
pub use history::{HistoryView, TransferRow, render_history};
pub use home::{DemoPerson, HomeView, SignIn, render_home};
pub use household::{
    ContractKind, FoundHome, Home, HomeDeskRow, HomeStanding, HomesDeskView, HomesView, LeaveView, When,
    render_found_home, render_homes, render_homes_desk, render_leave,
};
pub use invite::{InviteView, InvitedView, render_invite, render_invited};
pub use joint::{
    AgreementView, JointDeskView, JointForm, JointView, render_agreement, render_joint, render_joint_desk,
};
pub use ledger::{
    ErasureRow, LedgerView, VerificationCommands, WitnessAnswer, WitnessDemand, WitnessRow, WitnessStanding,
    WitnessesView, render_ledger,
};
pub use legal::{
    LegalDeskView, LegalKindWord, LegalLine, LegalPersonView, LegalTyped, RepresentativeNamedView, SiteLine,
    WrongLine, render_legal_desk, render_legal_person, render_representative_named,
};
pub use mandates::{
    ActForView, JoinToActView, MandateAct, MandateCard, MandateForm, MandateGivenView, MandatesView,
    OfferedView, render_act_for, render_join_to_act, render_mandate_end, render_mandate_given,
    render_mandates, render_offered,
};
pub use not_mine::{NotMineView, render_not_mine};
pub use offer::{
    Answer, AnswerOutcome, AnsweredView, Asks, FullNotice, MeterChoice, NoticeSection, OfferCard,
    OfferChoice, OfferView, OffersView, Signing, render_answered, render_offer, render_offers,
};
pub use officer::{
    Check, DecisionForm, DeskView, FlowFilter, FlowRow, FlowsView, RequestToDecide, render_desk, render_flows,
};
pub use others::{
    HomeAskedView, HomeCaseView, HomeCodeView, HomeNoticeView, HomeShare, HomeVisitView, Minority, Others,
    OthersAsk, OthersCase, render_case_code, render_home_asked, render_home_case, render_home_code,
    render_home_notice, render_home_visit,
};
pub use paper::{
    Enough, FormKind, FormView, FormsView, OfferForm, PrintedTerms, StopView, render_form, render_forms,
    render_phone, render_stop,
};
pub use points::{
    PermitView, PointFilter, PointLine, PointOffer, PointStanding, PointsView, render_permit, render_points,
};
pub use problem::{ProblemKind, ProblemView, render_problem};
pub use project::{Chief, MemberRow, Membership, ProjectView, render_project};
pub use qr::Square;
pub use reach::{Mailed, MessageLetterView, ReachView, SentRow, render_message_letter, render_reach};
pub use receipt::{ReceiptBy, ReceiptPlace, ReceiptView, render_receipt};
pub(crate) use recorded::VERDICTS;
pub use recorded::{RecordedView, ToldRecord, ToldWhat, render_recorded};
pub use requests::{
    DatasetRequest, JoinedProject, ManifestStatus, RequestState, RequestsView, render_requests,
};
pub use research::{
    CatalogueView, Dataset, DatasetPage, MeanCurve, RequestForm, render_catalogue, render_dataset,
};
pub use rights::{
    AskView, FrozenAlone, HouseholdMark, RightKind, RightView, RightsDeskView, RightsLine, RightsView,
    Standing, StillLine, ThreadKind, ThreadLine, render_ask, render_right, render_rights, render_rights_desk,
};
pub use sharing::{
    ActedBy, AwaitedLine, AwaitedWhat, Choice, Chosen, Narrowed, OnwardUse, Reader, ReceiptKind, ReceiptRow,
    Recipient, Sharing, SharingFilter, SharingPage, SharingsView, Standstill, render_sharing,
    render_sharings,
};
pub use sign_in::{
    FirstWayView, InvitationView, Offered, ProveView, ProviderChoice, RolesView, SignInView, WaysIn,
    render_first_way, render_invitation, render_prove, render_roles, render_sign_in,
};
pub use summary::{SummariesView, SummaryLine, SummarySpan, SummaryView, render_summaries, render_summary};
pub use told::{MailView, OverdueRow, OverdueView, ToldRow, UntoldRow, render_overdue};
pub use watched::{
    NextLine, NoticeRow, NoticesView, ProjectRow, ProjectsView, UnusualLine, UnusualRow, UnusualView,
    UnusualWhat, render_notices, render_projects, render_unusual,
};
pub use withdrawal::{WithdrawalView, WithdrawnView, render_withdrawal, render_withdrawn};
