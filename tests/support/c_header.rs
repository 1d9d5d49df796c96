//! Reads a C header of our own making: constants, structs, function types and prototypes, in order, without comments.
#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]

use std::path::{Path, PathBuf};

/// What a header declares.
#[derive(Debug, Default)]
pub struct Header {
    /// `#define NAME value` with a number.
    pub numbers: Vec<(String, i64)>,
    /// `#define NAME text` or `NAME(p) text`, tokens joined by one blank.
    pub macros: Vec<(String, String)>,
    /// Struct name and its fields: name and type.
    pub structs: Vec<(String, Vec<(String, String)>)>,
    /// Other typedefs: name and the whole declaration.
    pub types: Vec<(String, String)>,
    /// Function name and its whole declaration.
    pub functions: Vec<(String, String)>,
}

/// The repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

impl Header {
    /// Reads a file.
    pub fn read(path: &Path) -> Header {
        let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Header::parse(&text)
    }

    /// Reads a text.
    pub fn parse(text: &str) -> Header {
        let mut header = Header::default();
        let mut code = String::new();
        for line in without_comments(text).replace("\\\n", " ").lines() {
            let line = line.trim();
            match line.strip_prefix("#define ") {
                Some(define) => header.define(define),
                None if line.starts_with('#') || line == "extern \"C\" {" => {}
                None => {
                    code.push_str(line);
                    code.push('\n');
                }
            }
        }
        for declaration in declarations(&code) {
            header.declare(&declaration);
        }
        header
    }

    fn define(&mut self, define: &str) {
        let end = define.find([' ', '(']).unwrap_or(define.len());
        let name = define[..end].to_owned();
        let value = define[end..].trim();
        if value.is_empty() {
            return;
        }
        match number(value) {
            Some(number) => self.numbers.push((name, number)),
            None => self.macros.push((name, spaced(value))),
        }
    }

    fn declare(&mut self, declaration: &str) {
        let text = spaced(declaration).replace("struct ", "");
        if let Some(rest) = text.strip_prefix("typedef ") {
            match rest.split_once(" { ") {
                Some((_, rest)) => {
                    let (body, name) = rest.rsplit_once('}').unwrap_or_else(|| panic!("no end: {text}"));
                    self.structs.push((name.trim().to_owned(), fields(body)));
                }
                None => {
                    let name = function_pointer_name(rest).unwrap_or_else(|| last_word(rest));
                    self.types.push((name, rest.to_owned()));
                }
            }
        } else if let Some((before, _)) = text.split_once(" ( ") {
            self.functions.push((last_word(before), text));
        } else if text != "}" && !text.is_empty() {
            panic!("not understood: {text}");
        }
    }
}

fn without_comments(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    loop {
        let block = rest.find("/*");
        let line = rest.find("//");
        let (at, end) = match (block, line) {
            (Some(block), line) if line.is_none_or(|line| block < line) => {
                (block, rest[block..].find("*/").map(|end| block + end + 2).expect("an end of the comment"))
            }
            (_, Some(line)) => (line, rest[line..].find('\n').map_or(rest.len(), |end| line + end)),
            _ => return out + rest,
        };
        out.push_str(&rest[..at]);
        out.push(' ');
        rest = &rest[end..];
    }
}

/// Cut at each `;` outside braces and parentheses.
fn declarations(code: &str) -> Vec<String> {
    let mut depth = 0;
    let mut out = vec![String::new()];
    for letter in code.chars() {
        match letter {
            '{' | '(' => depth += 1,
            // The brace that ends extern "C" has no beginning here.
            '}' | ')' => depth = i32::max(depth - 1, 0),
            _ => {}
        }
        if letter == ';' && depth == 0 {
            out.push(String::new());
        } else if let Some(last) = out.last_mut() {
            last.push(letter);
        }
    }
    out.retain(|declaration| !declaration.trim().is_empty());
    out
}

/// Tokens with one blank between them.
fn spaced(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        if letter.is_alphanumeric() || letter == '_' || letter == '.' {
            out.push(letter);
        } else if letter.is_whitespace() {
            out.push(' ');
        } else {
            out.extend([' ', letter, ' ']);
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn number(text: &str) -> Option<i64> {
    let text = text.trim_start_matches('(').trim_end_matches(')').trim_end_matches(['u', 'U']);
    match text.strip_prefix("0x") {
        Some(hex) => i64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

fn last_word(text: &str) -> String {
    text.split_whitespace().last().unwrap_or_default().to_owned()
}

/// `void ( * name ) ( … )`
fn function_pointer_name(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("( * ")?;
    Some(rest.split_once(" )")?.0.to_owned())
}

fn fields(body: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for field in declarations(body) {
        let field = spaced(&field);
        if let Some(name) = function_pointer_name(&field) {
            out.push((name, field));
            continue;
        }
        // `int32_t a, b` declares two.
        let (first, others) = field.split_once(" , ").map_or((&*field, None), |(first, others)| (first, Some(others)));
        let (first, array) =
            first.split_once(" [").map_or((first, String::new()), |(first, array)| (first, format!(" [{array}")));
        let name = last_word(first);
        let of_type = first[..first.len() - name.len()].trim().to_owned();
        out.push((name, format!("{of_type}{array}")));
        for other in others.into_iter().flat_map(|others| others.split(" , ")) {
            out.push((other.to_owned(), of_type.clone()));
        }
    }
    out
}
