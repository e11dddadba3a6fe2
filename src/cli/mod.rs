//! The command line: one file a verb.

mod bench;
mod client;
mod compare;
mod experiment;
mod link;
mod listening;
mod output;
mod predict;
mod proxy;
mod relay;
mod report;
mod serve;
mod token;
mod typed;
mod units;
mod watch;

use std::any::TypeId;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Arg, ArgMatches, Command, CommandFactory, FromArgMatches, Parser, Subcommand};
#[cfg(any(test, fuzzing))]
pub(crate) use serve::Board;

use crate::source::Rate;

/// WebSocket, SSE, long polling and polling, side by side on the same events.
#[derive(Parser)]
#[command(name = "wirelanes", version, max_term_width = 100)]
struct Cli {
    /// Say more on stderr; twice for every request
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand)]
enum Verb {
    Serve(Box<serve::Arguments>),
    Token(token::Arguments),
    Watch(Box<watch::Arguments>),
    Relay(Box<relay::Arguments>),
    Bench(Box<bench::Arguments>),
    Predict(Box<predict::Arguments>),
    Compare(compare::Arguments),
    Report(report::Arguments),
    /// Print the JSON Schema of what `bench -o result.json` writes
    Schema,
    /// Print a completion script for a shell
    #[command(hide = true)]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

const BEGIN: &str = "\
wirelanes: WebSocket, SSE, long polling and polling, side by side on the same events

  wirelanes bench                      measure all four on this machine, beside theory
  wirelanes bench idle -c 5000         what connections cost on which nothing happens
  wirelanes bench talk -r 50           what it takes to publish: frames against POSTs
  wirelanes bench capacity -c 100      how much a server carries before it is late or loses anything
  wirelanes bench chaos                whether anything gets lost when everything goes wrong
  wirelanes bench fallback             how long it takes to find a transport that works
  wirelanes bench soak -d 10m          whether anything stays when everybody has left
  wirelanes bench -o report.html       the same, as a page with plots
  wirelanes serve                      one feed on all four, on http://127.0.0.1:8080
  wirelanes serve --open               all four side by side, on a page
  wirelanes serve --lan                the same, for a room: shows its address as a QR code
  wirelanes token --new-key key        who may: then serve --auth-key key
  wirelanes watch -t sse --wire        every byte of one of them, as it passes
  wirelanes watch -t auto              over the best of them that works here and now
  wirelanes relay rtt=80ms             a network in front of any server
  wirelanes compare a.json b.json      what differs between two results by more than chance
  wirelanes predict -r 1/60s -i 1s     theory alone, for a feed and a network of your own

wirelanes --help tells the rest.
";

/// Parses, runs, prints one line where something went wrong, and says how it ended.
pub fn run() -> ExitCode {
    let cli = Cli::from_arg_matches(&command().get_matches()).unwrap_or_else(|wrong| wrong.exit());
    log_to_stderr(cli.verbose);
    let ended = match cli.verb {
        None => print(BEGIN),
        Some(Verb::Serve(arguments)) => serve::run(*arguments),
        Some(Verb::Token(arguments)) => token::run(arguments),
        Some(Verb::Watch(arguments)) => watch::run(*arguments),
        Some(Verb::Relay(arguments)) => relay::run(&arguments),
        Some(Verb::Bench(arguments)) => bench::run(*arguments),
        Some(Verb::Predict(arguments)) => predict::run(&arguments),
        Some(Verb::Compare(arguments)) => compare::run(&arguments),
        Some(Verb::Report(arguments)) => report::run(&arguments),
        Some(Verb::Schema) => print(&crate::report::schema()),
        Some(Verb::Completions { shell }) => complete(shell),
    };
    ended.unwrap_or_else(|wrong| {
        say(format_args!("error: {wrong:#}"));
        ExitCode::FAILURE
    })
}

/// All verbs and flags.
fn command() -> Command {
    with_signs(Cli::command())
}

/// Where a number is meant, `-5ms` is one, and no flag: what reads it knows the remedy.
fn with_signs(command: Command) -> Command {
    let numbers = [
        TypeId::of::<Duration>(),
        TypeId::of::<Rate>(),
        TypeId::of::<f64>(),
        TypeId::of::<u64>(),
        TypeId::of::<usize>(),
    ];
    let with_sign = |arg: Arg| {
        let is_number = numbers.iter().any(|number| arg.get_value_parser().type_id() == *number);
        if is_number { arg.allow_hyphen_values(true) } else { arg }
    };
    command.mut_args(with_sign).mut_subcommands(with_signs)
}

/// Ends with a usage error of the verb that was typed.
fn usage(message: &str) -> ! {
    let mut command = command();
    // It was parsed before, or nobody would find anything wrong with it.
    let typed = command.clone().get_matches();
    command.build();
    verb(&mut command, &typed).error(ErrorKind::ArgumentConflict, message).exit()
}

/// Ends because a file that was named rightly is not there, or not what it should be.
fn unfit(message: &str) -> ! {
    say(format_args!("error: {message}"));
    std::process::exit(1)
}

fn verb<'a>(command: &'a mut Command, typed: &ArgMatches) -> &'a mut Command {
    match typed.subcommand() {
        Some((name, typed)) => {
            verb(command.find_subcommand_mut(name).expect("it was taken for a verb"), typed)
        }
        None => command,
    }
}

/// Those that were named, in order and once; where none was, all.
fn once_each<T: Copy + Ord>(named: &[T], all: &[T]) -> Vec<T> {
    let mut each = if named.is_empty() { all.to_vec() } else { named.to_vec() };
    each.sort();
    each.dedup();
    each
}

fn complete(shell: clap_complete::Shell) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "wirelanes", &mut script);
    print(&String::from_utf8_lossy(&script))
}

/// Says a line on stderr, if anybody listens: what is said there is not worth ending for.
fn say(line: impl Display) {
    let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// Prints to stdout. A reader that went away, as `head` does, is no error.
fn print(text: &str) -> anyhow::Result<ExitCode> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(wrong) if wrong.kind() != io::ErrorKind::BrokenPipe => Err(wrong.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}

fn log_to_stderr(verbose: u8) {
    let level = match verbose {
        0 => tracing::Level::WARN,
        1 => tracing::Level::INFO,
        _ => tracing::Level::DEBUG,
    };
    let is_plain = std::env::var_os("NO_COLOR").is_some() || !io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_max_level(level)
        .with_target(false)
        .with_ansi(!is_plain)
        // It would be told on stderr that nothing can be written there.
        .log_internal_errors(false)
        .init();
}

/// A runtime with a worker for each core.
fn runtime() -> io::Result<tokio::runtime::Runtime> {
    raise_file_limit();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

/// As many file descriptors as this process may have: each connection takes one.
fn raise_file_limit() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
        if let Err(refused) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
            tracing::info!("the limit of open files stays as it is: {refused}");
        }
    }
}

/// Listens, from now on, for somebody who wants this process to end: a signal that comes before is the end.
fn interrupted() -> impl Future<Output = ()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| signal(kind).expect("a signal can be listened for");
        let (mut interrupt, mut terminate) =
            (listen(SignalKind::interrupt()), listen(SignalKind::terminate()));
        async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        }
    }
    #[cfg(not(unix))]
    async {
        let _ = tokio::signal::ctrl_c().await;
    }
}
