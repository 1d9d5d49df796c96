//! Step 6: a token. The credential is sent once: a refused password is not sent again, neither here nor by a later step nor by the next check.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::line::{Line, Step};
use super::memory::{Memory, Opened};
use super::person::{self, Way};
use super::reach::{Reach, Ways};
use crate::auth::{Claims, Parts as SignInParts, Settings, SignInError, TokenKeeper, aadsts};
use crate::config::{Account, AuthMethod, Config};
use crate::event::{Counters, Kind, Level, Reporter};
use crate::graph::{GraphClient, Parts};
use crate::process::{BudgetShare, Process};
use crate::store::NoVisit;
use crate::time::Clock;

/// What later steps work with.
pub(super) struct Session {
    pub(super) client: GraphClient,
    pub(super) claims: Claims,
    /// A later step may renew the sign-in once more.
    pub(super) memory: Memory,
}

const KEEP: &str = "See the step state_directory, and run the check as the account of the telephone system.";

/// That of `auth`.
pub(super) async fn sign_in(config: &Config, process: &Process, way: &Reach) -> (Option<Session>, Line) {
    sign_in_with(config, Settings::of(config), process, way).await
}

/// That of a further account.
pub(super) async fn sign_in_of(account: &Account, config: &Config, process: &Process, way: &Reach) -> (Option<Session>, Line) {
    sign_in_with(&config.of_account(account), Settings::of_account(config, account), process, way).await
}

async fn sign_in_with(config: &Config, settings: Settings, process: &Process, way: &Reach) -> (Option<Session>, Line) {
    let method = config.auth.method.name().as_str();
    if let Some(step) = way.login_failed(&config.auth.method) {
        return (None, Line::after(Step::SignIn, step));
    }
    let Some(Ways { http, direct }) = way.ways.clone() else { return (None, Line::after(Step::SignIn, Step::Tls)) };
    let Ok(root) = config.graph().parse() else {
        // An address that was checked with the configuration.
        return (None, Line::failed(Step::SignIn, "endpoints.graph cannot be used"));
    };
    let clock = Clock::system();
    // Nobody is told: what matters is put into the line.
    let reporter = Reporter::new(Level::Error, clock.clone(), Arc::new(|| ()));
    let counters: Arc<Counters> = Arc::default();
    let name = settings.name.clone();
    let mut found = match lookup(config, &settings).await {
        Ok(found) => found,
        Err(line) => return (None, line.fact("method", method)),
    };
    let tokens = found.keeper.take().unwrap_or_else(|| {
        TokenKeeper::that_asks_nobody(SignInParts {
            settings,
            http: http.clone(),
            direct,
            notes: found.memory.own(),
            clock: clock.clone(),
            reporter: reporter.clone(),
            counters: counters.clone(),
        })
    });
    let outcome = tokens.token().await;
    // Known only where the configuration or the certificate tells; nothing is sent for it.
    if !found.running {
        tokens.check_expiry();
    }
    let mut told = Told::of(&reporter);
    if matches!((&outcome, &config.auth.method), (Err(SignInError::Refused { .. }), AuthMethod::Password { .. }))
        && !told.remembered()
    {
        found.memory.refused().await;
    }
    // Before anything else is done: a renewed sign-in or a refusal that is lost would cost a person's time, or an account.
    if let Err(why) = found.memory.keep().await {
        told.facts.insert("kept".to_owned(), false.into());
        told.notes.push((format!("what came of it cannot be kept in state.dir: {why}."), KEEP.to_owned()));
    }
    let token = match outcome {
        Ok(token) => token,
        Err(error) => return (None, refused(&error, (method, name.as_deref()), &told, clock.mono_ms())),
    };
    let claims = token.claims().clone();
    let by = match (&config.auth.method, found.running) {
        (AuthMethod::DeviceCode, true) => format!("signed in by {method}: the sign-in of the running instance"),
        (AuthMethod::DeviceCode, false) => format!("signed in by {method}: the stored sign-in, renewed"),
        _ => format!("signed in by {method}"),
    };
    let line = if told.notes.is_empty() {
        Line::ok(Step::SignIn, by)
    } else {
        let (notes, remedies): (Vec<String>, Vec<String>) = told.notes.into_iter().unzip();
        Line::warning(Step::SignIn, format!("{by}, but: {}", notes.join(" "))).remedy(remedies.join(" "))
    };
    let line = line
        .fact("method", method)
        .fact_some("tenant_id", claims.tenant_id.clone())
        .fact_some("app_id", claims.app_id.clone())
        .fact("app_only", claims.app_only);
    let graph = config.graph();
    let client = GraphClient::new(Parts {
        root,
        http,
        tokens,
        presence_budget: join(process, config, graph),
        directory_budget: join(process, config, &format!("{graph} directory")),
        clock,
        reporter,
        counters,
    });
    (Some(Session { client, claims, memory: found.memory }), line)
}

/// With what to sign in, and what is remembered of it.
struct Found {
    memory: Memory,
    /// That of a running instance, in place of one of the check's own.
    keeper: Option<TokenKeeper>,
    running: bool,
}

async fn lookup(config: &Config, settings: &Settings) -> Result<Found, Line> {
    let own = |memory| Ok(Found { memory, keeper: None, running: false });
    match &config.auth.method {
        AuthMethod::DeviceCode => match person::look(config, settings).await {
            Way::Running(keeper) => Ok(Found { memory: Memory::none(), keeper: Some(keeper), running: true }),
            Way::Stored(memory) => own(memory),
            Way::Neither(line) => Err(line),
        },
        AuthMethod::Password { .. } => match Memory::open(config, settings, false).await {
            Opened::Running(keeper) => own(Memory::running(&keeper, settings)),
            Opened::Here(memory) => own(memory),
            // Whether it stands refused cannot be known, and each wrong one brings the account nearer to being locked.
            Opened::Closed(NoVisit::Locked(who)) => {
                Err(person::untried(&format!("whether this password stands refused is known to another: {who}"))
                    .remedy("Look at the events and statistics (sign_in) of the telephone system that uses state.dir, or stop it for the check."))
            }
            Opened::Closed(why) => {
                Err(person::untried(&format!("whether this password stands refused cannot be read in state.dir: {why}"))
                    .remedy(KEEP))
            }
        },
        // Nobody's account is locked by these.
        _ => own(Memory::none()),
    }
}

/// A share in the budget of the tenant and application that lowers nobody's limit: the lowest setting counts, and ours is beyond all. Slots are
/// handed out first come, first served, and a check waits for one at a time; where it is alone, one request after the other is slow enough.
fn join(process: &Process, config: &Config, host: &str) -> BudgetShare {
    process.budget(&config.tenant_id, &config.client_id, host, u32::MAX)
}

/// What the sign-in told besides its outcome.
#[derive(Default)]
struct Told {
    /// What an administrator should hear though it worked, and what to do about it.
    notes: Vec<(String, String)>,
    facts: Map<String, Value>,
}

impl Told {
    fn of(reporter: &Reporter) -> Told {
        let mut told = Told::default();
        while let Some(event) = reporter.next_event() {
            match event.kind {
                Kind::CredentialDoubtful | Kind::CredentialExpiring | Kind::CredentialSwitched => {
                    told.notes.push((event.message, event.remedy));
                }
                Kind::CredentialRefused | Kind::TenantElsewhere | Kind::ConsentMissing => {
                    if let Ok(Value::Object(all)) = serde_json::from_str(&event.json) {
                        let wanted = ["aadsts", "error", "detail", "correlation_id", "remembered", "next_try_at_ms"];
                        told.facts.extend(all.into_iter().filter(|(name, _)| wanted.contains(&name.as_str())));
                    }
                }
                _ => {}
            }
        }
        told
    }

    /// Nothing was sent: this very credential was refused before.
    fn remembered(&self) -> bool {
        self.facts.get("remembered") == Some(&true.into())
    }
}

fn refused(error: &SignInError, (method, account): (&str, Option<&str>), told: &Told, now_mono_ms: u64) -> Line {
    if let Some(line) = person::lapsed(error, account) {
        return line.fact("method", method);
    }
    let remedy = match error {
        SignInError::Refused { code, error, .. } => code.and_then(aadsts::find).unwrap_or_else(|| aadsts::of_oauth(error)).remedy,
        SignInError::Unreachable { .. } => {
            "Check that this machine, or its proxy, may connect to the login host, and look at status.cloud.microsoft."
        }
        // Only Entra speaks in these numbers.
        SignInError::Busy { detail, .. } if detail.contains("AADSTS") => {
            "Nothing is wrong here: try again in some minutes, and look at status.cloud.microsoft."
        }
        SignInError::Busy { .. } => {
            "If it is not Microsoft Entra that answers, a gateway or sign-in page of the network does: let the login host through unchanged. If \
             it is, try again in some minutes."
        }
        SignInError::BadSecret { .. } => {
            "Make the file or variable that this key names readable for the account that runs this program, and check what is in it."
        }
        _ => "Report this to the maker of this library.",
    };
    let kind = match error {
        SignInError::Refused { .. } => "refused",
        SignInError::Unreachable { .. } => "unreachable",
        SignInError::Busy { .. } => "not_useful",
        SignInError::BadSecret { .. } => "credential_unreadable",
        SignInError::TokenRejected { .. } => "token_rejected",
        _ => "internal",
    };
    let mut message = error.to_string();
    if told.remembered() {
        let minutes = error.next_try_mono_ms().saturating_sub(now_mono_ms).div_ceil(60_000);
        message.push_str(&format!(
            "; so it was before, and nothing was sent now: this password may be tried again in {minutes} min, another one at once"
        ));
    }
    let (notes, more): (Vec<&str>, Vec<&str>) = told.notes.iter().map(|(note, more)| (note.as_str(), more.as_str())).unzip();
    let message = [vec![message.as_str()], notes].concat().join("; ");
    let remedy = [vec![remedy], more].concat().join(" ");
    let mut line = Line::failed(Step::SignIn, message).remedy(remedy).fact("method", method).fact("cause", kind);
    line.facts.extend(told.facts.clone());
    line
}
