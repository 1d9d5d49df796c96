//! Watches over the life of the credential.

use crate::auth::TokenKeeper;
use crate::event::Level;
use crate::graph::GraphClient;
use crate::time::Clock;

/// How often it is looked whether the app registration is to be asked: after a start, and after another credential has signed in.
const LOOK_MS: u64 = 60 * 60_000;
/// The first look, when the sign-in has had time.
const FIRST_LOOK_MS: u64 = 30_000;

/// Tells when the credential expires soon, and asks the app registration for its end where the sign-in may read it. Runs until dropped.
pub(super) async fn watch(tokens: TokenKeeper, client: GraphClient, client_id: String, clock: Clock) {
    let mut look = FIRST_LOOK_MS;
    loop {
        clock.sleep(tokens.check_expiry().min(look)).await;
        let due = tokens.app_credentials_due_ms();
        look = due.filter(|ms| *ms > 0).unwrap_or(LOOK_MS);
        if due == Some(0) {
            let answer = client.app_credentials(&client_id).await;
            if let Err(error) = &answer {
                client.reporter().log(Level::Debug, "auth", format_args!("the app registration cannot be read: {error}"));
            }
            tokens.app_credentials(answer.ok().as_deref());
        }
    }
}
