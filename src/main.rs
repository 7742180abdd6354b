//! The program: reads the command line, and starts what it says.

use std::{
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use clap_complete::Shell;
use frontdesk::{
    app::{self, logs},
    config::{Config, Found, SETTINGS},
    rules::rescue::Draft,
};
use tracing_subscriber::EnvFilter;

/// Rows come from threads that read and go to threads that write pages; the system's allocator has them wait for each other.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Where configuration is looked for when nobody says where.
const DEFAULT_FILE: &str = "frontdesk.toml";

fn main() -> ExitCode {
    let matches = command().get_matches();
    match run(&matches) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&mut std::io::stderr(), &format!("frontdesk: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// The command line, built from the table of settings.
fn command() -> Command {
    let mut command = Command::new("frontdesk")
        .version(env!("CARGO_PKG_VERSION"))
        .about("A self-hosted dashboard with which a company decides who and what gets into its account.")
        .after_help("Every setting can also stand in a TOML file under the name of its flag with _ for -, or in the environment.\nFlags win over the environment, the environment over the file. NAME_FILE names a file that holds the value.")
        .subcommand(Command::new("serve").about("Start the server (what happens without a command)"))
        .subcommand(Command::new("demo").about("Try it out: a company that has lived for months, on a database that is gone afterwards"))
        .subcommand(Command::new("migrate").about("Bring the database to this version's schema, and stop"))
        .subcommand(
            Command::new("backup")
                .about("Write a copy of the database to a new file, while the server runs")
                .arg(Arg::new("file").value_name("FILE").required(true).value_parser(value_parser!(PathBuf)).help("The file to make")),
        )
        .subcommand(
            Command::new("restore")
                .about("Put a backup in the place of the database, and end all sessions; not while a server runs")
                .arg(Arg::new("file").value_name("FILE").required(true).value_parser(value_parser!(PathBuf)).help("The backup"))
                .arg(Arg::new("replace").long("replace").action(ArgAction::SetTrue).help(
                    "Replace data that are there. A SQLite database is kept beside the new one; in PostgreSQL they are gone afterwards",
                )),
        )
        .subcommand(rescue())
        .subcommand(
            Command::new("scan")
                .about("Find secrets of Frontdesk in files, offline, and say which of them work; fails where one does")
                .arg(Arg::new("path").value_name("PATH").required(true).help("A file, a folder, or - for the standard input")),
        )
        .subcommand(
            Command::new("completions")
                .about("Print what a shell needs to complete this program's words")
                .arg(Arg::new("shell").value_name("SHELL").required(true).value_parser(value_parser!(Shell))),
        )
        .subcommand(Command::new("check-config").about("Say what is in force and where it comes from, secrets masked"))
        .arg(Arg::new("config").long("config").value_name("FILE").global(true).help(format!("The configuration file [env: FRONTDESK_CONFIG] [default: {DEFAULT_FILE}, if it is there]")));
    for setting in SETTINGS {
        let default = if setting.default.is_empty() { setting.empty } else { setting.default };
        let help = format!("{} [env: {}] [default: {default}]", setting.sentence, setting.variable);
        let flag: &'static str = Box::leak(setting.flag().into_boxed_str());
        command = command.arg(Arg::new(setting.key).long(flag).value_name("VALUE").global(true).help(help));
    }
    command
}

fn run(matches: &ArgMatches) -> Result<(), String> {
    if let Some(shell) = matches.subcommand_matches("completions").and_then(|given| given.get_one::<Shell>("shell")) {
        let mut words = Vec::new();
        clap_complete::generate(*shell, &mut command(), "frontdesk", &mut words);
        say(&mut std::io::stdout(), String::from_utf8_lossy(&words).trim_end());
        return Ok(());
    }
    let found = find(matches)?;
    let config = found.check().map_err(|error| error.to_string())?;
    let filter = EnvFilter::try_new(&config.log_level).map_err(|error| format!("log_level: {error}"))?;
    // It would write down whole addresses, and some hold secrets. What it refuses is in the log of requests.
    let quiet = "tower_http::csrf=off".parse().map_err(|error| format!("log_level: {error}"))?;
    let filter = filter.add_directive(quiet);
    match matches.subcommand() {
        Some(("backup", given)) => in_runtime(async {
            let said = app::backup(&config, file(given)).await.map_err(|error| error.to_string())?;
            say(&mut std::io::stdout(), &said);
            Ok(())
        }),
        Some(("restore", given)) => in_runtime(async {
            let restored = app::restore(&config, file(given), given.get_flag("replace"), app::clock(), app::dice());
            say(&mut std::io::stdout(), &restored.await.map_err(|error| error.to_string())?);
            Ok(())
        }),
        Some(("rescue", given)) => in_runtime(async {
            let said = app::rescue(&config, &asked(given), app::clock(), app::dice()).await.map_err(|error| error.to_string())?;
            say(&mut std::io::stdout(), &said);
            Ok(())
        }),
        Some(("scan", given)) => in_runtime(async {
            let path = given.get_one::<String>("path").map(String::as_str).unwrap_or_default();
            let found = app::scan(&config, path, app::clock(), app::dice()).await.map_err(|error| error.to_string())?;
            say(&mut std::io::stdout(), &found.says);
            if found.live == 0 { Ok(()) } else { Err("secrets that work lie open".to_owned()) }
        }),
        Some(("check-config", _)) => {
            say(&mut std::io::stdout(), found.report().trim_end());
            Ok(())
        }
        Some(("demo", _)) => in_runtime(demo(&config)),
        Some(("migrate", _)) => in_runtime(async {
            app::open(&config).await.map_err(|error| error.to_string())?.close().await;
            say(&mut std::io::stdout(), "The database has this version's schema.");
            Ok(())
        }),
        _ => in_runtime(serve(&config, filter)),
    }
}

/// The command by which whoever sits at the machine lets somebody in again.
fn rescue() -> Command {
    let text = |name: &'static str, value: &'static str, help: &'static str| Arg::new(name).long(name).value_name(value).help(help);
    let flag = |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    Command::new("rescue")
        .about("The way back in: list accounts and who administers them, or make a link for one of them; also while the server runs")
        .arg(text("account", "SLUG", "The account"))
        .arg(text(
            "person",
            "ADDRESS",
            "One of its administrators: whoever opens the link gets to the account's security pages as them, for an hour",
        ))
        .arg(text("reason", "TEXT", "Why: it is kept in the account's events, and told to all its administrators"))
        .arg(flag("reset-factor", "Take their second factor and recovery codes away as well"))
        .arg(flag("reset-password", "Make a link to choose a new password as well"))
        .arg(flag("mixed-sso", "Let members who were there before single sign-on do without it as well; all who are there now, where the administrator came later"))
        .arg(flag("relax-ip", "Let all IP restrictions of the account only warn as well"))
        .arg(flag("drill", "Prove that all of this would work, for every account or the one that is named, and change nothing"))
}

/// What is asked of it.
fn asked(given: &ArgMatches) -> Draft {
    let text = |name: &str| given.get_one::<String>(name).cloned().unwrap_or_default();
    Draft {
        account: text("account"),
        person: text("person"),
        reason: text("reason"),
        reset_factor: given.get_flag("reset-factor"),
        reset_password: given.get_flag("reset-password"),
        relax_ip: given.get_flag("relax-ip"),
        mixed_sso: given.get_flag("mixed-sso"),
        drill: given.get_flag("drill"),
    }
}

/// The file that a command is about.
fn file(given: &ArgMatches) -> &Path {
    given.get_one::<PathBuf>("file").map_or(Path::new(""), PathBuf::as_path)
}

/// Gathers the configuration from all its places.
fn find(matches: &ArgMatches) -> Result<Found, String> {
    let mut found = Found::defaults();
    let named =
        matches.get_one::<String>("config").cloned().or_else(|| std::env::var("FRONTDESK_CONFIG").ok()).filter(|name| !name.is_empty());
    let file = named.clone().map_or_else(|| PathBuf::from(DEFAULT_FILE), PathBuf::from);
    if named.is_some() || file.exists() {
        found.read_file(&file).map_err(|error| error.to_string())?;
    }
    let mut variables = Vec::new();
    for (name, value) in std::env::vars_os() {
        // A name that is no text is none of ours; a value that is none cannot be.
        match (name.into_string(), value.into_string()) {
            (Ok(name), Ok(value)) => variables.push((name, value)),
            (Ok(name), Err(_)) if name.starts_with("FRONTDESK_") || name.starts_with("DATABASE_URL") => {
                return Err(format!("{name} is no text."));
            }
            _ => {}
        }
    }
    found.read_environment(variables).map_err(|error| error.to_string())?;
    for setting in SETTINGS {
        if let Some(value) = matches.get_one::<String>(setting.key) {
            found.set_flag(setting, value.clone());
        }
    }
    Ok(found)
}

fn in_runtime(work: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(work)
}

async fn serve(config: &Config, filter: EnvFilter) -> Result<(), String> {
    let logs = logs::begin(config.log_format, filter, std::io::stderr(), std::io::stderr().is_terminal());
    // Listened for from the beginning, so that a stop that comes early is not lost.
    let asked_to_stop = asked_to_stop()?;
    let running = app::start(config, app::clock(), app::dice()).await.map_err(|error| error.to_string())?;
    let line = match &running.setup_link {
        Some(link) => format!("Set up Frontdesk in a browser: {link}"),
        None => format!("Frontdesk is at {}", running.base_url),
    };
    say(&mut std::io::stdout(), &line);
    tracing::info!(address = %running.address, "listening");
    if let Some(api) = &running.api_url {
        tracing::info!(%api, "listening for programs, with the API at its root");
    }
    tokio::select! {
        () = asked_to_stop => {}
        () = logs.watch() => {}
    }
    tracing::info!("stopping: finishing what has begun");
    running.stop().await;
    tracing::info!("stopped");
    logs.finish();
    Ok(())
}

/// Starts the demonstration, says how to sign in, and waits to be stopped. What happens in it is shown in pages, not in logs.
async fn demo(config: &Config) -> Result<(), String> {
    let asked_to_stop = asked_to_stop()?;
    say(&mut std::io::stderr(), "A company is being founded, and lives for four months. This takes a few seconds.");
    let demo = Box::pin(app::demo::demo(config, app::clock(), app::dice())).await.map_err(|error| error.to_string())?;
    say(&mut std::io::stdout(), &demo.says());
    asked_to_stop.await;
    demo.stop().await.map_err(|error| error.to_string())
}

/// Resolves on SIGTERM, and on Ctrl-C.
fn asked_to_stop() -> Result<impl Future<Output = ()>, String> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Prints a line. Whoever reads may have stopped reading; that is not our problem.
fn say(to: &mut impl Write, line: &str) {
    let _ = writeln!(to, "{line}");
    let _ = to.flush();
}
