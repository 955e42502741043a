//! What a legal person permitted: each act named a list of points, and the list holds one permission for each of them and for no other.

use std::collections::BTreeMap;

use evidence::{
    consent::{ConsentAct, ConsentRecord, PointList, point_list},
    history::VerifiedRecord,
    record::Record,
};

use crate::report::{Failure, Report};

/// One act, with the points of its permissions.
struct Act {
    list: PointList,
    points: Vec<[u8; 32]>,
}

/// Holds the permissions of each act against the list that they name. `lost` says that some records have no detail any more.
pub fn tell(report: &mut Report, records: &[VerifiedRecord], lost: bool) -> Result<(), Failure> {
    let acts = acts(records.iter().filter_map(|one| match &one.record {
        Record::Consent(record) => Some(record),
        _ => None,
    }))?;
    let (mut whole, mut short) = (0_u64, 0_u64);
    for act in acts.values() {
        match is_whole(act) {
            true => whole += 1,
            false if lost => short += 1,
            false => {
                return Err(Failure::Refused(format!(
                    "the permissions of the act {}: they are not one for each point of its list",
                    act.list.grant.as_str()
                )));
            }
        }
    }
    report.detail("acts_of_permission", whole.saturating_add(short));
    if whole > 0 {
        report.check(format!(
            "{whole} acts of permission: each has one permission for every point of the list that it names."
        ));
    }
    if short > 0 {
        report.skip(format!(
            "Whether {short} acts of permission are whole: a part of them may be among the records that a restore lost."
        ));
    }
    Ok(())
}

fn acts<'a>(records: impl Iterator<Item = &'a ConsentRecord>) -> Result<BTreeMap<String, Act>, Failure> {
    let mut acts = BTreeMap::new();
    for record in records.filter(|record| record.act() == ConsentAct::Given) {
        let Some(list) = record.point_list() else { continue };
        let unreadable = || Failure::Refused("a permission names no point".to_owned());
        let point = *record.point().ok_or_else(unreadable)?.as_bytes();
        let act = acts.entry(list.grant.as_str().to_owned()).or_insert_with(|| Act {
            list: list.clone(),
            points: Vec::new(),
        });
        if act.list != list {
            return Err(Failure::Refused(format!(
                "the permissions of the act {}: they name different lists",
                list.grant.as_str()
            )));
        }
        act.points.push(point);
    }
    Ok(acts)
}

fn is_whole(act: &Act) -> bool {
    u32::try_from(act.points.len()) == Ok(act.list.count) && point_list(&act.points) == act.list.sha256
}

#[cfg(test)]
mod tests {
    use evidence::record::Id;

    use super::*;

    fn act(points: &[[u8; 32]]) -> Act {
        Act {
            list: PointList {
                grant: Id::new("g-1").unwrap(),
                sha256: point_list(&[[1; 32], [2; 32]]),
                count: 2,
            },
            points: points.to_vec(),
        }
    }

    #[test]
    fn legal_person_an_act_has_one_permission_for_each_point_of_its_list() {
        assert!(is_whole(&act(&[[2; 32], [1; 32]])));
        for wrong in [
            vec![[1; 32]],
            vec![[1; 32], [3; 32]],
            vec![[1; 32], [1; 32]],
            vec![[1; 32], [2; 32], [3; 32]],
        ] {
            assert!(!is_whole(&act(&wrong)), "{wrong:?}");
        }
    }
}
