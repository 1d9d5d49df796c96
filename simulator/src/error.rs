//! Why something could not be done.

use std::fmt;
use std::io;
use std::net::SocketAddr;

/// Why something could not be done.
#[derive(Debug)]
pub enum Error {
    /// An argument is wrong; the text names it.
    Argument(String),
    /// The address cannot be listened on.
    Listen(SocketAddr, io::Error),
    /// Keys or certificates could not be made.
    Certificate(String),
    /// The runtime could not be started, or ended by itself.
    Runtime(io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Argument(text) => f.write_str(text),
            Error::Listen(address, error) => write!(f, "cannot listen on {address}: {error}"),
            Error::Certificate(text) => write!(f, "certificates: {text}"),
            Error::Runtime(error) => write!(f, "the simulator's runtime: {error}"),
        }
    }
}

impl std::error::Error for Error {}
