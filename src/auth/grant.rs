//! One sign-in by a credential.
//!
//! The oauth2 crate writes the form and knows the grants; its own answer types are replaced by tolerant ones, and the headers that it
//! drops (Retry-After, Date) are kept on the side.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::StatusCode;
use oauth2::{AuthType, ClientId, HttpRequest, HttpResponse, RequestTokenError, Scope, TokenUrl};
use url::Url;
use zeroize::Zeroizing;

use super::answer::{Client, EntraError, EntraToken};
use super::credential::Credential;
use super::exchange::{Exchange, LIMITS, Seen};
use super::outcome::{Failure, NO_BEARER, Outcome, describe};
use super::settings::Settings;
use super::ticket::Ticket;
use crate::http::{Request, TransportError, TransportErrorKind};

impl Exchange {
    /// Signs in with `credential`.
    pub(super) async fn run(self, settings: Arc<Settings>, credential: Credential<Ticket>) -> Outcome {
        let url = match TokenUrl::new(settings.token_url()) {
            Ok(url) => url,
            Err(error) => {
                return Outcome::failed(Failure::Useless(format!("the token endpoint is not an address: {error}")));
            }
        };
        let client: Client = oauth2::Client::new(ClientId::new(settings.client_id.clone()))
            .set_auth_type(AuthType::RequestBody)
            .set_token_uri(url);
        let seen = Arc::new(Mutex::new(None));
        // Owns what it needs: oauth2's futures are not `Send` for a closure that borrows.
        let send = {
            let (this, seen) = (self.clone(), seen.clone());
            move |request: HttpRequest| {
                let (this, seen) = (this.clone(), seen.clone());
                Box::pin(async move { this.send(request, seen).await })
                    as Pin<Box<dyn Future<Output = Result<HttpResponse, TransportError>> + Send>>
            }
        };
        let scopes: Vec<Scope> = settings.scope.split_ascii_whitespace().map(|scope| Scope::new(scope.to_owned())).collect();
        let result = match credential.ticket {
            Ticket::Secret(ticket) => {
                let client = ticket.client(client);
                boxed(client.exchange_client_credentials().add_scopes(scopes).request_async(&send)).await
            }
            Ticket::Assertion(ticket) => {
                let mut request = client.exchange_client_credentials().add_scopes(scopes);
                for (name, value) in ticket.parameters() {
                    request = request.add_extra_param(name, value);
                }
                boxed(request.request_async(&send)).await
            }
            Ticket::Password(ticket) => {
                let client = ticket.client(client);
                let (username, password) = ticket.owner();
                let request = client.exchange_password(&username, &password).add_scopes(scopes);
                boxed(request.request_async(&send)).await
            }
            Ticket::Refresh(ticket) => {
                let token = ticket.token();
                boxed(client.exchange_refresh_token(&token).add_scopes(scopes).request_async(&send)).await
            }
            Ticket::Metadata(ticket) => return ticket.run(self, &settings).await,
        };
        let seen = seen.lock().unwrap_or_else(PoisonError::into_inner).take();
        let status = seen.map(|seen: Seen| seen.status);
        let Seen { retry_after, clock_offset_ms, .. } = seen.unwrap_or_default();
        Outcome { result: read(result, status), clock_offset_ms, retry_after, status }
    }

    async fn send(self, request: HttpRequest, seen: Arc<Mutex<Option<Seen>>>) -> Result<HttpResponse, TransportError> {
        let (parts, form) = request.into_parts();
        let address = parts.uri.to_string();
        let url = Url::parse(&address)
            .map_err(|error| TransportError::new(TransportErrorKind::Protocol, &address, &error.to_string()))?;
        let sent = form.len() as u64;
        // Wiped when the transport has let go of it.
        let body = Bytes::from_owner(Zeroizing::new(form));
        let request = Request { method: parts.method, url, headers: parts.headers, body: Some(body) };
        let answer = self.call(request, LIMITS, sent).await;
        let status = answer.seen.map_or(0, |head| head.status);
        *seen.lock().unwrap_or_else(PoisonError::into_inner) = answer.seen;
        let body = answer.body?;
        // Without its headers: a token is one whatever Content-Type a gateway made of it.
        let mut response = HttpResponse::new(body);
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
        Ok(response)
    }
}

type Answer = Result<EntraToken, RequestTokenError<TransportError, EntraError>>;

/// Names the type: rustc cannot prove oauth2's own future `Send` inside another one.
fn boxed<'a>(answer: impl Future<Output = Answer> + Send + 'a) -> Pin<Box<dyn Future<Output = Answer> + Send + 'a>> {
    Box::pin(answer)
}

fn read(result: Answer, status: Option<u16>) -> Result<EntraToken, Failure> {
    let status = status.unwrap_or(0);
    match result {
        Ok(token) if token.is_usable() => Ok(token),
        Ok(_) => Err(Failure::Useless(NO_BEARER.to_owned())),
        Err(RequestTokenError::ServerResponse(error)) if !error.error.is_empty() || error.code().is_some() => {
            Err(Failure::Entra(error))
        }
        Err(RequestTokenError::ServerResponse(_)) => {
            Err(Failure::Useless(format!("HTTP {status} with JSON that names no error")))
        }
        Err(RequestTokenError::Request(error)) => Err(Failure::Transport(error)),
        Err(RequestTokenError::Parse(_, body)) => Err(Failure::Useless(describe(status, &body))),
        Err(RequestTokenError::Other(_)) => Err(Failure::Useless(format!("HTTP {status} without a body"))),
    }
}
