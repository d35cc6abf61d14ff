//! Signed DescribeTaskInfo requests a second, one server thread, a million tasks, ids at random; against bare hyper.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls::ClientConfig;

use super::Bench;
use crate::error::Error;
use crate::load::{self, CONNECTIONS, Measured};
use crate::output::{self, Row};
use crate::process::{self, Process};
use crate::requests::Requests;
use crate::stats::median;
use crate::wire::Caller;
use crate::{cores, seed, tls, wire};

/// Below this share of its core a server was not what limited the rate.
const BUSY: f64 = 0.95;

/// What one server did in one round.
struct Round {
    rate: f64,
    p50: f64,
    p99: f64,
    /// The server's share of its core.
    busy: f64,
    /// The idle share of that core.
    idle: f64,
    /// Answers for each second of the server's own processor time.
    per_cpu_second: f64,
}

/// What is asked of both servers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    /// The main account asks.
    Plain,
    /// The same over TLS, against hyper and rustls.
    Tls,
    /// A sub-user asks, who has [`seed::POLICIES`] policies.
    User,
    /// The signature is wrong, and the answer is a refusal of about the same size.
    Forged,
    /// The same with the limits of the rate that hold by default.
    Flood,
}

/// Both servers under the same load, in turns.
pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>, Error> {
    contest(bench, Case::Plain)
}

/// The same over TLS, against hyper and rustls.
pub(super) fn measure_tls(bench: &Bench) -> Result<Vec<Row>, Error> {
    contest(bench, Case::Tls)
}

/// The same by a sub-user, for whom each request is decided by its policies.
pub(super) fn measure_user(bench: &Bench) -> Result<Vec<Row>, Error> {
    contest(bench, Case::User)
}

/// The same with wrong signatures: what a guessed key costs while nothing holds it off, and what a flood of them costs.
pub(super) fn measure_forged(bench: &Bench) -> Result<Vec<Row>, Error> {
    let mut rows = contest(bench, Case::Forged)?;
    rows.extend(contest(bench, Case::Flood)?);
    Ok(rows)
}

fn contest(bench: &Bench, case: Case) -> Result<Vec<Row>, Error> {
    let listen = process::free_address("127.0.0.1")?;
    let serve = if case == Case::Flood { process::serve_limited } else { process::serve };
    let command = serve(&bench.cinnabar, &bench.million, listen, "127.0.0.1");
    let mut server = Process::start(command, &bench.million)?;
    let ours = server.address()?;
    let key = if case == Case::User { wire::USER_ID } else { wire::SECRET_ID };
    let requests = Requests::sign(ours, key, bench.plan.pick(400_000, 100_000), seed::TASKS)?;
    let (requests, first) = match case {
        Case::Forged | Case::Flood => {
            let requests = requests.forged();
            let answer = load::one(ours, &requests)?;
            (requests, answer)
        }
        _ => (requests, Caller::connect(ours)?.call("DescribeTaskInfo", &wire::body(seed::FIRST_ID))?),
    };
    let pair = ["cert.pem", "key.pem"].map(|name| bench.scratch.path().join(name));
    let mut command = bare(bench, &first)?;
    let mut tls = None;
    if case == Case::Tls {
        tls::write_pair(&pair[0], &pair[1])?;
        command.args(&pair);
        tls = Some(tls::accepting(&[&pair[0], &bench.million.join("data/ca.pem")])?);
    }
    let mut bare = Process::start(command, bench.scratch.path())?;
    let theirs = bare.address()?;
    let time = bench.plan.pick(Duration::from_secs(4), Duration::from_millis(1500));
    let mut rounds = Vec::new();
    let mut next = 0;
    for round in 0..bench.plan.pick(8, 4) {
        let here = self::round((&server, ours), &requests, &mut next, time, tls.as_ref())?;
        let there = self::round((&bare, theirs), &requests, &mut next, time, tls.as_ref())?;
        output::progress(&format!("{:.0}/s beside {:.0}/s", here.rate, there.rate));
        // The first of each fills caches.
        if round > 0 {
            rounds.push((here, there));
        }
    }
    Ok(rows(&rounds, case, first.len(), server.memory()))
}

/// The baseline's command.
fn bare(bench: &Bench, body: &str) -> Result<Command, Error> {
    let file = bench.scratch.path().join("body");
    std::fs::write(&file, body).map_err(Error::io("the bare server's body"))?;
    let mut command = process::command(process::own_binary()?);
    command.arg("bare-hyper").arg(file);
    Ok(command)
}

fn round(
    (server, address): (&Process, SocketAddr),
    requests: &Requests,
    next: &mut usize,
    time: Duration,
    tls: Option<&Arc<ClientConfig>>,
) -> Result<Round, Error> {
    let (ticks, core) = (server.ticks(), cores::ticks(cores::SERVER));
    let Measured { rate, answers, latency } = load::run(address, requests, *next, time, tls)?;
    let (used, after) = ((server.ticks() - ticks) as f64, cores::ticks(cores::SERVER));
    let whole = ((after.0 - core.0) as f64).max(1.0);
    *next += usize::try_from(answers).unwrap_or_default();
    Ok(Round {
        rate,
        p50: latency.quantile(0.50),
        p99: latency.quantile(0.99),
        busy: used / whole,
        idle: (after.1 - core.1) as f64 / whole,
        per_cpu_second: answers as f64 / (used / cores::TICKS_A_SECOND).max(0.01),
    })
}

fn rows(rounds: &[(Round, Round)], case: Case, length: usize, memory: f64) -> Vec<Row> {
    let ours = |get: fn(&Round) -> f64| median(rounds.iter().map(|pair| get(&pair.0)));
    let bare = |get: fn(&Round) -> f64| median(rounds.iter().map(|pair| get(&pair.1)));
    let ratio = |get: fn(&Round) -> f64| median(rounds.iter().map(|(ours, bare)| get(ours) / get(bare)));
    let row = |what: String, get: fn(&Round) -> f64, unit: &str| {
        let text = |value: f64| format!("{value:.0}{unit}");
        Row::alone(what, text(ours(get))).baseline(text(bare(get)), ratio(get))
    };
    // What disturbs the rate of one more than that of the other must not make a target look reached.
    let rate = ratio(|round| round.rate).min(ratio(|round| round.per_cpu_second));
    let p99 = ratio(|round| round.p99);
    let percent = |value: f64| format!("{:.0} %", value * 100.0);
    let busy: fn(&Round) -> f64 = |round| round.busy;
    let how = match case {
        Case::Plain => String::new(),
        Case::Tls => "over TLS 1.3: ".to_owned(),
        Case::Forged => "with a wrong signature, no limits: ".to_owned(),
        Case::Flood => "a flood of wrong signatures: ".to_owned(),
        Case::User => format!("by a sub-user with {} policies: ", seed::POLICIES),
    };
    let beside = if case == Case::Tls { "bare hyper and rustls" } else { "bare hyper" };
    let what = format!(
        "{how}signed DescribeTaskInfo, 1 thread, 1,000,000 tasks, {CONNECTIONS} connections, {length}-byte body; {beside}{}",
        limit(rounds)
    );
    let first = row(what, |round| round.rate, "/s");
    let latency = row("- its latency, p99".to_owned(), |round| round.p99, " us");
    let (first, latency) = match case {
        Case::Plain => (first.target(">= 0.60 (reach 0.75)", rate >= 0.60), latency.target("<= 3", p99 <= 3.0)),
        Case::User => (first.target(">= 0.55", rate >= 0.55), latency),
        Case::Flood => (first.target(">= 0.60, as a good one", rate >= 0.60), latency),
        // The figure that is wanted is that without TLS, and that of a flood.
        Case::Tls | Case::Forged => (first, latency),
    };
    vec![
        first,
        row("- its latency, p50".to_owned(), |round| round.p50, " us"),
        latency,
        row("- answers for a second of the server's CPU".to_owned(), |round| round.per_cpu_second, "/s"),
        Row::alone("- the server's share of its core", percent(ours(busy))).baseline(percent(bare(busy)), ratio(busy)),
        Row::alone("- resident memory under this load", format!("{memory:.1} MiB")),
    ]
}

/// Why the rate is not the server's limit, if it is not.
fn limit(rounds: &[(Round, Round)]) -> &'static str {
    let lower = |get: fn(&Round) -> f64| {
        let of = |pick: fn(&(Round, Round)) -> &Round| median(rounds.iter().map(|pair| get(pick(pair))));
        of(|pair| &pair.0).min(of(|pair| &pair.1))
    };
    match (lower(|round| round.busy), lower(|round| 1.0 - round.idle)) {
        (busy, _) if busy >= BUSY => "",
        (_, used) if used < BUSY => " (GENERATOR-BOUND: the core was idle in part)",
        _ => " (DISTURBED: others used the core)",
    }
}
