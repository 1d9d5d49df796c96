//! `tps login`: the device code in a terminal. The sign-in itself is the instance's: it shows a code as soon as it starts, and tells when
//! somebody has entered it. What the new sign-in is good for is then tried with the check, which uses the token of that very instance.

use std::io::{StdoutLock, Write as _};
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::Value;
use teams_presence_sync::config::{Account, AuthMethod, Config};
use teams_presence_sync::event::{Event, Kind, Severity};
use teams_presence_sync::instance::check::{Line, Step, Verdict, check};
use teams_presence_sync::sync::UserInput;

use crate::arguments;
use crate::check::readable;
use crate::end::{End, FAILED, Failure, GOOD, Outcome, UNUSABLE, WARNING};
use crate::screen::{Screen, complain, plain};
use crate::session::Session;
use crate::settings::Memory;
use crate::{settings, sign_in, users};

const LOOK: Duration = Duration::from_millis(100);
/// How long the look at what the sign-in is good for may take.
const CHECK: Duration = Duration::from_secs(60);

pub(crate) fn run(options: &arguments::Login) -> Outcome {
    let (own, account) = match &options.account {
        None => (settings::own(&options.config.config, Memory::Configured)?, None),
        Some(name) => {
            let own = settings::own_with_accounts(&options.config.config)?;
            let account = named(&own.config, name)?.clone();
            (own, Some(account))
        }
    };
    let (auth, key) = match &account {
        Some(account) => (&account.auth, format!("the method of the account {}", account.name)),
        None => (&own.config.auth, "auth.method".to_owned()),
    };
    if !matches!(auth.method, AuthMethod::DeviceCode) {
        let method = auth.method.name().as_str();
        return Err(Failure::Words(format!(
            "{key} is {method}: it signs in without a person; `tps check` tries it. Only device_code needs `tps login`"
        )));
    }
    let account = account.as_ref().map(|account| account.name.as_str());
    let users = users::read(&options.users)?;
    let mut end = End::prepare()?;
    let kept = own.config.state.dir.as_deref();
    if kept.is_none() {
        complain("state.dir is not set: this sign-in is not kept, it only shows that it works");
    }
    let session = Session::start(&own.json, Vec::new()).map_err(|failure| match (failure, kept) {
        (Failure::Words(words), Some(dir)) => Failure::Words(format!(
            "{words}\nstate.dir is {}. If the telephone system runs with it, sign in there (tps_sign_in), or stop it for the moment",
            dir.display()
        )),
        (failure, _) => failure,
    })?;
    let mut out = std::io::stdout().lock();
    let code = wait(&session, account, options.timeout, &mut end, &mut out)?;
    if code != GOOD {
        session.stop()?;
        return Ok(code);
    }
    let good_for = look(&own.json, account, users, &mut end, &mut out)?;
    let keeping = match kept {
        Some(dir) => keep(&session, dir, &mut out)?,
        None => session.stop().map(|()| GOOD)?,
    };
    Ok(good_for.max(keeping))
}

/// The account of this name.
fn named<'a>(config: &'a Config, name: &str) -> Result<&'a Account, Failure> {
    let accounts = config.source.notifications.as_ref().map_or(&[][..], |notifications| &notifications.accounts);
    accounts.iter().find(|account| account.name.eq_ignore_ascii_case(name)).ok_or_else(|| {
        let names: Vec<&str> = accounts.iter().map(|account| account.name.as_str()).collect();
        let known = if names.is_empty() { "there is none".to_owned() } else { format!("there are {}", names.join(", ")) };
        Failure::Words(format!("no account {} in source.notifications.accounts; {known}", plain(name)))
    })
}

/// Until the person has signed in for this account, or will not.
fn wait(session: &Session, account: Option<&str>, seconds: u32, end: &mut End, out: &mut StdoutLock<'_>) -> Outcome {
    let deadline = Instant::now() + Duration::from_secs(seconds.into());
    loop {
        for event in session.events() {
            if !sign_in::concerns(&event, account) {
                continue;
            }
            match event.kind {
                Kind::SignInRequired => out.write_all(sign_in::invitation(&event).as_bytes()).and_then(|()| out.flush())?,
                Kind::SignedIn => {
                    writeln!(out, "Signed in. Permissions: {}", permissions(&event))?;
                    out.flush()?;
                    return Ok(GOOD);
                }
                kind if sign_in::is_over(kind) => {
                    complain(&format!("{} {}", event.message, event.remedy));
                    return Ok(FAILED);
                }
                _ if event.severity() == Severity::Error => complain(&format!("{} {}", event.message, event.remedy)),
                _ => {}
            }
        }
        if Instant::now() >= deadline {
            complain(&format!("nobody has signed in within {seconds} s"));
            return Ok(UNUSABLE);
        }
        if end.asked_within(LOOK) {
            return Ok(UNUSABLE);
        }
    }
}

fn permissions(event: &Event) -> String {
    let fields = sign_in::fields(event);
    let list = fields["permissions"].as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(Value::as_str).map(plain).collect::<Vec<_>>().join(", ")
}

/// Tries what the sign-in is good for: permissions, users, presence. What came before them is told where it is not well.
fn look(config_json: &str, account: Option<&str>, users: Vec<UserInput>, end: &mut End, out: &mut StdoutLock<'_>) -> Outcome {
    let screen = Screen::of_stdout();
    let (tell, told) = channel::<Line>();
    let json = config_json.to_owned();
    // On a thread, so that Ctrl-C is heard. Where it hangs it ends with its time, or with this program.
    let work = std::thread::Builder::new().name("tps-check".to_owned()).spawn(move || {
        check(json.as_bytes(), users, CHECK, |line| drop(tell.send(line.clone()))).map_err(|error| error.to_string())
    });
    let work = work.map_err(|error| Failure::Words(format!("no thread for the check: {error}")))?;
    let mut worst = GOOD;
    loop {
        match told.recv_timeout(LOOK) {
            Ok(line) => {
                let Some(line) = part_of(line, account) else { continue };
                let code = match line.verdict {
                    Verdict::Failed => FAILED,
                    Verdict::Warning => WARNING,
                    Verdict::Ok | Verdict::Skipped => GOOD,
                };
                let wanted = matches!(line.step, Step::Permissions | Step::Users | Step::Presence | Step::Accounts);
                // The state directory is in use, by ourselves; what became of the sign-in there is told at the end.
                let beside = matches!(line.step, Step::StateDirectory | Step::Summary);
                if wanted || code != GOOD && !beside {
                    out.write_all(readable(&line, screen).as_bytes()).and_then(|()| out.flush())?;
                    worst = worst.max(code);
                }
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) if end.asked_within(Duration::ZERO) => return Ok(UNUSABLE),
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
    match work.join() {
        Ok(Ok(_)) => Ok(worst),
        Ok(Err(words)) => Err(Failure::Words(words)),
        Err(_) => Err(Failure::Words("internal error in the check".to_owned())),
    }
}

/// Of a check for this account its own part alone.
fn part_of(line: Line, account: Option<&str>) -> Option<Line> {
    let Some(name) = account else { return Some(line) };
    let list = (line.step == Step::Accounts).then(|| line.facts.get("accounts")?.as_array())??;
    let part = list.iter().find(|part| part["name"] == name)?.clone();
    let text = |key: &str| part[key].as_str().unwrap_or_default().to_owned();
    let verdicts = [Verdict::Ok, Verdict::Skipped, Verdict::Warning];
    let verdict = verdicts.into_iter().find(|verdict| part["verdict"] == verdict.as_str()).unwrap_or(Verdict::Failed);
    Some(Line { verdict, message: text("message"), remedy: text("remedy"), ..line })
}

/// Ends the instance and says whether the sign-in is on disk.
fn keep(session: &Session, dir: &Path, out: &mut StdoutLock<'_>) -> Outcome {
    let before = session.stats()["state_file"].take();
    // Whatever is not written yet is written with the stop; one that does not end means a disk that hangs.
    let stopped = session.stop();
    let after = session.stats()["state_file"].take();
    if stopped.is_ok() && before["condition"] == "good" && before["failures"] == after["failures"] {
        writeln!(out, "Kept in {}.", plain(&dir.display().to_string()))?;
        out.flush()?;
        return Ok(GOOD);
    }
    complain(&format!(
        "this sign-in is NOT kept: state.dir {} cannot be written. Whoever uses it must sign in again; `tps check` says what is wrong with the \
         directory",
        dir.display()
    ));
    Ok(WARNING)
}
