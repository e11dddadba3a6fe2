//! The `wirelanes` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    wirelanes::cli::run()
}
