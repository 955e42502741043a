//! `fiducie-gateway enrol`.

use anyhow::bail;

use crate::broker::Broker;
use crate::cli;
use crate::key::DeviceKey;
use crate::ports::{Clock as _, System};
use crate::state::{Enrolment, State};

/// Beyond this the broker would refuse signed requests and future-dated readings, microseconds.
const LARGEST_CLOCK_ERROR_US: u64 = 120 * 1_000_000;

/// Registers this gateway, once. Safe to repeat after a failure: the key is kept.
pub(crate) fn enrol(arguments: &cli::Enrol, system: &System) -> anyhow::Result<()> {
    let broker = Broker::new(&arguments.broker)?;
    let state = State::open(&arguments.state)?;
    if state.enrolment()?.is_some() {
        bail!(
            "this gateway is already enrolled; use another state folder, or delete `{}`",
            state.folder().display()
        );
    }
    let key = DeviceKey::load_or_make(state.folder(), system)?;
    let enrolled = broker.enrol(arguments.code.trim(), &key)?;
    enrolled.settings.settings()?;
    let enrolment = Enrolment {
        broker: arguments.broker.clone(),
        gateway_id: enrolled.gateway_id,
        delivery_point_id: enrolled.delivery_point_id,
    };
    state.enrol(&enrolment, &enrolled.settings)?;
    if system.now_us().abs_diff(enrolled.server_time_us) > LARGEST_CLOCK_ERROR_US {
        tracing::warn!(
            "the clock of this machine differs from the broker's by more than two minutes: set it"
        );
    }
    tracing::info!(gateway.id = %enrolment.gateway_id, "enrolled");
    Ok(())
}
