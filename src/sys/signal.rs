//! Signal masks of the library's threads. No handler is installed and no disposition changed: both belong to the host.

use std::mem::MaybeUninit;

/// Signals that a fault in the thread itself raises. They stay open: blocked, such a fault kills the process without its handler,
/// and a Java host relies on catching some of them.
const SYNCHRONOUS: [libc::c_int; 7] =
    [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGTRAP, libc::SIGABRT, libc::SIGSYS];

fn asynchronous() -> libc::sigset_t {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigfillset initialises the set; sigdelset then works on an initialised one, with valid signal numbers.
    unsafe {
        libc::sigfillset(set.as_mut_ptr());
        for signal in SYNCHRONOUS {
            libc::sigdelset(set.as_mut_ptr(), signal);
        }
        set.assume_init()
    }
}

/// Blocks every asynchronous signal, SIGPIPE among them, in the calling thread. For threads of our own, as their first act.
pub fn block_all() {
    let set = asynchronous();
    // SAFETY: `set` is initialised; the old mask is not asked for.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &set, std::ptr::null_mut()) };
}

/// Runs `f` with every asynchronous signal blocked and restores the caller's mask, also when `f` unwinds. Threads started inside inherit
/// the full mask, so that there is no moment in which a new thread could take a signal of the host.
pub fn with_blocked<R>(f: impl FnOnce() -> R) -> R {
    struct Restore(libc::sigset_t);
    impl Drop for Restore {
        fn drop(&mut self) {
            // SAFETY: the set was filled by pthread_sigmask below.
            unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.0, std::ptr::null_mut()) };
        }
    }
    let set = asynchronous();
    let mut old = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: both sets are valid; with a valid `how` the call cannot fail, and it fills `old`.
    let _restore = unsafe {
        libc::pthread_sigmask(libc::SIG_BLOCK, &set, old.as_mut_ptr());
        Restore(old.assume_init())
    };
    f()
}

/// Whether the calling thread blocks `signal`.
pub fn is_blocked(signal: libc::c_int) -> bool {
    let mut now = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: a null set only asks; `now` is filled.
    unsafe {
        libc::pthread_sigmask(libc::SIG_BLOCK, std::ptr::null(), now.as_mut_ptr());
        libc::sigismember(now.as_ptr(), signal) == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_started_inside_blocks_sigpipe_and_the_caller_does_not_afterwards() {
        std::thread::spawn(|| {
            let before = is_blocked(libc::SIGPIPE);
            let inside = with_blocked(|| {
                std::thread::spawn(|| (is_blocked(libc::SIGPIPE), is_blocked(libc::SIGTERM), is_blocked(libc::SIGSEGV)))
            });
            assert_eq!(inside.join().expect("no panic"), (true, true, false));
            assert_eq!(is_blocked(libc::SIGPIPE), before);
        })
        .join()
        .expect("no panic");
    }
}
