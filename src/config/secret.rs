//! Where a secret lies, and how it is read. Nothing here ever shows one.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::json::Json;
use super::reader::Reader;
use super::table::{Absent, Key, Reload, Shape, Table};

/// Where a secret lies. Files and variables are read anew each time, so a rotated secret needs no reload.
#[derive(Clone)]
pub enum SecretSource {
    /// In the configuration itself.
    Inline(SecretString),
    /// In a file; a relative name counts from the working directory of the process.
    File(PathBuf),
    /// In a variable of the process's environment.
    Env(String),
}

/// Why a secret cannot be read. Names the place, never what is in it.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be opened or read.
    #[error("file {}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        error: io::Error,
    },
    /// A directory, pipe or device: reading it could block for ever.
    #[error("file {}: not a regular file", .0.display())]
    NotAFile(PathBuf),
    /// No such variable.
    #[error("environment variable {0}: not set")]
    NotSet(String),
    /// Nothing in it.
    #[error("{0}: empty")]
    Empty(String),
    /// Beyond [`SecretSource::LONGEST`].
    #[error("{0}: longer than 65536 bytes")]
    TooLong(String),
    /// Not text.
    #[error("{0}: not UTF-8")]
    NotUtf8(String),
    /// A client secret that has the shape of a GUID.
    #[error("{0}: {IS_AN_ID}")]
    IsAnId(String),
}

/// What to say of a client secret that has the shape of a GUID.
const IS_AN_ID: &str = "looks like the id of a client secret (a GUID), not its value; the value is in the column Value of Certificates & \
                        secrets, and is shown only right after the secret was made";

impl SecretSource {
    /// The longest secret, in bytes; a chain of certificates fits.
    pub const LONGEST: usize = 64 * 1024;

    /// Reads it. May block on the file system. One line end at the end of a file or variable is cut.
    ///
    /// # Errors
    /// Where the place cannot be read, is empty, longer than [`LONGEST`](Self::LONGEST), or not UTF-8.
    pub fn read(&self) -> Result<SecretString, SecretError> {
        let mut bytes = Zeroizing::new(match self {
            SecretSource::Inline(secret) => return Ok(secret.clone()),
            SecretSource::File(path) => read_file(path)?,
            SecretSource::Env(name) => {
                let value = std::env::var_os(name).ok_or_else(|| SecretError::NotSet(name.clone()))?;
                value.into_encoded_bytes()
            }
        });
        if bytes.len() > Self::LONGEST {
            return Err(SecretError::TooLong(self.to_string()));
        }
        if bytes.ends_with(b"\n") {
            bytes.pop();
            if bytes.ends_with(b"\r") {
                bytes.pop();
            }
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| SecretError::NotUtf8(self.to_string()))?;
        if text.is_empty() {
            return Err(SecretError::Empty(self.to_string()));
        }
        Ok(SecretString::from(text))
    }
}

fn read_file(path: &PathBuf) -> Result<Vec<u8>, SecretError> {
    let failed = |error| SecretError::File { path: path.clone(), error };
    // Looked at before it is opened: opening a pipe would wait for its writer.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(SecretError::NotAFile(path.clone()));
    }
    // Room for all at once: a buffer that grows leaves copies of the secret behind.
    let mut bytes = Vec::with_capacity(SecretSource::LONGEST + 64);
    let file = File::open(path).map_err(failed)?;
    file.take(SecretSource::LONGEST as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretSource::Inline(_) => f.write_str("the configuration"),
            SecretSource::File(path) => write!(f, "file {}", path.display()),
            SecretSource::Env(name) => write!(f, "environment variable {name}"),
        }
    }
}

impl fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretSource({self})")
    }
}

/// Whether both name the same place, or hold the same secret.
impl PartialEq for SecretSource {
    fn eq(&self, other: &SecretSource) -> bool {
        match (self, other) {
            (SecretSource::Inline(a), SecretSource::Inline(b)) => a.expose_secret() == b.expose_secret(),
            (SecretSource::File(a), SecretSource::File(b)) => a == b,
            (SecretSource::Env(a), SecretSource::Env(b)) => a == b,
            _ => false,
        }
    }
}

/// The secret of an app registration. Its id, which the portal shows beside it and which many paste by mistake, is refused wherever it
/// comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientSecret(SecretSource);

impl ClientSecret {
    /// A client secret that lies there.
    pub fn new(source: SecretSource) -> ClientSecret {
        ClientSecret(source)
    }

    /// Where it lies.
    pub fn source(&self) -> &SecretSource {
        &self.0
    }

    /// Reads it: see [`SecretSource::read`].
    ///
    /// # Errors
    /// As there, and where it has the shape of a GUID.
    pub fn read(&self) -> Result<SecretString, SecretError> {
        let secret = self.0.read()?;
        if is_guid(secret.expose_secret().trim()) { Err(SecretError::IsAnId(self.0.to_string())) } else { Ok(secret) }
    }
}

/// Whether a text is a GUID as Microsoft writes it: 8-4-4-4-12 hexadecimal digits.
pub(super) fn is_guid(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

/// Whether a password begins or ends with white space. Entra does not support that for sign-in by password (its page on the password
/// grant says so); most often it is a slip of copying.
pub fn blank_at_end(password: &str) -> bool {
    password.trim() != password
}

pub(super) static SECRET: Table = Table {
    name: "a secret",
    about: "A string holds the secret itself. An object says where it lies: exactly one of these keys.",
    keys: &[
        Key {
            name: "file",
            shape: Shape::Path,
            absent: Absent::Means("see `env`"),
            reload: Reload::Yes,
            meaning: "A file with the secret and nothing else. One line end at the end is cut. Read anew for each sign-in.",
        },
        Key {
            name: "env",
            shape: Shape::Text("the name of an environment variable"),
            absent: Absent::Means("see `file`"),
            reload: Reload::Yes,
            meaning: "An environment variable of the process that loads the library. Read anew for each sign-in.",
        },
    ],
};

impl Reader<'_> {
    /// A secret in one of its three forms.
    fn secret(&self, name: &str) -> Option<SecretSource> {
        let place = self.place(name)?;
        match place.json {
            Json::Text(text) if text.is_empty() => self.refuse_secret(name, "is empty"),
            Json::Text(text) if text.len() > SecretSource::LONGEST => self.refuse_secret(name, "is longer than 65536 bytes"),
            Json::Text(text) => Some(SecretSource::Inline(SecretString::from(text.as_str()))),
            Json::Object(_) => {
                let place = self.object_as(name, &SECRET);
                let file = place.path("file").map(SecretSource::File);
                let env = place.text("env", variable).map(SecretSource::Env);
                match (place.has("file"), place.has("env")) {
                    (true, true) => self.refuse_secret(name, "has both file and env; exactly one says where the secret lies"),
                    (false, false) => {
                        self.refuse_secret(name, "has neither file nor env; exactly one says where the secret lies")
                    }
                    _ => file.or(env),
                }
            }
            other => self.refuse_secret(name, &format!("{} is not {}", other.show(false), Shape::Secret.allowed())),
        }
    }

    /// A secret of one line: a line end that was copied along is not cut here as it is in a file.
    fn one_line(&self, name: &str) -> Option<SecretSource> {
        let source = self.secret(name)?;
        if matches!(&source, SecretSource::Inline(secret) if secret.expose_secret().ends_with(['\n', '\r'])) {
            self.warning(name, "ends with a line end, which is sent as a part of the secret");
        }
        Some(source)
    }

    /// A client secret, which must not be a secret's id.
    pub(super) fn client_secret(&self, name: &str) -> Option<ClientSecret> {
        let source = self.one_line(name)?;
        if matches!(&source, SecretSource::Inline(secret) if is_guid(secret.expose_secret().trim())) {
            return self.refuse_secret(name, IS_AN_ID);
        }
        Some(ClientSecret(source))
    }

    /// A password of a person's account.
    pub(super) fn password(&self, name: &str) -> Option<SecretSource> {
        let source = self.one_line(name)?;
        if matches!(&source, SecretSource::Inline(password) if blank_at_end(password.expose_secret().trim_end_matches(['\n', '\r'])))
        {
            self.warning(name, "begins or ends with a blank, which Microsoft Entra does not support in passwords");
        }
        Some(source)
    }

    /// A text in PEM, in one of the three forms of a secret.
    pub(super) fn pem(&self, name: &str) -> Option<SecretSource> {
        let source = self.secret(name)?;
        if matches!(&source, SecretSource::Inline(pem) if !pem.expose_secret().trim_start().starts_with("-----BEGIN ")) {
            return self
                .refuse_secret(name, "is not PEM text, which begins with -----BEGIN; to name a file write {\"file\": \"path\"}");
        }
        Some(source)
    }

    fn refuse_secret<T>(&self, name: &str, message: &str) -> Option<T> {
        self.problem(name, message);
        None
    }
}

fn variable(name: &str) -> Result<String, String> {
    if name.is_empty() || name.contains(['=', '\0']) || name.len() > 256 {
        return Err("is not the name of an environment variable".to_owned());
    }
    Ok(name.to_owned())
}
