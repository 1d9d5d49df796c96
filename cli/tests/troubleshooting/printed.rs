//! What `tps check` printed, taken apart.

/// What a step is expected to say.
pub(crate) struct Expected {
    mark: &'static str,
    step: &'static str,
    message: &'static [&'static str],
    remedy: &'static [&'static str],
}

/// The step fails, with these words in its line and these in what to do.
pub(crate) const fn fails(step: &'static str, message: &'static [&'static str], remedy: &'static [&'static str]) -> Expected {
    Expected { mark: "FAIL", step, message, remedy }
}

/// The same for a warning.
pub(crate) const fn warns(step: &'static str, message: &'static [&'static str], remedy: &'static [&'static str]) -> Expected {
    Expected { mark: "warn", step, message, remedy }
}

#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) mark: String,
    pub(crate) step: String,
    pub(crate) message: String,
    pub(crate) remedy: String,
}

#[derive(Debug)]
pub(crate) struct Printed {
    pub(crate) lines: Vec<Line>,
}

impl Printed {
    pub(crate) fn read(text: &str) -> Printed {
        let mut lines: Vec<Line> = Vec::new();
        for line in text.lines() {
            if let Some(remedy) = line.trim_start().strip_prefix("-> ") {
                lines.last_mut().expect("a line before what to do").remedy = remedy.to_owned();
                continue;
            }
            let (mark, rest) = line.strip_prefix('[').and_then(|line| line.split_once("] ")).expect("a verdict");
            let (step, message) = rest.split_once(' ').expect("a step");
            let [mark, step, message] = [mark, step, message].map(|part| part.trim().to_owned());
            lines.push(Line { mark, step, message, remedy: String::new() });
        }
        Printed { lines }
    }

    /// The lines again, as they were printed.
    pub(crate) fn whole(&self) -> String {
        self.lines
            .iter()
            .map(|line| format!("[{:^4}] {:15} {}\n    -> {}\n", line.mark, line.step, line.message, line.remedy))
            .collect()
    }

    /// Why this is not the diagnosis. A step that is not named must be well, or left out.
    pub(crate) fn differs_from(&self, expected: &[Expected], code: Option<i32>) -> Option<String> {
        if self.lines.len() != 11 {
            return Some(format!("{} lines, not 11", self.lines.len()));
        }
        for line in self.lines.iter().filter(|line| line.step != "summary") {
            let Some(wanted) = expected.iter().find(|wanted| wanted.step == line.step) else {
                if matches!(line.mark.as_str(), "ok" | "skip") {
                    continue;
                }
                return Some(format!("the step {} is [{}], which nobody expects", line.step, line.mark));
            };
            if line.mark != wanted.mark {
                return Some(format!("the step {} is [{}], not [{}]", line.step, line.mark, wanted.mark));
            }
            if let Some(word) = wanted.message.iter().find(|word| !line.message.contains(**word)) {
                return Some(format!("the step {} does not say {word:?}", line.step));
            }
            if line.remedy.is_empty() {
                return Some(format!("the step {} does not say what to do", line.step));
            }
            if let Some(word) = wanted.remedy.iter().find(|word| !line.remedy.contains(**word)) {
                return Some(format!("what to do about {} does not say {word:?}", line.step));
            }
        }
        if let Some(wanted) = expected.iter().find(|wanted| !self.lines.iter().any(|line| line.step == wanted.step)) {
            return Some(format!("no step {}", wanted.step));
        }
        let first_failed = expected.iter().find(|wanted| wanted.mark == "FAIL");
        let summary = self.lines.last().expect("eleven");
        if let Some(first) = first_failed
            && !summary.remedy.contains(&format!("Begin with the step {}:", first.step))
        {
            return Some(format!("the summary does not begin with {}", first.step));
        }
        let wanted = if first_failed.is_some() { 2 } else { 1 };
        (code != Some(wanted)).then(|| format!("exit code {code:?}, not {wanted}"))
    }
}
