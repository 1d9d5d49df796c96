//! The document and the files it names.

use serde_json::json;

use super::Case;
use crate::gateway;
use crate::printed::{fails, warns};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            symptom: "Nothing starts since the file was edited by hand",
            broken: "a comma is missing in the JSON, after the first line.",
            break_it: |rig| {
                rig.document = Some("{\n  \"mode\": \"presence_sync\"\n  \"tenant_id\": \"contoso.test\"\n}\n".to_owned());
            },
            expected: vec![fails("configuration", &["line 3", "JSON"], &["docs/configuration.md"])],
            repair: "The line named is where reading stopped; the slip is there or in the line before. Most editors check JSON, and the schema \
                     (`tps schema`) besides.",
            changes: &[],
        },
        Case {
            symptom: "A setting is refused as unknown",
            broken: "`cloud` is written `cluod`.",
            break_it: |rig| rig.config["cluod"] = "global".into(),
            expected: vec![fails("configuration", &["cluod", "cloud"], &["docs/configuration.md"])],
            repair: "Correct the spelling. A key that is not known is never passed over, since what it should have set would be missing.",
            changes: &[],
        },
        Case {
            symptom: "The tenant is in China",
            broken: "`cloud` is `china`, the cloud run by 21Vianet.",
            break_it: |rig| rig.config["cloud"] = "china".into(),
            expected: vec![fails("configuration", &["cloud", "china", "global"], &["docs/configuration.md"])],
            repair: "There is nothing to set: Graph has no presence in that cloud. The worldwide and the US Government clouds have it.",
            changes: &[],
        },
        Case {
            symptom: "tenant_id is common, as in an example from the web",
            broken: "`tenant_id` is `common`, which stands for every tenant.",
            break_it: |rig| rig.config["tenant_id"] = "common".into(),
            expected: vec![fails("configuration", &["tenant_id", "common"], &["docs/configuration.md"])],
            repair: "Enter the Tenant ID from the overview page of the Entra admin center.",
            changes: &["tenant_id"],
        },
        Case {
            symptom: "The secret is refused before anything is sent",
            broken: "the id of the client secret was copied instead of its value.",
            break_it: |rig| rig.config["auth"]["secret"] = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0".into(),
            expected: vec![fails("configuration", &["auth.secret", "id", "value"], &["docs/configuration.md"])],
            repair: "Entra shows two columns, Value and Secret ID. Only the value works, and it is shown only right after the secret was made: \
                     if it is lost, add a new secret.",
            changes: &["auth.secret"],
        },
    ]
}

pub(super) fn credentials() -> Vec<Case> {
    vec![
        Case {
            symptom: "The secret's file is not there",
            broken: "`auth.secret.file` names a file that does not exist.",
            break_it: |rig| {
                let path = rig.path("secret");
                rig.config["auth"]["secret"] = json!({ "file": path });
            },
            expected: vec![fails("sign_in", &["auth.secret", "/etc/pbx/secret", "No such file"], &["readable for the account"])],
            repair: "Make the file with the secret's value in it and nothing else: owned by the account of the telephone system, mode 600. Where \
                     the file is there, the same line says `Permission denied`, and the owner or mode is wrong.",
            changes: &[],
        },
        Case {
            symptom: "The secret's file is empty",
            broken: "`auth.secret.file` names an empty file.",
            break_it: |rig| {
                let path = rig.file("secret", "\n");
                rig.config["auth"]["secret"] = json!({ "file": path });
            },
            expected: vec![fails("sign_in", &["auth.secret", "/etc/pbx/secret", "empty"], &["what is in it"])],
            repair: "Write the secret's value into the file. It is read anew for each sign-in, so nothing else is to be done.",
            changes: &[],
        },
        Case {
            symptom: "It works in a shell but not as a service",
            broken: "`auth.secret.env` names an environment variable that the service does not have.",
            break_it: |rig| rig.config["auth"]["secret"] = json!({"env": "PBX_TEAMS_SECRET"}),
            expected: vec![fails("sign_in", &["auth.secret", "PBX_TEAMS_SECRET: not set"], &["variable"])],
            repair: "Give the variable to the service itself (systemd: `Environment=` or `LoadCredential=` with `auth.secret.file`), not to a \
                     login shell, and start it anew.",
            changes: &["auth.secret"],
        },
        Case {
            symptom: "Certificate and key do not belong together",
            broken: "`auth.certificate` was renewed, `auth.key` is still the old one.",
            break_it: |rig| {
                rig.certificate(true);
                let (_, other) = gateway::client_certificate();
                rig.file("client.key", &other);
            },
            expected: vec![fails(
                "sign_in",
                &["auth.certificate", "/etc/pbx/client.pem", "does not belong to the private key"],
                &["what is in it"],
            )],
            repair: "Put both files of the same pair in place. `openssl x509 -noout -pubkey -in client.pem` and `openssl pkey -pubout -in \
                     client.key` must print the same.",
            changes: &[],
        },
        Case {
            symptom: "The certificate was exported as PFX",
            broken: "`auth.certificate` names a PFX file; PEM is wanted.",
            break_it: |rig| {
                rig.certificate(true);
                rig.file("client.pem", b"0\x82\x0a\x51\x02\x01\x03");
            },
            expected: vec![fails(
                "sign_in",
                &["auth.certificate", "/etc/pbx/client.pem", "not PEM text but binary", "openssl pkcs12"],
                &["what is in it"],
            )],
            repair: "Take the parts out of it: `openssl pkcs12 -in client.pfx -nokeys -clcerts -out client.pem` and `openssl pkcs12 -in client.pfx \
                     -nocerts -nodes -out client.key`.",
            changes: &[],
        },
        Case {
            symptom: "The private key has a pass phrase",
            broken: "`auth.key` is encrypted.",
            break_it: |rig| {
                rig.certificate(true);
                rig.file("client.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n");
            },
            expected: vec![fails(
                "sign_in",
                &["auth.key", "/etc/pbx/client.key", "pass phrase", "openssl pkey"],
                &["what is in it"],
            )],
            repair: "Nobody is there to enter it: take the pass phrase off as the line says, and close the file to others (mode 600).",
            changes: &[],
        },
        Case {
            symptom: "It works, but the secret ends in a few days",
            broken: "`auth.expires_at` is in five days.",
            break_it: |rig| {
                let end = teams_presence_sync::time::utc(rig.simulator.now() + 5 * 86_400_000)[..10].to_owned();
                rig.config["auth"]["expires_at"] = end.as_str().into();
                rig.names(end, "DATE");
                // Today is not over yet, or just was.
                for left in 3..=5 {
                    rig.names(format!("({left} days left"), "(NUMBER days left");
                }
            },
            expected: vec![warns(
                "sign_in",
                &["signed in", "expires on DATE", "NUMBER days left"],
                &["add a new one", "auth.next"],
            )],
            repair: "Add a new secret beside the old one in Entra and put it into `auth.next` now: it takes over by itself when the old one ends, \
                     without a gap.",
            changes: &["auth.next"],
        },
    ]
}
