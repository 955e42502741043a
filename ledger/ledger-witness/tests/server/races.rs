//! Two requests at once never roll the record back.

use std::{sync::Barrier, thread};

use super::support::{Home, Tree};

#[test]
fn two_requests_at_once_never_end_at_the_smaller_size() {
    let home = Home::new();
    let running = home.serve();
    let mut recorded = 0;
    let (mut both, mut one) = (0, 0);
    for _ in 0..40 {
        // From the same recorded size, to N and to N + K.
        let (small, large) = (recorded + 2, recorded + 5);
        let requests = [small, large].map(|size| Tree::of("entry", size).request(recorded));
        let start = Barrier::new(2);
        let statuses = thread::scope(|scope| {
            let asked = requests.each_ref().map(|request| {
                let (running, start) = (&running, &start);
                scope.spawn(move || {
                    start.wait();
                    running.add(request).status
                })
            });
            asked.map(|thread| thread.join().unwrap())
        });
        let answer = running.add(&Tree::of("entry", large).request(large));
        let now: u64 = match answer.status {
            200 => large,
            409 => answer.body.trim_end().parse().unwrap(),
            other => panic!("{other}"),
        };
        match statuses {
            // A request that was answered with 200 is what stands, or stood before what stands.
            [200, 409] => assert_eq!(now, small),
            [409, 200] => assert_eq!(now, large),
            other => panic!("{other:?}"),
        }
        if now == small {
            one += 1;
        } else {
            both += 1;
        }
        recorded = now;
    }
    // Not a rule, but a test that only ever saw one order would show little.
    eprintln!("the smaller one came first {one} times, the larger one {both} times");
}

#[test]
fn many_requests_at_once_leave_the_largest_that_was_confirmed() {
    let home = Home::new();
    let running = home.serve();
    let confirmed: Vec<u64> = thread::scope(|scope| {
        let workers: Vec<_> = (0..8_u64)
            .map(|worker| {
                let running = &running;
                scope.spawn(move || {
                    let mut confirmed = 0;
                    for round in 1..12 {
                        let target = round * 10 + worker;
                        let tree = Tree::of("entry", target);
                        let mut old = 0;
                        // Retry as the protocol says until it is confirmed or overtaken.
                        loop {
                            let answer = running.add(&tree.request(old));
                            match answer.status {
                                200 => {
                                    confirmed = target;
                                    break;
                                }
                                409 => old = answer.body.trim_end().parse().unwrap(),
                                other => panic!("{other}"),
                            }
                            if old > target {
                                break;
                            }
                        }
                    }
                    confirmed
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    let shown = running.shown().body;
    let size: u64 = shown.lines().nth(1).unwrap().parse().unwrap();
    assert_eq!(Some(&size), confirmed.iter().max());
}
