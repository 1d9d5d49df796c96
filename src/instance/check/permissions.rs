//! Step 7: what the token carries, against what is needed.

use super::line::{Line, Step, Verdict};
use crate::auth::Claims;
use crate::config::Config;
use crate::graph::permission::{Need, excess, readable};
use crate::presence::Guid;
use crate::sync::UserInput;

pub(super) fn look_at(config: &Config, claims: &Claims, users: &[UserInput]) -> Line {
    let kind = if claims.app_only { "application" } else { "delegated" };
    let granted = if claims.app_only { &claims.roles } else { &claims.scopes };
    if !readable(claims) {
        return Line::warning(Step::Permissions, "the token cannot be looked into; the next steps show what it allows")
            .remedy("Compare the permissions of the app registration with docs/entra-setup.md by hand.");
    }
    // Accounts that the host names itself need not be searched by their addresses.
    let all_named = !users.is_empty() && users.iter().all(|user| names_account(user) || user.email.is_none());
    let mut missing: Vec<&str> = Vec::new();
    let mut lesser: Vec<&str> = Vec::new();
    if !Need::Presence.met_by(claims) {
        missing.push(Need::Presence.least());
    }
    if !Need::WholeUsers.met_by(claims) {
        if Need::Users.met_by(claims) || all_named {
            lesser.push(Need::WholeUsers.least());
        } else {
            missing.push(Need::WholeUsers.least());
        }
    }
    if config.publish.calls && !Need::Publish.met_by(claims) {
        missing.push(Need::Publish.least());
    }
    let excess = excess(claims, config.publish.calls);
    let foreign = claims.tenant_id.as_deref().filter(|theirs| {
        // A domain in the configuration cannot be compared.
        config.tenant_id.parse::<Guid>().is_ok() && !theirs.eq_ignore_ascii_case(&config.tenant_id)
    });
    // All of it is told: who grants what is missing can take away what is too much in the same go.
    let mut said = Said::default();
    if !missing.is_empty() {
        let other = if claims.app_only {
            "this sign-in is the application's own: delegated permissions do not count for it"
        } else {
            "this sign-in is a person's: application permissions do not count for it"
        };
        let message = format!("missing: {} ({kind}); {other}", missing.join(", "));
        // One go through the portal for what must and what should be granted.
        let wanted: Vec<&str> = missing.iter().chain(&lesser).copied().collect();
        said.add(Verdict::Failed, message, grant(&wanted, claims.app_only, config));
    }
    if let Some(tenant) = foreign {
        let message = format!("the token is for the tenant {tenant}, not for {}", config.tenant_id);
        said.add(Verdict::Failed, message, "Set tenant_id to the tenant whose users are to be followed.".to_owned());
    }
    if !lesser.is_empty() {
        let message =
            format!("without {} ({kind}) aliases are not found, guests and disabled accounts not told apart", lesser.join(", "));
        let remedy = if missing.is_empty() { grant(&lesser, claims.app_only, config) } else { String::new() };
        said.add(Verdict::Warning, if missing.is_empty() { format!("enough to work, but {message}") } else { message }, remedy);
    }
    if !excess.is_empty() {
        let remedy = format!(
            "Entra admin center > App registrations > {} > API permissions: remove what no other program with this app needs. This library \
             needs Presence.Read.All and User.Read.All{}, nothing else.",
            config.client_id,
            if config.publish.calls { ", and Presence.ReadWrite.All to publish" } else { "" }
        );
        said.add(Verdict::Warning, format!("more than needed: {}", excess.join(", ")), remedy);
    }
    let line = if said.messages.is_empty() {
        Line::ok(Step::Permissions, format!("all that is needed and no more: {} ({kind})", granted.join(", ")))
    } else {
        Line::new(Step::Permissions, said.worst, said.messages.join("; ")).remedy(said.remedies.join(" "))
    };
    line.fact("kind", kind)
        .fact("granted", granted.clone())
        .fact("missing", missing)
        .fact("recommended", lesser)
        .fact("excess", excess)
}

/// What is wrong, all of it, the worst first.
struct Said {
    worst: Verdict,
    messages: Vec<String>,
    remedies: Vec<String>,
}

impl Default for Said {
    fn default() -> Said {
        Said { worst: Verdict::Ok, messages: Vec::new(), remedies: Vec::new() }
    }
}

impl Said {
    fn add(&mut self, verdict: Verdict, message: String, remedy: String) {
        self.worst = self.worst.max(verdict);
        self.messages.push(message);
        self.remedies.extend(Some(remedy).filter(|remedy| !remedy.is_empty()));
    }
}

fn names_account(user: &UserInput) -> bool {
    user.entra_object_id.as_deref().is_some_and(|id| id.trim().parse::<Guid>().is_ok())
}

fn grant(names: &[&str], app_only: bool, config: &Config) -> String {
    let kind = if app_only { "Application permissions" } else { "Delegated permissions" };
    format!(
        "Entra admin center > App registrations > {} > API permissions > Add a permission > Microsoft Graph > {kind}: {}; then Grant admin \
         consent, until each line shows Granted. A new token carries it within some minutes.",
        config.client_id,
        names.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::HostDnd;

    fn config(tenant: &str) -> Config {
        let json = format!(
            r#"{{"mode":"presence_sync","tenant_id":"{tenant}","client_id":"66666666-7777-8888-9999-000000000000",
                "auth":{{"method":"client_secret","secret":"s"}}}}"#
        );
        Config::parse(json.as_bytes()).expect("a configuration").config
    }

    fn claims(app_only: bool, held: &[&str]) -> Claims {
        let held: Vec<String> = held.iter().map(|name| (*name).to_owned()).collect();
        let (roles, scopes) = if app_only { (held, Vec::new()) } else { (Vec::new(), held) };
        Claims {
            roles,
            scopes,
            app_only,
            tenant_id: Some("11111111-2222-3333-4444-555555555555".to_owned()),
            app_id: None,
            object_id: None,
        }
    }

    fn user(object: Option<&str>) -> UserInput {
        UserInput {
            user_id: "1".into(),
            email: Some("a@b.example".into()),
            entra_object_id: object.map(Box::from),
            rule_set: None,
            host_dnd: HostDnd::Unknown,
            host_queue_dnd: HostDnd::Unknown,
        }
    }

    #[test]
    fn all_that_is_missing_is_named_at_once() {
        let config = config("contoso.example");
        let line = look_at(&config, &claims(true, &[]), &[]);
        assert_eq!(line.verdict, Verdict::Failed);
        assert!(line.message.contains("Presence.Read.All, User.Read.All"), "{}", line.message);
        assert!(line.remedy.contains("Application permissions: Presence.Read.All, User.Read.All"), "{}", line.remedy);
        let person = look_at(&config, &claims(false, &["User.Read"]), &[]);
        assert!(person.message.contains("person") && person.remedy.contains("Delegated permissions"), "{person:?}");
    }

    #[test]
    fn less_and_more_than_needed() {
        let config = config("contoso.example");
        let verdict = |held: &[&str]| look_at(&config, &claims(true, held), &[]).verdict;
        assert_eq!(verdict(&["Presence.Read.All", "User.Read.All"]), Verdict::Ok);
        assert_eq!(verdict(&["Presence.Read.All", "User.ReadBasic.All"]), Verdict::Warning);
        assert_eq!(verdict(&["Presence.Read.All"]), Verdict::Failed);
        let excess = look_at(&config, &claims(true, &["Presence.Read.All", "User.Read.All", "Mail.Read"]), &[]);
        assert_eq!(excess.verdict, Verdict::Warning);
        assert!(excess.message.contains("Mail.Read"));
    }

    #[test]
    fn what_is_too_much_is_told_beside_what_is_missing() {
        let config = config("contoso.example");
        let line = look_at(&config, &claims(true, &["Mail.Read"]), &[]);
        assert_eq!(line.verdict, Verdict::Failed);
        for words in ["missing: Presence.Read.All, User.Read.All", "more than needed: Mail.Read"] {
            assert!(line.message.contains(words), "{words}: {line:?}");
        }
        assert!(line.remedy.contains("Grant admin consent") && line.remedy.contains("remove what no other program"), "{line:?}");
        let line = look_at(&config, &claims(true, &["Presence.Read.All", "User.ReadBasic.All", "Mail.Read"]), &[]);
        assert_eq!(line.verdict, Verdict::Warning);
        for words in ["without User.Read.All", "more than needed: Mail.Read"] {
            assert!(line.message.contains(words), "{words}: {line:?}");
        }
        // Missing and lesser at once: granted in one go, named once each.
        let line = look_at(&config, &claims(true, &["User.ReadBasic.All"]), &[]);
        assert!(line.message.contains("missing: Presence.Read.All (application)"), "{line:?}");
        assert!(line.remedy.contains("Application permissions: Presence.Read.All, User.Read.All;"), "{line:?}");
    }

    #[test]
    fn publishing_needs_more_and_nothing_else_does() {
        let reading = config("contoso.example");
        let mut publishing = reading.clone();
        publishing.publish.calls = true;
        let writes = claims(true, &["Presence.ReadWrite.All", "User.Read.All"]);
        assert_eq!(look_at(&publishing, &writes, &[]).verdict, Verdict::Ok);
        assert_eq!(look_at(&reading, &writes, &[]).verdict, Verdict::Warning, "more than reading needs");
        let reads = look_at(&publishing, &claims(true, &["Presence.Read.All", "User.Read.All"]), &[]);
        assert_eq!(reads.verdict, Verdict::Failed);
        assert!(reads.remedy.contains("Application permissions: Presence.ReadWrite.All"), "{}", reads.remedy);
    }

    #[test]
    fn object_ids_need_no_directory() {
        let held = claims(true, &["Presence.Read.All"]);
        let named = user(Some("aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"));
        let config = config("contoso.example");
        assert_eq!(look_at(&config, &held, std::slice::from_ref(&named)).verdict, Verdict::Warning);
        assert_eq!(look_at(&config, &held, &[named, user(None)]).verdict, Verdict::Failed);
    }

    #[test]
    fn a_token_of_another_tenant_is_told() {
        let all = ["Presence.Read.All", "User.Read.All"];
        let other = look_at(&config("aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"), &claims(true, &all), &[]);
        assert_eq!(other.verdict, Verdict::Failed);
        assert_eq!(look_at(&config("11111111-2222-3333-4444-555555555555"), &claims(true, &all), &[]).verdict, Verdict::Ok);
        let opaque = Claims { tenant_id: None, ..claims(true, &[]) };
        assert_eq!(look_at(&config("contoso.example"), &opaque, &[]).verdict, Verdict::Warning);
    }
}
