//! One event to a thousand subscribers: deliveries for each second of the server's CPU, beside a bare epoll loop
//! that writes the same bytes to as many sockets.
//!
//! ```text
//! cargo bench --bench fan_out                  # the server on CPU 0, the readers on CPU 1
//! ```
//!
//! Each server is a process of its own, and they take turns, so that a noisy moment hits all of them. What is
//! counted is the CPU time of all of a server's threads but the one that keeps the schedule.

#[cfg(target_os = "linux")]
mod bare;
#[cfg(target_os = "linux")]
mod linux;

#[cfg(target_os = "linux")]
fn main() {
    linux::main();
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("fan_out pins processes and reads /proc: it runs on Linux only");
}
