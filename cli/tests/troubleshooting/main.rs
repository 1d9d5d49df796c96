//! docs/troubleshooting.md: `tps check` is really run on one broken set-up after the other, each must give its diagnosis, and what it
//! printed makes the page. `TPS_UPDATE_DOCS=1 cargo test -p tps --test troubleshooting` writes the page anew.

mod cases;
mod gateway;
mod page;
mod printed;
mod reload;
mod rig;

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use cases::Case;
use printed::Printed;
use reload::Keys;
use rig::Rig;

/// Runs at a time: each waits for processes and loopback most of its time.
const AT_A_TIME: usize = 4;

#[test]
fn each_broken_set_up_has_its_diagnosis() {
    let chapters = cases::chapters();
    let cases: Vec<&Case> = chapters.iter().flat_map(|chapter| &chapter.cases).collect();
    assert!(cases.len() >= 20, "only {} set-ups", cases.len());
    let symptoms: HashSet<&str> =
        cases.iter().map(|case| case.symptom).chain(chapters.iter().map(|chapter| chapter.title)).collect();
    assert_eq!(symptoms.len(), cases.len() + chapters.len(), "a heading stands twice");
    let keys = Keys::read();
    let faults: Vec<String> = cases.iter().filter_map(|case| keys.fault(case)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let results: Vec<Mutex<Option<Result<Printed, String>>>> = cases.iter().map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let mine = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(mine) else { return };
                    *results[mine].lock().expect("no panic under it") = Some(diagnose(case));
                }
            });
        }
    });
    let mut wrong = Vec::new();
    let mut printed = Vec::new();
    for (case, result) in cases.iter().zip(results) {
        match result.into_inner().expect("no panic under it") {
            Some(Ok(lines)) => printed.push(lines),
            Some(Err(why)) => wrong.push(format!("{}\n{why}", case.symptom)),
            None => wrong.push(format!("{}\nwas not run", case.symptom)),
        }
    }
    assert!(wrong.is_empty(), "{} of {} set-ups:\n\n{}", wrong.len(), cases.len(), wrong.join("\n\n"));
    page::compare(&page::markdown(&chapters, &printed, &keys));
}

/// Breaks one thing, runs the check and holds it to what is expected.
fn diagnose(case: &Case) -> Result<Printed, String> {
    let broken = std::panic::catch_unwind(|| {
        let mut rig = Rig::new();
        (case.break_it)(&mut rig);
        rig.check()
    });
    let (code, printed) = broken.map_err(|_| "the set-up could not be made: see the panic above".to_owned())?;
    match printed.differs_from(&case.expected, code) {
        None => Ok(printed),
        Some(why) => Err(format!("{why}\n{}", printed.whole())),
    }
}
