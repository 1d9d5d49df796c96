//! Step 6: a token. The credential is sent once: a refused password is not sent again, neither here nor by a later step.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::line::{Line, Step};
use super::reach::{Reach, Ways};
use crate::auth::{Claims, Parts as SignInParts, Settings, SignInError, TokenKeeper, aadsts};
use crate::config::{AuthMethod, Config};
use crate::event::{Counters, Kind, Level, Reporter};
use crate::graph::{GraphClient, Parts};
use crate::process::{BudgetShare, Process};
use crate::store::Notes;
use crate::time::Clock;

/// What later steps work with.
pub(super) struct Session {
    pub(super) client: GraphClient,
    pub(super) claims: Claims,
}

pub(super) async fn sign_in(config: &Config, process: &Process, way: &Reach) -> (Option<Session>, Line) {
    let method = config.auth.method.name().as_str();
    if let Some(step) = way.login_failed() {
        return (None, Line::after(Step::SignIn, step));
    }
    let Some(Ways { http, direct }) = way.ways.clone() else { return (None, Line::after(Step::SignIn, Step::Tls)) };
    if matches!(config.auth.method, AuthMethod::DeviceCode) {
        let line = Line::warning(Step::SignIn, "not tried: with a device code a person has to sign in")
            .remedy("Sign in once by `tps login`, or by the event TPS_EVENT_SIGN_IN_REQUIRED of a started instance.");
        return (None, line.fact("method", method));
    }
    let Ok(root) = config.graph().parse() else {
        // An address that was checked with the configuration.
        return (None, Line::failed(Step::SignIn, "endpoints.graph cannot be used"));
    };
    let clock = Clock::system();
    // Nobody is told: what matters is put into the line.
    let reporter = Reporter::new(Level::Error, clock.clone(), Arc::new(|| ()));
    let counters: Arc<Counters> = Arc::default();
    let tokens = TokenKeeper::of(SignInParts {
        settings: Settings::of(config),
        http: http.clone(),
        direct,
        // The memory belongs to the instance.
        notes: Notes::in_memory(),
        clock: clock.clone(),
        reporter: reporter.clone(),
        counters: counters.clone(),
    });
    let outcome = tokens.token().await;
    // Known only where the configuration or the certificate tells; nothing is sent for it.
    tokens.check_expiry();
    let told = Told::of(&reporter);
    let token = match outcome {
        Ok(token) => token,
        Err(error) => return (None, refused(&error, method, &told)),
    };
    let claims = token.claims().clone();
    let line = if told.notes.is_empty() {
        Line::ok(Step::SignIn, format!("signed in by {method}"))
    } else {
        let (notes, remedies): (Vec<String>, Vec<String>) = told.notes.into_iter().unzip();
        Line::warning(Step::SignIn, format!("signed in by {method}, but: {}", notes.join(" "))).remedy(remedies.join(" "))
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
    (Some(Session { client, claims }), line)
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
                        let wanted = ["aadsts", "error", "detail", "correlation_id"];
                        told.facts.extend(all.into_iter().filter(|(name, _)| wanted.contains(&name.as_str())));
                    }
                }
                _ => {}
            }
        }
        told
    }
}

fn refused(error: &SignInError, method: &str, told: &Told) -> Line {
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
    let mut line = Line::failed(Step::SignIn, error.to_string()).remedy(remedy).fact("method", method).fact("cause", kind);
    line.facts.extend(told.facts.clone());
    line
}
