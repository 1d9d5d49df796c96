//! The servers that a configuration needs, and the way to each.

use url::{Host, Url};

use crate::config::{self, AuthMethod, Config};
use crate::http::{Proxy, Via, Way};
use crate::instance::accounts::further;

/// What a server is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Gives the token.
    Login,
    /// Gives it in the login host's place: to a machine with an identity, which never asks the login host.
    Metadata,
    /// Has everything else.
    Graph,
}

impl Role {
    /// What gives the token where this method signs in.
    pub(super) fn of(method: &AuthMethod) -> Role {
        match method {
            AuthMethod::ManagedIdentity { .. } => Role::Metadata,
            _ => Role::Login,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Role::Login => "login",
            Role::Metadata => "metadata",
            Role::Graph => "graph",
        }
    }
}

/// One server.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) role: Role,
    /// What it is asked first, without any credential.
    pub(super) url: Url,
    /// The proxy in between, as the HTTP client will have it for this very address.
    pub(super) via: Option<Via>,
}

impl Target {
    /// All of them, that of the sign-in first.
    pub(super) fn all(config: &Config) -> Vec<Target> {
        let way = way(config);
        // Without its header the metadata service refuses, which shows that it is there; no token is given out for that.
        let metadata = || (Role::Metadata, format!("{}/metadata/identity/oauth2/token", config.metadata()));
        let login = || (Role::Login, format!("{}/{}/v2.0/.well-known/openid-configuration", config.login(), config.tenant_id));
        let graph = (Role::Graph, format!("{}/v1.0/", config.graph()));
        let mut wanted = match Role::of(&config.auth.method) {
            // Further accounts are persons, whom the login host knows.
            Role::Metadata if !further(config).is_empty() => vec![metadata(), login()],
            Role::Metadata => vec![metadata()],
            _ => vec![login()],
        };
        wanted.push(graph);
        // Addresses that were checked with the configuration: none is left out here.
        let parsed = wanted.into_iter().filter_map(|(role, address)| Some((role, Url::parse(&address).ok()?)));
        parsed
            .map(|(role, url)| {
                // The metadata service refuses what comes through a proxy.
                let via = if role == Role::Metadata { None } else { way.via(&url) };
                Target { role, url, via }
            })
            .collect()
    }

    /// Host, and port where it is not the scheme's own.
    pub(super) fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// The name that this machine looks up to get there: that of the proxy where there is one, which looks up the server's itself.
    pub(super) fn name(&self) -> Option<String> {
        let host = self.via.as_ref().map_or_else(|| self.url.host_str().unwrap_or_default(), |via| &via.host);
        match Host::parse(host) {
            Ok(Host::Domain(name)) => Some(name),
            _ => None,
        }
    }
}

fn way(config: &Config) -> Way {
    match &config.proxy {
        config::Proxy::None => Proxy::None.way(),
        config::Proxy::System => Proxy::System.way(),
        config::Proxy::Url { url, .. } => Proxy::Url { url: url.clone(), user: None }.way(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(auth: &str, more: &str) -> Vec<Target> {
        let json = format!(
            r#"{{"mode":"presence_sync","tenant_id":"contoso.example","client_id":"66666666-7777-8888-9999-000000000000","auth":{auth}{more}}}"#
        );
        Target::all(&Config::parse(json.as_bytes()).expect("a configuration").config)
    }

    #[test]
    fn a_machine_with_an_identity_needs_no_login_host() {
        let proxy = r#","proxy":{"mode":"url","url":"http://proxy.example:3128"}"#;
        let names = |auth: &str| -> Vec<(Role, Option<String>)> {
            targets(auth, proxy).iter().map(|target| (target.role, target.name())).collect()
        };
        let proxy = || Some("proxy.example".to_owned());
        assert_eq!(names(r#"{"method":"managed_identity"}"#), [(Role::Metadata, None), (Role::Graph, proxy())]);
        assert_eq!(names(r#"{"method":"client_secret","secret":"s"}"#), [(Role::Login, proxy()), (Role::Graph, proxy())]);
        let accounts = r#","source":{"mode":"notifications","notifications":{"url":"https://a.example","accounts":[
            {"name":"a","auth":{"method":"device_code"}}]}}"#;
        let roles: Vec<Role> = targets(r#"{"method":"managed_identity"}"#, accounts).iter().map(|target| target.role).collect();
        assert_eq!(roles, [Role::Metadata, Role::Login, Role::Graph], "persons need it");
    }

    #[test]
    fn addresses_are_not_looked_up() {
        let endpoints = r#","endpoints":{"login":"https://[2001:db8::1]:8443","graph":"https://graph.example"}"#;
        let all = targets(r#"{"method":"client_secret","secret":"s"}"#, endpoints);
        assert_eq!((all[0].name(), all[0].host()), (None, "[2001:db8::1]:8443".to_owned()));
        assert_eq!(all[1].name().as_deref(), Some("graph.example"));
    }
}
