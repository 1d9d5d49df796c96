//! `tps login`: the device code in a terminal. The sign-in itself is the instance's: it shows a code as soon as it starts, and tells when
//! somebody has entered it.

use std::io::Write as _;
use std::time::{Duration, Instant};

use serde_json::Value;
use teams_presence_sync::config::AuthMethod;
use teams_presence_sync::event::{Event, Severity};

use crate::arguments;
use crate::end::{End, FAILED, Failure, GOOD, Outcome, UNUSABLE};
use crate::screen::{complain, plain};
use crate::session::Session;
use crate::settings;
use crate::settings::Memory;

const LOOK: Duration = Duration::from_millis(100);
/// `TPS_EVENT_SIGN_IN_REQUIRED`, `TPS_EVENT_SIGNED_IN`, `TPS_EVENT_CREDENTIAL_REFUSED`.
const REQUIRED: i32 = 101;
const SIGNED_IN: i32 = 102;
const REFUSED: i32 = 103;

pub(crate) fn run(options: &arguments::Login) -> Outcome {
    let own = settings::own(&options.config.config, Memory::Configured)?;
    if !matches!(own.config.auth.method, AuthMethod::DeviceCode) {
        let method = own.config.auth.method.name().as_str();
        return Err(Failure::Words(format!(
            "auth.method is {method}: it signs in without a person; `tps check` tries it. Only device_code needs `tps login`"
        )));
    }
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
    let deadline = Instant::now() + Duration::from_secs(options.timeout.into());
    let mut out = std::io::stdout().lock();
    let code = loop {
        let mut done = None;
        for event in session.events() {
            match event.kind.code() {
                REQUIRED => out.write_all(invitation(&event).as_bytes()).and_then(|()| out.flush())?,
                SIGNED_IN => {
                    let permissions = fields(&event)["permissions"]
                        .as_array()
                        .map(|list| list.iter().filter_map(Value::as_str).map(plain).collect::<Vec<_>>().join(", "));
                    writeln!(out, "Signed in. Permissions: {}", permissions.unwrap_or_default())?;
                    if let Some(dir) = kept {
                        writeln!(out, "Kept in {}.", dir.display())?;
                    }
                    out.flush()?;
                    done = Some(GOOD);
                }
                REFUSED => {
                    complain(&format!("{} {}", event.message, event.remedy));
                    done = Some(FAILED);
                }
                _ if event.kind.name() == "TPS_EVENT_SIGN_IN_ENDED" => {
                    complain(&format!("{} {}", event.message, event.remedy));
                    done = Some(FAILED);
                }
                _ if event.severity() == Severity::Error => complain(&format!("{} {}", event.message, event.remedy)),
                _ => {}
            }
        }
        if let Some(code) = done {
            break code;
        }
        if Instant::now() >= deadline {
            complain(&format!("nobody has signed in within {} s", options.timeout));
            break UNUSABLE;
        }
        if end.asked_within(LOOK) {
            break UNUSABLE;
        }
    };
    session.stop()?;
    Ok(code)
}

fn fields(event: &Event) -> Value {
    serde_json::from_str(&event.json).unwrap_or_default()
}

fn invitation(event: &Event) -> String {
    let fields = fields(event);
    let text = |name: &str| plain(fields[name].as_str().unwrap_or("?"));
    format!(
        "Open {} in any browser and enter the code\n\n    {}\n\nWaiting for the sign-in; Ctrl-C ends it.\n",
        text("verification_uri"),
        text("user_code")
    )
}
