//! `tps`: the command-line companion of teams-presence-sync.
//!
//! | module | what lives there |
//! |---|---|
//! | `arguments` | what may be typed |
//! | `check`, `login`, `watch`, `explain`, `schema` | one command each |
//! | `session` | a running instance without a telephone system |
//! | `sign_in` | events of a sign-in, for those who wait for one |
//! | `settings`, `users` | the files that are read |
//! | `end` | Ctrl-C, SIGTERM, the exit codes |
//! | `screen` | text that is safe to show, colours where they help |

mod arguments;
mod check;
mod end;
mod explain;
mod login;
mod schema;
mod screen;
mod session;
mod settings;
mod sign_in;
mod users;
mod watch;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use end::{Failure, UNUSABLE};

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no errors. Where their text cannot be written, nobody reads it.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(UNUSABLE) } else { ExitCode::SUCCESS };
        }
    };
    let outcome = match arguments.command {
        Command::Check(options) => check::run(&options),
        Command::Login(options) => login::run(&options),
        Command::Watch(options) => watch::run(&options),
        Command::Explain(options) => explain::run(&options),
        Command::Schema => schema::run(),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        // Whoever read our output has gone: that is their decision.
        Err(Failure::Pipe) => ExitCode::SUCCESS,
        Err(Failure::Words(words)) => {
            screen::complain(&words);
            ExitCode::from(UNUSABLE)
        }
    }
}
