//! What may be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// The command-line companion of teams-presence-sync.
///
/// It uses the configuration of the telephone system and touches no telephone system: what an instance would set is shown, nothing is set.
#[derive(Debug, Parser)]
#[command(name = "tps", version, propagate_version = true, after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 all is well, 1 a warning, 2 something failed, 3 the command could not be carried out \
                          (arguments, files, not finished in time).";

const CHECK_CODES: &str = "Exit codes, as monitoring plug-ins have them:
  0  every step is ok or had nothing to try
  1  no step failed, at least one has a warning
  2  a step failed
  3  the check could not be carried out or was not finished in time";

const LOGIN_CODES: &str = "Exit codes:
  0  signed in, kept where state.dir says so, and good for what it is needed for
  1  signed in, but not kept, or something should be looked at
  2  refused; or signed in, but a permission is missing or presence cannot be read
  3  nobody signed in in time, or the command could not be carried out";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Try everything an instance needs, step by step, and say what to do where it fails
    #[command(after_help = CHECK_CODES)]
    Check(Check),
    /// Sign in by a device code in this terminal, and see what the sign-in is good for
    #[command(after_help = LOGIN_CODES)]
    Login(Login),
    /// Follow the presence of users and show what would be set; nothing is set
    Watch(Watch),
    /// Show why one user stands as he does
    Explain(Explain),
    /// Print the JSON Schema of the configuration
    Schema,
}

/// The configuration.
#[derive(Args, Debug)]
pub(crate) struct Config {
    /// The configuration (JSON); - for standard input
    #[arg(long, short, value_name = "FILE")]
    pub(crate) config: PathBuf,
}

/// The users.
#[derive(Args, Debug)]
pub(crate) struct Users {
    /// Users: CSV with user_id,email[,object id] a line, or a JSON array of objects with user_id, email, entra_object_id, rule_set
    #[arg(long, value_name = "FILE")]
    pub(crate) users: Option<PathBuf>,
    /// One user; may be given several times
    #[arg(long, value_name = "ID=EMAIL")]
    pub(crate) user: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) config: Config,
    #[command(flatten)]
    pub(crate) users: Users,
    /// How long all may take together, in seconds; 0 looks at the configuration only
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(0..=86_400))]
    pub(crate) timeout: u32,
    /// One JSON object a line, as `tps_check` gives them
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Login {
    #[command(flatten)]
    pub(crate) config: Config,
    /// Whom to look up with it
    #[command(flatten)]
    pub(crate) users: Users,
    /// Sign in for this one of source.notifications.accounts, in place of auth
    #[arg(long, value_name = "NAME")]
    pub(crate) account: Option<String>,
    /// How long to wait for the person, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 900, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub(crate) timeout: u32,
}

#[derive(Args, Debug)]
pub(crate) struct Watch {
    #[command(flatten)]
    pub(crate) config: Config,
    #[command(flatten)]
    pub(crate) users: Users,
    /// End after this time, in seconds; otherwise at Ctrl-C or SIGTERM
    #[arg(long = "for", value_name = "SECONDS")]
    pub(crate) seconds: Option<u32>,
    /// Most users shown at a time in a terminal; those with a change come first
    #[arg(long, value_name = "N", default_value_t = 18, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rows: u32,
    /// One JSON object a line for each change
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// The user's id as in the list of users, or his e-mail address
    #[arg(value_name = "USER")]
    pub(crate) who: String,
    #[command(flatten)]
    pub(crate) config: Config,
    #[command(flatten)]
    pub(crate) users: Users,
    /// How long to wait for his presence, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub(crate) timeout: u32,
    /// As `tps_explain` gives it
    #[arg(long)]
    pub(crate) json: bool,
}
