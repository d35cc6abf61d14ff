//! The one binary: the server, and a few commands that talk to it.
//!
//! Each command is a file in `commands`; it returns an exit status or an [`error::Error`], whose text is one line that
//! says what to do. `output.rs` alone prints. The commands are ordinary clients: they sign like any other (`client.rs`), or, for
//! operators, bear the data folder's token (`admin.rs`).

mod admin;
mod client;
mod commands;
mod connection;
mod error;
mod log;
mod output;
mod params;
mod shell;

use std::process::ExitCode;

use clap::Parser;

/// The C library's allocator takes a tenth of a signed DescribeTaskInfo.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    commands::Cli::parse().run().unwrap_or_else(|error| {
        output::error(&error);
        error.exit_code()
    })
}
