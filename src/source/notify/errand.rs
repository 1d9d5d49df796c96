//! What is to be done for the subscriptions beyond thinking: one request, or a key.

use url::Url;

use super::keys::{KeyPair, KeyRing};
use super::step::{Action, Answer, Asked};
use crate::graph::GraphClient;
use crate::graph::subscriptions::{Encryption, NewSubscription, SubscriptionError};

/// What is to be done.
#[derive(Debug)]
pub(in crate::source) enum Errand {
    /// Ask Graph.
    Ask {
        /// As which account.
        at: usize,
        /// What.
        action: Action,
        /// After a 403: consent given since shows only in a new token.
        renewed: bool,
    },
    /// Make a key, which is made at this time of the wall clock.
    Make(i64),
    /// Look at Entra's keys.
    Freshen,
}

/// What came of it.
pub(in crate::source) enum Landing {
    /// An answer of Graph's, to this account.
    Answered(usize, Asked, Result<Answer, SubscriptionError>),
    /// A new key, if it could be made.
    Key(Option<KeyPair>),
    /// Something was looked at for others.
    Looked,
}

/// Which kind of request it is.
pub(in crate::source) fn asked(action: &Action) -> Asked {
    match action {
        Action::List => Asked::List,
        Action::Create { .. } => Asked::Create,
        Action::Renew { .. } => Asked::Renew,
        Action::Delete { .. } => Asked::Delete,
    }
}

/// Asks Graph. `url`: where notifications are to go.
pub(super) async fn run(
    client: &GraphClient,
    url: &Url,
    keys: Option<&KeyRing>,
    action: Action,
) -> Result<Answer, SubscriptionError> {
    match action {
        Action::List => client.list_subscriptions().await.map(Answer::Listed),
        Action::Renew { id, expires_at_ms } => client.renew_subscription(id, expires_at_ms).await.map(Answer::Renewed),
        Action::Delete { id } => client.delete_subscription(id).await.map(|()| Answer::Deleted),
        Action::Create { terms, client_state, expires_at_ms } => {
            let certificate = |id: &str| Some((id.to_owned(), keys?.find(id)?.certificate_base64()));
            let key = terms.certificate_id().and_then(certificate);
            let encryption = key.as_ref().map(|(id, certificate)| Encryption { certificate, id });
            let (users, client_state) = (terms.users(), client_state.expose());
            let new = NewSubscription { url, users, client_state, expires_at_ms, encryption };
            client.create_subscription(&new).await.map(Answer::Created)
        }
    }
}
