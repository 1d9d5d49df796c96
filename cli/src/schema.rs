//! `tps schema`.

use std::io::Write as _;

use teams_presence_sync::config;

use crate::end::{GOOD, Outcome};

pub(crate) fn run() -> Outcome {
    let text = config::schema::json();
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(GOOD)
}
