//! One event to a thousand subscribers: how many deliveries a second of the server's CPU is good for, beside the
//! least a server can do.
//!
//! ```text
//! cargo bench --bench fan_out                              the server on CPU 0, its readers on CPU 1
//! cargo bench --bench fan_out -- sse                       lanes of that name, and those they stand beside
//! cargo bench --bench fan_out -- --threads 2               two threads that serve, on one CPU
//! cargo bench --bench fan_out -- --cores 2 --threads 2     … on two, one of which is the readers' as well
//! cargo bench --bench fan_out -- --server ../old/wirelanes another build of it
//!
//! 1000 readers · 20 events/s · 5 rounds of 4 s · server on 1 CPU
//!
//! lane             deliveries a CPU second      of (bare)                of (bare longpoll)
//! (bare)           199.4k (194.6k to 200.6k)        –                        –
//! sse              171.4k (168.0k to 179.4k)    0.869 (0.840 to 0.900)       –
//! websocket        171.3k (152.4k to 179.7k)    0.873 (0.762 to 0.901)       –
//! (bare longpoll)  107.4k (86.0k to 114.0k)     0.539 (0.436 to 0.572)       –
//! longpoll          75.8k (73.0k to 83.6k)      0.380 (0.365 to 0.417)   0.733 (0.664 to 0.924)
//! ```
//!
//! Each server is a process of its own, and those that read from it are one thread on another CPU. What is
//! counted is how long the server's threads ran, by the kernel's own account, all but the one that publishes. So
//! a figure is for a second of CPU, whatever part of the time a server was idle, and on one CPU or two.
//!
//! The lanes take turns, round after round, each time with a fresh server: a machine that is busy or hot for a
//! minute is so for all of them. A ratio is that of two lanes in the same round; printed is the median over the
//! rounds, with the lowest and the highest.
//!
//! `(bare)` is one thread around one epoll that writes a message to each socket, byte for byte an event as `sse`
//! writes it: one system call a delivery. `(bare longpoll)` does so with an answer of `longpoll`, and reads a
//! request for each: two. Nothing is parsed, encoded or remembered, nobody may be slow, and nobody is woken but
//! by the one clock: the least a server can do with one write, and one read, a delivery. What a ratio lacks to 1
//! is what ours does besides.
//!
//! In reading order: `lane` (who writes, and how it is asked), `rounds` (the turns), `server` (a process and its
//! CPU time), `bare` (the least), `reader` (who counts), `poller` (the epoll under both), `table` (what is
//! printed).

#[cfg(target_os = "linux")]
mod bare;
#[cfg(target_os = "linux")]
mod lane;
#[cfg(target_os = "linux")]
mod poller;
#[cfg(target_os = "linux")]
mod reader;
#[cfg(target_os = "linux")]
mod rounds;
#[cfg(target_os = "linux")]
mod server;
#[cfg(target_os = "linux")]
mod table;

#[cfg(target_os = "linux")]
fn main() {
    use clap::Parser;
    use clap::error::{ContextKind, ErrorKind};

    if let Some(message) = bare::message() {
        return bare::serve(&message);
    }
    match rounds::Arguments::try_parse() {
        Ok(arguments) if arguments.bench => rounds::run(&arguments),
        Ok(_) => {} // `cargo test --benches`: there is nothing to test
        // `cargo bench -- --quick` is told to every bench, and meant for criterion's.
        Err(theirs) if theirs.kind() == ErrorKind::UnknownArgument => {
            let flag = theirs.get(ContextKind::InvalidArg).expect("it is one argument that is unknown");
            eprintln!("fan_out is left out: it knows no `{flag}`");
        }
        Err(wrong) => wrong.exit(),
    }
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("fan_out is left out: it asks epoll and the scheduler, and they are known on Linux only");
}
