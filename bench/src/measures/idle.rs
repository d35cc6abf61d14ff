//! A crowd that holds connections open and says nothing, writers that never come to an end, and a good client among them.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio_rustls::rustls::ClientConnection;

use super::Bench;
use crate::error::Error;
use crate::histogram::Histogram;
use crate::output::{self, Row};
use crate::process::{self, Process};
use crate::wire::{self, Caller};
use crate::{load, tls};

/// How many say nothing; every other one has asked something before.
const IDLE: usize = 10_000;
/// How many write a byte now and then, half of them of a head, half of a body.
const SLOW: usize = 200;
/// How often each of them does.
const PACE: Duration = Duration::from_secs(1);
/// How many say nothing by HTTPS, for their memory alone.
const IDLE_TLS: usize = 1000;

/// The good client's latency, and what the crowd costs.
pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>, Error> {
    raise_descriptors()?;
    let folder = bench.scratch.folder("idle")?;
    let command = process::serve(&bench.cinnabar, &folder, process::free_address("127.0.0.1")?, "127.0.0.1");
    let mut server = Process::start(command, &folder)?;
    let address = server.address()?;
    let time = bench.plan.pick(Duration::from_secs(20), Duration::from_secs(5));
    let mut good = Caller::connect(address)?;
    let alone = latency(&mut good, &mut [], time / 4)?;
    let empty = server.memory();
    output::progress(&format!("{IDLE} idle connections and {SLOW} slow writers"));
    let mut crowd = crowd(address)?;
    let mut slow = slow(address)?;
    let amid = latency(&mut good, &mut slow, time)?;
    let full = server.memory();
    let open = crowd.iter_mut().filter_map(|stream| is_open(stream).then_some(())).count();
    drop((crowd, slow));
    let secure = secure(address, &folder.join("data/ca.pem"))?;
    let with_tls = server.memory();
    drop(secure);
    let p99 = amid.quantile(0.99) / 1000.0;
    let text = |histogram: &Histogram, share| format!("{:.2} ms", histogram.quantile(share) / 1000.0);
    let kib = |more: f64, count: usize| format!("{:.1} KiB", more.max(0.0) * 1024.0 / count as f64);
    Ok(vec![
        Row::alone(
            format!("a good client's p99 amid {open} idle connections and {SLOW} slow writers; alone"),
            text(&amid, 0.99),
        )
        .baseline(text(&alone, 0.99), amid.quantile(0.99) / alone.quantile(0.99))
        .target("<= 20 ms", p99 <= 20.0 && open == IDLE),
        Row::alone("- its p50", text(&amid, 0.5)).baseline(text(&alone, 0.5), amid.quantile(0.5) / alone.quantile(0.5)),
        Row::alone("- resident memory then; before", format!("{full:.1} MiB"))
            .baseline(format!("{empty:.1} MiB"), full / empty),
        Row::alone("- for each of these connections", kib(full - empty, IDLE + SLOW)),
        Row::alone(
            format!("- resident memory with {IDLE_TLS} idle HTTPS connections instead"),
            format!("{with_tls:.1} MiB"),
        ),
    ])
}

/// As many as this process may have.
fn raise_descriptors() -> Result<(), Error> {
    let limits = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limits.maximum, ..limits });
    raised.map_err(|error| Error::io("cannot raise the number of open files")(error.into()))
}

fn connect(address: SocketAddr) -> Result<TcpStream, Error> {
    TcpStream::connect(address).map_err(Error::io(format!("cannot connect to {address}")))
}

fn crowd(address: SocketAddr) -> Result<Vec<TcpStream>, Error> {
    let request = wire::whole(address, wire::SECRET_ID, "DescribeTaskInfo", &wire::body(1), wire::now_seconds());
    let mut crowd = Vec::with_capacity(IDLE);
    for number in 0..IDLE {
        let mut stream = connect(address)?;
        if number.is_multiple_of(2) {
            stream.write_all(request.as_bytes()).map_err(Error::io("a request"))?;
            let (mut answer, mut part) = (Vec::new(), [0; 4096]);
            while load::body(&answer)?.is_none() {
                let count = stream.read(&mut part).map_err(Error::io("an answer"))?;
                answer.extend_from_slice(&part[..count]);
            }
        }
        stream.set_nonblocking(true).map_err(Error::io("a connection"))?;
        crowd.push(stream);
    }
    Ok(crowd)
}

/// Whether the server has not closed it.
fn is_open(stream: &mut TcpStream) -> bool {
    matches!(stream.read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
}

fn slow(address: SocketAddr) -> Result<Vec<TcpStream>, Error> {
    let begin = |number: usize| {
        let mut stream = connect(address)?;
        let head: &[u8] = if number.is_multiple_of(2) {
            b"POST / HTTP/1.1\r\nHost: x\r\nX: "
        } else {
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"
        };
        stream.write_all(head).map_err(Error::io("a slow request"))?;
        Ok(stream)
    };
    (0..SLOW).map(begin).collect()
}

/// One request after the other for `time`; meanwhile each of the slow writes a byte at its pace, and begins anew when it was cut off.
fn latency(good: &mut Caller, slow: &mut [TcpStream], time: Duration) -> Result<Histogram, Error> {
    let (mut histogram, begun, mut written) = (Histogram::new(), Instant::now(), 0_usize);
    while begun.elapsed() < time {
        let request = good.prepare("DescribeTaskInfo", &wire::body(1));
        let sent = Instant::now();
        good.exchange(&request)?;
        histogram.record(sent.elapsed());
        let due = (begun.elapsed().as_secs_f64() / PACE.as_secs_f64() * slow.len() as f64) as usize;
        while written < due {
            let index = written % slow.len();
            // One that was cut off has had its time.
            let _ = slow[index].write_all(b"x");
            written += 1;
        }
    }
    Ok(histogram)
}

/// A connection that has shaken hands.
type Secure = (TcpStream, ClientConnection);

fn secure(address: SocketAddr, authority: &std::path::Path) -> Result<Vec<Secure>, Error> {
    let config = tls::accepting(&[authority])?;
    let shake = |_| {
        let mut stream = connect(address)?;
        let tls = tls::handshake(&config, address, &mut stream)?;
        Ok((stream, tls))
    };
    (0..IDLE_TLS).map(shake).collect()
}
