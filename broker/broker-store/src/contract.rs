//! The contract of a store, as facts that every implementation must show.
//!
//! Each fact takes one fresh, empty store, and panics when the store breaks it. An implementation writes one async
//! function that makes such a store, calls [`contract_tests!`](crate::contract_tests) with it, and gets one test a fact.
//! What the suite deliberately does not test: durability across a crash, and files; each backend has its own of those.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "this module is a test suite"
)]
#![allow(clippy::indexing_slicing, reason = "this module is a test suite")]

pub mod accounts;
pub mod consents;
pub mod disclosures;
pub mod dossiers;
pub mod entered;
pub mod erasure;
pub mod gateways;
pub mod homes;
pub mod households;
pub mod intake;
pub mod ledger;
pub mod legal;
pub mod lifecycle;
pub mod mandates;
pub mod members;
pub mod messages;
pub mod participants;
pub mod phones;
pub mod projects;
pub mod research;
pub mod restore;
pub mod rights;
pub mod samples;
pub mod sessions;
pub mod sign_in;
pub mod signing;
pub mod summaries;
pub mod tellings;
pub mod transactions;
pub mod transfers;
pub mod watched;

/// Makes one `#[tokio::test]` of each fact.
///
/// The argument is the path of an async function without arguments, whose result has a method
/// `store(&self) -> &dyn Store` over a fresh, empty store; it is dropped after the test.
#[macro_export]
macro_rules! contract_tests {
    ($fresh:path) => {
        $crate::contract_tests! { @modules $fresh;
            transactions {
                a_commit_is_visible_to_every_later_read
                a_dropped_transaction_leaves_no_trace
                a_transaction_reads_its_own_writes
                nobody_else_sees_an_open_transaction
                a_view_does_not_change_while_others_commit
                a_second_transaction_waits_for_the_first
                going_back_undoes_what_came_after_the_mark
                going_back_twice_returns_to_the_same_mark
                a_new_mark_keeps_what_came_before_it
                going_back_without_a_mark_is_a_fault
                a_mark_that_was_given_up_is_none
                a_conflict_leaves_the_rest_of_the_transaction_alive
                a_scrub_changes_no_value
            }
            ledger {
                an_empty_log_has_no_head
                the_newest_head_is_that_of_the_last_batch
                a_batch_that_does_not_begin_at_the_end_is_a_conflict
                serials_never_go_back
                the_head_of_its_batch_covers_a_leaf
                leaves_come_back_in_order_and_byte_for_byte
                a_leaf_that_is_too_long_is_refused
                tile_roots_come_back_by_level_and_place
                numbers_have_no_gap_and_no_reuse
                numbers_of_an_undone_job_are_given_again
                an_unknown_subject_has_no_number
                a_subject_is_added_once
                a_record_comes_back_byte_for_byte
                a_leaf_and_a_serial_have_one_record
                records_come_in_pages_newest_first
            }
            participants {
                a_participant_comes_back_with_an_ordinal
                ordinals_are_given_once_in_order
                participants_come_in_pages_by_ordinal
                a_point_comes_back_and_its_number_is_unique
                points_come_oldest_first
                keys_come_back_by_epoch_and_newest
            }
            homes {
                who_else_lives_there_is_said_again_and_the_code_stays
                a_code_leads_to_one_home_and_ends_the_one_before
                a_case_of_another_adult_is_found_by_its_code
                a_standstill_is_tied_to_its_case_and_ends
                age_is_stated_once
                a_capacity_ends_once_and_a_mistake_is_undone
            }
            households {
                a_departure_changes_the_consents_of_its_point
                a_departure_to_come_moves_and_is_taken_back_one_that_came_does_not
                a_meter_that_was_left_is_lived_at_by_the_next
                a_hold_begins_and_ends_once
                what_lies_beyond_a_departure_is_counted
                what_the_contract_told_moves_to_earlier_only
            }
            mandates {
                a_mandate_is_accepted_once_and_its_code_is_gone
                a_mandate_ends_once
                a_mandate_is_kept_for_whoever_was_enrolled_with_its_code
                looks_and_acts_under_a_mandate_are_listed
                a_session_acts_under_one_mandate_until_it_ends
                a_mandate_goes_with_either_of_its_sides
            }
            legal {
                a_legal_person_is_found_by_its_number
                a_place_is_set_aside_once
                a_permission_names_its_act_and_terms_their_points
            }
            gateways {
                a_gateway_comes_back_with_its_settings
                a_public_key_is_registered_once
                settings_only_move_to_the_next_version
                the_last_sight_of_a_gateway_never_goes_back
                a_code_enrols_once
            }
            consents {
                the_same_notice_twice_is_one
                offers_come_in_order_of_identifier
                a_consent_comes_back_with_its_events_in_order
                an_event_number_that_is_taken_or_leaves_a_gap_is_a_conflict
                consents_are_found_by_person_and_by_recipient
                a_consent_now_is_what_a_view_shows
            }
            signing {
                an_act_says_how_once
                a_notice_was_served_first_and_last
                terms_wait_for_one_signature
                terms_that_ran_out_or_are_too_many_are_forgotten
                erasing_a_person_takes_what_she_was_shown_along
            }
            transfers {
                a_transfer_comes_back_by_id_and_by_leaf
                a_transfer_knows_the_recipients_copy
                a_transfer_id_is_used_once
                a_refusal_may_name_an_unknown_point
                a_transfer_cannot_be_committed_without_its_record
                transfers_come_in_pages_newest_first
                flows_are_filtered_and_paged
                uses_count_what_moved
                a_batch_comes_back_and_is_unique_for_its_gateway
                batches_are_found_by_overlap_and_refused_ones_are_not
            }
            intake {
                many_are_found_as_one_by_one
                no_intake_is_no_row
                what_came_in_comes_back
                what_came_in_twice_is_a_conflict
                gateways_are_seen_together
                records_of_several_subjects_are_added_together
            }
            members {
                members_come_back_as_added
                lists_of_members_are_in_order_of_name
                a_credential_belongs_to_one_application
            }
            messages {
                an_address_is_set_replaced_and_forgotten
                an_occasion_is_queued_once
                a_message_is_due_until_it_ended
                an_end_is_told_once_and_not_after_it_was_withdrawn
                messages_that_ended_are_dropped_later
            }
            phones {
                a_number_is_set_replaced_and_forgotten
                channels_are_email_until_others_are_chosen
                each_channel_has_a_queue_of_its_own
                an_end_is_told_to_whoever_a_message_reaches
            }
            projects {
                a_member_is_added_signs_and_leaves_once
                whoever_signed_and_left_is_still_to_be_told
                the_people_of_a_project_are_found_page_by_page
            }
            dossiers {
                a_route_is_set_and_replaced
                a_withdrawal_has_one_dossier
                a_recipient_is_told_until_it_answers
                a_promise_to_delete_is_overdue_until_attested
                deletion_is_asked_once
            }
            entered {
                an_entered_act_is_decided_once
                entered_acts_wait_and_are_posted
                a_code_is_stopped_once
                a_form_enrols_once
            }
            tellings {
                a_telling_is_due_until_it_ended
                an_address_waits_for_its_code
                what_was_not_told_of_an_erasure_waits_for_an_officer
            }
            watched {
                busy_sharings_are_found_by_count_and_by_span
                something_unusual_is_noted_once
                a_breach_comes_back_and_changes_until_people_are_told
                a_breach_concerns_those_of_its_scope
                each_is_told_of_a_breach_once
                the_authority_is_told_once
            }
            summaries {
                summaries_come_back_and_wishes_come_due
                an_objection_is_made_once
            }
            lifecycle {
                every_kind_of_event_comes_back
                an_end_is_listed_until_it_is_announced
                the_end_that_holds_last_counts
                a_reminder_is_kept_once_and_forgotten
            }
            research {
                a_dataset_comes_back
                a_request_is_decided_once
                requests_come_newest_first
                a_release_comes_back_with_who_was_in_it
                a_request_has_one_release
            }
            disclosures {
                a_manifest_and_its_rows_come_back
                disclosures_come_in_pages_newest_first
                a_release_has_one_manifest_and_a_root_one_release
                a_manifest_takes_no_row_of_another_release
            }
            sessions {
                a_session_comes_back_in_each_role
                an_ended_session_is_gone
                old_sessions_are_removed_when_one_is_added
                a_session_is_of_a_role_that_its_account_holds
                a_session_may_change_token_role_and_proof
                a_touched_session_lives_on_and_an_ended_one_does_not
                sessions_of_an_account_end_one_by_one_or_together
            }
            accounts {
                an_account_comes_back_with_its_roles
                a_role_belongs_to_one_account
                a_passkey_comes_back_and_is_registered_once
                a_revoked_passkey_stays_and_is_used_no_more
                only_its_owner_changes_a_passkey
                an_identity_comes_back_and_is_linked_once
                frozen_ways_are_opened_one_by_one
                a_recovery_code_is_used_once
            }
            sign_in {
                an_invitation_comes_back_and_is_used_once
                a_role_has_one_open_invitation
                a_ceremony_is_taken_once
                open_ceremonies_are_counted_by_whose_they_are
                the_list_of_sign_ins_is_kept_short
                failed_attempts_are_counted_apart
            }
            restore {
                subjects_come_in_pages
                numbers_that_were_skipped_are_not_given_again
                restores_are_kept_with_their_batches
                closed_doors_are_closed
            }
            rights {
                a_rights_request_comes_back_with_its_steps
                a_rights_request_advances_once
                words_of_a_request_come_back_in_order
                the_clock_of_a_request_moves_from_where_it_was
                requests_that_wait_come_by_due_date
                a_look_is_noted_once_a_day
            }
            erasure {
                erasing_a_person_leaves_no_row
                erasing_a_person_leaves_other_people_alone
                erasing_a_person_takes_her_account_along
                an_account_with_another_role_outlives_an_erasure
                a_scrub_is_due_from_an_erasure_on
                erasing_an_unknown_person_is_a_conflict
                nothing_can_be_added_about_an_erased_person
                erasing_a_subject_deletes_records_and_key_and_keeps_leaves
                an_erased_subject_takes_no_more_records
            }
        }
    };
    (@modules $fresh:path; $($module:ident { $($fact:ident)* })*) => {
        $(mod $module {
            $(#[tokio::test]
            async fn $fact() {
                let fresh = $fresh().await;
                $crate::contract::$module::$fact(fresh.store()).await;
            })*
        })*
    };
}
