//! The pages and the schema that are made from the source stand in `docs/` as they are made; what the others promise is there.
//! `TPS_UPDATE_DOCS=1 cargo test --test generated_docs` writes them.

use std::path::Path;

use teams_presence_sync::config::{self, Config};
use teams_presence_sync::{event, instance, source, store, sync};

fn compare(name: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    if std::env::var_os("TPS_UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().expect("docs")).expect("docs/ can be made");
        std::fs::write(&path, made).expect("docs/ can be written");
    }
    let stands = std::fs::read_to_string(&path).unwrap_or_default();
    let difference = stands.lines().zip(made.lines()).position(|(old, new)| old != new);
    assert!(
        stands == made,
        "docs/{name} is not what the source makes (first difference in line {}); refresh it: TPS_UPDATE_DOCS=1 cargo test --test generated_docs",
        difference.unwrap_or_else(|| stands.lines().count().min(made.lines().count())) + 1
    );
}

#[test]
fn configuration_page() {
    compare("configuration.md", &config::docs::markdown());
}

#[test]
fn configuration_schema() {
    compare("config.schema.json", &config::schema::json());
}

#[test]
fn events_page() {
    compare("events.md", &event::docs::events_markdown());
}

#[test]
fn statistics_page() {
    compare(
        "stats.md",
        &event::docs::stats_markdown(&[
            ("The instance", instance::STATS_FIELDS),
            ("Users and presence", sync::STATS_FIELDS),
            ("Requests", event::STATS_FIELDS),
            ("State file", store::STATS_FIELDS),
            ("Notifications", source::notify::STATS_FIELDS),
        ]),
    );
}

/// The examples that people copy must work as they stand.
#[test]
fn every_example_parses() {
    let page = config::docs::markdown();
    let examples: Vec<&str> = page.split("```json\n").skip(1).filter_map(|rest| rest.split("\n```").next()).collect();
    assert!(examples.len() >= 9, "an example per sign-in method and three more, found {}", examples.len());
    for example in examples {
        let parsed = Config::parse(example.as_bytes()).unwrap_or_else(|error| panic!("{example}\n{error}"));
        assert_eq!(parsed.warnings, [], "{example}");
    }
    assert!(!page.contains("accepted`"), "each mistake of the errors section must be an error");
}

/// The same for the pages written by hand, also by the schema. A piece of a document stands in the smallest one in place of its key.
#[test]
fn every_example_of_the_other_pages_parses() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let schema: serde_json::Value = serde_json::from_str(&config::schema::json()).expect("JSON");
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    let smallest = config::docs::markdown();
    let smallest =
        smallest.split_once("```json\n").and_then(|(_, rest)| rest.split_once("\n```")).expect("the smallest document").0;
    let mut tried = 0;
    let guide = ["docs/entra-setup.md", "docs/entra-setup.de.md", "docs/entra-setup.fr.md"];
    for name in ["README.md", "docs/dnd.md", "docs/graph.md", "docs/hosting.md"].iter().chain(&guide) {
        let page = std::fs::read_to_string(root.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        for example in page.split("```json\n").skip(1).filter_map(|rest| rest.split("\n```").next()) {
            let told = |error: &dyn std::fmt::Display| -> String { format!("{name}: {example}\n{error}") };
            let whole = if example.starts_with('{') { example.to_owned() } else { format!("{{ {example} }}") };
            let given: serde_json::Value = serde_json::from_str(&whole).unwrap_or_else(|error| panic!("{}", told(&error)));
            let mut document: serde_json::Value = serde_json::from_str(smallest).expect("JSON");
            if let (Some(document), Some(given)) = (document.as_object_mut(), given.as_object()) {
                document.extend(given.clone());
            }
            schema.validate(&document).unwrap_or_else(|error| panic!("{}", told(&error)));
            let parsed = Config::parse(document.to_string().as_bytes()).unwrap_or_else(|error| panic!("{}", told(&error)));
            assert_eq!(parsed.warnings, [], "{name}: {example}");
            tried += 1;
        }
    }
    assert!(tried >= 13, "{tried} examples were found");
}

/// Each table of mistakes and each link inside the page of events leads somewhere.
#[test]
fn events_page_links() {
    let page = event::docs::events_markdown();
    for link in page.split("](#").skip(1).filter_map(|rest| rest.split(')').next()) {
        let heading = link.replacen('-', " ", 1);
        assert!(page.lines().any(|line| line.to_lowercase() == format!("### {heading}")), "no heading for #{link}");
    }
}

/// The page on do-not-disturb names tests for its invariants: they exist, and no invariant is left out.
#[test]
fn invariants_have_their_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut code = read(&root.join("tests/layering.rs"));
    for folder in ["src/sync/tests", "src/sync/tests/model"] {
        let entries = std::fs::read_dir(root.join(folder)).expect("the engine's tests");
        let files = entries.map(|entry| entry.expect("readable").path()).filter(|path| path.is_file());
        code.extend(files.map(|path| read(&path)));
    }
    let page = read(&root.join("docs/dnd.md"));
    let (statements, table) =
        page.split_once("## Invariants").and_then(|(_, rest)| rest.split_once("### Held by")).expect("both");
    let numbers = |text: &str| -> Vec<u32> { text.split(", ").filter_map(|number| number.trim().parse().ok()).collect() };
    let stated: Vec<u32> = statements.lines().filter_map(|line| line.split_once(". ")?.0.parse().ok()).collect();
    let rows: Vec<Vec<&str>> =
        table.lines().map(|line| line.split('|').collect::<Vec<_>>()).filter(|row| row.len() == 4).collect();
    let held: Vec<u32> = rows.iter().flat_map(|row| numbers(row[1])).collect();
    assert!(!stated.is_empty() && stated == held, "{stated:?} are stated, {held:?} have a row");
    for name in rows.iter().skip(2).flat_map(|row| row[2].split('`').skip(1).step_by(2)).filter(|name| !name.contains('/')) {
        assert!(code.contains(&format!("fn {name}(")), "no test {name}");
    }
}
