//! Who lives where a meter is, and until when.

use async_trait::async_trait;
use broker_domain::consent::{Departure, Method};
use broker_domain::ids::PointId;
use broker_domain::time::Instant;

use crate::{PointRow, StoreError};

/// An occupancy that ends or waits, with what lies beyond its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OccupancyRow {
    /// The point.
    pub point: PointRow,
    /// How the departure came to be known; `None` for a point that is only held.
    pub method: Option<Method>,
    /// When all that follows from it was done.
    pub closed_at: Option<Instant>,
    /// Batches with readings from the departure on: quarantined.
    pub quarantined: u64,
    /// Transfers to recipients that hold values from the departure on: made before it was known.
    pub overtaken: u64,
}

/// Reading occupancies.
#[async_trait]
pub trait HouseholdReads {
    /// Every point, lived at or left, of the meter with this keyed index.
    async fn points_of_number(&mut self, number_index: [u8; 32]) -> Result<Vec<PointRow>, StoreError>;
    /// Points whose departure came by `now`, and for which not all was done yet; at most `limit`.
    async fn departures_due(&mut self, now: Instant, limit: u32) -> Result<Vec<PointRow>, StoreError>;
    /// How the departure from a point came to be known; `None` without one.
    async fn departure_method(&mut self, point: PointId) -> Result<Option<Method>, StoreError>;
    /// Points that are held or have a departure, the latest departure first, held ones before all; at most `limit`.
    async fn occupancies(&mut self, limit: u32) -> Result<Vec<OccupancyRow>, StoreError>;
}

/// Writing occupancies.
#[async_trait]
pub trait HouseholdWrites {
    /// Says when the person leaves or left, and ends a hold. Replaces a departure that has not come by the instant at which
    /// this one was known; one that has come is a conflict, unless the contract ([`Method::Upstream`]) moves it to earlier:
    /// then what follows from it is due again. One that the contract told is moved to later by the contract only, and stays
    /// one that the contract told.
    async fn set_departure(
        &mut self,
        point: PointId,
        departure: Departure,
        method: Method,
    ) -> Result<(), StoreError>;
    /// Takes back a departure that has not come by `now`. Another one, or none, is a conflict, and so is a meter that
    /// somebody else lives at by now, and a departure that the contract told.
    async fn cancel_departure(&mut self, point: PointId, now: Instant) -> Result<(), StoreError>;
    /// Notes that all that follows from a departure was done. Twice is a conflict.
    async fn close_occupancy(&mut self, point: PointId, at: Instant) -> Result<(), StoreError>;
    /// Holds a point, since `since`, or ends the hold. A hold on a held point, or on one with a departure, is a conflict; so is
    /// the end of none.
    async fn set_hold(&mut self, point: PointId, since: Option<Instant>) -> Result<(), StoreError>;
}
