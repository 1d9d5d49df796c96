//! What outlives the process of the queue's DND.

use std::sync::Arc;

use super::keep::Disk;
use super::queue::{RULES, WITHOUT, explained};
use super::*;

/// Of a user with both: what is to be on disk.
fn both(direct: Keeps, queue: Keeps) -> Keeps {
    direct.with_queue(queue)
}

#[test]
fn the_file_keeps_the_two_apart() {
    let keeps = [Keeps::NOTHING, Keeps::OWNED, Keeps::INTENDED, Keeps::OVERRIDDEN, Keeps::OWNED.and(Keeps::OVERRIDDEN)];
    for direct in keeps {
        assert_eq!((direct.direct(), direct.queue()), (direct, Keeps::NOTHING), "an old record speaks of the direct one alone");
        for queue in keeps {
            let all = both(direct, queue);
            assert_eq!((all.direct(), all.queue()), (direct, queue));
            assert_eq!(Keeps::from_bits(all.bits()), Some(all));
        }
    }
    assert_eq!((Keeps::from_bits(0x40), Keeps::from_bits(0x80)), (None, None));
    assert_eq!(format!("{:?}", both(Keeps::OWNED, Keeps::OVERRIDDEN)), "owned+queue_overridden");
}

#[test]
fn each_on_waits_for_its_own_intent() {
    let mut office = Office::after_crash(RULES, &Disk::default(), START);
    let mut disk = Disk::default();
    let now = office.moment();
    office.engine.start(now);
    office.put(&["ann"]);
    office.teams("ann", "Busy", "InAMeeting");
    assert_eq!(office.settle(), ["ann chat Dnd Resync #1"]);
    let first = office.engine.take_commit(office.moment()).expect("the queue's intent");
    assert_eq!(first.users, [(Arc::from("ann"), both(Keeps::NOTHING, Keeps::INTENDED))]);
    // The direct one comes to be wanted while the first is under way.
    office.teams("ann", "Busy", "InACall");
    disk.write(first);
    let now = office.moment();
    office.engine.kept(now);
    assert_eq!(office.settle(), ["ann queue On Resync #1"], "the direct one's is not there yet");
    office.flush(&mut disk);
    assert_eq!(office.settle(), ["ann dnd On Rule #1"]);
    office.flush(&mut disk);
    assert_eq!(disk.users["ann"], both(Keeps::OWNED, Keeps::OWNED));

    // The process is gone; a new one knows whose they are.
    let mut office = Office::after_crash(RULES, &disk, office.now + 1_000);
    let now = office.moment();
    office.engine.start(now);
    office.put(&["ann"]);
    assert_eq!(explained(&office, "ann")["queue"]["on_disk"][0], "owned");
    office.teams("ann", "Available", "Available");
    assert_eq!(office.settle(), ["ann dnd Off Resync #1", "ann queue Off Resync #1", "ann chat Available Resync #1"]);
    office.flush(&mut disk);
    assert!(disk.users.is_empty());
}

#[test]
fn a_stored_queue_of_nobody_is_given_back() {
    for rules in [RULES, WITHOUT] {
        let mut disk = Disk::default();
        disk.users.insert("ann".into(), both(Keeps::NOTHING, Keeps::OWNED));
        disk.users.insert("bob".into(), both(Keeps::NOTHING, Keeps::OVERRIDDEN));
        let mut office = Office::after_crash(rules, &disk, START);
        let now = office.moment();
        office.engine.start(now);
        office.engine.set_users(vec![], now);
        assert_eq!(office.settle(), ["ann queue Off Removed #1", "ann chat Released Removed #1"]);
        office.flush(&mut disk);
        assert!(disk.users.is_empty(), "{disk:?}");
    }
}

#[test]
fn a_stored_queue_whose_word_is_gone_is_given_back_at_once() {
    let mut disk = Disk::default();
    disk.users.insert("ann".into(), both(Keeps::NOTHING, Keeps::INTENDED));
    let mut office = Office::after_crash(WITHOUT, &disk, START);
    let now = office.moment();
    office.engine.start(now);
    office.put(&["ann"]);
    assert_eq!(office.settle(), ["ann queue Off Rule #1"]);
}

#[test]
fn a_host_without_the_callback_leaves_the_record() {
    let mut disk = Disk::default();
    disk.users.insert("ann".into(), both(Keeps::NOTHING, Keeps::OWNED));
    let mut office = Office::stopped_new(RULES);
    let outputs = Outputs { dnd: true, chat: true, presence: false, queue: false };
    office.engine = Engine::new(Settings::new(&config(RULES), outputs), true, 1);
    office.engine.remember();
    let now = office.moment();
    office.engine.found(disk.found(false), now);
    office.engine.start(now);
    office.put(&["ann"]);
    office.teams("ann", "Busy", "InACall");
    while office.step() || office.flush(&mut disk) {}
    assert_eq!(disk.users["ann"], both(Keeps::OWNED, Keeps::OWNED), "for a host that can be told again");
}

#[test]
fn an_override_of_the_queue_that_is_over_is_not_remembered() {
    let mut disk = Disk::default();
    let rules = r#","dnd":{"hold_off_ms":60000},"rules":{"list":[{"when":{"activity":["InAMeeting"]},"queue":"on"}]}"#;
    let mut office = Office::after_crash(rules, &disk, START);
    let now = office.moment();
    office.engine.start(now);
    office.put(&["ann"]);
    office.teams("ann", "Busy", "InAMeeting");
    office.flush(&mut disk);
    office.settle();
    office.teams("ann", "Available", "Available");
    office.pass_polled(50_000, "ann", "Available", "Available");
    office.report_queue("ann", false, Origin::Person);
    office.flush(&mut disk);
    assert_eq!(disk.users.get("ann"), Some(&Keeps::NOTHING.with_queue(Keeps::OVERRIDDEN)));
    office.pass_polled(180_000, "ann", "Available", "Available");
    office.flush(&mut disk);
    assert_eq!(disk.users.get("ann"), None);
}
