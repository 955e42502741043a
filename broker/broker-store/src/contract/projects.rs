//! Facts about members of projects of research.

use broker_domain::ids::Purpose;
use broker_domain::research::{AddedBy, MemberStanding, ProjectMember};

use super::samples::{
    assert_conflict, at, consent, disclosure, files, furnish, id, manifest, membership, release, request,
    researcher,
};
use crate::{ProjectScope, Store, ToldUpto, UntoldMember};

/// Researcher `who` in project 3, added by the officer.
pub fn member(who: u8) -> ProjectMember {
    ProjectMember {
        request: id(3),
        researcher: id(who),
        added_by: AddedBy::Officer(id(1)),
        added_at: at(i64::from(who)),
        standing: MemberStanding::Added,
    }
}

/// Added once, signs once, leaves once.
pub async fn a_member_is_added_signs_and_leaves_once(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("join").await.unwrap();
    tx.add_request(&request(3)).await.unwrap();
    for who in [2, 3] {
        tx.add_researcher(&researcher(who)).await.unwrap();
    }
    let lead = ProjectMember {
        added_by: AddedBy::Lead,
        ..member(3)
    };
    tx.add_project_member(&member(2)).await.unwrap();
    tx.add_project_member(&lead).await.unwrap();
    assert_conflict(tx.add_project_member(&member(2)).await, "project_member");
    assert_eq!(
        tx.project_members(id(3)).await.unwrap(),
        [member(2), lead.clone()]
    );
    assert_eq!(tx.projects_joined(id(3)).await.unwrap(), [lead]);
    assert_eq!(tx.project_members(id(4)).await.unwrap(), []);
    assert_eq!(tx.member_untold().await.unwrap(), None, "nobody signed");
    tx.sign_project_member(id(3), id(2), at(9)).await.unwrap();
    assert_conflict(
        tx.sign_project_member(id(3), id(2), at(9)).await,
        "project_member",
    );
    assert_conflict(
        tx.sign_project_member(id(3), id(1), at(9)).await,
        "project_member",
    );
    let signed = ProjectMember {
        standing: MemberStanding::Signed { at: at(9) },
        ..member(2)
    };
    let untold = UntoldMember {
        member: signed.clone(),
        told_upto: None,
    };
    assert_eq!(tx.member_untold().await.unwrap(), Some(untold.clone()));
    tx.member_told(&signed, ToldUpto::Person(id(1))).await.unwrap();
    let further = UntoldMember {
        told_upto: Some(id(1)),
        ..untold
    };
    assert_eq!(tx.member_untold().await.unwrap(), Some(further));
    tx.member_told(&signed, ToldUpto::Everybody(at(10)))
        .await
        .unwrap();
    assert_eq!(tx.member_untold().await.unwrap(), None);
    let again = tx.member_told(&signed, ToldUpto::Everybody(at(11))).await;
    assert_conflict(again, "project_member");
    tx.end_project_member(id(3), id(3), at(12)).await.unwrap();
    assert_conflict(
        tx.end_project_member(id(3), id(3), at(12)).await,
        "project_member",
    );
    assert_conflict(
        tx.sign_project_member(id(3), id(3), at(13)).await,
        "project_member",
    );
}

/// Leaving changes nothing about who is told, nor about how far that came; whoever never signed is told to nobody.
pub async fn whoever_signed_and_left_is_still_to_be_told(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("join").await.unwrap();
    tx.add_request(&request(3)).await.unwrap();
    for who in [2, 3] {
        tx.add_researcher(&researcher(who)).await.unwrap();
        tx.add_project_member(&member(who)).await.unwrap();
    }
    tx.sign_project_member(id(3), id(2), at(9)).await.unwrap();
    tx.member_told(&member(2), ToldUpto::Person(id(1))).await.unwrap();
    for who in [2, 3] {
        tx.end_project_member(id(3), id(who), at(10)).await.unwrap();
    }
    let ended = |who, signed_at| ProjectMember {
        standing: MemberStanding::Ended {
            signed_at,
            at: at(10),
        },
        ..member(who)
    };
    let left = ended(2, Some(at(9)));
    assert_eq!(
        tx.project_members(id(3)).await.unwrap(),
        [left.clone(), ended(3, None)]
    );
    let untold = UntoldMember {
        member: left.clone(),
        told_upto: Some(id(1)),
    };
    assert_eq!(tx.member_untold().await.unwrap(), Some(untold));
    let never = tx.member_told(&member(3), ToldUpto::Everybody(at(11))).await;
    assert_conflict(never, "project_member");
    tx.member_told(&left, ToldUpto::Everybody(at(11))).await.unwrap();
    assert_eq!(tx.member_untold().await.unwrap(), None);
}

/// Whoever agreed, and whoever is in the release: each once, in order, page by page.
pub async fn the_people_of_a_project_are_found_page_by_page(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("join").await.unwrap();
    tx.add_consent(&consent(1, 1)).await.unwrap();
    tx.add_consent(&consent(2, 1)).await.unwrap();
    tx.add_request(&request(3)).await.unwrap();
    let scope = ProjectScope {
        request: id(3),
        recipient: consent(1, 1).recipient,
        purpose: consent(1, 1).purpose,
    };
    assert_eq!(tx.people_of_project(&scope, None, 9).await.unwrap(), [id(1)]);
    tx.add_release(&release(3), &files(3), &membership(3))
        .await
        .unwrap();
    let rows = [disclosure(14, 1, 3), disclosure(15, 2, 3)];
    tx.add_manifest(&manifest(3, 2), b"rows", &rows).await.unwrap();
    assert_eq!(
        tx.people_of_project(&scope, None, 9).await.unwrap(),
        [id(1), id(2)]
    );
    assert_eq!(tx.people_of_project(&scope, None, 1).await.unwrap(), [id(1)]);
    assert_eq!(
        tx.people_of_project(&scope, Some(id(1)), 9).await.unwrap(),
        [id(2)]
    );
    assert_eq!(tx.people_of_project(&scope, Some(id(2)), 9).await.unwrap(), []);
    let other = ProjectScope {
        request: id(9),
        purpose: Purpose::parse("another").unwrap(),
        ..scope
    };
    assert_eq!(tx.people_of_project(&other, None, 9).await.unwrap(), []);
}
