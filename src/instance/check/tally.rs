//! The verdicts of a check, counted, and the last line.

use super::line::{Line, SCHEMA, Step, Verdict};

/// Counts the verdicts and speaks the last one.
#[derive(Debug, Default)]
pub(super) struct Tally {
    ok: u32,
    warning: u32,
    failed: u32,
    skipped: u32,
    first_failed: Option<Step>,
    /// Steps that went well: none may be left out because of them.
    well: Vec<Step>,
    /// Steps that were left out, each with the one that it names as the reason.
    left_out: Vec<(Step, String)>,
}

impl Tally {
    pub(super) fn add(&mut self, line: &Line) {
        match line.verdict {
            Verdict::Ok => {
                self.ok += 1;
                self.well.push(line.step);
            }
            Verdict::Warning => self.warning += 1,
            Verdict::Skipped => {
                self.skipped += 1;
                if let Some(needs) = line.facts.get("needs").and_then(|needs| needs.as_str()) {
                    self.left_out.push((line.step, needs.to_owned()));
                }
            }
            Verdict::Failed => {
                self.failed += 1;
                self.first_failed.get_or_insert(line.step);
            }
        }
    }

    /// Steps that were left out because of one that went well: nobody knows how they stand, so all is not well.
    fn unexplained(&self) -> Vec<&'static str> {
        let well = |needs: &str| self.well.iter().any(|step| step.as_str() == needs);
        self.left_out.iter().filter(|(_, needs)| well(needs)).map(|(step, _)| step.as_str()).collect()
    }

    /// `complete`: every step was tried or skipped for a reason of its own, none for want of time.
    pub(super) fn conclude(&self, complete: bool) -> Line {
        let unexplained = self.unexplained();
        let verdict = match (self.failed, self.warning) {
            (1.., _) => Verdict::Failed,
            _ if !unexplained.is_empty() => Verdict::Failed,
            (0, 1..) => Verdict::Warning,
            (0, 0) if complete => Verdict::Ok,
            (0, 0) => Verdict::Warning,
        };
        let Tally { ok, warning, failed, skipped, .. } = self;
        let mut message = format!("{ok} ok, {warning} with a warning, {failed} failed, {skipped} skipped");
        if !complete {
            message.push_str("; the time was over before all was done");
        }
        if !unexplained.is_empty() {
            message.push_str(&format!("; left out without a reason: {}", unexplained.join(", ")));
        }
        let mut line = Line::new(Step::Summary, verdict, message)
            .fact("schema", SCHEMA)
            .fact("version", env!("CARGO_PKG_VERSION"))
            .fact("complete", complete)
            .fact("ok", *ok)
            .fact("warning", *warning)
            .fact("failed", *failed)
            .fact("skipped", *skipped);
        if let Some(step) = self.first_failed {
            line = line
                .fact("first_failed", step.as_str())
                .remedy(format!("Begin with the step {}: what follows it may only be its consequence.", step.as_str()));
        } else if !unexplained.is_empty() {
            line = line.remedy("Report this to the maker of this library, with all lines.");
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conclude(lines: &[Line]) -> Line {
        let mut tally = Tally::default();
        lines.iter().for_each(|line| tally.add(line));
        tally.conclude(true)
    }

    #[test]
    fn nothing_is_left_out_because_of_what_went_well() {
        let well = || Line::ok(Step::NameResolution, "found");
        assert_eq!(conclude(&[well(), Line::skipped(Step::Users, "nobody was given")]).verdict, Verdict::Ok);
        let line = conclude(&[well(), Line::after(Step::Tls, Step::NameResolution), Line::after(Step::SignIn, Step::Tls)]);
        assert_eq!(line.verdict, Verdict::Failed, "{line:?}");
        assert!(line.message.ends_with("left out without a reason: tls"), "{line:?}");
        // Also where the reason comes later than what hangs on it.
        let proxy = || Line::after(Step::Proxy, Step::Tls);
        assert_eq!(conclude(&[well(), proxy(), Line::ok(Step::Tls, "verified")]).verdict, Verdict::Failed);
        let explained = conclude(&[well(), proxy(), Line::failed(Step::Tls, "refused")]);
        assert!(!explained.message.contains("without a reason"), "{explained:?}");
        // A warning may stand for something that was not tried; the whole is no better than that.
        let person = conclude(&[Line::warning(Step::SignIn, "not tried"), Line::after(Step::Users, Step::SignIn)]);
        assert_eq!(person.verdict, Verdict::Warning);
    }
}
