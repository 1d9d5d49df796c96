//! A guide as sections of blocks, and the words of a block that no translation may change.

use std::collections::BTreeSet;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Paragraph,
    Bullet,
    Number,
    Row { cells: usize },
    Code { language: String },
}

impl std::fmt::Display for Kind {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Paragraph => write!(out, "paragraph"),
            Self::Bullet => write!(out, "list item"),
            Self::Number => write!(out, "numbered step"),
            Self::Row { cells } => write!(out, "table row of {cells} cells"),
            Self::Code { language } => write!(out, "{language} code block"),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) kind: Kind,
    /// Of the file, from 1.
    pub(crate) line: usize,
    pub(crate) text: String,
}

#[derive(Debug)]
pub(crate) struct Section {
    /// 1 for the title of the page.
    pub(crate) level: usize,
    pub(crate) title: String,
    pub(crate) line: usize,
    pub(crate) blocks: Vec<Block>,
}

#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) name: String,
    pub(crate) sections: Vec<Section>,
}

impl Page {
    /// The subset of Markdown that the guides use: `#` headings, paragraphs, `-` and `1.` lists without nesting, tables, fences.
    pub(crate) fn read(name: &str, text: &str) -> Self {
        let mut sections: Vec<Section> = Vec::new();
        let mut fenced = false;
        // Whether the line continues the block before it.
        let mut open = false;
        for (number, line) in text.lines().enumerate().map(|(at, line)| (at + 1, line)) {
            let torn = ["<<<<<<<", "=======", ">>>>>>>"].iter().any(|mark| line.starts_with(mark));
            assert!(!torn, "{name}:{number}: a merge was not finished");
            // Also inside a step, where it is indented.
            let fence = line.trim_start().strip_prefix("```");
            if !fenced
                && let Some((marks, title)) = line.split_once(' ').filter(|(marks, _)| marks.bytes().all(|mark| mark == b'#'))
                && !marks.is_empty()
            {
                let title = title.trim().to_owned();
                sections.push(Section { level: marks.len(), title, line: number, blocks: Vec::new() });
                open = false;
                continue;
            }
            // A remark to machines may stand before the title.
            let Some(section) = sections.last_mut() else { continue };
            let blocks = &mut section.blocks;
            let mut begin = |kind, text: &str| blocks.push(Block { kind, line: number, text: text.to_owned() });
            let numbered = line
                .split_once(". ")
                .filter(|(digits, _)| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit()));
            if let Some(language) = fence {
                if !fenced {
                    begin(Kind::Code { language: language.to_owned() }, "");
                }
                (fenced, open) = (!fenced, !fenced);
            } else if fenced || (open && line.starts_with(|first: char| first != '|' && first != '-') && numbered.is_none()) {
                let block = blocks.last_mut().expect("an open block");
                if !block.text.is_empty() {
                    block.text.push('\n');
                }
                block.text.push_str(if fenced { line } else { line.trim() });
            } else if line.trim().is_empty() {
                open = false;
            } else if let Some(row) = line.strip_prefix('|') {
                let cells = cells(row);
                if !cells.iter().all(|cell| cell.starts_with("---")) {
                    begin(Kind::Row { cells: cells.len() }, row);
                }
                open = false;
            } else {
                match (line.strip_prefix("- "), numbered) {
                    (Some(rest), _) => begin(Kind::Bullet, rest),
                    (_, Some((_, rest))) => begin(Kind::Number, rest),
                    _ => begin(Kind::Paragraph, line),
                }
                open = true;
            }
        }
        assert!(!fenced, "{name}: a code block has no end");
        Self { name: name.to_owned(), sections }
    }

    /// As GitHub forms the anchors of headings, with a number behind the second of a name.
    pub(crate) fn anchors(&self) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        for section in &self.sections {
            let kept = section.title.to_lowercase();
            let kept = kept.chars().filter(|letter| letter.is_alphanumeric() || [' ', '-', '_'].contains(letter));
            let anchor: String = kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect();
            let before = out.iter().filter(|other| **other == anchor).count();
            out.push(if before == 0 { anchor } else { format!("{anchor}-{before}") });
        }
        out
    }
}

/// What stands between the bars of a row, also where a code span contains one.
fn cells(row: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut span = false;
    for letter in row.trim_end().trim_end_matches('|').chars() {
        span ^= letter == '`';
        if letter == '|' && !span {
            out.push(String::new());
        } else {
            out.last_mut().expect("a cell").push(letter);
        }
    }
    out.into_iter().map(|cell| cell.trim().to_owned()).collect()
}

/// The parts of a text outside code spans, and the spans.
fn split_spans(text: &str) -> (String, Vec<String>) {
    let (mut plain, mut spans) = (String::new(), Vec::new());
    for (at, part) in text.split('`').enumerate() {
        if at % 2 == 0 {
            plain.push_str(part);
        } else {
            // A span may be broken across two lines.
            spans.push(part.replace('\n', " "));
        }
        plain.push(' ');
    }
    (plain, spans)
}

/// The targets of `[text](target)`, and the text without them.
fn split_links(text: &str) -> (String, Vec<String>) {
    let mut parts = text.split("](");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    let mut targets = Vec::new();
    for part in parts {
        let (target, rest) = part.split_once(')').unwrap_or((part, ""));
        targets.push(target.to_owned());
        plain.push(' ');
        plain.push_str(rest);
    }
    (plain, targets)
}

/// 2,048 and 2.048 and 2 048 are one number.
fn numbers(text: &str) -> BTreeSet<String> {
    let letters: Vec<char> = text.chars().collect();
    let digit = |at: usize| letters.get(at).is_some_and(char::is_ascii_digit);
    let mut out = BTreeSet::new();
    let mut word = String::new();
    for at in 0..=letters.len() {
        let separator = letters.get(at).is_some_and(|letter| [',', '.', '\u{a0}', '\u{202f}', '\u{2019}'].contains(letter));
        if digit(at) {
            word.push(letters[at]);
        } else if separator && !word.is_empty() && (1..=3).all(|ahead| digit(at + ahead)) && !digit(at + 4) {
            continue;
        } else if !word.is_empty() {
            out.insert(std::mem::take(&mut word));
        }
    }
    out
}

/// Words of a plain text that are names: permissions (`User.Read.All`), files, addresses, codes (AADSTS50076), constants with `_`.
fn names(text: &str) -> BTreeSet<String> {
    let inner = |letter: char| letter.is_alphanumeric() || "._-/:?=&*@".contains(letter);
    text.split(|letter| !inner(letter))
        .map(|word| word.trim_matches(|letter: char| !letter.is_alphanumeric()))
        .filter(|word| {
            let dotted = word.split('.').count() > 1
                && word.split('.').all(|part| part.starts_with(|first: char| first.is_ascii_alphabetic()));
            dotted
                || word.contains("://")
                || word.contains('_')
                || word.starts_with("AADSTS") && word.len() > 6 && !word.contains('-')
        })
        .map(str::to_owned)
        .collect()
}

/// The words of a block that stand in each language as they are. Links inside the page are left to `inner_links`.
pub(crate) fn fixed_words(block: &Block, pages: &[&str]) -> BTreeSet<String> {
    if let Kind::Code { .. } = block.kind {
        return names(&comments(&block.text).join("\n"));
    }
    let (plain, spans) = split_spans(&block.text);
    let (plain, targets) = split_links(&plain);
    let mut out: BTreeSet<String> = spans.into_iter().map(|span| format!("`{span}`")).collect();
    out.extend(names(&plain));
    // A code of Entra is told once, as the code.
    out.extend(numbers(&names(&plain).iter().fold(plain.clone(), |text, name| text.replace(name, " "))));
    out.extend(targets.into_iter().filter(|target| !target.starts_with('#') && !pages.contains(&target.as_str())));
    let arrows = plain.matches('→').count();
    if arrows > 0 {
        out.insert(format!("{arrows} times →"));
    }
    out
}

/// The targets of links to headings of the same page, without `#`.
pub(crate) fn inner_links(block: &Block) -> Vec<String> {
    let (plain, _) = split_spans(&block.text);
    split_links(&plain).1.iter().filter_map(|target| target.strip_prefix('#').map(str::to_owned)).collect()
}

/// All other targets of links in a block.
pub(crate) fn outer_links(block: &Block) -> Vec<String> {
    let (plain, _) = split_spans(&block.text);
    split_links(&plain).1.into_iter().filter(|target| !target.starts_with('#')).collect()
}

fn comment(line: &str) -> bool {
    line.trim_start().starts_with("# ")
}

fn comments(code: &str) -> Vec<&str> {
    code.lines().filter(|line| comment(line)).collect()
}

/// Code without the words of its comments, which are translated.
pub(crate) fn bare_code(code: &str) -> String {
    let lines: Vec<&str> = code.lines().map(|line| if comment(line) { "#" } else { line }).collect();
    lines.join("\n")
}

/// The words of a person's language, without code, links and marks.
pub(crate) fn prose(block: &Block) -> String {
    let text = match block.kind {
        Kind::Code { .. } => comments(&block.text).join(" "),
        _ => split_links(&split_spans(&block.text).0).0,
    };
    text.split(|letter: char| !letter.is_alphabetic()).filter(|word| word.len() > 1).collect::<Vec<_>>().join(" ")
}
