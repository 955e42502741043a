//! A street of households whose meters speak TIC.
//!
//! Four layers, each usable alone:
//! - [`tic`] writes TIC frames byte for byte as a meter does (Enedis-NOI-CPT_54E v3 and 02E v6);
//! - [`Street`] invents households, their weather and their loads, minute by minute, from one seed;
//! - [`Household::frames`] lets the meter of such a household speak, silences and line noise included;
//! - [`SimulatedGateway`] puts the real [`gateway_device::Device`] at the other end of the wire.
//!
//! The crate is pure: no clock, no global randomness, no input or output, and integers only, so a seed gives
//! the same bytes on every machine. It deliberately holds no key, sends and stores nothing, and it is not a
//! physical model of a building: the curves only have to look like those of a French street.
//!
//! Nobody behind these numbers exists. Meter numbers use unit numbers from 900000 on and delivery points start
//! with 99, neither of which the grid operator gives out.

mod appliances;
mod calendar;
mod disturbance;
mod dwelling;
mod frames;
mod heating;
mod household;
mod load;
mod profile;
mod random;
mod readout;
mod registers;
mod routine;
mod simulated_gateway;
mod street;
mod tariff;
pub mod tic;
mod trace;
mod weather;

pub use dwelling::{Dwelling, ElectricCar, Heating, HotWater, Kilovoltamperes, SolarRoof, Wiring};
pub use frames::Frames;
pub use household::{DeliveryPoint, Household, MeterSerial};
pub use load::MinuteLoad;
pub use profile::Profile;
pub use random::Random;
pub use registers::{Registers, VarHours, WattHours};
pub use routine::Routine;
pub use simulated_gateway::SimulatedGateway;
pub use street::{FIRST_DAY, MOST_HOUSEHOLDS, Street, StreetError};
pub use tariff::Tariff;
pub use trace::DayTrace;
