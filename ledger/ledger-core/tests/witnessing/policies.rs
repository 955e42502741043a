use ledger_core::{
    checkpoint::SignedCheckpoint,
    cosignature::Cosigner,
    note::Vkey,
    policy::{Freshness, Item, NotForProduction, NotMet, Policy, PolicyFault, PolicyRefusal, Quorum},
    proof::{TlogProof, TlogProofError},
    tree::leaf_hash,
};
use proptest::prelude::*;

use super::support::{COSIGNED_AT, LOG_VKEY, PROOF, WITNESS_VKEY, at, cosigner, log_key, signed};

/// The example of C2SP tlog-policy, with keys.
fn example() -> String {
    let witness = |name: &str| format!("witness {name} {}\n", key(name));
    format!(
        "log {LOG_VKEY}\n\n{}{}{}group X-witnesses 2 X1 X2 X3\n\n{}{}{}group Y-witnesses any Y1 Y2 Y3\n\n\
         group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n",
        witness("X1"),
        witness("X2"),
        witness("X3"),
        witness("Y1"),
        witness("Y2"),
        witness("Y3"),
    )
}

fn key(name: &str) -> Vkey {
    named(name).vkey().clone()
}

fn named(name: &str) -> Cosigner {
    let organisation = name.chars().next().unwrap();
    cosigner(&format!("{organisation}.example/{name}"))
}

fn policy(text: &str) -> Policy {
    Policy::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error} in {text}"))
}

fn cosigned(names: &[(&str, u64)]) -> SignedCheckpoint {
    let (checkpoint, keys) = (
        signed(7),
        names.iter().map(|(name, _)| key(name)).collect::<Vec<_>>(),
    );
    let lines: Vec<_> = names
        .iter()
        .map(|(name, seconds)| named(name).cosign(&checkpoint, at(*seconds)))
        .collect();
    checkpoint.with_cosignatures(&lines, &keys).0
}

fn quorum(policy: &Policy, names: &[&str]) -> Quorum {
    let names: Vec<_> = names.iter().map(|name| (*name, 9)).collect();
    policy.quorum(&cosigned(&names), Freshness::Ignored).unwrap()
}

fn items(names: &[&str]) -> Vec<Item> {
    // A policy is the only maker of names: take them from one.
    let lines: String = names
        .iter()
        .map(|name| format!("witness {name} {}\n", key(name)))
        .collect();
    let read = policy(&format!("{lines}quorum none\n"));
    read.witnesses().iter().map(|one| one.name.clone()).collect()
}

#[test]
fn the_example_of_the_specification_counts_as_it_says() {
    let policy = policy(&example());
    assert_eq!(policy.witnesses().len(), 6);
    for (names, met) in [
        (&["X1", "X2", "Y1"][..], true),
        (&["X1", "X3", "Y2", "Y3"], true),
        (&["X1", "X2", "X3"], false),
        (&["X1", "Y1", "Y2", "Y3"], false),
        (&[], false),
    ] {
        assert_eq!(quorum(&policy, names) == Quorum::Met, met, "{names:?}");
    }
    let Quorum::NotMet(why) = quorum(&policy, &["X1", "Y1"]) else {
        panic!("met")
    };
    assert_eq!(why.to_string(), "`X-and-Y` needs 2, has 1, lacks `X-witnesses`");
}

#[test]
fn one_witness_or_none_can_be_a_quorum() {
    let one = policy(&format!("witness A {}\nquorum A\n", key("A")));
    assert_eq!(quorum(&one, &["A"]), Quorum::Met);
    let lacks = items(&["A"]);
    let why = NotMet::TooFew {
        name: lacks[0].clone(),
        needs: 1,
        has: 0,
        lacks,
    };
    assert_eq!(quorum(&one, &["B"]), Quorum::NotMet(why));
    assert_eq!(quorum(&policy("quorum none\n"), &[]), Quorum::Met);
}

#[test]
fn white_space_comments_and_opaque_names_are_read() {
    let mut file = b"# any \xff byte\n \t# too\n\n \t \n\twitness  \xff\xfe\t".to_vec();
    file.extend(format!("{} https://w.example/\u{e9} \t\n quorum \u{0}\n", key("A")).bytes());
    let zero = file.iter().position(|byte| *byte == 0).unwrap();
    file.splice(zero..=zero, *b"\xff\xfe");
    let policy = Policy::parse(&file).unwrap();
    assert_eq!(policy.witnesses()[0].name.as_bytes(), b"\xff\xfe");
    assert_eq!(policy.witnesses()[0].name.as_str(), None);
    assert_eq!(
        policy.witnesses()[0].url.as_ref().unwrap().as_str(),
        Some("https://w.example/\u{e9}")
    );
    assert_eq!(Policy::parse(&policy.to_bytes()), Ok(policy));
}

#[test]
fn every_fault_is_told_with_its_line() {
    let (a, b) = (key("A"), key("B"));
    let two = format!("witness A {a}\nwitness B {b}\n");
    let cases = [
        (String::new(), 1, "NoQuorum"),
        (two.clone(), 3, "NoQuorum"),
        ("quorum none".into(), 1, "NoNewline"),
        ("quorum none\r\n".into(), 1, "Byte"),
        ("\n# \u{7f}\nquorum none\n".into(), 2, "Byte"),
        ("quorums none\n".into(), 1, "UnknownWord"),
        ("quorum\n".into(), 1, "Form"),
        ("quorum none none\n".into(), 1, "Form"),
        ("log\n".into(), 1, "Form"),
        (format!("log {LOG_VKEY} a b\n"), 1, "Form"),
        ("witness A\n".into(), 1, "Form"),
        (format!("{two}group q all\n"), 3, "Form"),
        ("log x\n".into(), 1, "Key {"),
        (format!("log {WITNESS_VKEY}\n"), 1, "KeyKind"),
        (format!("witness A {LOG_VKEY}\n"), 1, "KeyKind"),
        (format!("log {LOG_VKEY}\nlog {LOG_VKEY}\n"), 2, "KeyTwice"),
        (format!("witness A {a}\nwitness B {a}\n"), 2, "KeyTwice"),
        (format!("witness A {a}\nwitness A {b}\n"), 2, "NameTaken"),
        (format!("witness none {a}\n"), 1, "NameTaken"),
        (format!("{two}group A all B\n"), 3, "NameTaken"),
        (format!("{two}group q all q\n"), 3, "Undefined"),
        (format!("{two}group q all none\n"), 3, "Undefined"),
        (format!("quorum A\n{two}"), 1, "Undefined"),
        (format!("{two}group q 1 A A\n"), 3, "MemberTwice"),
        (format!("{two}group q 1 A\ngroup r 1 A B\n"), 4, "MemberTwice"),
        (format!("{two}group q 3 A B\n"), 3, "Threshold"),
        (format!("{two}quorum A\nquorum A\n"), 4, "SecondQuorum"),
    ];
    for (text, line, fault) in cases {
        let error = Policy::parse(text.as_bytes()).unwrap_err();
        let found = format!("{:?}", error.fault);
        assert!(
            error.line == line && found.starts_with(fault),
            "{error:?} of {text:?}"
        );
    }
    for k in ["0", "01", "+1", "-1", "1.0", "ALL", "99999999999999999999"] {
        let text = format!("{two}group q {k} A B\n");
        let error = Policy::parse(text.as_bytes()).unwrap_err();
        assert_eq!(error.fault, PolicyFault::Threshold { members: 2 }, "{k}");
    }
    // The same key as a log and as a witness under other names is still one key a line kind: allowed.
    let renamed = Vkey::new(a.name().clone(), ledger_core::note::KeyKind::Ed25519, *a.public());
    policy(&format!("log {renamed}\nwitness A {a}\nquorum A\n"));
}

#[test]
fn large_policies_are_read() {
    let names: Vec<_> = (0..100).map(|i| format!("w{i}")).collect();
    let witnesses: String = names
        .iter()
        .map(|name| format!("witness {name} {}\n", cosigner(name).vkey()))
        .collect();
    let groups: String = names
        .chunks(2)
        .enumerate()
        .map(|(i, two)| format!("group g{i} any {}\n", two.join(" ")))
        .collect();
    let all = (0..50).map(|i| format!("g{i}")).collect::<Vec<_>>().join(" ");
    let read = policy(&format!("{witnesses}{groups}group q 50 {all}\nquorum q\n"));
    assert_eq!((read.witnesses().len(), read.groups().len()), (100, 51));
    assert_eq!(policy(std::str::from_utf8(&read.to_bytes()).unwrap()), read);
}

#[test]
fn stale_and_future_cosignatures_do_not_count() {
    let text = format!(
        "witness A {}\nwitness B {}\ngroup q all A B\nquorum q\n",
        key("A"),
        key("B")
    );
    let policy = policy(&text);
    let now = 1_000_000;
    let judge = |a, b| {
        let fresh = Freshness::Required {
            now: at(now),
            max_age_seconds: 60,
        };
        policy.quorum(&cosigned(&[("A", a), ("B", b)]), fresh).unwrap()
    };
    assert_eq!(judge(now, now), Quorum::Met);
    assert_eq!(judge(now + 30, now - 60), Quorum::Met);
    // The newest decides: the others may be older, they vouch for the same checkpoint.
    assert_eq!(judge(now - 60, 1), Quorum::Met);
    assert!(matches!(judge(now - 61, 1), Quorum::NotMet(NotMet::Stale { .. })));
    assert!(matches!(
        judge(now + 31, now),
        Quorum::NotMet(NotMet::TooFew { has: 1, .. })
    ));
    assert_eq!(quorum(&policy, &["A", "B"]), Quorum::Met);
}

#[test]
fn the_reference_proof_is_judged_under_policies() {
    let proof: TlogProof = PROOF.parse().unwrap();
    let leaf = leaf_hash(b"entry-4");
    let dpo = format!("log {LOG_VKEY}\nwitness dpo {WITNESS_VKEY}\n");
    let judge = |text: String, freshness| proof.judge(&leaf, &policy(&text), freshness);
    let judged = judge(format!("{dpo}quorum dpo\n"), Freshness::Ignored).unwrap();
    assert_eq!(judged.witnessed().unwrap().size().get(), 7);
    let fresh = |now| Freshness::Required {
        now: at(now),
        max_age_seconds: 3_600,
    };
    let judged = judge(format!("{dpo}quorum dpo\n"), fresh(COSIGNED_AT + 3_600)).unwrap();
    assert_eq!(*judged.quorum(), Quorum::Met);
    let judged = judge(format!("{dpo}quorum dpo\n"), fresh(COSIGNED_AT + 3_601)).unwrap();
    assert!(matches!(judged.witnessed(), Err(NotMet::Stale { .. })));
    let two = format!("{dpo}witness A {}\ngroup q all dpo A\nquorum q\n", key("A"));
    let why = judge(two, Freshness::Ignored).unwrap().witnessed().unwrap_err();
    assert_eq!(why.to_string(), "`q` needs 2, has 1, lacks `A`");
    // Another log, another leaf, a changed witness line.
    let unknown = judge(
        format!("witness dpo {WITNESS_VKEY}\nquorum dpo\n"),
        Freshness::Ignored,
    );
    assert!(matches!(
        unknown,
        Err(TlogProofError::Policy(PolicyRefusal::UnknownLog { .. }))
    ));
    let strict = policy(&format!("{dpo}quorum dpo\n"));
    assert!(matches!(
        proof.judge(&leaf_hash(b"entry-5"), &strict, Freshness::Ignored),
        Err(TlogProofError::Inclusion(_))
    ));
    let forged: TlogProof = PROOF.replace("AAAABpVbkA3", "AAAABpVbkB3").parse().unwrap();
    assert_ne!(forged, proof);
    assert!(matches!(
        forged.judge(&leaf, &strict, Freshness::Ignored),
        Err(TlogProofError::Policy(PolicyRefusal::Checkpoint(_)))
    ));
    // Whoever does not know the witness does not mind.
    assert!(forged.verify(&leaf, &log_key()).is_ok());
}

#[test]
fn production_needs_two_organisations() {
    let witnesses: String = ["A1", "A2", "B1", "C1"]
        .iter()
        .map(|name| format!("witness {name} {}\n", key(name)))
        .collect();
    let check = |rest: &str| policy(&format!("{witnesses}{rest}")).for_production().map(|_| ());
    assert_eq!(check("group q all A1 B1\nquorum q\n"), Ok(()));
    assert_eq!(check("group q 2 A1 B1 C1\nquorum q\n"), Ok(()));
    assert_eq!(check("group a any A1 A2\ngroup q 2 a B1\nquorum q\n"), Ok(()));
    assert_eq!(check("quorum none\n"), Err(NotForProduction::NoWitness));
    for alone in [
        "quorum A1\n",
        "group q any A1 B1\nquorum q\n",
        "group a 2 A1 A2\ngroup q any a B1\nquorum q\n",
    ] {
        assert!(
            matches!(check(alone), Err(NotForProduction::OneIsEnough { .. })),
            "{alone}"
        );
    }
    for same in [
        "group q 2 A1 A2\nquorum q\n",
        "group q 2 A1 A2 B1\nquorum q\n",
        "group d any A2 C1\ngroup q 2 A1 d\nquorum q\n",
    ] {
        assert!(
            matches!(check(same), Err(NotForProduction::SameHost { .. })),
            "{same}"
        );
    }
}

fn any_policy() -> impl Strategy<Value = String> {
    let lines = proptest::collection::vec((0..4_usize, 0..9_usize, 0..4_usize), 0..20);
    lines.prop_map(|lines| {
        let mut text = String::new();
        let mut free: Vec<String> = Vec::new();
        for (i, (kind, pick, k)) in lines.into_iter().enumerate() {
            if kind == 3 && !free.is_empty() {
                let taken: Vec<_> = free.drain(pick % free.len()..).collect();
                let k = 1 + k % taken.len();
                text += &format!("group g{i} {k} {}\n", taken.join(" "));
                free.push(format!("g{i}"));
            } else {
                text += &format!("witness w{i} {}\n", cosigner(&format!("w{i}")).vkey());
                free.push(format!("w{i}"));
            }
        }
        let quorum = free.last().cloned().unwrap_or_else(|| "none".to_owned());
        text + &format!("quorum {quorum}\n")
    })
}

proptest! {
    #[test]
    fn a_policy_prints_as_what_it_was_read_from(text in any_policy()) {
        let read = policy(&text);
        // Kinds of lines are put in order, lines of one kind stay in theirs.
        let sorted = |word: &str| text.lines().filter(|line| line.starts_with(word)).map(|line| format!("{line}\n")).collect::<String>();
        let expected = sorted("witness") + &sorted("group") + &sorted("quorum");
        prop_assert_eq!(read.to_bytes(), expected.into_bytes());
        prop_assert_eq!(Policy::parse(&read.to_bytes()), Ok(read));
    }

    #[test]
    fn no_bytes_make_the_policy_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Policy::parse(&bytes);
        let mut lines = b"quorum none\n".to_vec();
        lines.extend(bytes);
        let _ = Policy::parse(&lines);
    }

    #[test]
    fn no_change_of_one_byte_makes_the_policy_reader_panic(place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = example().into_bytes();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        if let Ok(read) = Policy::parse(&bytes) {
            prop_assert_eq!(Policy::parse(&read.to_bytes()), Ok(read));
        }
    }

    /// Another cosignature never takes a quorum away.
    #[test]
    fn more_witnesses_are_never_worse(mask in 0_u8..64, more in 0_u8..64) {
        let policy = policy(&example());
        let names = |mask: u8| -> Vec<&str> {
            ["X1", "X2", "X3", "Y1", "Y2", "Y3"].into_iter().enumerate().filter(|(i, _)| mask >> i & 1 == 1).map(|(_, name)| name).collect()
        };
        let (few, many) = (quorum(&policy, &names(mask)), quorum(&policy, &names(mask | more)));
        prop_assert!(few != Quorum::Met || many == Quorum::Met);
        let expected = (mask & 7).count_ones() >= 2 && mask >> 3 != 0;
        prop_assert_eq!(few == Quorum::Met, expected);
    }
}
