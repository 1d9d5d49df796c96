//! Sign-in with an account: password and device code.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;
use teams_presence_simulator::{AppSpec, PUBLIC_CLIENT_ID, UserSpec};

use super::Case;
use crate::printed::{fails, warns};
use crate::rig::Rig;

/// The account signs in with the right password, and Entra says no for another reason.
fn refused(rig: &mut Rig, code: u32) {
    rig.person();
    rig.service_account(UserSpec { sign_in_error: Some(code), ..UserSpec::default() });
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            symptom: "User name or password is wrong",
            broken: "`auth.password` is not the account's password.",
            break_it: |rig| {
                rig.person();
                rig.config["auth"]["password"] = "wrong".into();
            },
            expected: vec![fails(
                "sign_in",
                &["AADSTS50126", "password is wrong"],
                &["auth.username", "auth.password", "locked"],
            )],
            repair: "Try the account once in a browser. Do not run the check again and again meanwhile: without a state directory each run is one more \
                     wrong password.",
            changes: &["auth.password"],
        },
        Case {
            symptom: "The password has been corrected in Entra, and the check says refused all the same",
            broken: "the password of the configuration was refused some moments ago, here or in the telephone system.",
            break_it: |rig| {
                rig.person();
                rig.config["auth"]["password"] = "wrong".into();
                let path = rig.path("state");
                std::fs::create_dir(&path).expect("made");
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).expect("its mode");
                rig.config["state"] = json!({ "dir": path });
                // The refusal of before.
                rig.check();
                // The account is right now, but nobody tries it.
                rig.service_account(UserSpec { password: Some("wrong".to_owned()), ..UserSpec::default() });
                // A test takes time.
                for left in 55..=60 {
                    rig.names(format!("again in {left} min"), "again in MINUTES min");
                }
            },
            expected: vec![fails(
                "sign_in",
                &["AADSTS50126", "so it was before, and nothing was sent now", "another one at once"],
                &["auth.username", "auth.password"],
            )],
            repair: "Wait as long as the line says, or set the account a password that was not refused yet and put it into the configuration. Each \
                     password that is sent in vain brings the account nearer to being locked, so this one is kept back, also after a restart.",
            changes: &["auth.password"],
        },
        Case {
            symptom: "There is no such account",
            broken: "`auth.username` is misspelt.",
            break_it: |rig| {
                rig.person();
                rig.config["auth"]["username"] = "presence-servise@contoso.test".into();
            },
            expected: vec![fails("sign_in", &["AADSTS50034", "no such account"], &["user principal name", "tenant_id"])],
            repair: "Copy the user principal name from the account's page; the mail address may be another.",
            changes: &["auth.username"],
        },
        Case {
            symptom: "The account is locked",
            broken: "too many wrong passwords were tried, here or elsewhere.",
            break_it: |rig| refused(rig, 50053),
            expected: vec![fails("sign_in", &["AADSTS50053", "locked"], &["unblock", "sign-in log", "auth.password"])],
            repair: "Correct the password first, then unblock. The sign-in log shows from which address the wrong ones came.",
            changes: &["auth.password"],
        },
        Case {
            symptom: "A second factor is demanded",
            broken: "a policy demands multi-factor authentication of the account.",
            break_it: |rig| refused(rig, 50076),
            expected: vec![fails(
                "sign_in",
                &["AADSTS50076", "second factor"],
                &["Conditional Access", "client_secret", "device_code"],
            )],
            repair: "Prefer `client_secret` or `certificate`: an application is asked for no second factor. With an account, `device_code` lets a person \
                     pass it once.",
            changes: &["auth.method"],
        },
        Case {
            symptom: "The account must register for multi-factor authentication",
            broken: "security defaults want the account to enrol.",
            break_it: |rig| refused(rig, 50079),
            expected: vec![fails("sign_in", &["AADSTS50079", "register"], &["security defaults", "client_secret"])],
            repair: "Do not enrol a telephone for a service account: use `client_secret` or `certificate`.",
            changes: &["auth.method"],
        },
        Case {
            symptom: "The password of the service account has expired",
            broken: "the password is older than the policy allows.",
            break_it: |rig| refused(rig, 50055),
            expected: vec![fails("sign_in", &["AADSTS50055", "expired"], &["new password", "client secret or certificate"])],
            repair: "Set a new password and put it into the configuration; `auth.expires_at` tells of the next end ahead of time.",
            changes: &["auth.password", "auth.expires_at"],
        },
        Case {
            symptom: "The service account is disabled",
            broken: "the account was switched off.",
            break_it: |rig| {
                rig.person();
                rig.service_account(UserSpec { enabled: Some(false), ..UserSpec::default() });
            },
            expected: vec![fails("sign_in", &["AADSTS50057", "disabled"], &["Account status", "Enabled"])],
            repair: "Switch it on again, and ask who switched it off: lists of unused accounts often catch it.",
            changes: &[],
        },
        Case {
            symptom: "A policy blocks the account",
            broken: "a Conditional Access policy blocks sign-ins from this address.",
            break_it: |rig| refused(rig, 53003),
            expected: vec![fails("sign_in", &["AADSTS53003", "Conditional Access"], &["Sign-in logs", "allow this account"])],
            repair: "The attempt in the sign-in log names the policy. Exclude the account, or add the address to the named locations.",
            changes: &[],
        },
        Case {
            symptom: "Nobody has consented",
            broken: "the permissions of the application were never consented to.",
            break_it: |rig| {
                rig.person();
                let app = AppSpec { client_id: Some(PUBLIC_CLIENT_ID.into()), scopes: Some(Vec::new()), ..AppSpec::default() };
                rig.simulator.default_tenant().put_app(app).expect("the application");
                rig.entra_says(65001);
            },
            expected: vec![fails("sign_in", &["AADSTS65001", "consent"], &["Grant admin consent"])],
            repair: "Grant it for the whole organisation, once.",
            changes: &[],
        },
        Case {
            symptom: "With an account, the application's permissions do not count",
            broken: "Presence.Read.All is granted as application permission only, and an account signs in.",
            break_it: |rig| {
                rig.person();
                let scopes = Some(vec!["User.Read".to_owned(), "User.Read.All".to_owned()]);
                let app = AppSpec { client_id: Some(PUBLIC_CLIENT_ID.into()), scopes, ..AppSpec::default() };
                rig.simulator.default_tenant().put_app(app).expect("the application");
                rig.config["auth"]["scope"] = format!("{}/.default", rig.simulator.base_url()).into();
            },
            expected: vec![
                fails(
                    "permissions",
                    &["missing: Presence.Read.All (delegated)", "application permissions do not count"],
                    &["Delegated permissions: Presence.Read.All"],
                ),
                fails("presence", &["403"], &["delegated permission Presence.Read.All"]),
            ],
            repair: "Add it as delegated permission and grant admin consent, or sign in with a secret or certificate.",
            changes: &[],
        },
        Case {
            symptom: "Device code: nobody has signed in yet",
            broken: "`auth.method` is `device_code`, and there is no stored sign-in.",
            break_it: |rig| {
                rig.config["client_id"] = PUBLIC_CLIENT_ID.into();
                rig.config["auth"] = json!({"method": "device_code"});
            },
            expected: vec![warns(
                "sign_in",
                &["a person has to sign in", "without state.dir"],
                &["Set state.dir", "tps login", "TPS_EVENT_SIGN_IN_REQUIRED"],
            )],
            repair: "Run `tps login --config FILE` while the telephone system is stopped, or enter the code that the running one shows. Set \
                     `state.dir`, or every restart asks again.",
            changes: &["state.dir"],
        },
    ]
}
