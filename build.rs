//! Writes the C header and names the shared library.
//!
//! The header goes to `OUT_DIR`; `include/teams_presence_sync.h` is the committed copy, which `tests/header.rs` compares and
//! `TPS_UPDATE_HEADER=1 cargo build` refreshes. Outside CI a header that cannot be generated is a warning, not an error: somebody who only
//! depends on this crate must not be stopped by it.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// What cbindgen reads, in the order in which the header tells it.
const SOURCES: [&str; 14] = [
    "status.rs",
    "words.rs",
    "event_codes.rs",
    "answers.rs",
    "types.rs",
    "versions.rs",
    "lifecycle.rs",
    "mapping.rs",
    "reports.rs",
    "notifications.rs",
    "sign_in.rs",
    "questions.rs",
    "check.rs",
    "loop_.rs",
];

fn main() {
    for changed in ["src/abi", "cbindgen.toml", "build.rs"] {
        println!("cargo:rerun-if-changed={changed}");
    }
    for variable in ["TPS_UPDATE_HEADER", "CI"] {
        println!("cargo:rerun-if-env-changed={variable}");
    }
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    if let Err(error) = header(&root) {
        assert!(env::var_os("CI").is_none(), "the C header cannot be generated: {error}");
        println!("cargo:warning=the C header cannot be generated ({error}); the committed one stands in");
    }
    link(&root);
}

/// The major of `TPS_ABI_VERSION` names the library; NODELETE keeps its code where threads and thread-local destructors expect it after
/// `dlclose`.
fn link(root: &Path) {
    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("linux") {
        return;
    }
    match abi_version(root) {
        Ok(version) => println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libteams_presence_sync.so.{}", version >> 16),
        Err(error) => println!("cargo:warning=the shared library gets no SONAME: {error}"),
    }
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
}

fn header(root: &Path) -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("no OUT_DIR")?).join("include");
    fs::create_dir_all(&out)?;
    let generated = out.join("teams_presence_sync.h");
    let committed = root.join("include/teams_presence_sync.h");
    println!("cargo:rustc-env=TPS_GENERATED_HEADER={}", generated.display());
    println!("cargo:include={}", out.display());
    match generate(root) {
        Ok(text) => {
            fs::write(&generated, &text)?;
            if env::var_os("TPS_UPDATE_HEADER").is_some() && fs::read_to_string(&committed).ok().as_ref() != Some(&text) {
                fs::create_dir_all(root.join("include"))?;
                fs::write(&committed, &text)?;
            }
            Ok(())
        }
        Err(error) => {
            fs::copy(&committed, &generated)?;
            Err(error)
        }
    }
}

fn generate(root: &Path) -> Result<String, Box<dyn Error>> {
    let abi = root.join("src/abi");
    let page = |name: &str| fs::read_to_string(abi.join("manual").join(name));
    let mut config = cbindgen::Config::from_file(root.join("cbindgen.toml"))?;
    config.header = Some(page("first_page.h")?.trim_end().to_owned());
    config.after_includes =
        Some(page("after_includes.h")?.replace("@ABI_VERSION@", &format!("0x{:08x}u", abi_version(root)?)).trim_end().to_owned());
    let mut builder = cbindgen::Builder::new().with_config(config);
    for source in SOURCES {
        builder = builder.with_src(abi.join(source));
    }
    let mut text = Vec::new();
    builder.generate()?.write(&mut text);
    finish(String::from_utf8(text)?, &page("last_page.h")?)
}

/// What cbindgen cannot say: negative constants in parentheses, the last page inside `extern "C"`.
fn finish(text: String, last_page: &str) -> Result<String, Box<dyn Error>> {
    let mut out = String::with_capacity(text.len() + last_page.len());
    for line in text.lines() {
        match line.strip_prefix("#define ").and_then(|rest| rest.split_once(" -")) {
            Some((name, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
                out.push_str(&format!("#define {name} (-{number})\n"));
            }
            _ => {
                out.push_str(line.trim_end());
                out.push('\n');
            }
        }
    }
    let end = out.rfind("#ifdef __cplusplus").ok_or("no end of extern \"C\"")?;
    out.insert_str(end, &format!("{last_page}\n"));
    Ok(out)
}

/// Read from the source, so that it stands in one place only.
fn abi_version(root: &Path) -> Result<u32, Box<dyn Error>> {
    let source = fs::read_to_string(root.join("src/abi/versions.rs"))?;
    let line =
        source.lines().find_map(|line| line.strip_prefix("pub const TPS_ABI_VERSION: u32 = 0x")).ok_or("no TPS_ABI_VERSION")?;
    Ok(u32::from_str_radix(&line.trim_end_matches(';').replace('_', ""), 16)?)
}
