//! `cargo run --release -p bench [-- --quick]`: what Cinnabar reaches, beside what the machine allows.
//!
//! Every figure stands beside a baseline that is measured in the same run on the same cores: what is measured works on
//! [`cores::SERVER`], this program, which generates the load, on [`cores::BENCH`]. The two are measured in turns (A B A B),
//! and a ratio is the median of the ratios of neighbours, so that a machine that becomes slower meanwhile slows both.
//!
//! All processes work in one temporary folder; at the end, and on Ctrl-C, whatever works in it is ended and it is removed.

mod bare_hyper;
mod cluster;
mod cores;
mod error;
mod histogram;
mod load;
mod machine;
mod measures;
mod output;
mod process;
mod redis;
mod requests;
mod scratch;
mod seed;
mod stats;
mod tls;
mod wire;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::measures::Plan;

/// That of the server, so that the baseline has it too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(about = "Measures Cinnabar against its baselines and prints a table")]
struct Arguments {
    /// Fewer and shorter rounds: about a minute instead of five
    #[arg(long)]
    quick: bool,
    /// Only these: describe, tls, user, forged, idle, start, lists, restart, tasks, postgres, wake, create, clear
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    only: Vec<String>,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Subcommand)]
enum Role {
    /// The baseline server; started by the benchmark itself
    #[command(hide = true)]
    BareHyper {
        /// The file that holds the constant body
        body: std::path::PathBuf,
        /// A certificate and its key, for TLS
        tls: Vec<std::path::PathBuf>,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let ended = match arguments.role {
        Some(Role::BareHyper { body, tls }) => {
            bare_hyper::serve(&body, tls.first().zip(tls.get(1)).map(|(certificate, key)| (&**certificate, &**key)))
        }
        None => measures::run(Plan { quick: arguments.quick, only: arguments.only }),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(&error);
            ExitCode::FAILURE
        }
    }
}
