//! Where secrets lie, what is refused, and that none is ever shown.

use std::path::Path;

use secrecy::ExposeSecret;

use super::*;

fn read(source: &SecretSource) -> String {
    source.read().expect("readable").expose_secret().to_owned()
}

fn refused(source: &SecretSource) -> String {
    source.read().expect_err("refused").to_string()
}

fn file(dir: &Path, content: &[u8]) -> SecretSource {
    let path = dir.join("secret");
    std::fs::write(&path, content).expect("written");
    SecretSource::File(path)
}

#[test]
fn a_file_is_read_anew_and_one_line_end_is_cut() {
    let dir = tempfile::tempdir().expect("a directory");
    for (content, secret) in
        [("a", "a"), ("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), (" a ", " a "), ("ü[]<>?#&%+ \"'\n", "ü[]<>?#&%+ \"'")]
    {
        assert_eq!(read(&file(dir.path(), content.as_bytes())), secret);
    }
    let longest = vec![b'x'; SecretSource::LONGEST];
    assert_eq!(read(&file(dir.path(), &longest)).len(), SecretSource::LONGEST);
}

#[test]
fn a_file_that_cannot_serve() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("secret").display().to_string();
    assert!(refused(&SecretSource::File(path.clone().into())).starts_with(&format!("file {path}: No such file")));
    assert_eq!(refused(&SecretSource::File(dir.path().into())), format!("file {}: not a regular file", dir.path().display()));
    assert_eq!(refused(&SecretSource::File("/dev/zero".into())), "file /dev/zero: not a regular file");
    assert_eq!(refused(&file(dir.path(), b"")), format!("file {path}: empty"));
    assert_eq!(refused(&file(dir.path(), b"\n")), format!("file {path}: empty"));
    assert_eq!(refused(&file(dir.path(), b"top\xffsecret")), format!("file {path}: not UTF-8"));
    let long = vec![b'x'; SecretSource::LONGEST + 1];
    assert_eq!(refused(&file(dir.path(), &long)), format!("file {path}: longer than 65536 bytes"));
}

#[test]
fn a_variable() {
    assert_eq!(read(&SecretSource::Env("CARGO_PKG_NAME".into())), "teams-presence-sync", "cargo sets it for tests");
    let missing = SecretSource::Env("TPS_NO_SUCH_VARIABLE".into());
    assert_eq!(refused(&missing), "environment variable TPS_NO_SUCH_VARIABLE: not set");
}

#[test]
fn the_id_of_a_secret_is_refused_wherever_it_lies() {
    const ID: &str = "0A1B2C3D-1111-2222-3333-444455556666";
    for auth in [
        format!(r#"{{ "method": "client_secret", "secret": "{ID}" }}"#),
        format!(r#"{{ "method": "password", "username": "a@b.c", "password": "x", "secret": " {ID}" }}"#),
    ] {
        let told = error(&with_auth(&auth));
        assert!(told.starts_with("auth.secret: looks like the id of a client secret (a GUID), not its value"), "{told}");
        assert!(!told.contains("0A1B2C3D"));
    }
    let dir = tempfile::tempdir().expect("a directory");
    let source = file(dir.path(), format!("{ID}\n").as_bytes());
    let told = ClientSecret::new(source.clone()).read().expect_err("refused").to_string();
    assert!(told.starts_with("file ") && told.contains("looks like the id") && !told.contains("0A1B2C3D"), "{told}");
    assert_eq!(read(&source), ID, "a password may look so");
    parse(&with_auth(&format!(r#"{{ "method": "password", "username": "a@b.c", "password": "{ID}" }}"#)));
}

#[test]
fn slips_give_warnings() {
    let password =
        |password: &str| with_auth(&format!(r#"{{ "method": "password", "username": "a@b.c", "password": "{password}" }}"#));
    let blank = "auth.password: begins or ends with a blank, which Microsoft Entra does not support in passwords";
    for slip in [" x", "x ", "\u{a0}x"] {
        assert_eq!(warnings(&password(slip)), [blank], "{slip:?}");
    }
    let line_end = "auth.password: ends with a line end, which is sent as a part of the secret";
    assert_eq!(warnings(&password("x\\n")), [line_end]);
    assert_eq!(warnings(&password("x \\r\\n")), [line_end, blank]);
    assert_eq!(warnings(&password("x y")), [] as [&str; 0]);
    let secret = with_auth(r#"{ "method": "client_secret", "secret": "x\n" }"#);
    assert_eq!(warnings(&secret), ["auth.secret: ends with a line end, which is sent as a part of the secret"]);
    let pem = r#"{ "method": "certificate", "certificate": "-----BEGIN C-----\n", "key": "-----BEGIN K-----\n" }"#;
    assert_eq!(warnings(&with_auth(pem)), [] as [&str; 0], "PEM ends so");
}

#[test]
fn no_secret_is_shown() {
    const SECRET: &str = "hunter2-hunter2";
    let auth = [
        r#"{ "method": "client_secret", "secret": "hunter2-hunter2" }"#,
        r#"{ "method": "password", "username": "a@b.c", "password": "hunter2-hunter2", "secret": "hunter2-hunter2" }"#,
        r#"{ "method": "certificate", "certificate": "-----BEGIN hunter2-hunter2", "key": "-----BEGIN hunter2-hunter2" }"#,
    ];
    for auth in auth {
        let document = with_auth(auth).replace(" }", r#" , "x": 1 }"#);
        assert!(!error(&document).contains("hunter2"), "{}", error(&document));
        let proxy = r#" }, "proxy": { "mode": "url", "url": "http://p:1", "username": "u", "password": "hunter2-hunter2" }"#;
        let parsed = parsed(&with_auth(auth).replacen(" }", proxy, 1));
        assert!(!format!("{parsed:?}").contains("hunter2"));
        assert!(!format!("{parsed:?}").contains("a@b.c"), "nor an address");
    }
    // In a wrong place, or of a wrong shape.
    for document in [
        with("").replace("66666666-7777-8888-9999-AAAAAAAAAAAA", SECRET),
        with("").replace("11111111-2222-3333-4444-555555555555", SECRET),
        with_auth(&format!("\"{SECRET}\"")),
        with_auth(&format!(r#"{{ "method": "client_secret", "secret": ["{SECRET}"] }}"#)),
        with_auth(&format!(r#"{{ "method": "client_secret", "secret": {{ "value": "{SECRET}" }} }}"#)),
        with_auth(&format!(r#"{{ "method": "client_secret", "sekret": "{SECRET}" }}"#)),
        with_auth(&format!(r#"{{ "method": "password", "username": "{SECRET}", "password": "x" }}"#)),
        with_auth(&format!(r#"{{ "method": "certificate", "certificate": "{SECRET}", "key": "{SECRET}" }}"#)),
        with(&format!(r#""proxy": {{ "mode": "url", "url": "http://u:{SECRET}@p:1" }}"#)),
        with(&format!(r#""endpoints": {{ "graph": "https://u:{SECRET}@p:1" }}"#)),
        with(&format!(r#""proxy": {{ "mode": "none", "password": "{SECRET}" }}"#)),
        format!(r#"{{ "auth": {{ "secret": "{SECRET}" "#),
    ] {
        assert!(!error(&document).contains("hunter2"), "{}", error(&document));
    }
}
