//! Reading the clocks that std does not offer.

/// Milliseconds on a clock that never steps and goes on while the machine sleeps (`CLOCK_BOOTTIME`, clock_gettime(2)).
/// std's `Instant` is `CLOCK_MONOTONIC` on Linux: it stands still during suspend, and a presence would not age.
pub fn boot_ms() -> u64 {
    #[cfg(target_os = "linux")]
    const ID: libc::clockid_t = libc::CLOCK_BOOTTIME;
    #[cfg(not(target_os = "linux"))]
    const ID: libc::clockid_t = libc::CLOCK_MONOTONIC;
    let mut ts = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `ts` is a valid timespec to write to. The call fails only for an unknown clock; then zeros stay, which read as "just booted".
    unsafe { libc::clock_gettime(ID, &mut ts) };
    ts.tv_sec as u64 * 1_000 + ts.tv_nsec as u64 / 1_000_000
}
