//! What each state of the ledger means for the people who run it, and what they may do. Tested against the table in
//! docs/OPERATING.md: every state is explained, every command named exists.

use ledger_log::State;

/// The explanation of one row of the recovery table.
#[derive(Debug, Clone, Copy)]
pub struct Advice {
    /// The verdict in a line.
    pub verdict: &'static str,
    /// What happened.
    pub happened: &'static str,
    /// What may be done, step by step.
    pub may: &'static [&'static str],
    /// What must not.
    pub must_not: &'static str,
}

impl Advice {
    /// The steps in a line, numbered.
    #[must_use]
    pub fn steps(&self) -> String {
        let steps = (1..)
            .zip(self.may)
            .map(|(number, step)| format!("({number}) {step}"));
        steps.collect::<Vec<_>>().join("; ")
    }
}

/// The explanation of a state.
#[must_use]
pub const fn advice(state: State) -> &'static Advice {
    match state {
        State::Ready => &READY,
        State::Unpublished => &UNPUBLISHED,
        State::Unsigned => &UNSIGNED,
        State::DataBehindLock => &DATA_BEHIND_LOCK,
        State::LockMissing => &LOCK_MISSING,
        State::PublicAheadOfLock => &PUBLIC_AHEAD,
        State::ForeignLock => &FOREIGN_LOCK,
        State::ForeignPublic => &FOREIGN_PUBLIC,
        State::PublicChanged => &PUBLIC_CHANGED,
        State::RootMismatch => &ROOT_MISMATCH,
        State::Contradiction => &CONTRADICTION,
        State::MapDiffers => &MAP_DIFFERS,
        State::ClockBehind => &CLOCK_BEHIND,
        State::StoreFailed => &STORE_FAILED,
        State::ClockAhead => &CLOCK_AHEAD,
        State::WitnessAhead => &WITNESS_AHEAD,
        State::Stopped => &STOPPED,
        State::PublishFailed => &PUBLISH_FAILED,
        State::AlreadyExists => &ALREADY_EXISTS,
    }
}

const READY: Advice = Advice {
    verdict: "the database, the lock store and the public files agree",
    happened: "Nothing. The ledger can be taken up, or runs.",
    may: &["start: `fiducie serve`"],
    must_not: "Nothing to refrain from, but the usual: never copy, restore or back up `lock.db`.",
};

const UNPUBLISHED: Advice = Advice {
    verdict: "public files are older than what was signed, or some are missing",
    happened: "A crash came between signing and publishing, or somebody deleted files of `ledger/`. All of them can be \
               written again from the database.",
    may: &[
        "start: `fiducie serve` writes what is missing on the newest edge",
        "files missing further back, or the whole folder: `fiducie ledger repair --do public-files`",
    ],
    must_not: "Do not put older public files in their place.",
};

const UNSIGNED: Advice = Advice {
    verdict: "the database has records that nothing was signed for yet",
    happened: "A crash came between the database's commit and the signature; or a restore was committed and must be \
               finished. Nobody was promised anything; nothing is lost.",
    may: &["start: `fiducie serve` signs for them (`fiducie check` does the same and ends)"],
    must_not: "Do not restore a backup: the database is the newest there is.",
};

const DATA_BEHIND_LOCK: Advice = Advice {
    verdict: "the database is older than the ledger: it is a restored backup, or it was lost",
    happened: "The lock store says how many leaves were signed for, and the database has fewer. Details of records that \
               people hold receipts of are missing. Their leaves are not: they stand in the public files.",
    may: &[
        "look for a newer copy of the database first; without one: `fiducie ledger restore --backup FILE`, or \
         `fiducie ledger restore` when the copy stands in its place already",
        "the restore takes the missing leaves from `ledger/`, erases again everybody erased since the backup, suspends \
         the consents of everybody whose records were lost, switches gateways off, and says so in the log",
        "afterwards tell the people concerned: they see which records lost their detail and must agree again",
        "destroy the backup file and the copy that was moved aside once the broker runs: they hold erased people",
        "no backup at all: the log ends here. Keep `ledger/` and `lock.db` as they are, and begin a new log with \
         another `origin` and another `data`",
    ],
    must_not: "Never copy an older `lock.db` or older public files to match the database: two histories of one size \
               could be signed. Never delete `ledger/`: the missing leaves stand nowhere else.",
};

const LOCK_MISSING: Advice = Advice {
    verdict: "the lock store does not know this log, or is not there",
    happened: "`lock.db` was lost, is another log's, or `origin` was changed in the configuration. Without it nobody can \
               know what was signed for.",
    may: &[
        "`origin` changed? put the old one back in the configuration",
        "moved to another machine or disk? bring the very `lock.db` of the last run, with its `-wal`, while nothing runs",
        "lost for good: the log ends here. Begin a new log: another `origin`, another `data`, `fiducie keygen`. Keep the \
         old folder `ledger/` public under its old address, so that old receipts still verify",
    ],
    must_not: "Never make a new `lock.db` beside a used database, never restore one from a backup: no command does, and \
               none will.",
};

const PUBLIC_AHEAD: Advice = Advice {
    verdict: "the public checkpoint is newer than the lock store: an old `lock.db` was put back, or two brokers ran",
    happened: "More was published than the lock store knows of. Signing on would make a second history of the same size, \
               which everybody who kept the newer checkpoint could prove.",
    may: &[
        "stop every other broker with this origin and key",
        "put the newest `lock.db` back, with its `-wal`; if it is lost, the log ends here: begin a new one with another \
         `origin` and keep the public files",
    ],
    must_not: "Never lower the public checkpoint to match: it was seen.",
};

const FOREIGN_LOCK: Advice = Advice {
    verdict: "the checkpoint in the lock store is not signed by this key under this origin",
    happened: "`keys/checkpoint.key` is not the one that the log was signed with, or the lock store belongs to another \
               broker, or was changed.",
    may: &[
        "restore the right folder `keys/` from its own backup",
        "the key is lost for good: the log cannot go on; begin a new one with another `origin` and keep the public files",
    ],
    must_not: "Do not sign on with another key: receipts and witnesses know the old one.",
};

const FOREIGN_PUBLIC: Advice = Advice {
    verdict: "the public checkpoint is not one of this key: it was changed or is damaged",
    happened: "The lock store is sound, so the public file `ledger/checkpoint` was changed by somebody or by the disk.",
    may: &[
        "find out who can write to `ledger/`",
        "`fiducie ledger repair --do public-files` moves the file aside, as evidence, and publishes the right one",
    ],
    must_not: "Do not delete it: it is evidence.",
};

const PUBLIC_CHANGED: Advice = Advice {
    verdict: "a public file does not hold what the database gives",
    happened: "A tile or a bundle was changed by somebody or by the disk. Mirrors and receipts show which side is right: \
               the database is checked against what was signed.",
    may: &[
        "`fiducie ledger status --full` names every such file",
        "`fiducie ledger repair --do public-files` moves them aside, as evidence, and writes them again",
    ],
    must_not: "Do not delete them, and do not start before it is known who can write to `ledger/`.",
};

const ROOT_MISMATCH: Advice = Advice {
    verdict: "leaves or hashes in the database are not those that were signed for",
    happened: "Rows of the log were changed, or two histories were mixed. Receipts of these leaves no longer verify \
               against this database.",
    may: &[
        "keep a copy of the whole folder `data`, then compare the public files: `ledger-audit log ledger/ --log-key KEY`, \
         and a mirror likewise",
        "public files sound: put an older copy of the database in its place and replay it with `fiducie ledger restore`",
    ],
    must_not: "Never edit leaves, heads or hashes. Never sign on.",
};

const CONTRADICTION: Advice = Advice {
    verdict: "leaves and stored hashes of the database do not belong together",
    happened: "A part of the database was changed or the disk gave back other bytes than were written.",
    may: &[
        "look at the disk and its log",
        "then as for root-mismatch: a sound copy of the database, replayed with `fiducie ledger restore`",
    ],
    must_not: "Never edit leaves, heads or hashes. Never sign on.",
};

const MAP_DIFFERS: Advice = Advice {
    verdict: "the map of tags made from the leaves is not the one that they name",
    happened: "Leaves in the database were changed: the map itself is a cache and is made again at need.",
    may: &[
        "`fiducie ledger repair --do map` makes it again from the first leaf on; if it still differs, leaves were changed",
        "then as for root-mismatch",
    ],
    must_not: "Never edit leaves.",
};

const CLOCK_BEHIND: Advice = Advice {
    verdict: "the clock shows a time before the newest record",
    happened: "The clock went back, or was ahead when the last record was made.",
    may: &[
        "set the clock (NTP), then start",
        "if the clock was ahead then: wait until that time has passed, 7 days at most unless somebody confirmed a wrong \
         date; `fiducie ledger status` says how long. Nothing shortens it: leaves with those hours are signed for",
    ],
    must_not: "Do not change the newest record's time.",
};

const STORE_FAILED: Advice = Advice {
    verdict: "a database or file cannot be read or written",
    happened: "The cause below says which: a full disk, rights, damage, or a folder that is not there.",
    may: &[
        "mend the disk or the rights, then `fiducie ledger status` again",
        "damaged beyond repair: `broker.db` can be replaced by a backup (data-behind-lock), `ledger/` can be written \
         again (unpublished), `map/` can be deleted, `lock.db` cannot be replaced (lock-missing)",
    ],
    must_not: "Do not start over with empty files.",
};

const WITNESS_AHEAD: Advice = Advice {
    verdict: "a witness holds a newer checkpoint that this log signed",
    happened: "Everything here was put back to an older state, the lock store included, or a second broker signs with this \
               key. The witness's checkpoint is kept in the folder `stopped` of `data`, as evidence.",
    may: &[
        "`fiducie ledger status` shows it; from now on the state is stopped, with the way out",
        "stop every other instance, put the newest `data` back",
        "if the newest `data` is lost, this log ends here: begin another one under another `origin`",
    ],
    must_not: "Do not take the witness out of the policy to go on: others hold what it holds.",
};

const STOPPED: Advice = Advice {
    verdict: "a witness stopped this ledger, and it was not cleared up since",
    happened: "A witness showed a checkpoint that this log signed and that is not in its past: everything here was put back \
               to an older state, or a second broker signs with this key. The proof is kept in the folder `stopped` of \
               `data`, and nothing is signed while it stands, with witnesses in the configuration or without.",
    may: &[
        "keep a copy of `stopped`; `ledger-audit compare stopped/ours.checkpoint stopped/theirs.checkpoint LOG` compares both, \
         and `ledger-audit split-view stopped/split-view.json`, where that file stands, convicts the log by itself",
        "stop every other instance that has this key",
        "put the newest `broker.db`, `lock.db` and `ledger/` back; an older `broker.db` beside the newest `lock.db` and \
         `ledger/` is replayed by `fiducie ledger restore`, which signs nothing while the proof stands",
        "then `fiducie ledger repair --acknowledge-stop DIGEST`, with the digest that `fiducie ledger status` shows: it goes on only \
         if the witness's checkpoint is in the past of the database again, looks at all witnesses once more, says so in a \
         leaf of the log, and moves `stopped` into `set-aside/`",
        "if what the witness saw is lost, or two histories were signed, this log ends here: tell those who rely on it, \
         publish the evidence, and begin another one under another `origin`",
    ],
    must_not: "Do not delete or move `stopped`, and do not take the witness out of the policy: it and others hold what it \
               holds.",
};

const CLOCK_AHEAD: Advice = Advice {
    verdict: "the clock shows a time more than 7 days after the newest record",
    happened: "The broker stood still for long, or the clock is ahead. Recording under a clock that is ahead would keep \
               everything later out until that time has come, so a person is asked.",
    may: &[
        "read the date from another clock than this machine's; is this one wrong, set it (NTP), then start",
        "is it right: `fiducie ledger repair --confirm-clock YYYY-MM-DD`, with today's date in UTC, then start",
    ],
    must_not: "Do not confirm a date that you only read from this machine.",
};

const PUBLISH_FAILED: Advice = Advice {
    verdict: "finishing what a crash left undone failed",
    happened: "The database committed, and signing or publishing it did not work: the cause below says why.",
    may: &["mend the cause, then start: the next start finds out what stands"],
    must_not: "Do not delete anything; the database holds what must be published.",
};

const ALREADY_EXISTS: Advice = Advice {
    verdict: "the log exists already",
    happened: "`fiducie keygen` was run on a log that is in use.",
    may: &["nothing: for another log use another `data` and another `origin`"],
    must_not: "Do not delete the old log to make room.",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_explained_and_names_no_command_that_does_not_exist() {
        let known = [
            "fiducie serve",
            "fiducie check",
            "fiducie keygen",
            "fiducie ledger restore",
            "fiducie ledger status",
            "fiducie ledger repair",
        ];
        for state in State::ALL {
            let advice = advice(state);
            let all = [advice.verdict, advice.happened, advice.must_not]
                .into_iter()
                .chain(advice.may.iter().copied());
            assert!(!advice.may.is_empty(), "{state}");
            for text in all {
                assert!(!text.is_empty());
                for command in text.split('`').filter(|part| part.starts_with("fiducie ")) {
                    assert!(
                        known.iter().any(|known| command.starts_with(known)),
                        "{state}: {command}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_operators_guide_explains_every_state() {
        let guide = include_str!("../../../../docs/OPERATING.md");
        for state in State::ALL {
            assert!(guide.contains(&format!("`{state}`")), "{state}");
        }
    }
}
