//! Clocks, medians, memory of the process, lines of a table.

use std::time::{Duration, Instant};

/// CPU time of the whole process, but that of the thread that measures: it only waits.
pub(crate) fn others_cpu() -> Duration {
    clock(libc::CLOCK_PROCESS_CPUTIME_ID).saturating_sub(clock(libc::CLOCK_THREAD_CPUTIME_ID))
}

/// CPU time of the calling thread.
pub(crate) fn own_cpu() -> Duration {
    clock(libc::CLOCK_THREAD_CPUTIME_ID)
}

fn clock(id: libc::clockid_t) -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a timespec, and both clocks exist on every Linux.
    let failed = unsafe { libc::clock_gettime(id, &mut time) };
    assert_eq!(failed, 0, "clock_gettime");
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Runs `work` `times` times; CPU time of this thread for one run, in the middle.
pub(crate) fn median_own(times: usize, mut work: impl FnMut()) -> Duration {
    let mut all: Vec<Duration> = (0..times)
        .map(|_| {
            let begin = own_cpu();
            work();
            own_cpu() - begin
        })
        .collect();
    all.sort_unstable();
    all[all.len() / 2]
}

/// The middle, the least and the greatest.
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

pub(crate) fn spread(mut all: Vec<f64>) -> Spread {
    all.sort_unstable_by(f64::total_cmp);
    Spread { median: all[all.len() / 2], least: all[0], most: all[all.len() - 1] }
}

/// Resident memory of the process in bytes.
pub(crate) fn resident() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
    line.trim().trim_end_matches("kB").trim().parse::<i64>().expect("a number") * 1024
}

/// Gives back to the system what the C library keeps for later.
pub(crate) fn trim() {
    // SAFETY: takes no pointer; callable at any time.
    unsafe { libc::malloc_trim(0) };
}

/// Waits for something that another thread does; `often` is the time between two looks.
pub(crate) fn until(what: &str, often: Duration, mut done: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !done() {
        assert!(begin.elapsed() < Duration::from_secs(120), "waited in vain for {what}");
        std::thread::sleep(often);
    }
}

/// One line of results.
pub(crate) fn line(what: &str, value: impl std::fmt::Display) {
    println!("  {what:<66} {value}");
}

pub(crate) fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

pub(crate) fn nanos_each(time: Duration, count: usize) -> f64 {
    time.as_secs_f64() * 1e9 / count as f64
}

/// What the figures were taken on.
pub(crate) fn machine() {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown", |rest| rest.trim_matches([' ', '\t', ':']));
    let cores = info.lines().filter(|line| line.starts_with("processor")).count();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("machine: {model}, {cores} cores; load before the run: {}", load.split(' ').next().unwrap_or("?"));
}
