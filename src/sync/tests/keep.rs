//! What outlives the process: intents before they are handed out, what a restart finds, and a disk that is slow or gone.

use std::sync::Arc;

use super::*;

/// The file, as a test keeps it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Disk {
    pub(super) users: BTreeMap<String, Keeps>,
    pub(super) last_good_ms: Option<i64>,
}

impl Disk {
    pub(super) fn write(&mut self, commit: Commit) {
        for (id, keeps) in commit.users {
            if keeps == Keeps::NOTHING {
                self.users.remove(&*id);
            } else {
                self.users.insert(id.to_string(), keeps);
            }
        }
        self.last_good_ms = commit.last_good_ms.or(self.last_good_ms);
    }

    pub(super) fn found(&self, own: bool) -> Found {
        let users = self.users.iter().map(|(id, keeps)| (Arc::from(id.as_str()), *keeps)).collect();
        Found { users, last_good_ms: self.last_good_ms, own }
    }
}

impl Office {
    /// A new process with this file.
    pub(super) fn after_crash(extra: &str, disk: &Disk, now: u64) -> Office {
        let mut office = Office::stopped_new(extra);
        office.now = now;
        office.engine.remember();
        let moment = office.moment();
        office.engine.found(disk.found(false), moment);
        office
    }

    fn with_disk(extra: &str) -> (Office, Disk) {
        let mut office = Office::after_crash(extra, &Disk::default(), START);
        office.start();
        office.put(&["ann"]);
        (office, Disk::default())
    }

    fn start(&mut self) {
        let now = self.moment();
        self.engine.start(now);
    }

    /// The disk does what it is asked.
    pub(super) fn flush(&mut self, disk: &mut Disk) -> bool {
        let mut wrote = false;
        while let Some(commit) = self.engine.take_commit(self.moment()) {
            disk.write(commit);
            let now = self.moment();
            self.engine.kept(now);
            wrote = true;
        }
        wrote
    }

    fn kept(&self, disk: &Disk, id: &str) -> Keeps {
        disk.users.get(id).copied().unwrap_or_default()
    }
}

fn fact(id: &str, host_dnd: HostDnd) -> UserInput {
    UserInput { host_dnd, ..user(id) }
}

#[test]
fn the_intent_is_on_disk_before_the_on_goes_out() {
    let (mut office, mut disk) = Office::with_disk("");
    office.teams("ann", "Busy", "InACall");
    assert_eq!(office.settle(), ["ann chat Dnd Resync #1"], "chat waits for nobody");
    let commit = office.engine.take_commit(office.moment()).expect("the intent");
    assert_eq!(commit.users, [(Arc::from("ann"), Keeps::INTENDED)]);
    assert_eq!(office.engine.take_commit(office.moment()), None, "one at a time");
    assert!(office.settle().is_empty(), "under way is not there");
    disk.write(commit);
    let now = office.moment();
    office.engine.kept(now);
    assert_eq!(office.settle(), ["ann dnd On Resync #1"]);
    office.flush(&mut disk);
    assert_eq!(office.kept(&disk, "ann"), Keeps::OWNED);
    office.teams("ann", "Available", "Available");
    assert_eq!(dnd_only(office.pass(10_000)), ["ann dnd Off Rule #1"], "off needs no intent");
    office.flush(&mut disk);
    assert_eq!(office.kept(&disk, "ann"), Keeps::NOTHING);
}

#[test]
fn all_that_is_due_goes_in_one_commit() {
    let (mut office, _) = Office::with_disk("");
    let names: Vec<String> = (0..200).map(|n| format!("user{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    office.put(&names);
    names.iter().for_each(|name| office.teams(name, "Busy", "InACall"));
    assert!(dnd_only(office.settle()).is_empty());
    assert_eq!(office.engine.take_commit(office.moment()).expect("all").users.len(), 200);
    let now = office.moment();
    office.engine.kept(now);
    assert_eq!(dnd_only(office.settle()).len(), 200);
}

#[test]
fn an_intent_is_dropped_by_every_answer_but_applied() {
    for answer in [Answer::Already, Answer::Retry, Answer::Gone] {
        let (mut office, mut disk) = Office::with_disk("");
        office.answers.insert("ann".into(), answer);
        office.teams("ann", "Busy", "InACall");
        office.flush(&mut disk);
        office.settle();
        office.flush(&mut disk);
        assert_eq!(office.kept(&disk, "ann"), Keeps::NOTHING, "{answer:?}");
        office.answers.clear();
        office.pass(999);
        assert!(office.dnd("ann").is_none());
        office.pass(1);
        if answer == Answer::Retry {
            assert!(office.dnd("ann").is_none(), "the next offer has an intent of its own");
            office.flush(&mut disk);
            assert_eq!(office.kept(&disk, "ann"), Keeps::INTENDED);
            office.settle();
            assert_eq!(office.dnd("ann"), Some(Dnd::On));
        }
    }
}

#[test]
fn an_answer_that_stays_out_leaves_the_intent() {
    let (mut office, mut disk) = Office::with_disk(r#","dnd":{"hold_off_ms":0}"#);
    office.answers.insert("ann".into(), Answer::Pending);
    office.teams("ann", "Busy", "InACall");
    office.flush(&mut disk);
    office.settle();
    office.flush(&mut disk);
    assert_eq!(office.kept(&disk, "ann"), Keeps::INTENDED);
    office.pass(30_000);
    office.flush(&mut disk);
    assert_eq!(office.kept(&disk, "ann"), Keeps::INTENDED, "the host may have it");
    office.teams("ann", "Available", "Available");
    office.answers.clear();
    assert_eq!(dnd_only(office.settle()), ["ann dnd Off Resync #1"]);
    office.flush(&mut disk);
    assert_eq!(office.kept(&disk, "ann"), Keeps::NOTHING);
}

#[test]
fn an_intent_that_nobody_wants_any_more_is_struck_out() {
    let (mut office, mut disk) = Office::with_disk(r#","dnd":{"hold_off_ms":0}"#);
    office.teams("ann", "Busy", "InACall");
    let commit = office.engine.take_commit(office.moment()).expect("the intent");
    office.teams("ann", "Available", "Available");
    office.teams("ann", "Busy", "InACall");
    disk.write(commit);
    let now = office.moment();
    office.engine.kept(now);
    assert!(dnd_only(office.settle()).is_empty(), "the write that came back was for the wish before");
    office.teams("ann", "Available", "Available");
    office.flush(&mut disk);
    assert_eq!(office.kept(&disk, "ann"), Keeps::NOTHING);
    assert!(dnd_only(office.settle()).is_empty());
}

#[test]
fn where_a_persons_is_known_to_be_on_there_is_no_intent() {
    let (mut office, mut disk) = Office::with_disk("");
    let now = office.moment();
    office.engine.put_user(&fact("ann", HostDnd::On), now);
    office.answers.insert("ann".into(), Answer::Already);
    office.teams("ann", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Resync #1"]);
    assert!(disk.users.is_empty());
    office.flush(&mut disk);
    assert_eq!(office.kept(&disk, "ann"), Keeps::NOTHING);
}

#[test]
fn a_crash_with_ours_on_ends_with_ours_off() {
    for keeps in [Keeps::OWNED, Keeps::INTENDED] {
        let disk = Disk { users: [("ann".to_owned(), keeps)].into(), last_good_ms: None };
        for fact_of_host in [HostDnd::Unknown, HostDnd::On, HostDnd::OnOurs] {
            for early in [true, false] {
                let mut office = if early { Office::stopped_new("") } else { Office::after_crash("", &disk, START) };
                let now = office.moment();
                if early {
                    // Handed over before the start, so before the file is read.
                    office.engine.remember();
                    office.engine.put_user(&fact("ann", fact_of_host), now);
                    office.engine.found(disk.found(false), now);
                    office.start();
                } else {
                    office.start();
                    office.engine.put_user(&fact("ann", fact_of_host), now);
                }
                office.find("ann");
                office.teams("ann", "Available", "Available");
                assert_eq!(dnd_only(office.pass(10_000)), ["ann dnd Off Resync #1"], "{keeps:?} {fact_of_host:?} {early}");
                let mut disk = disk.clone();
                office.flush(&mut disk);
                assert!(disk.users.is_empty());
            }
        }
        let mut office = Office::after_crash("", &disk, START);
        office.start();
        let now = office.moment();
        office.engine.put_user(&fact("ann", HostDnd::Off), now);
        office.find("ann");
        office.teams("ann", "Available", "Available");
        assert!(dnd_only(office.pass(10_000)).is_empty(), "the host says that nothing is on");
    }
}

#[test]
fn already_counts_as_ours_where_an_intent_was_found() {
    let mut disk = Disk { users: [("ann".to_owned(), Keeps::INTENDED)].into(), last_good_ms: None };
    let mut office = Office::after_crash("", &disk, START);
    office.start();
    office.put(&["ann"]);
    office.answers.insert("ann".into(), Answer::Already);
    office.teams("ann", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Resync #1"], "the intent is on disk already");
    assert!(office.state("ann").dnd_owned);
    office.flush(&mut disk);
    assert_eq!(office.kept(&disk, "ann"), Keeps::OWNED);
}

#[test]
fn an_override_outlives_the_process() {
    let (mut office, mut disk) = Office::with_disk("");
    office.teams("ann", "Busy", "InACall");
    office.flush(&mut disk);
    office.settle();
    office.pass(20_000);
    office.report("ann", false, Origin::Seen);
    office.flush(&mut disk);
    assert_eq!(office.kept(&disk, "ann"), Keeps::OVERRIDDEN);
    let mut office = Office::after_crash("", &disk, START + 60_000);
    office.start();
    let now = office.moment();
    office.engine.put_user(&fact("ann", HostDnd::Off), now);
    office.find("ann");
    office.teams("ann", "Busy", "InACall");
    office.flush(&mut disk);
    assert!(dnd_only(office.pass(1_000)).is_empty(), "left alone");
    office.teams("ann", "Available", "Available");
    office.pass_polled(125_000, "ann", "Available", "Available");
    office.flush(&mut disk);
    assert_eq!(office.kept(&disk, "ann"), Keeps::NOTHING, "struck out when it is over, not only when it would matter");
    office.teams("ann", "Busy", "InACall");
    office.flush(&mut disk);
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Rule #1"]);
}

#[test]
fn a_slow_disk_is_waited_for_two_seconds() {
    let (mut office, mut disk) = Office::with_disk("");
    office.teams("ann", "Busy", "InACall");
    assert!(dnd_only(office.pass(1_999)).is_empty());
    assert!(!office.engine.take_slow());
    let hanging = office.engine.take_commit(office.moment()).expect("the intent");
    assert_eq!(
        dnd_only(office.pass(1)),
        ["ann dnd On Resync #1"],
        "counted from when it came to be, not from when it was taken up"
    );
    assert!(office.engine.take_slow() && !office.engine.take_slow(), "told once");
    office.put(&["bob"]);
    office.teams("bob", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), ["bob dnd On Resync #1"], "nobody else waits for a disk that hangs");
    disk.write(hanging);
    let now = office.moment();
    office.engine.kept(now);
    office.flush(&mut disk);
    assert_eq!((office.kept(&disk, "ann"), office.kept(&disk, "bob")), (Keeps::OWNED, Keeps::OWNED));
    office.put(&["eve"]);
    office.teams("eve", "Busy", "InACall");
    assert!(dnd_only(office.settle()).is_empty(), "it is waited for again");
}

#[test]
fn a_lost_disk_holds_nobody_up_and_learns_all_when_it_is_back() {
    let (mut office, mut disk) = Office::with_disk("");
    office.put(&["bob", "eve"]);
    for id in ["ann", "bob"] {
        office.teams(id, "Busy", "InACall");
    }
    office.flush(&mut disk);
    office.settle();
    office.flush(&mut disk);
    let old = disk.clone();
    office.teams("eve", "Busy", "InACall");
    office.engine.take_commit(office.moment()).expect("the intent");
    let now = office.moment();
    office.engine.lost(now);
    assert_eq!(dnd_only(office.settle()), ["eve dnd On Resync #1"]);
    office.teams("ann", "Available", "Available");
    office.pass(10_000);
    let now = office.moment();
    office.engine.remove_user("bob", now);
    office.settle();
    assert_eq!(office.engine.take_commit(office.moment()), None);
    let now = office.moment();
    office.engine.found(old.found(true), now);
    disk = old;
    office.flush(&mut disk);
    assert_eq!(disk.users, [("eve".to_owned(), Keeps::OWNED)].into());
}

#[test]
fn a_file_that_comes_late_tells_only_of_those_who_are_not_known_yet() {
    let disk = Disk {
        users: [("ann".to_owned(), Keeps::OWNED), ("bob".to_owned(), Keeps::OWNED), ("eve".to_owned(), Keeps::OWNED)].into(),
        last_good_ms: None,
    };
    let mut office = Office::stopped_new("");
    office.engine.remember();
    office.start();
    office.put(&["ann", "bob"]);
    office.report("bob", true, Origin::Person);
    let now = office.moment();
    office.engine.found(disk.found(false), now);
    office.put(&["eve"]);
    for id in ["ann", "bob", "eve"] {
        office.teams(id, "Available", "Available");
    }
    assert_eq!(dnd_only(office.pass(10_000)), ["ann dnd Off Resync #1", "eve dnd Off Resync #1"]);
}

#[test]
fn until_the_first_set_users_nobody_counts_as_removed() {
    let disk =
        Disk { users: [("ann".to_owned(), Keeps::OWNED), ("bob".to_owned(), Keeps::OVERRIDDEN)].into(), last_good_ms: None };
    let mut office = Office::after_crash("", &disk, START);
    office.start();
    assert!(office.pass(600_000).is_empty(), "a host that has said nothing yet may be slow");
    let now = office.moment();
    office.engine.set_users(vec![user("eve")], now);
    assert_eq!(office.settle(), ["ann dnd Off Removed #1", "ann chat Released Removed #1"]);
    let mut disk = disk;
    office.flush(&mut disk);
    assert!(disk.users.is_empty(), "{disk:?}");
    assert_eq!(office.engine.unnamed(), 0);
}

#[test]
fn set_before_the_start_the_list_counts_too() {
    let disk = Disk { users: [("ann".to_owned(), Keeps::OWNED), ("bob".to_owned(), Keeps::INTENDED)].into(), last_good_ms: None };
    let mut office = Office::stopped_new("");
    office.engine.remember();
    let now = office.moment();
    office.engine.set_users(vec![user("ann")], now);
    office.engine.found(disk.found(false), now);
    office.start();
    assert_eq!(office.settle(), ["bob dnd Off Removed #1", "bob chat Released Removed #1"]);
    office.find("ann");
    office.teams("ann", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Resync #1"], "owned: no intent is needed");
}

#[test]
fn who_is_not_put_within_a_minute_counts_as_removed() {
    let disk = Disk { users: [("ann".to_owned(), Keeps::OWNED), ("bob".to_owned(), Keeps::OWNED)].into(), last_good_ms: None };
    let mut office = Office::after_crash("", &disk, START);
    office.start();
    office.put(&["bob"]);
    assert!(office.pass(59_999).is_empty());
    assert_eq!(office.pass(1), ["ann dnd Off Removed #1", "ann chat Released Removed #1"]);
    assert!(office.state("bob").dnd_owned);
}

#[test]
fn the_host_may_remove_whom_it_never_named() {
    let mut disk = Disk { users: [("ann".to_owned(), Keeps::OWNED)].into(), last_good_ms: None };
    let mut office = Office::after_crash("", &disk, START);
    office.start();
    office.answers.insert("ann".into(), Answer::Retry);
    let now = office.moment();
    assert!(office.engine.remove_user("ann", now) && !office.engine.remove_user("bob", now));
    office.settle();
    office.flush(&mut disk);
    assert_eq!(office.kept(&disk, "ann"), Keeps::OWNED, "a refused release stays recorded");
    office.pass(16 * 60_000);
    office.flush(&mut disk);
    assert!(disk.users.is_empty(), "given up");
    assert_eq!(office.told(Kind::ReleaseUndelivered), 1);
}

#[test]
fn a_stop_holds_with_a_disk_that_works() {
    let (mut office, mut disk) = Office::with_disk("");
    office.teams("ann", "Busy", "InACall");
    office.flush(&mut disk);
    office.settle();
    let now = office.moment();
    office.engine.begin_stop(now);
    assert!(office.settle().is_empty());
    office.stopped();
    office.flush(&mut disk);
    assert_eq!(office.kept(&disk, "ann"), Keeps::OWNED);
    assert!(disk.last_good_ms.is_some());
    // The same without one that works.
    let (mut office, mut disk) = Office::with_disk("");
    office.teams("ann", "Busy", "InACall");
    office.flush(&mut disk);
    office.settle();
    let now = office.moment();
    office.engine.lost(now);
    office.engine.begin_stop(now);
    assert_eq!(dnd_only(office.settle()), ["ann dnd Off Stopping #1"], "what is held must be remembered");
}

#[test]
fn a_refused_release_at_a_stop_stays_recorded() {
    let (mut office, mut disk) = Office::with_disk(r#","dnd":{"on_stop":"release"}"#);
    office.teams("ann", "Busy", "InACall");
    office.flush(&mut disk);
    office.settle();
    office.answers.insert("ann".into(), Answer::Retry);
    let now = office.moment();
    office.engine.begin_stop(now);
    office.settle();
    office.stopped();
    office.flush(&mut disk);
    assert_eq!(office.kept(&disk, "ann"), Keeps::OWNED);
}

#[test]
fn between_two_starts_another_process_may_have_gone_on() {
    for own in [true, false] {
        let (mut office, mut disk) = Office::with_disk("");
        office.teams("ann", "Busy", "InACall");
        office.flush(&mut disk);
        office.settle();
        let now = office.moment();
        office.engine.begin_stop(now);
        office.stopped();
        office.flush(&mut disk);
        let now = office.moment();
        office.engine.lost(now);
        office.now += 1_000;
        // It has released Ann, and the file says so.
        let now = office.moment();
        office.engine.found(Disk::default().found(own), now);
        office.start();
        office.teams("ann", "Available", "Available");
        assert_eq!(dnd_only(office.pass(10_000)).len(), usize::from(own), "who wrote the file last knows best");
    }
}

#[test]
fn the_age_goes_on_over_a_restart() {
    let (mut office, mut disk) = Office::with_disk("");
    office.teams("ann", "Busy", "InACall");
    office.flush(&mut disk);
    office.settle();
    office.flush(&mut disk);
    assert!(disk.last_good_ms.is_some(), "written along");
    // Ten minutes later, in a process of which nobody has heard anything: five minutes are left.
    let mut office = Office::after_crash("", &disk, START + 600_000);
    office.start();
    office.put(&["ann"]);
    assert!(dnd_only(office.pass(299_000)).is_empty());
    assert_eq!(dnd_only(office.pass(2_000)), ["ann dnd Off Stale #1"]);
    assert_eq!(office.told(Kind::Stale), 1);
    // The same handed over before the start, which comes late: the age goes on from what was stored, not from the start.
    let mut office = Office::after_crash("", &disk, START + 60_000);
    office.put(&["ann"]);
    office.now = START + 600_000;
    office.start();
    assert!(dnd_only(office.pass(299_000)).is_empty());
    assert_eq!(dnd_only(office.pass(2_000)), ["ann dnd Off Stale #1"]);
    // An hour later: the source has its half minute, then it is over.
    let mut office = Office::after_crash("", &disk, START + 3_600_000);
    office.start();
    office.put(&["ann"]);
    assert!(dnd_only(office.pass(29_000)).is_empty());
    assert_eq!(dnd_only(office.pass(2_000)), ["ann dnd Off Stale #1"]);
}

#[test]
fn the_age_is_written_once_a_minute_at_most() {
    let (mut office, mut disk) = Office::with_disk("");
    let mut writes = 0;
    for _ in 0..120 {
        office.now += 5_000;
        office.teams("ann", "Available", "Available");
        office.settle();
        writes += u32::from(office.flush(&mut disk));
    }
    assert!((9..=12).contains(&writes), "{writes} in ten minutes");
}

#[test]
fn without_a_directory_nothing_waits_and_nothing_is_written() {
    let mut office = Office::with_ann("");
    office.teams("ann", "Busy", "InACall");
    assert_eq!(dnd_only(office.settle()), ["ann dnd On Resync #1"]);
    assert_eq!(office.engine.take_commit(office.moment()), None);
    assert_eq!(office.engine.unkept(), 0);
}
