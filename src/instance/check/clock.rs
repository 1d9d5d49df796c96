//! Step 5: this machine's clock, against what the servers say in `Date`.

use super::line::{Line, Step};
use super::reach::{Outcome, Reach};
use crate::config::{AuthMethod, Config};

/// Up to this difference nothing is said: `Date` has whole seconds, and a request takes time.
const QUIET_MS: i64 = 60_000;
/// Beyond this Entra refuses signed assertions (about 5 minutes).
const REFUSED_MS: i64 = 5 * 60_000;

const REMEDY: &str = "Set this machine's clock and keep it right by NTP (timedatectl set-ntp true, chrony). A virtual machine may take it from its \
                      host.";

pub(super) fn look_at(config: &Config, way: &Reach) -> Line {
    let told = way.servers.iter().find_map(|server| match server.outcome {
        Outcome::Answered { ahead_ms: Some(ahead_ms), .. } => Some((server, ahead_ms)),
        _ => None,
    });
    let Some((server, ahead_ms)) = told else {
        return match way.login_failed(&config.auth.method).or(way.graph_failed()) {
            Some(step) => Line::after(Step::Clock, step),
            None => Line::skipped(Step::Clock, "not compared: no server told its time"),
        };
    };
    let line = judge(ahead_ms, matches!(config.auth.method, AuthMethod::Certificate { .. }));
    line.fact("offset_ms", ahead_ms).fact("compared_with", server.target.host())
}

fn judge(ahead_ms: i64, signs: bool) -> Line {
    let far = ahead_ms.unsigned_abs() / 1_000;
    let how = if ahead_ms > 0 { "ahead of" } else { "behind" };
    if ahead_ms.abs() <= QUIET_MS {
        return Line::ok(Step::Clock, "right to within a minute");
    }
    let message = format!("this machine's clock is {far} s {how} the server's");
    if ahead_ms.abs() <= REFUSED_MS {
        Line::warning(Step::Clock, message).remedy(REMEDY)
    } else if signs {
        Line::failed(Step::Clock, format!("{message}: sign-in with a certificate is refused beyond 5 minutes")).remedy(REMEDY)
    } else {
        Line::warning(Step::Clock, format!("{message}; times in events and logs will be wrong")).remedy(REMEDY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::check::Verdict;

    #[test]
    fn how_far_is_too_far() {
        for (ahead_ms, signs, verdict) in [
            (0, true, Verdict::Ok),
            (-60_000, true, Verdict::Ok),
            (61_000, false, Verdict::Warning),
            (-300_000, true, Verdict::Warning),
            (301_000, true, Verdict::Failed),
            (-86_400_000, false, Verdict::Warning),
            (i64::MIN + 1, true, Verdict::Failed),
        ] {
            assert_eq!(judge(ahead_ms, signs).verdict, verdict, "{ahead_ms} {signs}");
        }
        assert!(judge(90_000, false).message.contains("90 s ahead of"));
        assert!(judge(-90_000, false).message.contains("90 s behind"));
    }
}
