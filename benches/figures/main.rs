//! The figures of docs/performance.md. `cargo bench --bench figures`, or with names: `cargo bench --bench figures -- engine memory`.
//!
//! Each part runs in a process of its own, so that none measures what another left behind.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "figures are for people")]

mod allocations;
mod bare;
mod callbacks;
mod day;
mod directory;
mod engine;
mod graph;
mod letters;
mod measure;
mod memory;
mod notify;
mod office;
mod ours;
mod sender;
mod server;
mod sweep;

use std::process::{Command, ExitCode};

#[global_allocator]
static ALLOCATOR: allocations::Counting = allocations::Counting;

const PARTS: [(&str, fn()); 8] = [
    ("engine", engine::run),
    ("memory", memory::run),
    ("callbacks", callbacks::run),
    ("start", callbacks::first),
    ("puts", directory::puts),
    ("sweep", sweep::run),
    ("day", day::run),
    ("notify", notify::run),
];

fn main() -> ExitCode {
    // `cargo bench` adds flags of its own.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    if let Some(strange) = wanted.iter().find(|word| !PARTS.iter().any(|(name, _)| name == word)) {
        let names = PARTS.map(|(name, _)| name).join(", ");
        eprintln!("{strange}: not one of {names}");
        return ExitCode::FAILURE;
    }
    if let [only] = &*wanted {
        PARTS.iter().filter(|(name, _)| name == only).for_each(|(_, part)| part());
        return ExitCode::SUCCESS;
    }
    measure::machine();
    let own = std::env::current_exe().expect("a path");
    let mut good = true;
    for (name, _) in PARTS.iter().filter(|(name, _)| wanted.is_empty() || wanted.iter().any(|word| word == name)) {
        good &= Command::new(&own).arg(name).status().is_ok_and(|status| status.success());
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
