//! Addresses that lead to nobody, or to the wrong one.

use teams_presence_simulator::UserSpec;

use super::Case;
use crate::printed::{fails, warns};
use crate::rig::Rig;

fn twice(rig: &mut Rig, upn: &str) {
    let user = UserSpec { user_principal_name: Some(upn.into()), mail: Some("sales@contoso.test".into()), ..UserSpec::default() };
    rig.simulator.add_user(user).expect("added");
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            symptom: "One colleague's telephone never follows Teams",
            broken: "user 104 has an address in the telephone system that nobody has in Entra.",
            break_it: |rig| rig.users.push_str("104,ann.archer-smith@contoso.test\n"),
            expected: vec![warns(
                "users",
                &["3 of 4 found", "an address that nobody has: 1 (104)"],
                &["mail, user principal name and proxy addresses", "object id"],
            )],
            repair: "Correct the address on one side, or enter the person's object id in the telephone system.",
            changes: &[],
        },
        Case {
            symptom: "Two people share an address",
            broken: "two accounts have the address of user 104.",
            break_it: |rig| {
                twice(rig, "one@contoso.test");
                twice(rig, "two@contoso.test");
                rig.users.push_str("104,sales@contoso.test\n");
            },
            expected: vec![warns(
                "users",
                &["3 of 4 found", "several accounts have: 1 (104)"],
                &["object id of the account that is meant"],
            )],
            repair: "Nobody is guessed at: give user 104 the object id of the one who is meant.",
            changes: &[],
        },
        Case {
            symptom: "A guest from another company is not followed",
            broken: "the address of user 104 is that of a guest account.",
            break_it: |rig| rig.users.push_str("104,gast@partner.test\n"),
            expected: vec![warns(
                "users",
                &["3 of 4 found", "only a guest account: 1 (104)"],
                &["guest's presence is in the tenant he comes from"],
            )],
            repair: "Nothing can be read: a guest's presence lives in the tenant that he comes from. Take his address out, or connect that tenant by an \
                     instance of its own.",
            changes: &[],
        },
        Case {
            symptom: "Somebody who came back is not followed",
            broken: "the account of user 102 is disabled.",
            break_it: |rig| {
                let off = UserSpec { enabled: Some(false), ..UserSpec::default() };
                rig.simulator.default_tenant().update_user("ben@contoso.test", off).expect("disabled");
            },
            expected: vec![warns("users", &["2 of 3 found", "only a disabled account: 1 (102)"], &["Enable the account"])],
            repair: "Enable the account; the next look at the directory finds it.",
            changes: &[],
        },
        Case {
            symptom: "An object id leads nowhere",
            broken: "user 104 has the object id of an account that was deleted and made anew.",
            break_it: |rig| rig.users.push_str("104,,aaaaaaaa-0000-0000-0000-eeeeeeeeeeee\n"),
            expected: vec![warns(
                "users",
                &["3 of 4 found", "an object id that does not exist: 1 (104)"],
                &["Copy the object id anew"],
            )],
            repair: "Enter the new object id. The name is the same, the account is not.",
            changes: &[],
        },
        Case {
            symptom: "Nobody at all is found",
            broken: "the telephone system has all addresses in a domain that the tenant does not use.",
            break_it: |rig| rig.users = "101,ann@contoso.example\n102,ben@contoso.example\n".to_owned(),
            expected: vec![fails(
                "users",
                &["0 of 2 found", "an address that nobody has: 2 (101, 102)"],
                &["mail, user principal name and proxy addresses"],
            )],
            repair: "Compare one address letter by letter. After a change of domain, the old one can stay as proxy address in Exchange.",
            changes: &[],
        },
    ]
}
