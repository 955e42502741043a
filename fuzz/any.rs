//! The fuzzer of whichever target the program is named after.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::run(env!("CARGO_BIN_NAME"), bytes));
