//! The tenant that every simulator has unless told otherwise.

use crate::Error;
use crate::action::{Action, perform};
use crate::directory::{UserSpec, UserType};
use crate::presence::PresenceSpec;
use crate::tenant::{AppSpec, SecretSpec, TenantSpec};
use crate::world::Shared;

/// The tenant id of the default tenant.
pub const TENANT_ID: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
/// The domain of the default tenant.
pub const DOMAIN: &str = "contoso.test";
/// The client id of the confidential app in the default tenant.
pub const CLIENT_ID: &str = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";
/// Its secret: every character that somebody once forgot to encode.
pub const CLIENT_SECRET: &str = "s[e]c<r>e?t#&%+ \"quo'te~ü€.Q";
/// The client id of the public app in the default tenant: user name and password, device code.
pub const PUBLIC_CLIENT_ID: &str = "16fd2706-8baf-433b-82eb-8c7fada847da";
/// The service account for sign-in with user name and password.
pub const SERVICE_ACCOUNT: &str = "presence-service@contoso.test";
/// Its password.
pub const SERVICE_PASSWORD: &str = "p[a]s<s>w?o#r&d%+ \"quo'te~ü€.Q";

/// The eight people of the small office: first name, display name.
pub(crate) const PEOPLE: [(&str, &str); 8] = [
    ("ann", "Ann Archer"),
    ("ben", "Ben Baker"),
    ("cleo", "Cleo Carter"),
    ("dev", "Dev Desai"),
    ("eva", "Eva Engel"),
    ("finn", "Finn Fischer"),
    ("gina", "Gina Greco"),
    ("hugo", "Hugo Hansen"),
];

/// Fills an empty simulator.
pub(crate) fn fill(shared: &Shared) -> Result<(), Error> {
    let tenant = TenantSpec {
        id: Some(TENANT_ID.into()),
        domains: vec![DOMAIN.into(), "contoso.onmicrosoft.test".into()],
        display_name: Some("Contoso".into()),
        ..TenantSpec::default()
    };
    let text = |list: &[&str]| Some(list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>());
    let roles = text(&["Presence.Read.All", "User.Read.All"]);
    let scopes = text(&["Presence.Read", "Presence.Read.All", "Presence.ReadWrite", "User.Read", "User.Read.All"]);
    let confidential = AppSpec {
        client_id: Some(CLIENT_ID.into()),
        display_name: Some("PBX presence".into()),
        secrets: Some(vec![SecretSpec::from(CLIENT_SECRET)]),
        roles,
        scopes: scopes.clone(),
        ..AppSpec::default()
    };
    let public = AppSpec {
        client_id: Some(PUBLIC_CLIENT_ID.into()),
        display_name: Some("PBX presence (public)".into()),
        public_client: Some(true),
        scopes,
        ..AppSpec::default()
    };
    let mut users: Vec<UserSpec> = PEOPLE
        .iter()
        .map(|(first, name)| UserSpec {
            user_principal_name: Some(format!("{first}@{DOMAIN}")),
            display_name: Some((*name).into()),
            proxy_addresses: Some(vec![
                format!("SMTP:{first}@{DOMAIN}"),
                format!("smtp:{}@{DOMAIN}", name.to_lowercase().replace(' ', ".")),
            ]),
            ..UserSpec::default()
        })
        .collect();
    users.push(UserSpec {
        user_principal_name: Some(SERVICE_ACCOUNT.into()),
        display_name: Some("Presence service".into()),
        password: Some(SERVICE_PASSWORD.into()),
        ..UserSpec::default()
    });
    users.push(UserSpec {
        user_principal_name: Some("gast_partner.test#EXT#@contoso.onmicrosoft.test".into()),
        mail: Some("gast@partner.test".into()),
        other_mails: Some(vec!["gast@partner.test".into()]),
        display_name: Some("A guest".into()),
        user_type: Some(UserType::Guest),
        ..UserSpec::default()
    });
    perform(shared, Action::Tenant(tenant))?;
    perform(shared, Action::App { tenant: None, app: confidential })?;
    perform(shared, Action::App { tenant: None, app: public })?;
    perform(shared, Action::Users { tenant: None, users, bulk: None })?;
    for (first, _) in PEOPLE {
        let presence = PresenceSpec::new("Available", "Available");
        perform(shared, Action::Presence { tenant: None, user: format!("{first}@{DOMAIN}"), presence })?;
    }
    Ok(())
}
