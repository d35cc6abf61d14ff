//! The baseline: hyper as the server uses it (one-threaded runtime, header timeout, no Nagle), answering one and the same body.

use std::convert::Infallible;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::rt::{Read, Write};
use hyper::service::service_fn;
use hyper::{Request, Response, body::Incoming};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::error::Error;
use crate::{output, tls};

/// As in the server.
const HEADER_TIME: Duration = Duration::from_secs(15);

/// Answers every request with the content of the file `body`, until it is killed; over TLS with a certificate and its key.
pub(crate) fn serve(body: &Path, tls: Option<(&Path, &Path)>) -> Result<(), Error> {
    let tls = tls.map(|(certificate, key)| tls::serving(certificate, key)).transpose()?.map(TlsAcceptor::from);
    let body = Bytes::from(std::fs::read(body).map_err(Error::io(body.display().to_string()))?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.and_then(|runtime| runtime.block_on(accept(body, tls))).map_err(Error::io("the bare server"))
}

async fn accept(body: Bytes, tls: Option<TlsAcceptor>) -> std::io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    output::line(&format!("listening on http://{}", listener.local_addr()?));
    loop {
        let (stream, _) = listener.accept().await?;
        spawn(stream, body.clone(), tls.clone())?;
    }
}

fn spawn(stream: TcpStream, body: Bytes, tls: Option<TlsAcceptor>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    // A connection that breaks off is the load generator's to notice.
    tokio::spawn(async move {
        match tls {
            None => answers(TokioIo::new(stream), body).await,
            Some(tls) => {
                if let Ok(stream) = tls.accept(stream).await {
                    answers(TokioIo::new(stream), body).await;
                }
            }
        }
    });
    Ok(())
}

async fn answers(io: impl Read + Write + Unpin, body: Bytes) {
    let service = service_fn(move |_: Request<Incoming>| {
        let body = body.clone();
        async move { Ok::<_, Infallible>(answer(body)) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .serve_connection(io, service);
    drop(connection.await);
}

fn answer(body: Bytes) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::new(body));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
