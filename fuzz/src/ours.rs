//! What is ours in all of this: two subscriptions, one that is being created, a tenant.

use teams_presence_sync::presence::Guid;
use teams_presence_sync::source::notify::{Intake, Registry, Room};
use teams_presence_sync::time::Clock;

pub const TENANT: Guid = Guid(0xfec7_3c09_0000_0000_0000_0000_0000_abcd);
pub const FIRST: Guid = Guid(0x37a1_0357_9c28_4cb8_8a4f_a85a_1e9b_5a7b);
pub const SECOND: Guid = Guid(0x37a1_0357_9c28_4cb8_8a4f_a85a_1e9b_5a7c);
pub const USER: Guid = Guid(0x1111_1111_2222_3333_4444_5555_5555_cafe);
/// As long as those that the library makes.
pub const FIRST_STATE: &str = "9b1c53f07f6a4d2d8b0e6c7b1a59e0aa9b1c53f07f6a4d2d8b0e6c7b1a59e0aa";
pub const SECOND_STATE: &str = "0c1c53f07f6a4d2d8b0e6c7b1a59e0bb0c1c53f07f6a4d2d8b0e6c7b1a59e0bb";
pub const NEW_STATE: &str = "5d1c53f07f6a4d2d8b0e6c7b1a59e0cc5d1c53f07f6a4d2d8b0e6c7b1a59e0cc";
pub const ACCOUNTS: [&str; 3] = ["main", "second", "third"];

/// An empty intake that knows them. `tenant`: whether the configuration names ours by its id.
pub fn intake(tenant: bool) -> Intake {
    let registry = Registry::new();
    registry.set(FIRST, FIRST_STATE, ACCOUNTS[0], 1);
    registry.set(SECOND, SECOND_STATE, ACCOUNTS[1], 1);
    registry.pending(ACCOUNTS[2], NEW_STATE);
    Intake::new(registry, tenant.then_some(TENANT), Clock::system(), Room::default())
}

/// The account for which an item is ours, by the rule that `docs/security.md` states.
pub fn account(id: Guid, state: Option<&str>, tenant: Option<Guid>, tenant_known: bool) -> Option<&'static str> {
    if tenant_known && tenant.is_some_and(|tenant| tenant != TENANT) {
        return None;
    }
    match state? {
        FIRST_STATE if id == FIRST => Some(ACCOUNTS[0]),
        SECOND_STATE if id == SECOND => Some(ACCOUNTS[1]),
        NEW_STATE => Some(ACCOUNTS[2]),
        _ => None,
    }
}
