//! The page.

use std::path::Path;

use crate::cases::Chapter;
use crate::printed::{Line, Printed};
use crate::reload::Keys;

const WIDTH: usize = 130;
const INDENT: usize = 23;

const HEAD: &str = "# When it does not work

Find the symptom, run `tps check` on the machine of the telephone system and under its account ([checking.md](checking.md)), and compare.
Every entry here is a set-up that was really broken in this way, and the lines are what `tps check` said about it; the test that breaks them
(`cli/tests/troubleshooting`) makes this page and fails when a diagnosis gets worse. Lines with `[ ok ]` and `[skip]` are left out, long ones
are wrapped. `SERVER` stands for the login host and for Graph, `/etc/pbx` for the directory of the configuration, `TENANT-ID` and `CLIENT-ID` for
your own. A reload is `tps_reload`; a restart of the instance is `tps_stop`, `tps_destroy` and a new `tps_create`. What a running instance says in
the same situations is in [events.md](events.md).

";

pub(crate) fn markdown(chapters: &[Chapter], printed: &[Printed], keys: &Keys) -> String {
    let mut page = HEAD.to_owned();
    for chapter in chapters {
        page.push_str(&format!("- [{}](#{})\n", chapter.title, anchor(chapter.title)));
        for case in &chapter.cases {
            page.push_str(&format!("  - [{}](#{})\n", case.symptom, anchor(case.symptom)));
        }
    }
    let mut printed = printed.iter();
    for chapter in chapters {
        page.push_str(&format!("\n## {}\n", chapter.title));
        for (case, printed) in chapter.cases.iter().zip(&mut printed) {
            page.push_str(&format!("\n### {}\n\nBroken: {}\n\n```\n", case.symptom, case.broken));
            for line in printed.lines.iter().filter(|line| !matches!(line.mark.as_str(), "ok" | "skip")) {
                page.push_str(&as_printed(line));
            }
            let taken_over = keys.sentence(case).map(|sentence| format!(" {sentence}")).unwrap_or_default();
            page.push_str(&format!("```\n\n**What to do.** {}{taken_over}\n", case.repair));
        }
    }
    page
}

/// As GitHub makes them.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_')).map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn as_printed(line: &Line) -> String {
    let mut text = wrapped(&format!("[{:^4}] {:15} {}", line.mark, line.step, line.message));
    if !line.remedy.is_empty() {
        text.push_str(&wrapped(&format!("{:20}-> {}", "", line.remedy)));
    }
    text
}

fn wrapped(text: &str) -> String {
    let mut made = String::new();
    let mut room = WIDTH;
    for (place, word) in text.split(' ').enumerate() {
        let length = word.chars().count();
        if place > 0 && length + 1 > room && !word.is_empty() {
            made.push('\n');
            made.push_str(&" ".repeat(INDENT));
            room = WIDTH - INDENT;
        } else if place > 0 {
            made.push(' ');
            room = room.saturating_sub(1);
        }
        made.push_str(word);
        room = room.saturating_sub(length);
    }
    made.push('\n');
    made
}

pub(crate) fn compare(made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/troubleshooting.md");
    if std::env::var_os("TPS_UPDATE_DOCS").is_some() {
        std::fs::write(&path, made).expect("docs/ can be written");
    }
    let stands = std::fs::read_to_string(&path).unwrap_or_default();
    let line = stands.lines().zip(made.lines()).position(|(old, new)| old != new);
    let line = line.unwrap_or_else(|| stands.lines().count().min(made.lines().count()));
    assert!(
        stands == made,
        "docs/troubleshooting.md is not what `tps check` says now: line {} is\n{}\nrefresh it: make docs",
        line + 1,
        made.lines().nth(line).unwrap_or_default()
    );
}
