//! One request about a subscription, as its life wants it.

use url::Url;

use super::keys::KeyRing;
use super::step::{Action, Answer, Asked};
use crate::graph::GraphClient;
use crate::graph::subscriptions::{Encryption, NewSubscription, SubscriptionError};

/// Which kind of request it is.
pub(super) fn asked(action: &Action) -> Asked {
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
