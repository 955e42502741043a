use ledger_core::{
    tree::Hash,
    witness::{AddCheckpoint, Answer, MAX_PROOF, MalformedRequest, origin_hash},
};
use proptest::prelude::*;

use super::support::{ORIGIN, Tree, at, dpo, signed, size};

fn request() -> String {
    let tree = Tree::of("entry", 7);
    AddCheckpoint::new(size(3), tree.proof_from(3), &tree.signed())
        .unwrap()
        .to_string()
}

#[test]
fn a_request_has_the_bytes_of_the_reference() {
    let body = request();
    let lines: Vec<_> = body.lines().collect();
    assert_eq!(lines[0], "old 3");
    let proof: Vec<_> = lines[1..5]
        .iter()
        .map(|line| Hash::from_base64(line).unwrap().to_string())
        .collect();
    assert_eq!(
        proof,
        [
            "049d7dcdb56bcfebd313304c9839f196a3d4b6ef3bdc0b08298f93ac8191f0a8",
            "27479b6ab321d2ee477452f68ba527748e863cafe8fbd1df2bf89d1570d1b697",
            "2f27a5082c1d42afa488ac350a9fc4390c084f54f71ecdff859e98db8429b479",
            "e429c5b5ccaa9523c37297f1846766f903137e82195c5199e6be57130d1006c8",
        ]
    );
    assert_eq!(lines[5], "");
    assert_eq!(lines[6], ORIGIN);
    let parsed = AddCheckpoint::parse(body.as_bytes()).unwrap();
    assert_eq!(parsed.to_string(), body);
    assert_eq!((parsed.origin(), parsed.old()), (ORIGIN, size(3)));
    assert_eq!(
        origin_hash(ORIGIN).to_string(),
        "e1dd4c5f7dab0394db9bc81394f1b675b0eacf3519e0e54f09e908d15710456f"
    );
}

/// The example of C2SP tlog-witness: hashes and signatures of another log.
#[test]
fn the_request_of_the_specification_is_read() {
    let body = "old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

\u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
\u{2014} example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
";
    let parsed = AddCheckpoint::parse(body.as_bytes()).unwrap();
    assert_eq!(parsed.to_string(), body);
    assert_eq!(parsed.old(), size(20_852_014));
    let answer = "\u{2014} witness.example/w1 CMp+6LWBU0anHGH5aNDTJkH/gj79sG+T6+iP2ThYN5krrDJbR1HDnucjL39QsZTSvVjyQLrdk3DXDqI5G2HgLatVs0pWh6Up69HVOw==\n";
    assert!(matches!(Answer::read(200, answer.as_bytes()), Ok(Answer::Lines(lines)) if lines.len() == 1));
}

#[test]
fn malformed_requests_are_refused() {
    let good = request();
    let (head, note) = good.split_once("\n\n").unwrap();
    let hash = head.lines().nth(1).unwrap();
    let long = format!("old 3\n{}\n{note}", format!("{hash}\n").repeat(MAX_PROOF + 1));
    let bad = [
        String::new(),
        "old 3".to_owned(),
        "old 3\n\n".to_owned(),
        good.replacen("old 3", "old 03", 1),
        good.replacen("old 3", "old +3", 1),
        good.replacen("old 3", "old -3", 1),
        good.replacen("old 3", "old  3", 1),
        good.replacen("old 3", "old 3 ", 1),
        good.replacen("old 3", "old 3\r", 1),
        good.replacen("old 3", "Old 3", 1),
        good.replacen("old 3", "old 9223372036854775808", 1),
        good.replacen("old 3\n", "", 1),
        good.replacen("old 3\n", "old 3\n\n", 1),
        good.replacen(hash, &hash[..43], 1),
        good.replacen(hash, &hash[..40], 1),
        good.replacen(hash, "AA==", 1),
        good.replacen(hash, &format!("{hash} "), 1),
        good.trim_end().to_owned(),
        format!("{good}\n"),
        format!("{good}x\n"),
        good.replacen("\n7\n", "\n07\n", 1),
        good.replacen("\n7\n", "\n9223372036854775808\n", 1),
        good.replacen(ORIGIN, "", 1),
        long,
    ];
    for body in &bad {
        assert!(AddCheckpoint::parse(body.as_bytes()).is_err(), "{body:?}");
    }
    assert!(AddCheckpoint::parse(&[b"old 3\n\n\xff".as_slice(), note.as_bytes()].concat()).is_err());
    let most = format!("old 3\n{}\n{note}", format!("{hash}\n").repeat(MAX_PROOF));
    assert!(AddCheckpoint::parse(most.as_bytes()).is_ok());
    let hash = Hash::from_base64(hash).unwrap();
    assert!(matches!(
        AddCheckpoint::new(size(3), vec![hash; MAX_PROOF + 1], &signed(7)),
        Err(MalformedRequest::Head { .. })
    ));
}

#[test]
fn answers_are_read_by_their_status() {
    let line = format!("{}\n", dpo().cosign(&signed(7), at(9)));
    assert!(matches!(Answer::read(200, line.as_bytes()), Ok(Answer::Lines(lines)) if lines.len() == 1));
    for body in [
        "",
        "\n",
        "x\n",
        line.trim_end(),
        &format!("{line}\n"),
        &format!("{line}x\n"),
        &format!(" {line}"),
    ] {
        assert!(Answer::read(200, body.as_bytes()).is_err(), "{body:?}");
    }
    assert!(Answer::read(200, line.repeat(101).as_bytes()).is_err());
    assert!(Answer::read(200, &[0xff; 70_000]).is_err());
    assert_eq!(Answer::read(409, b"12\n"), Ok(Answer::Recorded(size(12))));
    for body in [
        "",
        "12",
        "012\n",
        "+1\n",
        "12\n\n",
        " 12\n",
        "9223372036854775808\n",
        "-1\n",
    ] {
        assert!(Answer::read(409, body.as_bytes()).is_err(), "{body:?}");
    }
    assert_eq!(Answer::read(400, b"x"), Ok(Answer::NotUnderstood));
    assert_eq!(Answer::read(403, b""), Ok(Answer::NotTrusted));
    assert_eq!(Answer::read(404, b""), Ok(Answer::UnknownLog));
    assert_eq!(Answer::read(422, b""), Ok(Answer::Inconsistent));
    for status in [0, 201, 301, 429, 500, 503] {
        assert_eq!(Answer::read(status, b""), Ok(Answer::Unavailable { status }));
    }
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), status in any::<u16>()) {
        let _ = AddCheckpoint::parse(&bytes);
        let _ = Answer::read(status, &bytes);
    }

    #[test]
    fn no_change_of_one_byte_makes_the_request_reader_panic_or_print_otherwise(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = request().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(parsed) = AddCheckpoint::parse(&bytes) {
            prop_assert_eq!(parsed.to_string().into_bytes(), bytes);
        }
    }
}
