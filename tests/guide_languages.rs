//! The guide for administrators stands in three languages, and the English one leads. What one of them says and another does not is
//! named here: section, block, word. A translation is a translation as long as headings, steps, rows, code, names and numbers agree.

#[path = "guide_support/page.rs"]
mod page;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use page::{Kind, Page, Section};

const ENGLISH: &str = "entra-setup.md";
/// File, and the name of the language in it.
const PAGES: [(&str, &str); 3] = [(ENGLISH, "English"), ("entra-setup.de.md", "Deutsch"), ("entra-setup.fr.md", "Français")];

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

fn text(name: &str) -> String {
    std::fs::read_to_string(docs().join(name)).unwrap_or_else(|error| panic!("docs/{name}: {error}"))
}

/// All words of a section.
fn section_words(section: &Section) -> BTreeSet<String> {
    let names = PAGES.map(|(name, _)| name);
    section.blocks.iter().flat_map(|block| page::fixed_words(block, &names)).collect()
}

/// Pairs of sections that belong together. By position where the levels agree, else by the words that they share.
fn pairs(english: &Page, other: &Page) -> Vec<(Option<usize>, Option<usize>)> {
    let (rows, columns) = (english.sections.len(), other.sections.len());
    let levels = |page: &Page| page.sections.iter().map(|section| section.level).collect::<Vec<_>>();
    if levels(english) == levels(other) {
        return (0..rows).map(|at| (Some(at), Some(at))).collect();
    }
    let words = |page: &Page| page.sections.iter().map(section_words).collect::<Vec<_>>();
    let (ours, theirs) = (words(english), words(other));
    let likeness = |row: usize, column: usize| -> i64 {
        if english.sections[row].level != other.sections[column].level {
            return -1;
        }
        let (one, two) = (&english.sections[row].blocks, &other.sections[column].blocks);
        let same_form = one.len() == two.len() && one.iter().zip(two).all(|(one, two)| one.kind == two.kind);
        let shared = ours[row].intersection(&theirs[column]).count();
        let all = ours[row].union(&theirs[column]).count();
        1 + 50 * i64::from(same_form) + i64::try_from((100 * shared).checked_div(all).unwrap_or(0)).expect("a percentage")
    };
    // best[r][c]: of the sections from r and from c on.
    let mut best = vec![vec![0_i64; columns + 1]; rows + 1];
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            let skipped = best[row + 1][column].max(best[row][column + 1]);
            best[row][column] = skipped.max(likeness(row, column) + best[row + 1][column + 1]);
        }
    }
    let (mut row, mut column, mut out) = (0, 0, Vec::new());
    while row < rows || column < columns {
        if row < rows && column < columns && best[row][column] == likeness(row, column) + best[row + 1][column + 1] {
            out.push((Some(row), Some(column)));
            (row, column) = (row + 1, column + 1);
        } else if row < rows && (column == columns || best[row][column] == best[row + 1][column]) {
            out.push((Some(row), None));
            row += 1;
        } else {
            out.push((None, Some(column)));
            column += 1;
        }
    }
    out
}

fn beginning(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= 70 { line } else { format!("{} …", line.chars().take(70).collect::<String>()) }
}

fn listed(words: &BTreeSet<String>) -> String {
    words.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// The words of one side that the other lacks, one complaint for each direction.
fn missing(place: &str, english: &BTreeSet<String>, other: &BTreeSet<String>, out: &mut Vec<String>) {
    let lacks: BTreeSet<String> = english.difference(other).cloned().collect();
    let extra: BTreeSet<String> = other.difference(english).cloned().collect();
    if !lacks.is_empty() {
        out.push(format!("{place} lacks {}", listed(&lacks)));
    }
    if !extra.is_empty() {
        out.push(format!("{place} has {}, the English one has not", listed(&extra)));
    }
}

/// Everything in which a page differs from the English one. Empty: they are in step.
fn differences(english: &Page, other: &Page) -> Vec<String> {
    let names = PAGES.map(|(name, _)| name);
    let mut out = Vec::new();
    let pairs = pairs(english, other);
    // Where a link of each page leads, as a section of the English page.
    let (english_anchors, other_anchors) = (english.anchors(), other.anchors());
    let english_target = |anchor: &String| english_anchors.iter().position(|known| known == anchor);
    let other_target = |anchor: &String| {
        let at = other_anchors.iter().position(|known| known == anchor)?;
        pairs.iter().find(|(_, theirs)| *theirs == Some(at)).and_then(|(ours, _)| *ours)
    };
    let linked = |target: Option<usize>, anchor: &String| match target {
        Some(at) => format!("a link to \"{}\"", english.sections[at].title),
        None => format!("a link to #{anchor}, which is no heading"),
    };
    for (ours, theirs) in &pairs {
        let (ours, theirs) = match (ours.map(|at| &english.sections[at]), theirs.map(|at| &other.sections[at])) {
            (Some(ours), Some(theirs)) => (ours, theirs),
            (Some(ours), None) => {
                let words = section_words(ours);
                let words = if words.is_empty() { String::new() } else { format!("; with it go {}", listed(&words)) };
                let marks = "#".repeat(ours.level);
                out.push(format!("{} lacks the section \"{marks} {}\" (line {}){words}", other.name, ours.title, ours.line));
                continue;
            }
            (None, Some(theirs)) => {
                let marks = "#".repeat(theirs.level);
                let place = format!("{}:{}", other.name, theirs.line);
                out.push(format!("{place}: the section \"{marks} {}\" is not in the English page", theirs.title));
                continue;
            }
            (None, None) => continue,
        };
        let section = format!("section \"{}\" (\"{}\")", theirs.title, ours.title);
        let place = format!("{}:{}: {section}", other.name, theirs.line);
        let title = |section: &Section| {
            let heading = page::Block { kind: Kind::Paragraph, line: section.line, text: section.title.clone() };
            page::fixed_words(&heading, &names)
        };
        missing(&format!("{place}: its heading"), &title(ours), &title(theirs), &mut out);

        let kinds = |section: &Section| section.blocks.iter().map(|block| block.kind.clone()).collect::<Vec<_>>();
        let (our_kinds, their_kinds) = (kinds(ours), kinds(theirs));
        if our_kinds != their_kinds {
            let at = our_kinds.iter().zip(&their_kinds).position(|(one, two)| one != two);
            let at = at.unwrap_or(our_kinds.len().min(their_kinds.len()));
            let told = |section: &Section| match section.blocks.get(at) {
                Some(block) => format!("a {} in line {} (\"{}\")", block.kind, block.line, beginning(&block.text)),
                None => "nothing more".to_owned(),
            };
            out.push(format!(
                "{place}: {} blocks, the English one has {}. The first that differs is number {}: {}; in English {}",
                their_kinds.len(),
                our_kinds.len(),
                at + 1,
                told(theirs),
                told(ours)
            ));
            missing(&place, &section_words(ours), &section_words(theirs), &mut out);
            continue;
        }
        for (our_block, their_block) in ours.blocks.iter().zip(&theirs.blocks) {
            let place = format!(
                "{}:{}: {section}, {} \"{}\"",
                other.name,
                their_block.line,
                their_block.kind,
                beginning(&their_block.text)
            );
            let mut ours: BTreeSet<String> = page::fixed_words(our_block, &names);
            let mut theirs: BTreeSet<String> = page::fixed_words(their_block, &names);
            if let Kind::Code { .. } = our_block.kind {
                let (our_code, their_code) = (page::bare_code(&our_block.text), page::bare_code(&their_block.text));
                let unlike = our_code.lines().zip(their_code.lines()).find(|(one, two)| one != two);
                if let Some((one, two)) = unlike {
                    out.push(format!("{place}: the code has {two:?}, the English one {one:?}"));
                } else if our_code != their_code {
                    out.push(format!("{place}: the code has another number of lines than the English one"));
                }
            } else {
                ours.extend(page::inner_links(our_block).iter().map(|anchor| linked(english_target(anchor), anchor)));
                theirs.extend(page::inner_links(their_block).iter().map(|anchor| linked(other_target(anchor), anchor)));
            }
            missing(&place, &ours, &theirs, &mut out);

            let (our_prose, their_prose) = (page::prose(our_block), page::prose(their_block));
            if our_prose == their_prose && our_prose.split(' ').count() > 3 {
                out.push(format!("{place} is still English"));
            }
            // German and French take about a fifth more room. A block far from that has lost or won a sentence.
            let (before, after) = (our_prose.chars().count(), their_prose.chars().count());
            if before >= 100 && !(85..=190).contains(&(100 * after / before)) {
                out.push(format!("{place} has {after} letters where the English one has {before}: is a sentence missing?"));
            }
        }
    }
    out
}

fn translations() -> impl Iterator<Item = &'static str> {
    PAGES.iter().map(|(name, _)| *name).filter(|name| *name != ENGLISH)
}

#[test]
fn the_languages_say_the_same() {
    let english = Page::read(ENGLISH, &text(ENGLISH));
    assert!(english.sections.len() > 20, "the page was read");
    let found: Vec<String> = translations().flat_map(|name| differences(&english, &Page::read(name, &text(name)))).collect();
    assert!(
        found.is_empty(),
        "the guides differ; a change to docs/{ENGLISH} goes into {} as well:\n{}",
        translations().collect::<Vec<_>>().join(" and "),
        found.join("\n")
    );
}

#[test]
fn each_language_leads_to_the_others() {
    for (name, own) in PAGES {
        let expected =
            PAGES.map(|(other, language)| if other == name { own.to_owned() } else { format!("[{language}]({other})") });
        let page = text(name);
        let line = page.lines().skip(1).find(|line| !line.is_empty()).unwrap_or_default();
        assert_eq!(line, expected.join(" · "), "docs/{name}: the line under the title");
    }
    let readme = std::fs::read_to_string(docs().join("../README.md")).expect("README.md");
    for (name, _) in PAGES {
        assert!(readme.contains(&format!("](docs/{name})")), "README.md has no link to docs/{name}");
    }
}

#[test]
fn links_lead_somewhere() {
    for (name, _) in PAGES {
        let page = Page::read(name, &text(name));
        for block in
            page.sections.iter().flat_map(|section| &section.blocks).filter(|block| !matches!(block.kind, Kind::Code { .. }))
        {
            let place = format!("docs/{name}:{}", block.line);
            for anchor in page::inner_links(block) {
                assert!(page.anchors().contains(&anchor), "{place}: no heading for #{anchor}");
            }
            for target in page::outer_links(block).iter().filter(|target| !target.contains("://")) {
                let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
                let other = Page::read(file, &text(file));
                assert!(
                    anchor.is_empty() || other.anchors().iter().any(|known| known == anchor),
                    "{place}: no heading for {target}"
                );
            }
        }
    }
}

/// A French or German reader is not to be sent through menus that only an English portal shows.
#[test]
fn menus_stand_in_both_languages() {
    let both = [
        (
            "entra-setup.de.md",
            [
                "App-Registrierungen (App registrations)",
                "API-Berechtigungen (API permissions)",
                "Zertifikate & Geheimnisse (Certificates & secrets)",
            ],
        ),
        (
            "entra-setup.fr.md",
            [
                "Inscriptions d’applications (App registrations)",
                "API autorisées (API permissions)",
                "Certificats et secrets (Certificates & secrets)",
            ],
        ),
    ];
    for (name, menus) in both {
        let page = text(name).split_whitespace().collect::<Vec<_>>().join(" ");
        for menu in menus {
            assert!(page.contains(menu), "docs/{name}: {menu}");
        }
    }
}

/// What the comparison finds when something is done to one page only: each kind of change, by name.
mod the_comparison {
    use super::*;

    const GUIDE: &str = "# Birds\n\nAll of them, see [the last section](#end).\n\n## Seed\n\nTake 2,048 grains, every day anew, from the bag in \
        the kitchen. Count them first, since the bag was never right before, and write down how many there were.\n\n\
        1. Open `seed.bag`, see <https://birds.example/seed>.\n2. Garden → Shelf → Feed. Grant Bird.Feed.All.\n\n### Rights\n\n\
        | Right | Id |\n|---|---|\n| `Bird.Feed.All` | AADSTS50001, 50002 |\n| `Bird.Read.All` | none |\n\n\
        ```sh\n# count them\nwc -l seed.bag\n```\n\n## End\n\n- no more\n";
    const LEITFADEN: &str = "# Vögel\n\nAlle, siehe [den letzten Abschnitt](#schluss).\n\n## Körner\n\nNehmen Sie 2.048 Körner, jeden Tag \
        von neuem, aus dem Beutel in der Küche. Zählen Sie zuerst, denn der Beutel hat noch nie gestimmt, und schreiben Sie die Zahl auf.\n\n\
        1. Öffnen Sie `seed.bag`, siehe <https://birds.example/seed>.\n2. Garten → Regal → Füttern. Bird.Feed.All erteilen.\n\n\
        ### Rechte\n\n| Recht | Id |\n|---|---|\n| `Bird.Feed.All` | AADSTS50001, 50002 |\n| `Bird.Read.All` | keine |\n\n\
        ```sh\n# zählen\nwc -l seed.bag\n```\n\n## Schluss\n\n- nichts mehr\n";

    /// What is told when a piece of the English page is another.
    fn told(from: &str, to: &str) -> Vec<String> {
        assert!(GUIDE.contains(from), "{from}");
        differences(&Page::read("en", &GUIDE.replacen(from, to, 1)), &Page::read("de", LEITFADEN))
    }

    fn names(from: &str, to: &str, words: &[&str]) {
        let told = told(from, to);
        assert!((1..=3).contains(&told.len()), "{told:#?}");
        for word in words {
            assert!(told.iter().any(|line| line.contains(word)), "{word} is not named: {told:#?}");
        }
    }

    #[test]
    fn is_content_with_a_translation() {
        assert_eq!(told("Birds", "Birds"), Vec::<String>::new());
    }

    #[test]
    fn names_a_section() {
        names(
            "## End",
            "## Cats\n\nGrant `Cat.Read.All`.\n\n## End",
            &["de lacks the section \"## Cats\" (line 24); with it go `Cat.Read.All`"],
        );
        names("## End\n\n- no more\n", "", &["de:24: the section \"## Schluss\" is not in the English page"]);
        names("### Rights", "## Rights", &["lacks the section \"## Rights\"", "\"### Rechte\" is not in"]);
    }

    #[test]
    fn names_a_block() {
        names(
            "\n\n- no more",
            "\n\nFly.\n\n- no more",
            &["de:24: section \"Schluss\" (\"End\")", "in English a paragraph in line 26 (\"Fly.\")"],
        );
        names("2. Garden", "2. Wait.\n3. Garden", &["section \"Körner\"", "numbered step"]);
        names("| `Bird.Read", "| `Cat.Read.All` | 1 |\n| `Bird.Read", &["section \"Rechte\"", "lacks 1, `Cat.Read.All`"]);
        names("- no more", "1. no more", &["a list item in line 26", "a numbered step in line 26"]);
        names("| Right | Id |", "| Right | Id | Why |", &["table row of 2 cells"]);
    }

    #[test]
    fn names_a_word() {
        names("Grant Bird.Feed.All", "Grant Cat.Feed.All", &["lacks Cat.Feed.All", "has Bird.Feed.All", "section \"Körner\""]);
        names("`seed.bag`", "`auth.bag`", &["lacks `auth.bag`", "has `seed.bag`"]);
        names("AADSTS50001, 50002", "AADSTS50001, 50003", &["lacks 50003", "has 50002", "de:16"]);
        names("AADSTS50001", "AADSTS50004", &["lacks AADSTS50004"]);
        names("2,048", "2,049", &["lacks 2049", "has 2048"]);
        names("birds.example", "cats.example", &["lacks https://cats.example/seed"]);
        names("(#end)", "(#seed)", &["lacks a link to \"Seed\""]);
        names("(#end)", "(#nowhere)", &["lacks a link to #nowhere, which is no heading"]);
        names("Garden → ", "", &["lacks 1 times →"]);
        names("### Rights", "### Rights of Bird.Read.All", &["its heading lacks Bird.Read.All"]);
    }

    #[test]
    fn names_code() {
        names("wc -l", "wc -c", &["sh code block", "\"wc -l seed.bag\"", "\"wc -c seed.bag\""]);
        names("wc -l", "date\nwc -l", &["sh code block"]);
        names("```sh", "```json", &["json code block"]);
        assert_eq!(told("# count them", "# how many"), Vec::<String>::new(), "comments are translated");
    }

    #[test]
    fn names_what_was_not_translated() {
        let sentence = "Count them first, since the bag was never right before, and write down how many there were.";
        names(sentence, &format!("{sentence} {sentence}"), &["is a sentence missing?"]);
        let told = differences(&Page::read("en", GUIDE), &Page::read("de", GUIDE));
        assert!(told.iter().any(|line| line.contains("Take 2,048 grains") && line.ends_with("is still English")), "{told:#?}");
    }

    #[test]
    #[should_panic(expected = "de:3: a merge was not finished")]
    fn refuses_a_torn_page() {
        Page::read("de", "# Vögel\n\n<<<<<<< HEAD\nAlle.\n");
    }

    /// Each section of the pages as they stand is missed by its own name.
    #[test]
    fn misses_every_section_of_the_guides() {
        let english = Page::read(ENGLISH, &text(ENGLISH));
        for name in translations() {
            for (at, section) in english.sections.iter().enumerate().skip(1) {
                let mut page = Page::read(name, &text(name));
                page.sections.remove(at);
                let told = differences(&english, &page);
                let expected = format!("{name} lacks the section \"{} {}\"", "#".repeat(section.level), section.title);
                assert!(told.iter().any(|line| line.starts_with(&expected)), "{expected}: {told:#?}");
            }
        }
    }
}
