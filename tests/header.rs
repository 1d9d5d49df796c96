//! The committed header is the generated one, agrees with the contract, with the ledger and with the catalogue of events, and compiles.

#[path = "support/c_header.rs"]
mod c_header;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use c_header::{Header, root};
use teams_presence_sync::event::Kind;

fn committed() -> PathBuf {
    root().join("include/teams_presence_sync.h")
}

/// Functions of the contract that a later version brings.
const LATER: [&str; 1] = ["tps_deliver_notification"];

#[test]
fn the_committed_header_is_the_generated_one() {
    let generated = std::fs::read_to_string(env!("TPS_GENERATED_HEADER")).expect("build.rs wrote it");
    let committed = std::fs::read_to_string(committed()).expect("committed");
    assert!(
        generated == committed,
        "include/teams_presence_sync.h is out of date; refresh it by: TPS_UPDATE_HEADER=1 cargo build"
    );
}

/// The contract may lie beside the repository, or where `TPS_CONTRACT_H` says.
#[test]
fn the_header_keeps_the_contract() {
    let named = std::env::var_os("TPS_CONTRACT_H").map(PathBuf::from);
    let path = named.clone().unwrap_or_else(|| root().join("../shared/contract.h"));
    if named.is_none() && !path.exists() {
        // Written past the test runner's capture: a skip must be seen.
        let _ = writeln!(std::io::stderr(), "SKIPPED: no contract at {}; name one by TPS_CONTRACT_H", path.display());
        return;
    }
    let contract = Header::read(&path);
    let ours = Header::read(&committed());
    assert!(contract.numbers.len() > 100 && contract.structs.len() == 7 && contract.functions.len() == 26, "{contract:#?}");

    agree(&contract.numbers, &ours.numbers);
    let (initialisers, macros): (Vec<_>, Vec<_>) = contract.macros.into_iter().partition(|(_, value)| value.starts_with('{'));
    agree(&macros, &ours.macros);
    // A struct that has grown at its end has an initialiser that goes on.
    for (name, value) in &initialisers {
        let (_, own) = ours.macros.iter().find(|(own, _)| own == name).unwrap_or_else(|| panic!("no macro {name}"));
        let members = |value: &str| value.trim_end().strip_suffix('}').expect("an initialiser").trim_end().to_owned();
        assert!(members(own).starts_with(&members(value)), "{name}: {own}");
    }
    let ours_types: BTreeMap<_, _> = ours.types.iter().cloned().collect();
    for (name, declaration) in &contract.types {
        assert_eq!(ours_types.get(name), Some(declaration), "type {name}");
    }
    for (name, fields) in &contract.structs {
        let (_, own) = ours.structs.iter().find(|(own, _)| own == name).unwrap_or_else(|| panic!("no struct {name}"));
        assert_eq!(own.get(..fields.len()), Some(&fields[..]), "struct {name}: fields may only be added at its end");
    }
    let due: Vec<_> = contract.functions.iter().filter(|(name, _)| !LATER.contains(&&**name)).cloned().collect();
    agree(&due, &ours.functions);
}

/// What `ours` has of `contract` is equal to it, in the same order.
fn agree<T: Clone + PartialEq + std::fmt::Debug>(contract: &[(String, T)], ours: &[(String, T)]) {
    let mut common = ours.iter().filter(|(name, _)| contract.iter().any(|(theirs, _)| theirs == name));
    for theirs in contract {
        assert_eq!(common.next(), Some(theirs), "what comes at this place of the contract");
    }
}

#[test]
fn the_ledger_lists_what_the_header_declares() {
    let ledger = std::fs::read_to_string(root().join("tests/abi/symbols.txt")).expect("the ledger");
    let lines = ledger.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let listed: Vec<String> =
        lines.map(|line| line.split_once("  since ").unwrap_or_else(|| panic!("{line}: no since")).0.to_owned()).collect();
    let declared = golden(&Header::read(&committed()));
    let missing: Vec<_> = declared.iter().filter(|line| !listed.contains(line)).collect();
    let gone: Vec<_> = listed.iter().filter(|line| !declared.contains(line)).collect();
    assert!(missing.is_empty(), "add to tests/abi/symbols.txt, with the version: {missing:#?}");
    assert!(gone.is_empty(), "what a host may use was changed or removed: {gone:#?}");
    // Fields keep their order; where constants and functions stand does not matter.
    let fields = |lines: &[String]| lines.iter().filter(|line| line.starts_with("field ")).cloned().collect::<Vec<_>>();
    for (listed, declared) in fields(&listed).iter().zip(fields(&declared)) {
        assert_eq!(*listed, declared, "the next field");
    }
}

/// One line for each thing that a host can depend on.
fn golden(header: &Header) -> Vec<String> {
    let mut out: Vec<String> = header.numbers.iter().map(|(name, value)| format!("define {name} {value}")).collect();
    out.extend(header.macros.iter().map(|(name, value)| format!("define {name} {value}")));
    out.extend(header.types.iter().map(|(_, declaration)| format!("typedef {declaration}")));
    for (name, fields) in &header.structs {
        out.extend(fields.iter().map(|(field, of_type)| format!("field {name}.{field} {of_type}")));
    }
    out.extend(header.functions.iter().map(|(_, declaration)| format!("function {declaration}")));
    out
}

#[test]
fn every_event_has_its_number() {
    let header = Header::read(&committed());
    let declared: Vec<_> = header.numbers.iter().filter(|(name, _)| name.starts_with("TPS_EVENT_")).cloned().collect();
    let known: Vec<_> = Kind::ALL.iter().map(|kind| (kind.name().to_owned(), i64::from(kind.code()))).collect();
    assert_eq!(declared, known);
}

#[test]
fn every_function_says_what_it_does() {
    let text = std::fs::read_to_string(committed()).expect("committed");
    for (name, _) in Header::read(&committed()).functions {
        let call = format!("{name}(");
        let is_declaration = |at: usize| !text[text[..at].rfind('\n').unwrap_or(0)..at].trim_start().starts_with('*');
        let at = text.match_indices(&call).map(|(at, _)| at).find(|at| is_declaration(*at)).expect("declared");
        let doc = text[..at].rsplit_once("/**").expect("a comment").1;
        for part in ["Blocks: ", "Threads: ", "@return"] {
            assert!(doc.contains(part), "{name}: its comment has no {part}");
        }
        let declaration = text[at..].split_once(';').expect("an end").0;
        let parameters = declaration.split_once('(').expect("parameters").1.trim_end_matches(')');
        for parameter in parameters.split(',').filter(|parameter| *parameter != "void") {
            let parameter = parameter.rsplit([' ', '*']).next().expect("a name");
            assert!(doc.contains(&format!("@param {parameter}")), "{name}: no word on {parameter}");
        }
    }
}

/// Alone, twice, and the example of the first page, in both languages.
#[test]
fn it_compiles_without_a_warning() {
    let directory = tempfile::tempdir().expect("a directory");
    let example = example(&std::fs::read_to_string(committed()).expect("committed"));
    let programs = [
        "#include <teams_presence_sync.h>\n#include <teams_presence_sync.h>\nint main(void) { tps_callbacks c = TPS_CALLBACKS_INIT; \
         tps_user u = TPS_USER_INIT; tps_state s = TPS_STATE_INIT; TPS_INIT(&u); TPS_INIT(&s); return (int)c.reserved + u.reserved; }\n",
        &example,
    ];
    for (index, program) in programs.iter().enumerate() {
        for (compiler, language) in [("cc", ["-xc", "-std=c99"]), ("c++", ["-xc++", "-std=c++17"])] {
            let source = directory.path().join(format!("{index}.c"));
            std::fs::write(&source, program).expect("written");
            let mut command = Command::new(compiler);
            command.args(language).args(["-pedantic", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I"]);
            let output = command.arg(root().join("include")).arg(&source).output().expect("a compiler");
            assert!(output.status.success(), "{compiler}, program {index}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
}

/// The program of section 2 of the first page.
fn example(header: &str) -> String {
    let page = header.split_once("2. FIVE MINUTES").expect("section 2").1.split_once("cc host.c").expect("its end").0;
    page.lines().map(|line| line.strip_prefix(" *      ").unwrap_or_default()).fold(String::new(), |all, line| all + line + "\n")
}
