//! The list of users: CSV, JSON, or typed.

use std::io::Read as _;
use std::path::Path;

use serde::Deserialize;
use teams_presence_sync::sync::{HostDnd, UserInput};

use crate::arguments;
use crate::end::Failure;

/// Bytes of a list.
const LONGEST: u64 = 256 << 20;
/// As many as the library takes.
const MOST: usize = 1_000_000;

/// All users given, the file first.
pub(crate) fn read(given: &arguments::Users) -> Result<Vec<UserInput>, Failure> {
    let mut users = match &given.users {
        None => Vec::new(),
        Some(path) => file(path)?,
    };
    for text in &given.user {
        users.push(typed(text)?);
    }
    if users.len() > MOST {
        return Err(Failure::Words(format!("{} users are more than {MOST}", users.len())));
    }
    Ok(users)
}

fn typed(text: &str) -> Result<UserInput, Failure> {
    let (id, email) = text.split_once('=').unwrap_or((text, text));
    let (id, email) = (id.trim(), email.trim());
    if id.is_empty() || !email.contains('@') {
        return Err(Failure::Words(format!("--user {text}: write ID=EMAIL, for instance 101=anna@contoso.example")));
    }
    Ok(user(id, Some(email), None, None))
}

fn user(id: &str, email: Option<&str>, object: Option<&str>, rule_set: Option<&str>) -> UserInput {
    let some = |text: Option<&str>| text.map(str::trim).filter(|text| !text.is_empty()).map(Box::from);
    UserInput {
        user_id: id.into(),
        email: some(email),
        entra_object_id: some(object),
        rule_set: some(rule_set),
        host_dnd: HostDnd::Unknown,
        host_queue_dnd: HostDnd::Unknown,
    }
}

fn file(path: &Path) -> Result<Vec<UserInput>, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Words(format!("{}: {error}", path.display()));
    let mut bytes = Vec::new();
    std::fs::File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes)).map_err(|error| failed(&error))?;
    if bytes.len() as u64 > LONGEST {
        return Err(failed(&"larger than 256 MiB"));
    }
    let text = std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes))
        .map_err(|error| failed(&format!("not UTF-8 at byte {}", error.valid_up_to())))?;
    let users = if text.trim_start().starts_with('[') { json(text) } else { csv(text) };
    users.map_err(|error| failed(&error))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    user_id: String,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    entra_object_id: Option<String>,
    #[serde(default)]
    rule_set: Option<String>,
}

fn json(text: &str) -> Result<Vec<UserInput>, String> {
    let entries: Vec<Entry> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    entries
        .into_iter()
        .enumerate()
        .map(|(at, entry)| {
            if entry.user_id.is_empty() {
                return Err(format!("entry {}: user_id is empty", at + 1));
            }
            Ok(user(&entry.user_id, entry.email.as_deref(), entry.entra_object_id.as_deref(), entry.rule_set.as_deref()))
        })
        .collect()
}

/// Lines of user_id, email and perhaps an object id, divided by commas, or by semicolons or tabs where the first line has no comma; fields may
/// stand in quotes. A first line that begins with `user_id` names the columns; empty lines and lines with `#` are left out.
fn csv(text: &str) -> Result<Vec<UserInput>, String> {
    let lines = || text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    let Some((_, first)) = lines().next() else { return Ok(Vec::new()) };
    let divider = [',', ';', '\t'].into_iter().find(|divider| first.contains(*divider)).unwrap_or(',');
    let heading = fields(first, divider).is_ok_and(|fields| fields[0].eq_ignore_ascii_case("user_id"));
    lines()
        .skip(usize::from(heading))
        .map(|(at, line)| {
            let wrong = |what: String| format!("line {}: {what}", at + 1);
            let fields = fields(line, divider).map_err(wrong)?;
            if fields.len() > 3 {
                return Err(wrong(format!("{} fields; at most user_id, email and object id", fields.len())));
            }
            if fields[0].is_empty() {
                return Err(wrong("user_id is empty".to_owned()));
            }
            let field = |at: usize| fields.get(at).map(String::as_str);
            Ok(user(&fields[0], field(1), field(2), None))
        })
        .collect()
}

/// The fields of a line, at least one. RFC 4180, but for line ends in quotes.
fn fields(line: &str, divider: char) -> Result<Vec<String>, String> {
    let mut out = Vec::new();
    let mut rest = line.trim();
    loop {
        if let Some(quoted) = rest.trim_start().strip_prefix('"') {
            let mut field = String::new();
            let mut letters = quoted.char_indices();
            let end = loop {
                match letters.next() {
                    None => return Err("a quoted field does not end".to_owned()),
                    Some((at, '"')) if quoted[at + 1..].starts_with('"') => {
                        field.push('"');
                        letters.next();
                    }
                    Some((at, '"')) => break at + 1,
                    Some((_, letter)) => field.push(letter),
                }
            };
            out.push(field);
            let after = quoted[end..].trim_start_matches(' ');
            match after.strip_prefix(divider) {
                Some(next) => rest = next,
                None if after.is_empty() => return Ok(out),
                None => return Err("something stands after a quoted field".to_owned()),
            }
        } else {
            match rest.split_once(divider) {
                Some((field, next)) => {
                    out.push(field.trim().to_owned());
                    rest = next;
                }
                None => {
                    out.push(rest.trim().to_owned());
                    return Ok(out);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(users: Result<Vec<UserInput>, String>) -> Vec<(String, Option<String>, Option<String>)> {
        let text = |text: Option<Box<str>>| text.map(String::from);
        users
            .expect("users")
            .into_iter()
            .map(|user| (user.user_id.into(), text(user.email), text(user.entra_object_id)))
            .collect()
    }

    #[test]
    fn tables_as_programs_write_them() {
        let row = |id: &str, email: &str, object: &str| {
            let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            (id.to_owned(), some(email), some(object))
        };
        assert_eq!(
            seen(csv("user_id,email,object\r\n101,a@b.c\r\n\r\n# away\r\n\"10\"\"2\", \"x,y\" ,g\r\n103,,\r\n104")),
            [row("101", "a@b.c", ""), row("10\"2", "x,y", "g"), row("103", "", ""), row("104", "", "")]
        );
        assert_eq!(seen(csv("101;a@b.c;\n102;d@e.f;g")), [row("101", "a@b.c", ""), row("102", "d@e.f", "g")]);
        assert_eq!(seen(csv("101\ta@b.c")), [row("101", "a@b.c", "")]);
        assert_eq!(seen(csv("")), []);
        let list = r#" [{"user_id":"101","email":"a@b.c"},{"user_id":"102","entra_object_id":"g","rule_set":"x"}]"#;
        assert_eq!(seen(json(list)), [row("101", "a@b.c", ""), row("102", "", "g")]);
    }

    #[test]
    fn mistakes_name_their_line() {
        let wrong = |users: Result<Vec<UserInput>, String>| users.map(|_| ()).expect_err("a mistake");
        assert!(wrong(csv("101,a@b.c\n,x@y.z")).starts_with("line 2: user_id is empty"));
        assert!(wrong(csv("1,2,3,4")).contains("4 fields"));
        assert!(wrong(csv("\"1,2")).contains("does not end"));
        assert!(wrong(csv("\"1\"2,3")).contains("after a quoted field"));
        assert!(wrong(json(r#"[{"user_id":"1","mail":"x"}]"#)).contains("mail"));
        assert!(wrong(json(r#"[{"user_id":""}]"#)).contains("entry 1"));
    }

    #[test]
    fn typed_users() {
        let one = typed("101=a@b.c").expect("a user");
        assert_eq!((&*one.user_id, one.email.as_deref()), ("101", Some("a@b.c")));
        assert_eq!(&*typed("a@b.c").expect("a user").user_id, "a@b.c");
        assert!(typed("101").is_err() && typed("=a@b").is_err() && typed("101=").is_err());
    }
}
