//! The application: its registration, its credential, its permissions.

use teams_presence_simulator::{AppSpec, CLIENT_SECRET, SecretSpec};

use super::Case;
use crate::printed::{fails, warns};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            symptom: "Entra does not know the tenant",
            broken: "`tenant_id` has a wrong digit.",
            break_it: |rig| rig.config["tenant_id"] = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee".into(),
            expected: vec![fails("sign_in", &["AADSTS90002", "no such tenant"], &["tenant_id", "Tenant ID", "cloud"])],
            repair: "Copy the Tenant ID from the overview page; do not take the id of the application or of a user. A tenant of the US government \
                     is only found with `cloud` set.",
            changes: &["tenant_id", "cloud"],
        },
        Case {
            symptom: "The tenant is one of another cloud",
            broken: "the tenant lives in the US Government cloud, and `cloud` is not set.",
            break_it: |rig| rig.entra_says(900382),
            expected: vec![fails("sign_in", &["AADSTS900382", "another Microsoft cloud"], &["cloud", "us_gov"])],
            repair: "Set `cloud` to `us_gov` (GCC High) or `us_gov_dod`, and take `endpoints` out.",
            changes: &["cloud", "endpoints"],
        },
        Case {
            symptom: "Entra does not know the application",
            broken: "`client_id` is not that of an application of this tenant.",
            break_it: |rig| rig.config["client_id"] = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee".into(),
            expected: vec![fails("sign_in", &["AADSTS700016", "client id"], &["client_id", "Application ID", "tenant_id"])],
            repair: "Copy the Application (client) ID from the overview page of the app registration: neither its Object ID nor the secret's id.",
            changes: &["client_id"],
        },
        Case {
            symptom: "The application has been disabled",
            broken: "sign-in is switched off for the enterprise application.",
            break_it: |rig| rig.app(AppSpec { disabled: Some(true), ..AppSpec::default() }),
            expected: vec![fails(
                "sign_in",
                &["AADSTS7000112", "disabled"],
                &["Enterprise applications", "Enabled for users to sign in"],
            )],
            repair: "Switch it on again, and ask who switched it off.",
            changes: &[],
        },
        Case {
            symptom: "The secret is refused",
            broken: "`auth.secret` is not a secret of this application.",
            break_it: |rig| rig.config["auth"]["secret"] = "not~the.secret".into(),
            expected: vec![fails(
                "sign_in",
                &["AADSTS7000215", "client secret is wrong"],
                &["value of the secret, not its id", "Certificates & secrets"],
            )],
            repair: "Add a new secret and copy its value at once. A copied blank or a cut end counts as well.",
            changes: &["auth.secret"],
        },
        Case {
            symptom: "It worked for months, and since last night nobody signs in",
            broken: "the client secret has expired.",
            break_it: |rig| {
                let secret = SecretSpec { value: CLIENT_SECRET.to_owned(), expires_ms: Some(rig.simulator.now() - 3_600_000) };
                rig.app(AppSpec { secrets: Some(vec![secret]), ..AppSpec::default() });
            },
            expected: vec![fails("sign_in", &["AADSTS7000222", "expired"], &["add a new client secret"])],
            repair: "Add a new secret and put it into the configuration. Set `auth.expires_at` with it, and the next end is told 30 days ahead.",
            changes: &["auth.secret", "auth.expires_at"],
        },
        Case {
            symptom: "The certificate is refused",
            broken: "the certificate of `auth.certificate` is not registered for the application.",
            break_it: |rig| rig.certificate(false),
            expected: vec![fails("sign_in", &["AADSTS700027", "certificate"], &["Upload the certificate", "thumbprint"])],
            repair: "Upload it (the certificate, never the key), compare the thumbprints and wait some minutes.",
            changes: &[],
        },
        Case {
            symptom: "A secret is sent for an application that must have none",
            broken: "the application allows public client flows, and the configuration has a secret.",
            break_it: |rig| rig.entra_says(700025),
            expected: vec![fails("sign_in", &["AADSTS700025", "public client"], &["auth.secret", "Allow public client flows"])],
            repair: "With `client_secret` or `certificate` the application must be confidential: switch public client flows off.",
            changes: &[],
        },
        Case {
            symptom: "A policy blocks the sign-in",
            broken: "a Conditional Access policy for workload identities does not allow this address.",
            break_it: |rig| rig.entra_says(53003),
            expected: vec![fails("sign_in", &["AADSTS53003", "Conditional Access"], &["Sign-in logs", "names the policy"])],
            repair: "Find the attempt in the sign-in log by its time and application (service principal sign-ins are a list of their own) and \
                     adapt the policy.",
            changes: &[],
        },
        Case {
            symptom: "Entra itself has trouble",
            broken: "Entra answers that a passing error has occurred.",
            break_it: |rig| rig.entra_says(90033),
            expected: vec![fails(
                "sign_in",
                &["AADSTS90033", "passing trouble"],
                &["Nothing is wrong here", "some minutes", "status.cloud.microsoft"],
            )],
            repair: "Wait; a running instance goes on with the token that it has and tries again by itself. status.cloud.microsoft tells of large \
                     outages.",
            changes: &[],
        },
    ]
}

pub(super) fn permissions() -> Vec<Case> {
    vec![
        Case {
            symptom: "Sign-in works, presence does not come",
            broken: "the application permission Presence.Read.All is missing.",
            break_it: |rig| rig.roles(&["User.Read.All"]),
            expected: vec![
                fails(
                    "permissions",
                    &["missing: Presence.Read.All (application)"],
                    &["Application permissions: Presence.Read.All", "Grant admin consent"],
                ),
                fails("presence", &["403", "Presence.Read.All"], &["Presence.Read.All", "admin consent"]),
            ],
            repair: "Add it and grant admin consent: without the consent the permission is listed, but not in the token.",
            changes: &[],
        },
        Case {
            symptom: "Sign-in works, nobody is found",
            broken: "the application permission User.Read.All is missing.",
            break_it: |rig| rig.roles(&["Presence.Read.All"]),
            expected: vec![
                fails("permissions", &["missing: User.Read.All (application)"], &["Application permissions: User.Read.All"]),
                fails("users", &["403"], &["application permission User.Read.All"]),
            ],
            repair: "Add it and grant admin consent. Where the telephone system knows the object id of each user, it can do without.",
            changes: &[],
        },
        Case {
            symptom: "All permissions are in the list and none works",
            broken: "the permissions were added as delegated ones; an application with a secret needs application permissions.",
            break_it: |rig| rig.roles(&[]),
            expected: vec![
                fails(
                    "permissions",
                    &["missing: Presence.Read.All, User.Read.All (application)", "delegated permissions do not count"],
                    &["Application permissions: Presence.Read.All, User.Read.All", "Grant admin consent"],
                ),
                fails("users", &["403"], &["application permission User.Read.All", "admin consent"]),
            ],
            repair: "Look at the column Type in API permissions: each must say Application, and its status Granted. Remove the delegated ones.",
            changes: &[],
        },
        Case {
            symptom: "It works, but people are not found by their aliases",
            broken: "there is only User.ReadBasic.All, not User.Read.All.",
            break_it: |rig| rig.roles(&["Presence.Read.All", "User.ReadBasic.All"]),
            expected: vec![warns(
                "permissions",
                &["User.Read.All", "aliases", "guests"],
                &["Application permissions: User.Read.All"],
            )],
            repair: "Grant User.Read.All, or leave it so if every address in the telephone system is the mail address or user principal name.",
            changes: &[],
        },
        Case {
            symptom: "The security team asks why it may write the directory",
            broken: "the application has Directory.ReadWrite.All besides.",
            break_it: |rig| rig.roles(&["Presence.Read.All", "User.Read.All", "Directory.ReadWrite.All"]),
            expected: vec![warns(
                "permissions",
                &["more than needed: Directory.ReadWrite.All"],
                &["remove", "Presence.Read.All and User.Read.All, nothing else"],
            )],
            repair: "Remove it, and give this library an application of its own where another program needs it.",
            changes: &[],
        },
    ]
}
