//! `tps check`.

use std::io::Write as _;
use std::time::Duration;

use teams_presence_sync::instance::check::{Line, Outcome as Ended, Step, Verdict, check};

use crate::arguments;
use crate::end::{FAILED, Failure, GOOD, Outcome, UNUSABLE, WARNING};
use crate::screen::{Colour, Screen, fit, plain};
use crate::{settings, users};

pub(crate) fn run(options: &arguments::Check) -> Outcome {
    let config = settings::read(&options.config.config)?;
    let users = users::read(&options.users)?;
    let screen = Screen::of_stdout();
    let mut out = std::io::stdout().lock();
    let mut written = Ok(());
    let (mut worst, mut configuration) = (Verdict::Ok, Verdict::Ok);
    let ended = check(&config, users, Duration::from_secs(options.timeout.into()), |line| {
        match line.step {
            Step::Summary => worst = line.verdict,
            Step::Configuration => configuration = line.verdict,
            _ => {}
        }
        if written.is_ok() {
            let text = if options.json { format!("{}\n", line.to_json()) } else { readable(line, screen) };
            // Flushed each time: steps may take long, and somebody waits for them.
            written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        }
    })
    .map_err(|error| Failure::Words(error.to_string()))?;
    written?;
    // Where only the configuration was asked for, no time was missing.
    let (ended, worst) = if options.timeout == 0 { (Ended::Complete, configuration) } else { (ended, worst) };
    Ok(match (ended, worst) {
        (Ended::TimedOut | Ended::Broken, _) => UNUSABLE,
        (_, Verdict::Failed) => FAILED,
        (_, Verdict::Warning) => WARNING,
        (_, Verdict::Ok | Verdict::Skipped) => GOOD,
    })
}

/// One line for people.
pub(crate) fn readable(line: &Line, screen: Screen) -> String {
    let mark = match line.verdict {
        Verdict::Ok => screen.paint(Colour::Green, "[ ok ]"),
        Verdict::Skipped => screen.paint(Colour::Dim, "[skip]"),
        Verdict::Warning => screen.paint(Colour::Yellow, "[warn]"),
        Verdict::Failed => screen.paint(Colour::Red, "[FAIL]"),
    };
    let mut text = format!("{mark} {} {}\n", fit(line.step.as_str(), 15), plain(&line.message));
    if !line.remedy.is_empty() {
        text.push_str(&format!(
            "       {} {}\n",
            fit("", 12),
            screen.paint(Colour::Bold, &format!("-> {}", plain(&line.remedy)))
        ));
    }
    text
}
