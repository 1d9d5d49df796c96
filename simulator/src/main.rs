//! The simulator as a program.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use serde_json::json;
use teams_presence_simulator::{
    CLIENT_ID, CLIENT_SECRET, DOMAIN, Oddities, Options, PUBLIC_CLIENT_ID, SERVICE_ACCOUNT, Script, Simulator, TENANT_ID,
    office_day,
};
use tokio::io::AsyncReadExt as _;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// A stand-in for Microsoft Entra and Microsoft Graph presence on loopback. Prints one line of JSON with its addresses when ready.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Where to speak HTTP; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    http: SocketAddr,
    /// Where to speak HTTPS; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    https: SocketAddr,
    /// Write the certificate authority of this run (PEM) here
    #[arg(long, value_name = "FILE")]
    ca_out: Option<PathBuf>,
    /// Write the ready line here as well, whole or not at all
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// Write a configuration of teams-presence-sync for this run here, whole or not at all; it holds the simulator's secret
    #[arg(long, value_name = "FILE", conflicts_with = "empty")]
    config_out: Option<PathBuf>,
    /// Do the actions of this file (JSON lines)
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// Add this many users user1@contoso.test, user2@contoso.test, ...
    #[arg(long, value_name = "N", default_value_t = 0)]
    users: u32,
    /// Play a built-in day
    #[arg(long, value_enum, default_value_t = Day::None)]
    day: Day,
    /// Play script and day this many times as fast
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    speed: f64,
    /// Sign this user in with every device code at once
    #[arg(long, value_name = "USER")]
    device_sign_in: Option<String>,
    /// Trust these certificates (PEM) of notification URLs with HTTPS, besides those of the simulator's own authority
    #[arg(long, value_name = "FILE")]
    notify_ca: Option<PathBuf>,
    /// Lead this host name of notification URLs to a loopback address, as in pbx.example.com=127.0.0.1:8085; may be repeated
    #[arg(long, value_name = "NAME=ADDR")]
    notify_host: Vec<String>,
    /// Begin without the tenant contoso.test
    #[arg(long)]
    empty: bool,
    /// End when standard input does
    #[arg(long)]
    exit_with_stdin: bool,
    /// End this long after script and day are over, in milliseconds
    #[arg(long, value_name = "MS")]
    exit_after_ms: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Day {
    Office,
    None,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("teams-presence-simulator: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Others wait for the file: it must not be seen half written.
fn write_whole(path: &Path, text: &str) -> Result<(), String> {
    let failed = |e: std::io::Error| format!("{}: {e}", path.display());
    let part = path.with_extension("part");
    std::fs::write(&part, text).map_err(failed)?;
    std::fs::rename(&part, path).map_err(failed)
}

fn run(arguments: Arguments) -> Result<(), String> {
    if !(arguments.speed.is_finite() && arguments.speed > 0.0) {
        return Err(format!("--speed {}: must be greater than 0", arguments.speed));
    }
    let script = match &arguments.script {
        None => Script::default(),
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
            Script::parse(&text).map_err(|e| format!("{}: {e}", path.display()))?
        }
    };
    let mut oddities = Oddities { device_sign_in: arguments.device_sign_in.clone(), ..Oddities::default() };
    for pair in &arguments.notify_host {
        let (name, to) = pair.split_once('=').ok_or_else(|| format!("--notify-host {pair}: NAME=ADDR is wanted"))?;
        oddities.notify.hosts.insert(name.to_owned(), to.to_owned());
    }
    let notification_ca = arguments.notify_ca.as_ref();
    let notification_ca =
        notification_ca.map(|path| std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))).transpose()?;
    let options = Options {
        http: Some(arguments.http),
        https: Some(arguments.https),
        default_tenant: !arguments.empty,
        oddities,
        notification_ca,
    };
    let text = |e: teams_presence_simulator::Error| e.to_string();
    let simulator = Simulator::spawn_blocking_thread(options).map_err(text)?;
    if arguments.users > 0 {
        simulator.default_tenant().add_users(arguments.users, &format!("user{{n}}@{DOMAIN}")).map_err(text)?;
    }
    let day = if arguments.day == Day::Office { office_day() } else { Script::default() };
    let length = script.length().max(day.length()).div_f64(arguments.speed);
    simulator.run_script(day, arguments.speed).map_err(text)?;
    simulator.run_script(script, arguments.speed).map_err(text)?;

    // Before anybody is told that we are ready: from then on a signal may come.
    let end = End::prepare()?;
    if let Some(path) = &arguments.ca_out {
        write_whole(path, simulator.ca_pem())?;
    }
    let ready = json!({
        "http": simulator.base_url(), "https": simulator.https_url(), "control": format!("{}/_control", simulator.base_url()),
        "pid": std::process::id(), "tenant_id": TENANT_ID, "domain": DOMAIN, "client_id": CLIENT_ID,
        "public_client_id": PUBLIC_CLIENT_ID, "service_account": SERVICE_ACCOUNT,
    });
    if let Some(path) = &arguments.config_out {
        write_whole(path, &format!("{:#}\n", configuration(simulator.base_url())))?;
    }
    if let Some(path) = &arguments.ready_file {
        write_whole(path, &format!("{ready}\n"))?;
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{ready}").and_then(|()| out.flush()).map_err(|e| format!("standard output: {e}"))?;
    drop(out);
    end.wait(&arguments, length)
}

/// What a host hands to `tps_create` to follow the default tenant: quick, so that the day of a minute is not missed.
fn configuration(address: &str) -> serde_json::Value {
    json!({
        "mode": "presence_sync", "tenant_id": TENANT_ID, "client_id": CLIENT_ID,
        "auth": {"method": "client_secret", "secret": CLIENT_SECRET},
        "endpoints": {"login": address, "graph": address},
        "source": {"poll_interval_ms": 500}, "dnd": {"hold_off_ms": 1000},
    })
}

/// What ends the program.
struct End {
    runtime: tokio::runtime::Runtime,
    terminate: Signal,
    interrupt: Signal,
}

impl End {
    fn prepare() -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
        let entered = runtime.enter();
        let terminate = signal(SignalKind::terminate()).map_err(|e| e.to_string())?;
        let interrupt = signal(SignalKind::interrupt()).map_err(|e| e.to_string())?;
        drop(entered);
        Ok(Self { runtime, terminate, interrupt })
    }

    /// Until a signal, the end of standard input, or the end of the play.
    fn wait(mut self, arguments: &Arguments, length: Duration) -> Result<(), String> {
        self.runtime.block_on(async {
            let stdin_ends = async {
                if !arguments.exit_with_stdin {
                    std::future::pending::<()>().await;
                }
                let mut buffer = [0; 256];
                while tokio::io::stdin().read(&mut buffer).await.is_ok_and(|n| n > 0) {}
            };
            let play_ends = async {
                match arguments.exit_after_ms {
                    Some(ms) => tokio::time::sleep(length + Duration::from_millis(ms)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = self.terminate.recv() => {}
                _ = self.interrupt.recv() => {}
                () = stdin_ends => {}
                () = play_ends => {}
            }
        });
        // A read of standard input that is still waiting must not keep the process.
        self.runtime.shutdown_background();
        Ok(())
    }
}
