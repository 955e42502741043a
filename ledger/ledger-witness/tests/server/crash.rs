//! `kill -9`, before, between and after persist and answer.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use super::support::{Home, Tree, receive, send};

/// What the client and the disk knew when the process died.
#[derive(Debug, PartialEq, Eq)]
enum Moment {
    NotPersisted,
    PersistedNotAnswered,
    Answered,
}

#[test]
fn a_killed_witness_remembers_what_it_answered_and_never_goes_back() {
    let home = Home::new();
    let kept = home.log_folder().join("checkpoint");
    let mut recorded = 0;
    let mut between = 0;
    for round in 0..60_u64 {
        let running = home.serve();
        let tree = Tree::of("entry", recorded + 3);
        let before = fs::read(&kept).unwrap_or_default();
        let mut stream = running.connect();
        send(
            &mut stream,
            "POST",
            "/add-checkpoint",
            tree.request(recorded).as_bytes(),
        );
        // Some rounds at a moment of no choice, most as soon as the new record is visible.
        if round % 4 == 0 {
            thread::sleep(Duration::from_micros(round * 100));
        } else {
            let started = Instant::now();
            while fs::read(&kept).unwrap_or_default() == before {
                assert!(
                    started.elapsed() < Duration::from_secs(10),
                    "nothing was recorded"
                );
            }
        }
        running.kill();
        let answered = receive(&mut stream).is_some_and(|answer| answer.status == 200);
        let persisted = fs::read(&kept).unwrap_or_default() != before;
        let moment = match (persisted, answered) {
            (false, true) => panic!("answered and not recorded"),
            (false, false) => Moment::NotPersisted,
            (true, false) => Moment::PersistedNotAnswered,
            (true, true) => Moment::Answered,
        };
        between += u64::from(moment == Moment::PersistedNotAnswered);
        // The client does not know; it asks again, and once more with the size it is told.
        let running = home.serve();
        let answer = running.add(&tree.request(recorded));
        match moment {
            Moment::NotPersisted => assert_eq!(answer.status, 200),
            Moment::PersistedNotAnswered | Moment::Answered => {
                assert_eq!((answer.status, answer.body), (409, format!("{}\n", recorded + 3)));
                assert_eq!(running.add(&tree.request(recorded + 3)).status, 200);
            }
        }
        recorded += 3;
        // Another history from the old size is refused whatever happened.
        let fork = Tree::of("fork", recorded).request(recorded);
        assert_eq!(running.add(&fork).status, 422);
        if between >= 3 && round > 12 {
            return;
        }
    }
    assert!(between > 0, "no kill fell between persist and answer");
}

#[test]
fn a_half_written_draft_and_a_lost_answer_do_no_harm() {
    let home = Home::new();
    let running = home.serve();
    assert_eq!(running.add(&Tree::of("entry", 4).request(0)).status, 200);
    running.kill();
    fs::write(home.log_folder().join("checkpoint.draft"), "log.exam").unwrap();
    let running = home.serve();
    assert_eq!(running.add(&Tree::of("entry", 7).request(4)).status, 200);
}

#[test]
fn a_damaged_record_is_not_served_from() {
    let home = Home::new();
    let running = home.serve();
    assert_eq!(running.add(&Tree::of("entry", 4).request(0)).status, 200);
    running.kill();
    let kept = home.log_folder().join("checkpoint");
    let good = fs::read_to_string(&kept).unwrap();
    for bad in [
        String::new(),
        good.replacen("\n4\n", "\n3\n", 1),
        good[..good.len() - 1].to_owned(),
    ] {
        fs::write(&kept, &bad).unwrap();
        let said = super::support::Running::start(&home.config()).err().unwrap();
        assert!(said.contains("changed or damaged"), "{said}");
    }
    fs::write(&kept, &good).unwrap();
    home.serve();
}

#[cfg(unix)]
#[test]
fn a_witness_that_cannot_write_answers_so_and_recovers_at_the_next_start() {
    let home = Home::new();
    let running = home.serve();
    assert_eq!(running.add(&Tree::of("entry", 4).request(0)).status, 200);
    // A folder where the draft belongs: a fault that root meets as well.
    let draft = home.log_folder().join("checkpoint.draft");
    fs::create_dir(&draft).unwrap();
    let seven = Tree::of("entry", 7);
    assert_eq!(running.add(&seven.request(4)).status, 503);
    fs::remove_dir(&draft).unwrap();
    // What stands on the disk is in doubt now, so nothing is vouched for until a start reads it.
    assert_eq!(running.add(&seven.request(4)).status, 503);
    assert_eq!(running.shown().body.lines().nth(1), Some("4"));
    running.kill();
    assert_eq!(home.serve().add(&seven.request(4)).status, 200);
}
