//! A plain client and the few things that every test needs.
#![allow(dead_code, unreachable_pub)]

pub mod receiver;

use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use teams_presence_simulator::{AppSpec, CLIENT_ID, CLIENT_SECRET, DOMAIN, Options, SecretSpec, Simulator};

pub const SCOPE: &str = "https://graph.microsoft.com/.default";

pub struct Bench {
    pub sim: Simulator,
    pub http: Client,
}

pub async fn start() -> Bench {
    let sim = Simulator::start(Options::default()).await.expect("a simulator");
    let http = Client::builder().no_proxy().build().expect("a client");
    Bench { sim, http }
}

impl Bench {
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.sim.base_url())
    }

    pub async fn token_request(&self, tenant: &str, form: &[(&str, &str)]) -> (u16, Value) {
        let request = self.http.post(self.url(&format!("/{tenant}/oauth2/v2.0/token")));
        let response = with_form(request, form).send().await.expect("an answer");
        (response.status().as_u16(), body(response).await)
    }

    /// The error number and HTTP status of a refused token request.
    pub async fn refusal(&self, tenant: &str, form: &[(&str, &str)]) -> (u64, u16) {
        let (status, body) = self.token_request(tenant, form).await;
        (body["error_codes"][0].as_u64().unwrap_or_else(|| panic!("{body}")), status)
    }

    pub async fn token(&self) -> String {
        self.token_of(CLIENT_ID, CLIENT_SECRET).await
    }

    pub async fn token_of(&self, client_id: &str, secret: &str) -> String {
        let form = [("grant_type", "client_credentials"), ("client_id", client_id), ("client_secret", secret), ("scope", SCOPE)];
        let (status, body) = self.token_request(DOMAIN, &form).await;
        assert_eq!(status, 200, "{body}");
        body["access_token"].as_str().expect("a token").to_owned()
    }

    /// A token of a fresh app with just these application permissions.
    pub async fn token_with(&self, roles: &[&str]) -> String {
        let app = AppSpec {
            secrets: Some(vec![SecretSpec::from("secret")]),
            roles: Some(roles.iter().map(|r| (*r).to_owned()).collect()),
            ..AppSpec::default()
        };
        let id = self.sim.default_tenant().put_app(app).expect("an app");
        self.token_of(&id, "secret").await
    }

    /// A token of a user by name and password, with these delegated permissions.
    pub async fn user_token(&self, scope: &str) -> (u16, Value) {
        let form = [
            ("grant_type", "password"),
            ("client_id", teams_presence_simulator::PUBLIC_CLIENT_ID),
            ("username", teams_presence_simulator::SERVICE_ACCOUNT),
            ("password", teams_presence_simulator::SERVICE_PASSWORD),
            ("scope", scope),
        ];
        self.token_request(DOMAIN, &form).await
    }

    pub fn get(&self, token: &str, path: &str) -> RequestBuilder {
        self.http.get(self.url(path)).bearer_auth(token)
    }

    pub async fn get_json(&self, token: &str, path: &str) -> (u16, Value) {
        let response = self.get(token, path).send().await.expect("an answer");
        (response.status().as_u16(), body(response).await)
    }

    pub async fn post_json(&self, token: &str, path: &str, value: &Value) -> (u16, Value) {
        let response = self
            .http
            .post(self.url(path))
            .bearer_auth(token)
            .header("content-type", "application/json")
            .body(value.to_string())
            .send()
            .await
            .expect("an answer");
        (response.status().as_u16(), body(response).await)
    }

    /// A delegated token of the service account through the public app.
    pub async fn delegated(&self) -> String {
        let (status, body) = self.user_token(SCOPE).await;
        assert_eq!(status, 200, "{body}");
        body["access_token"].as_str().expect("a token").to_owned()
    }

    /// A request with a body of JSON and any method.
    pub async fn send_json(&self, method: &str, token: &str, path: &str, value: &Value) -> (u16, Value) {
        let method = method.parse().expect("a method");
        let mut request = self.http.request(method, self.url(path)).bearer_auth(token);
        if !value.is_null() {
            request = request.header("content-type", "application/json").body(value.to_string());
        }
        let response = request.send().await.expect("an answer");
        (response.status().as_u16(), body(response).await)
    }

    /// What a subscription to these users takes.
    pub fn subscription(&self, url: &str, users: &[&str]) -> Value {
        let ids: Vec<String> = users.iter().map(|u| format!("'{}'", self.id(u))).collect();
        json!({
            "changeType": "updated", "notificationUrl": url, "clientState": "the client state",
            "resource": format!("/communications/presences?$filter=id in ({})", ids.join(",")),
            "expirationDateTime": self.ahead(55),
        })
    }

    /// So many minutes ahead on the simulator's clock.
    pub fn ahead(&self, minutes: i64) -> String {
        let at = self.sim.now() + minutes * 60_000;
        let at = std::time::UNIX_EPOCH + std::time::Duration::from_millis(at.unsigned_abs());
        // "Sun, 06 Nov 1994 08:49:37 GMT"
        let text = httpdate::fmt_http_date(at);
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let month = months.iter().position(|m| *m == &text[8..11]).expect("a month") + 1;
        format!("{}-{month:02}-{}T{}.0000000Z", &text[12..16], &text[5..7], &text[17..25])
    }

    /// Subscribes and answers the id.
    pub async fn subscribe(&self, token: &str, subscription: &Value) -> String {
        let (status, body) = self.post_json(token, "/v1.0/subscriptions", subscription).await;
        assert_eq!(status, 201, "{body}");
        body["id"].as_str().expect("an id").to_owned()
    }

    pub async fn presences(&self, token: &str, ids: &[&str]) -> (u16, Value) {
        self.post_json(token, "/v1.0/communications/getPresencesByUserId", &json!({ "ids": ids })).await
    }

    /// The object id of one of the default users.
    pub fn id(&self, name: &str) -> String {
        self.sim.default_tenant().user_id(&format!("{name}@{DOMAIN}")).expect("a user")
    }
}

pub async fn body(response: Response) -> Value {
    let text = response.text().await.expect("a body");
    if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}")) }
}

/// `code` of an answer of Graph.
pub fn code(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["error"]["code"].as_str().unwrap_or_default())
}

/// A form as body.
pub fn with_form(request: RequestBuilder, form: &[(&str, &str)]) -> RequestBuilder {
    let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    request.header("content-type", "application/x-www-form-urlencoded").body(text)
}
