//! What a runtime leaves to the one after it: nothing that lives on the old one. A process of its own, so that nobody else holds a share.

use teams_presence_sync::http::Proxy;
use teams_presence_sync::process::{ClientKey, Process};

#[test]
fn a_client_does_not_outlive_its_runtime() {
    let key = || ClientKey {
        tenant_id: "t".to_owned(),
        client_id: "c".to_owned(),
        hosts: "h".to_owned(),
        ca_file: None,
        proxy: Proxy::None,
    };
    let first = Process::acquire().expect("a runtime");
    let old = first.client(key()).expect("a client");
    assert!(old.same_pool(&first.client(key()).expect("the same")));
    drop(first);
    // A task that is being dropped with its runtime may hold the client for a moment longer, as `old` does here.
    let second = Process::acquire().expect("a runtime again");
    assert!(!old.same_pool(&second.client(key()).expect("another")), "its connections would be the dead runtime's");
}
