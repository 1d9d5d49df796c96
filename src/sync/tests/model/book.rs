//! What an observer beside the host writes down of a life, by the words of docs/dnd.md.

use super::acts::Kind;
use super::acts::Teams;
use super::host::{Host, Setter};
use super::link::{ACK_MS, ECHO_MS, HOLD_OFF_MS, OVERRIDE_MS, POLL_GRACE_MS, POLL_MS, STALE_MS};
use crate::presence::Dnd;
use crate::sync::{Answer, HostDnd};

/// Why a DND of ours should end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// It need not, or host or process are not there to end it.
    None,
    /// The rules say off.
    Off,
    /// The user is not served.
    Unserved,
    /// Nothing is heard of Teams.
    Silence,
}

/// What an observer notes of a life.
#[derive(Clone, Debug)]
pub(super) struct Book {
    /// The last information that the library got of Teams in this run, and when.
    pub(super) seen: Option<Teams>,
    pub(super) seen_at: u64,
    /// Since when it has been free without a break.
    pub(super) free_since: Option<u64>,
    /// What the directory said.
    pub(super) found: Option<bool>,
    /// A person switched off what is to be left off; since when the rules have said off.
    pub(super) overridden: Option<Option<u64>>,
    /// An ON was handed out, and the library cannot know whether it was done.
    pub(super) open_on: bool,
    open_before: bool,
    /// Until when the first report of OFF, of ON, is an echo: 0 for not at all.
    echoes: [u64; 2],
    /// The last value that the host accepted or reported, where nothing has made it void.
    pub(super) settled: Option<Dnd>,
    /// A change waits for its answer until then.
    pub(super) out_until: Option<u64>,
    pub(super) cause: (Cause, u64),
    pub(super) stopping: bool,
    /// A person's act was told since the last change was handed out.
    pub(super) told_since: bool,
    /// The rules had said off long enough before they had no opinion.
    pub(super) stood_off: bool,
    pub(super) gone: bool,
    /// The user was handed over while the change was out: GONE to it is older and does not count.
    pub(super) put_over: bool,
    /// Reports and changes crossed: what the library believes of the host may be wrong until the next fact.
    pub(super) blurred: bool,
    /// Since the last change was handed out nothing has crossed it.
    clear: bool,
    /// When the process began, or was started.
    pub(super) began: u64,
    pub(super) removed_at: Option<u64>,
}

impl Book {
    pub(super) fn new(now: u64) -> Book {
        Book {
            seen: None,
            seen_at: now,
            free_since: None,
            found: None,
            overridden: None,
            open_on: false,
            open_before: false,
            echoes: [0; 2],
            settled: None,
            out_until: None,
            cause: (Cause::None, now),
            stopping: false,
            told_since: false,
            stood_off: false,
            gone: false,
            put_over: false,
            blurred: false,
            clear: false,
            began: now,
            removed_at: None,
        }
    }

    // ---- what the library is told ----

    pub(super) fn searched(&mut self, known: bool) {
        self.found = Some(known);
    }

    pub(super) fn observed(&mut self, teams: Teams, now: u64) {
        if teams == Teams::Silent {
            return;
        }
        // What was seen holds until the next poll should have come.
        let stood = now.min(self.seen_at + POLL_MS + POLL_GRACE_MS);
        if self.overridden.flatten().is_some_and(|off| stood >= off + OVERRIDE_MS) {
            self.overridden = None;
        }
        self.seen = Some(teams);
        self.seen_at = now;
        if teams == Teams::Free {
            let since = *self.free_since.get_or_insert(now);
            self.overridden = self.overridden.map(|off| Some(off.unwrap_or(now).max(since)));
        } else {
            let stood = self.free_since.take().is_some_and(|since| now - since >= HOLD_OFF_MS);
            // What was decided before the rules had no opinion stands.
            self.stood_off = teams == Teams::Keep && (stood || self.stood_off);
            self.overridden = self.overridden.map(|_| None);
        }
    }

    /// The host handed the user over.
    pub(super) fn fact(&mut self, fact: HostDnd, host: &mut Host) {
        self.gone = false;
        self.put_over = self.out_until.is_some();
        if self.removed_at.take().is_some() {
            self.settled = None;
        }
        if !host.reports.is_empty() {
            self.blur();
        }
        if fact != HostDnd::Unknown {
            self.open_on = host.job.is_some();
            self.settled = None;
            self.blurred &= !host.reports.is_empty();
            if host.on == Some(Setter::Unseen) {
                // While our own ON is with the host, it may be ours by the rule.
                host.on = Some(if self.open_on { Setter::Doubtful } else { Setter::Person });
            }
        }
    }

    /// A person did something that the host will report later, without knowing who did it.
    pub(super) fn pressed_unsaid(&mut self, on: bool, unclear: bool, host: &mut Host) {
        // Until it is reported, what was ours before may be taken back.
        let unseen = host.on.is_none() && !unclear;
        host.on = on.then_some(if unseen { Setter::Unseen } else { Setter::Doubtful });
    }

    /// From now on the library may be wrong about the host, until it knows better.
    pub(super) fn blur(&mut self) {
        self.blurred = true;
        self.clear = false;
    }

    /// The echo rule of docs/dnd.md: is a report of this value our own?
    pub(super) fn takes_echo(&mut self, value: Dnd, now: u64) -> bool {
        let until = std::mem::take(&mut self.echoes[usize::from(value == Dnd::On)]);
        until != 0 && now <= until
    }

    /// Nothing is asked of the host and no answer is awaited: what was never acknowledged echoes now or never.
    pub(super) fn echoes_end(&mut self, now: u64) {
        self.echoes = self.echoes.map(|until| if until == u64::MAX { now + ECHO_MS } else { until });
    }

    /// A person's act was reported. `reached`: the library knows the user.
    pub(super) fn person(&mut self, value: Dnd, was: Told, reached: bool, now: u64, host: &mut Host) {
        if was.eaten {
            // By the rule it may as well be our echo.
            self.blur();
            self.settled = None;
            return;
        }
        let names = host.kind != Kind::Echoes;
        let unknown = if self.open_on || was.recorded { Setter::Doubtful } else { Setter::Unseen };
        let told = if reached { Setter::Person } else { unknown };
        if names {
            host.on = (value == Dnd::On).then_some(told);
        } else {
            match (value, host.on) {
                (Dnd::On, Some(Setter::Us)) | (Dnd::Off, Some(Setter::Us)) => {
                    host.on = Some(Setter::Doubtful);
                    self.blur();
                }
                (Dnd::On, Some(_)) => host.on = Some(told),
                (Dnd::Off, Some(_)) => {
                    // Somebody was quicker than the report.
                    host.on = Some(Setter::Doubtful);
                    self.blur();
                }
                _ if host.on.is_some() != (value == Dnd::On) => self.blur(),
                _ => {}
            }
        }
        if reached {
            self.open_on = self.out_until.is_some_and(|until| until > now);
            self.settled = Some(value);
            self.told_since = true;
            match value {
                Dnd::On => self.overridden = None,
                Dnd::Off if was.overrides => {
                    self.overridden = Some((self.seen == Some(Teams::Free)).then_some(now));
                }
                Dnd::Off => {}
            }
        }
    }

    /// A report of ours came when the rule does not expect it any more.
    pub(super) fn mistaken(&mut self, value: Dnd, host: &mut Host) {
        self.blur();
        if value == Dnd::On {
            self.overridden = None;
        }
        self.settled = None;
        if host.on == Some(Setter::Us) {
            host.on = Some(Setter::Doubtful);
        }
    }

    // ---- what goes out ----

    /// `told_all`: all that people did has been reported.
    pub(super) fn handed(&mut self, value: Dnd, told_all: bool) {
        self.clear = told_all;
        self.open_before = self.open_on;
        self.open_on |= value == Dnd::On;
        self.echoes[usize::from(value == Dnd::On)] = u64::MAX;
        self.settled = None;
        self.out_until = None;
        self.put_over = false;
        self.told_since = false;
    }

    pub(super) fn answered(&mut self, value: Dnd, answer: Answer, now: u64) {
        self.out_until = None;
        if answer == Answer::Retry {
            self.echoes[usize::from(value == Dnd::On)] = 0;
        }
        if answer != Answer::Pending {
            self.echoes_end(now);
        }
        match answer {
            Answer::Pending => self.out_until = Some(now + ACK_MS),
            Answer::Applied | Answer::Already => {
                self.open_on = false;
                // Nothing crossed this change, so its answer says how it stands.
                self.blurred &= !self.clear || self.told_since;
                // It stood so before the person came: their word is the newer one.
                if !(answer == Answer::Already && self.told_since) {
                    self.settled = Some(value);
                }
            }
            Answer::Retry => self.open_on = self.open_before,
            Answer::Gone => {
                self.gone = !self.put_over;
                self.overridden = None;
                self.settled = None;
                self.open_on = false;
                self.echoes = [0; 2];
            }
        }
    }

    // ---- begins and ends ----

    pub(super) fn new_process(&mut self, now: u64) {
        let Book { seen_at, open_on, overridden, cause, .. } = *self;
        *self = Book { seen_at, open_on, overridden: overridden.map(|_| None), cause, ..Book::new(now) };
    }

    pub(super) fn started(&mut self, now: u64) {
        self.not_served();
        self.settled = None;
        self.began = now;
        // An age that no file remembers begins anew.
        self.seen_at = self.seen_at.max(now.saturating_sub(STALE_MS));
    }

    /// The stop waits for answers no longer.
    pub(super) fn gave_up(&mut self, host: &mut Host) {
        self.out_until = self.out_until.map(|_| 0);
        if self.open_on && host.on == Some(Setter::Unseen) {
            host.on = Some(Setter::Doubtful);
        }
    }

    pub(super) fn stopped(&mut self, now: u64) {
        self.echoes_end(now);
        self.stopping = false;
        self.out_until = None;
    }

    /// Who is forgotten is forgotten whole.
    pub(super) fn forgotten(&mut self) {
        self.overridden = None;
        self.out_until = None;
        self.echoes = [0; 2];
    }

    /// The decision is void, and the minute of an override begins anew.
    pub(super) fn not_served(&mut self) {
        self.seen = None;
        self.free_since = None;
        self.stood_off = false;
        self.overridden = self.overridden.map(|_| None);
    }
}

/// How a report of a person meets the library.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    /// By the echo rule it is our own.
    pub(super) eaten: bool,
    /// It switches off what is ours, or what the rules want on.
    pub(super) overrides: bool,
    /// The file says that the DND is ours or intended.
    pub(super) recorded: bool,
}
