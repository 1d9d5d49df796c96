//! Step 6 where a person signs in: the sign-in that is stored, or that of the running instance. Nobody is asked for one.

use super::line::{Line, Step};
use super::memory::{Memory, Opened};
use crate::auth::{Phase, Settings, SignInError, TokenKeeper, remembers_person};
use crate::config::Config;
use crate::store::NoVisit;

/// How to get signed in.
fn how(account: Option<&str>) -> String {
    let option = account.map_or_else(String::new, |name| format!(" --account {name}"));
    format!("Sign in once by `tps login{option}`, or by the event TPS_EVENT_SIGN_IN_REQUIRED of a started instance.")
}

/// With what to go on.
pub(super) enum Way {
    /// The running instance's own.
    Running(TokenKeeper),
    /// The stored one.
    Stored(Memory),
    /// Neither; the line says why.
    Neither(Line),
}

pub(super) async fn look(config: &Config, settings: &Settings) -> Way {
    let how = how(settings.name.as_deref());
    if config.state.dir.is_none() && TokenKeeper::running(settings, None).is_none() {
        let line = untried("with a device code a person has to sign in, and without state.dir no sign-in is kept for the check")
            .remedy(format!("Set state.dir. {how}"));
        return Way::Neither(line);
    }
    match Memory::open(config, settings, true).await {
        Opened::Running(keeper) => running(settings, keeper),
        Opened::Here(memory) if remembers_person(&memory.notes(), settings) => Way::Stored(memory),
        Opened::Here(mut memory) => {
            // Nothing has changed; whoever comes next finds it free.
            let _ = memory.keep().await;
            Way::Neither(untried("with a device code a person has to sign in, and no sign-in is stored").remedy(how))
        }
        Opened::Closed(NoVisit::Nothing) => {
            Way::Neither(untried("with a device code a person has to sign in, and no sign-in is stored").remedy(how))
        }
        Opened::Closed(NoVisit::Locked(who)) => {
            let line = untried(&format!("the stored sign-in is in use: {who}")).remedy(
                "Look at the events and statistics (sign_in) of the telephone system that uses it, or check there by tps_check.",
            );
            Way::Neither(line)
        }
        Opened::Closed(NoVisit::Unusable(why)) => {
            let line = untried(&format!("the stored sign-in cannot be read: {why}"))
                .remedy("See the step state_directory, and run the check as the account of the telephone system.");
            Way::Neither(line)
        }
    }
}

fn running(settings: &Settings, keeper: TokenKeeper) -> Way {
    let its = keeper.settings();
    if its.account() != settings.account() || its.scope != settings.scope {
        let line = untried("an instance of this process has another sign-in in state.dir")
            .remedy("Give this configuration another `name` or `state.dir`, or stop the instance.");
        return Way::Neither(line);
    }
    if keeper.serving().is_some() {
        return Way::Running(keeper);
    }
    let state = keeper.state();
    let words = match (state.phase, &state.error) {
        (Phase::WaitingForPerson, _) => "the running instance waits for a person to enter its code".to_owned(),
        (Phase::SignedOut, _) => "the running instance was signed out".to_owned(),
        (_, Some(error)) => format!("the running instance has no sign-in: {error}"),
        (_, None) => "the running instance is signing in just now".to_owned(),
    };
    Way::Neither(untried(&words).remedy(how(settings.name.as_deref())))
}

/// The stored sign-in is over.
pub(super) fn lapsed(error: &SignInError, account: Option<&str>) -> Option<Line> {
    let SignInError::PersonNeeded { code, cause, .. } = error else { return None };
    let line = Line::failed(Step::SignIn, format!("the stored sign-in is no longer accepted: {cause}"));
    Some(line.remedy(how(account)).fact("cause", "lapsed").fact_some("aadsts", *code))
}

/// A warning, not a failure: the configuration may be as good as can be.
pub(super) fn untried(why: &str) -> Line {
    Line::warning(Step::SignIn, format!("not tried: {why}")).fact("tried", false)
}
