//! What every page says while its reader acts for somebody.

use broker_domain::mandate::{Capacity, Power, Powers};

use super::{Frame, NavigationLink};
use crate::paths;

/// Somebody for whom the reader acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActingFor {
    /// Her name.
    pub name: String,
    /// What may be done for her.
    pub powers: Powers,
    /// As what.
    pub capacity: Capacity,
}

impl Frame<'_> {
    /// What a mandate covers, and the choice for whom to act.
    pub(super) fn acting_links(&self, acting: &ActingFor) -> Vec<NavigationLink> {
        let covered = [
            (None, paths::SHARINGS, "nav-sharings"),
            (Some(Power::View), paths::DATA, "nav-data"),
            (Some(Power::View), paths::HISTORY, "nav-history"),
            (None, paths::ACT_FOR, "nav-act-for"),
        ];
        // A legal person has points, too many for a list of sharings.
        let points = (acting.capacity == Capacity::Representative).then_some((
            Some(Power::View),
            paths::POINTS,
            "nav-points",
        ));
        let may = |power: &Option<Power>| power.is_none_or(|power| acting.powers.include(power));
        points
            .iter()
            .chain(&covered)
            .filter(|(power, _, _)| may(power))
            .map(|(_, href, key)| self.link(href, key))
            .collect()
    }
}
