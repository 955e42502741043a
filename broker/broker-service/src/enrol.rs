//! Enrolment: participants with their meter, gateways with their key, members with theirs. Record number 1 of everybody.

use async_trait::async_trait;
use broker_domain::consent::Occupancy;
use broker_domain::gateway::{Gateway, Settings};
use broker_domain::ids::{Digest, GatewayId, ParticipantId, PointId, SubjectId};
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_domain::time::{EntropyUnavailable, Instant};
use broker_store::{
    ApplicationRow, DatasetRow, EnrolmentCode, GatewayRow, InvitationRow, Notice, OfferRow, OfficerRow,
    OrganisationRow, ParticipantRow, PointRow, ResearcherRow, RouteRow, Serial, WrappedKeyRow,
};
use broker_vault::{DataKey, Epoch, ProfileField};
use evidence::record::Role;
use ledger_core::leaf::ActorClass;
use ring::signature::{ED25519, UnparsedPublicKey};
use thiserror::Error;

use crate::accounts::{Invitation, draw_code};
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group};
use crate::moving::has_left;
use crate::receipts::Receipt;
use crate::records;
use crate::sessions::sha256;
use crate::vault::VaultKeys;

/// A person who joins, with one meter.
#[derive(Clone)]
pub struct Newcomer {
    /// `fr`, `en` or `nl`.
    pub language: String,
    /// Name shown to the person.
    pub name: String,
    /// Postal address.
    pub address: String,
    /// The meter number: 14 digits of a PRM.
    pub meter_number: String,
}

/// A participant just enrolled.
#[derive(Debug, Clone)]
pub struct Joined {
    /// The participant.
    pub participant: ParticipantId,
    /// The meter.
    pub point: PointId,
    /// Proof of record number 1.
    pub receipt: Receipt,
}

/// Why somebody cannot join.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum JoinRefusal {
    /// Not fourteen digits.
    #[error("a meter number has 14 digits; read it on the meter or on a bill")]
    MeterNumber,
    /// Another participant has it.
    #[error("this meter is already enrolled; contact the data-protection officer if it is yours")]
    MeterTaken,
}

/// What a gateway sends to enrol.
#[derive(Clone)]
pub struct GatewayEnrolment {
    /// The one-time code from the participant's page.
    pub code: String,
    /// Its Ed25519 public key.
    pub public_key: [u8; 32],
    /// Signature over `"fiducie-enrol/v1" 0x00 code 0x00 public key`: proof that it holds the private key.
    pub signature: Vec<u8>,
}

/// Why a gateway cannot enrol.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum EnrolRefusal {
    /// No such code, used before, or too old.
    #[error("this code is unknown, used or expired; make a new one on the participant's page")]
    Code,
    /// The signature does not prove the key.
    #[error("the signature does not prove that the gateway holds its key")]
    Signature,
    /// The key belongs to another gateway.
    #[error("this key is already enrolled; reset the gateway so that it makes a new one")]
    KeyTaken,
    /// The meter is somebody else's.
    #[error("this meter is not one of yours")]
    NotYours,
}

/// How long a one-time code lives, in seconds.
const CODE_LIFETIME_SECONDS: i64 = 3_600;
impl Broker {
    /// Enrols a participant with one meter.
    ///
    /// # Errors
    /// See [`JoinRefusal`].
    pub async fn join(&self, newcomer: &Newcomer) -> Result<Joined, Failure<JoinRefusal>> {
        Ok(self.enrol(newcomer, |_| Ok(((), None))).await?.0)
    }

    /// The same with an invitation, drawn for the participant. Both or neither.
    pub(crate) async fn join_with(
        &self,
        newcomer: &Newcomer,
        draw: impl FnOnce(ParticipantId) -> Result<(Invitation, InvitationRow), EntropyUnavailable>,
    ) -> Result<(Joined, Invitation), Failure<JoinRefusal>> {
        self.enrol(newcomer, |participant| {
            let (invitation, row) = draw(participant)?;
            Ok((invitation, Some(row)))
        })
        .await
    }

    async fn enrol<T>(
        &self,
        newcomer: &Newcomer,
        draw: impl FnOnce(ParticipantId) -> Result<(T, Option<InvitationRow>), EntropyUnavailable>,
    ) -> Result<(Joined, T), Failure<JoinRefusal>> {
        let now = self.clock.now();
        let number = newcomer.meter_number.as_str();
        if number.len() != 14 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Failure::Refused(JoinRefusal::MeterNumber));
        }
        let participant = ParticipantId::random(&*self.entropy)?;
        let point = PointId::random(&*self.entropy)?;
        let (given, invitation) = draw(participant)?;
        let key = DataKey::random(participant, Epoch(1), &*self.entropy)
            .map_err(|_| Fault::Crypto { during: "data key" })?;
        let seal = |field, text: &str| self.vault.seal_text(&key, field, text, &*self.entropy);
        let profile = VaultKeys::profile_text(&newcomer.name, &newcomer.address);
        let beat = Join {
            person: ParticipantRow {
                id: participant,
                ordinal: 0,
                language: newcomer.language.clone(),
                profile_sealed: seal(ProfileField::Name, &profile)?,
                created_at: now,
            },
            point: PointRow {
                id: point,
                participant,
                number_index: self.vault.point_index(number),
                number_sealed: seal(ProfileField::MeterNumber(point), number)?,
                created_at: now,
                occupancy: Occupancy::default(),
            },
            key: self.vault.wrap(&key)?,
            enrolment: self.subject_enrolment(
                participant.into(),
                Role::Participant,
                now,
                ActorClass::Participant,
            )?,
            invitation,
        };
        let leaf_index = match self.try_commit(beat).await {
            Ok(Ok(leaf_index)) => leaf_index,
            Ok(Err(refusal)) => return Err(Failure::Refused(refusal)),
            Err(Fault::Conflict { table: "point" }) => return Err(Failure::Refused(JoinRefusal::MeterTaken)),
            Err(fault) => return Err(fault.into()),
        };
        let joined = Joined {
            participant,
            point,
            receipt: self.receipt(leaf_index).await?,
        };
        Ok((joined, given))
    }

    /// Makes a one-time code that enrols one gateway for a meter. It is shown once and not kept.
    ///
    /// # Errors
    /// [`EnrolRefusal::NotYours`].
    pub async fn gateway_code(
        &self,
        who: ParticipantId,
        point: PointId,
    ) -> Result<String, Failure<EnrolRefusal>> {
        let now = self.clock.now();
        let resource = Resource::Person { owner: who };
        let query = Query {
            principal: Principal::Participant(who),
            action: Action::Configure,
            resource,
            now,
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(EnrolRefusal::NotYours))?;
        let code = draw_code(&*self.entropy)?;
        let row = EnrolmentCode {
            code_hash: sha256(code.as_bytes()),
            participant: who,
            point,
            expires_at: now.plus_seconds(CODE_LIFETIME_SECONDS),
            used_by: None,
        };
        self.commit(MakeCode { row }).await?;
        Ok(code)
    }

    /// Enrols a gateway with its one-time code. The same gateway may repeat a call whose answer was lost.
    ///
    /// # Errors
    /// See [`EnrolRefusal`].
    pub async fn enrol_gateway(
        &self,
        enrolment: &GatewayEnrolment,
    ) -> Result<GatewayRow, Failure<EnrolRefusal>> {
        let now = self.clock.now();
        let message = [
            b"fiducie-enrol/v1\0",
            enrolment.code.as_bytes(),
            b"\0",
            enrolment.public_key.as_slice(),
        ]
        .concat();
        UnparsedPublicKey::new(&ED25519, &enrolment.public_key)
            .verify(&message, &enrolment.signature)
            .map_err(|_| Failure::Refused(EnrolRefusal::Signature))?;
        let code_hash = sha256(enrolment.code.as_bytes());
        let mut read = self.store.read().await?;
        let code = read
            .enrolment_code(code_hash)
            .await?
            .ok_or(Failure::Refused(EnrolRefusal::Code))?;
        if let Some(used_by) = code.used_by {
            let known = read
                .gateway(used_by)
                .await?
                .filter(|row| row.gateway.public_key == enrolment.public_key);
            let known = known.ok_or(Failure::Refused(EnrolRefusal::Code))?;
            return Ok(known);
        }
        drop(read);
        if now >= code.expires_at {
            return Err(Failure::Refused(EnrolRefusal::Code));
        }

        let gateway = GatewayRow {
            gateway: Gateway {
                id: GatewayId::random(&*self.entropy)?,
                participant: code.participant,
                point: code.point,
                public_key: enrolment.public_key,
                settings: Settings::initial(),
            },
            enrolled_at: now,
            last_seen_at: None,
        };
        let signed = self.sign(records::gateway_enrolled(&gateway, now)?)?;
        let draft = Draft {
            subject: code.participant.into(),
            actor: ActorClass::Gateway,
            signed,
        };
        match self
            .try_commit(EnrolGateway {
                gateway: gateway.clone(),
                code_hash,
                draft,
            })
            .await
        {
            Ok(Ok(_)) => Ok(gateway),
            Ok(Err(refusal)) => Err(Failure::Refused(refusal)),
            Err(Fault::Conflict { table: "gateway" }) => Err(Failure::Refused(EnrolRefusal::KeyTaken)),
            Err(Fault::Conflict {
                table: "enrolment_code",
            }) => Err(Failure::Refused(EnrolRefusal::Code)),
            Err(fault) => Err(fault.into()),
        }
    }

    /// Enrols an organisation, or an application, researcher or officer of one. Operators do this from the command line.
    ///
    /// # Errors
    /// [`Failure::Conflict`] when it exists already.
    pub async fn enrol_member(&self, member: Member) -> Result<(), Failure<std::convert::Infallible>> {
        let now = self.clock.now();
        let enrolment = match &member {
            Member::Organisation(row) => {
                Some(self.subject_enrolment(row.id.into(), Role::Organisation, now, ActorClass::Broker)?)
            }
            Member::Researcher(row) => {
                Some(self.subject_enrolment(row.id.into(), Role::Researcher, now, ActorClass::Broker)?)
            }
            Member::Dataset(row) => {
                Some(self.subject_enrolment(row.dataset.id.into(), Role::Dataset, now, ActorClass::Broker)?)
            }
            Member::Application(_) | Member::Officer(_) | Member::Offer { .. } | Member::Webhook(_) => None,
        };
        self.commit(EnrolMember { member, enrolment }).await
    }

    pub(crate) fn subject_enrolment(
        &self,
        subject: SubjectId,
        role: Role,
        now: Instant,
        actor: ActorClass,
    ) -> Result<Enrolment, Fault> {
        let mut key = [0_u8; 32];
        self.entropy.fill(&mut key)?;
        let signed = self.sign(records::subject_enrolled(subject, role, now)?)?;
        let draft = Draft {
            subject,
            actor,
            signed,
        };
        Ok(Enrolment { key, draft })
    }
}

/// Whoever an operator enrols.
#[derive(Debug, Clone)]
pub enum Member {
    /// A legal body.
    Organisation(OrganisationRow),
    /// An application of one.
    Application(ApplicationRow),
    /// A researcher of one.
    Researcher(ResearcherRow),
    /// An officer of the broker.
    Officer(OfficerRow),
    /// A dataset of the catalogue.
    Dataset(DatasetRow),
    /// How an application, enrolled before, is told of withdrawals; the last one given counts.
    Webhook(RouteRow),
    /// What a recipient asks people to agree to, with its notice in each language.
    Offer {
        /// The terms.
        row: OfferRow,
        /// The notices.
        notices: Box<[Notice; 3]>,
    },
}

/// SHA-256 of a notice's exact bytes.
#[must_use]
pub fn notice_digest(text: &str) -> Digest {
    Digest(sha256(text.as_bytes()))
}

/// SHA-256 of an application's bearer credential: what is stored instead of it.
#[must_use]
pub fn credential_hash(credential: &str) -> [u8; 32] {
    sha256(credential.as_bytes())
}

/// A subject key and the draft of its first record.
pub(crate) struct Enrolment {
    key: [u8; 32],
    draft: Draft,
}

impl Enrolment {
    pub(crate) async fn run(&self, group: &mut Group<'_>) -> Result<Serial, Fault> {
        // An organisation and a dataset may not share an identifier: that is the operator's mistake, not the ledger's.
        if group.tx.subject(self.draft.subject).await?.is_some() {
            return Err(Fault::Conflict { table: "subject" });
        }
        group.tx.add_subject(self.draft.subject, self.key).await?;
        group.append(&self.draft).await
    }
}

struct Join {
    person: ParticipantRow,
    point: PointRow,
    key: WrappedKeyRow,
    enrolment: Enrolment,
    invitation: Option<InvitationRow>,
}

#[async_trait]
impl Commit for Join {
    type Answer = Serial;
    type Refusal = JoinRefusal;
    const NAME: &'static str = "join";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Serial, JoinRefusal>, Fault> {
        // One lives there at a time, and a departure to come leaves its place on its day only.
        let known = group.tx.points_of_number(self.point.number_index).await?;
        if known.iter().any(|row| !has_left(row.occupancy, group.now)) {
            return Ok(Err(JoinRefusal::MeterTaken));
        }
        group.tx.add_participant(&self.person).await?;
        group.tx.add_key(&self.key).await?;
        group.tx.add_point(&self.point).await?;
        if let Some(row) = &self.invitation {
            group.tx.add_invitation(row, group.now).await?;
        }
        Ok(Ok(self.enrolment.run(group).await?))
    }
}

struct MakeCode {
    row: EnrolmentCode,
}

#[async_trait]
impl Commit for MakeCode {
    type Answer = ();
    type Refusal = EnrolRefusal;
    const NAME: &'static str = "make gateway code";

    fn leaves(&self) -> usize {
        0
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), EnrolRefusal>, Fault> {
        let point = group.tx.point(self.row.point).await?;
        let lives = |point: PointRow| {
            point.participant == self.row.participant && !has_left(point.occupancy, group.now)
        };
        if !point.is_some_and(lives) {
            return Ok(Err(EnrolRefusal::NotYours));
        }
        group.tx.add_enrolment_code(&self.row).await?;
        Ok(Ok(()))
    }
}

struct EnrolGateway {
    gateway: GatewayRow,
    code_hash: [u8; 32],
    draft: Draft,
}

#[async_trait]
impl Commit for EnrolGateway {
    type Answer = Serial;
    type Refusal = EnrolRefusal;
    const NAME: &'static str = "enrol gateway";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Serial, EnrolRefusal>, Fault> {
        let point = group.tx.point(self.gateway.gateway.point).await?;
        if point.is_none_or(|point| has_left(point.occupancy, group.now)) {
            return Ok(Err(EnrolRefusal::NotYours));
        }
        group.tx.add_gateway(&self.gateway).await?;
        group
            .tx
            .use_enrolment_code(self.code_hash, self.gateway.gateway.id)
            .await?;
        Ok(Ok(group.append(&self.draft).await?))
    }
}

struct EnrolMember {
    member: Member,
    enrolment: Option<Enrolment>,
}

#[async_trait]
impl Commit for EnrolMember {
    type Answer = ();
    type Refusal = std::convert::Infallible;
    const NAME: &'static str = "enrol member";

    fn leaves(&self) -> usize {
        usize::from(self.enrolment.is_some())
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), std::convert::Infallible>, Fault> {
        match &self.member {
            Member::Organisation(row) => group.tx.add_organisation(row).await?,
            Member::Application(row) => group.tx.add_application(row).await?,
            Member::Researcher(row) => group.tx.add_researcher(row).await?,
            Member::Officer(row) => group.tx.add_officer(row).await?,
            Member::Dataset(row) => group.tx.add_dataset(row).await?,
            Member::Webhook(row) => group.tx.set_route(row).await?,
            Member::Offer { row, notices } => {
                for notice in notices.iter() {
                    group.tx.add_notice(notice).await?;
                }
                group.tx.add_offer(row).await?;
            }
        }
        if let Some(enrolment) = &self.enrolment {
            enrolment.run(group).await?;
        }
        Ok(Ok(()))
    }
}
