//! Watches over the life of the credential.

use std::sync::Arc;

use crate::auth::TokenKeeper;
use crate::event::Level;
use crate::graph::GraphClient;
use crate::host::Desk;

/// How often it is looked whether the app registration is to be asked: after a start, and after another credential has signed in.
const LOOK_MS: u64 = 60 * 60_000;
/// The first look, when the sign-in has had time.
const FIRST_LOOK_MS: u64 = 30_000;

/// Tells when the credential expires soon, and asks the app registration for its end where the sign-in may read it; not while the
/// following is switched off, when nothing asks Graph by itself. Runs until dropped.
pub(super) async fn watch(tokens: TokenKeeper, client: GraphClient, client_id: String, desk: Arc<Desk>) {
    let mut look = FIRST_LOOK_MS;
    let mut roster = desk.roster_changes();
    loop {
        let held_back = tokens.app_credentials_due_ms() == Some(0) && !enabled(&desk);
        tokio::select! {
            () = desk.clock().sleep(tokens.check_expiry().min(look)) => {}
            Ok(()) = roster.changed(), if held_back => {
                if !enabled(&desk) {
                    continue;
                }
            }
        }
        let due = tokens.app_credentials_due_ms();
        look = due.filter(|ms| *ms > 0).unwrap_or(LOOK_MS);
        if due == Some(0) && enabled(&desk) {
            let answer = tokio::select! {
                answer = client.app_credentials(&client_id) => answer,
                () = desk.disabled() => continue,
            };
            if let Err(error) = &answer {
                client.reporter().log(Level::Debug, "auth", format_args!("the app registration cannot be read: {error}"));
            }
            tokens.app_credentials(answer.ok().as_deref());
        }
    }
}

fn enabled(desk: &Desk) -> bool {
    desk.with(|engine, _| engine.is_enabled())
}
