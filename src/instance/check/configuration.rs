//! Step 1: the document.

use super::line::{Line, Step};
use crate::config::{Config, Note, Parsed};

/// Reads the document. `None` where it is refused.
pub(super) fn look_at(json: &[u8]) -> (Option<Config>, Line) {
    let list = |notes: &[Note]| notes.iter().map(ToString::to_string).collect::<Vec<_>>();
    match Config::parse(json) {
        Err(error) => {
            let problems = list(error.problems());
            let line = Line::failed(Step::Configuration, problems.join("; "))
                .remedy("Correct these keys; docs/configuration.md lists each key with what it may be, `tps schema` prints the JSON Schema.")
                .fact("problems", problems);
            (None, line)
        }
        Ok(Parsed { config, warnings }) => {
            let facts = |line: Line| {
                line.fact("tenant_id", config.tenant_id.as_str())
                    .fact("client_id", config.client_id.as_str())
                    .fact("method", config.auth.method.name().as_str())
                    .fact("cloud", config.cloud.as_str())
            };
            let line = if warnings.is_empty() {
                facts(Line::ok(Step::Configuration, "valid"))
            } else {
                let problems = list(&warnings);
                facts(Line::warning(Step::Configuration, format!("valid, but likely slips: {}", problems.join("; "))))
                    .remedy("Look at these keys; docs/configuration.md describes each.")
                    .fact("warnings", problems)
            };
            (Some(config), line)
        }
    }
}
