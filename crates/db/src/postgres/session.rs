//! One connection, used by one thread at a time.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
use tokio_postgres::types::Type;
use tokio_postgres::{AsyncMessage, Client, Connection, Row, Statement};

use super::fault;
use super::socket::{Driver, Socket};
use super::tls;
use super::values::{Bound, type_of};
use crate::{Error, Param};

/// So many texts are kept prepared; the lists make new ones from what was asked.
const PREPARED: usize = 256;

/// One text, prepared once for each list of its parameters' types.
type Variants = Vec<(Vec<Type>, Statement)>;

pub(crate) struct Session {
    client: Client,
    connection: RefCell<Connection<Socket, tls::Stream>>,
    driver: Driver,
    prepared: RefCell<HashMap<Box<str>, Variants>>,
    /// Goes out together with the next statement; its answer is not waited for.
    queued: RefCell<String>,
    /// What was notified, since somebody asked last.
    notices: RefCell<Vec<String>>,
    lost: Cell<bool>,
    /// A statement was refused: PostgreSQL takes no other before a rollback.
    refused: Cell<bool>,
    /// How long one statement may take.
    patience: Cell<Duration>,
}

impl Session {
    pub(super) fn new(
        client: Client,
        connection: Connection<Socket, tls::Stream>,
        driver: Driver,
        patience: Duration,
    ) -> Self {
        Self {
            client,
            connection: RefCell::new(connection),
            driver,
            prepared: RefCell::default(),
            queued: RefCell::default(),
            notices: RefCell::default(),
            lost: Cell::new(false),
            refused: Cell::new(false),
            patience: Cell::new(patience),
        }
    }

    pub(super) fn set_patience(&self, patience: Duration) {
        self.patience.set(patience);
    }

    /// Runs statements without parameters and waits for the last answer.
    pub(super) fn batch(&self, sql: &str) -> Result<(), Error> {
        self.send_queued();
        self.drive(self.client.batch_execute(sql))
    }

    /// Has statements sent together with the next one. When one of them is refused, so is that next one.
    pub(crate) fn queue(&self, sql: &str) {
        let mut queued = self.queued.borrow_mut();
        queued.push_str(sql);
        queued.push(';');
    }

    /// Sends what is queued, and does not wait for its answer.
    pub(super) fn send_queued(&self) {
        let sql = std::mem::take(&mut *self.queued.borrow_mut());
        if !sql.is_empty() {
            // The first poll hands the text to the connection; an answer that nobody waits for is dropped by it.
            let _ = pin!(self.client.batch_execute(&sql)).poll(&mut self.driver.context());
            self.turn();
        }
    }

    pub(crate) fn query(&self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, Error> {
        self.send_queued();
        let statement = self.prepare(sql, params)?;
        self.drive(async { self.client.query_raw(&statement, params.iter().map(Bound)).await?.try_collect().await })
    }

    pub(crate) fn execute(&self, sql: &str, params: &[Param<'_>]) -> Result<usize, Error> {
        self.send_queued();
        let statement = self.prepare(sql, params)?;
        let changed = self.drive(self.client.execute_raw(&statement, params.iter().map(Bound)))?;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    /// As [`Session::execute`], and sends `then` before the answer is there; both must have worked.
    pub(super) fn execute_then(&self, sql: &str, params: &[Param<'_>], then: &str) -> Result<(), Error> {
        self.send_queued();
        let statement = self.prepare(sql, params)?;
        self.drive(async {
            let first = self.client.execute_raw(&statement, params.iter().map(Bound));
            let (first, second) = futures_util::future::join(first, self.client.batch_execute(then)).await;
            first.and(second)
        })
    }

    /// Ends a reading transaction without waiting for its answer; one that never began needs no end.
    pub(super) fn end_read(&self) {
        if std::mem::take(&mut *self.queued.borrow_mut()).is_empty() {
            self.queue("COMMIT");
            self.send_queued();
        }
    }

    /// Whether the other end is still there, as far as can be told without asking it.
    pub(super) fn is_alive(&self) -> bool {
        self.turn();
        !self.lost.get()
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.lost.get()
    }

    /// Whether a statement was refused since the last call.
    pub(crate) fn take_refused(&self) -> bool {
        self.refused.replace(false)
    }

    /// Waits for notifications and answers their payloads; none when `time` is over or the connection is lost.
    pub(super) fn wait_notices(&self, time: Duration) -> Vec<String> {
        self.driver.run(Instant::now() + time, |_| {
            self.turn();
            if self.lost.get() || !self.notices.borrow().is_empty() { Poll::Ready(()) } else { Poll::Pending }
        });
        self.notices.take()
    }

    pub(super) fn driver(&self) -> &Driver {
        &self.driver
    }

    fn prepare(&self, sql: &str, params: &[Param<'_>]) -> Result<Statement, Error> {
        let types: Vec<Type> = params.iter().map(type_of).collect();
        if let Some(known) = self.prepared.borrow().get(sql)
            && let Some((_, statement)) = known.iter().find(|(known, _)| *known == types)
        {
            return Ok(statement.clone());
        }
        let statement = self.drive(self.client.prepare_typed(sql, &types))?;
        let mut prepared = self.prepared.borrow_mut();
        if prepared.len() >= PREPARED {
            prepared.clear();
        }
        prepared.entry(sql.into()).or_default().push((types, statement.clone()));
        Ok(statement)
    }

    /// Polls a request and the connection in turns, until the request is answered or `patience` is over.
    fn drive<T>(&self, request: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T, Error> {
        if self.lost.get() {
            return Err(lost());
        }
        let (mut request, patience) = (pin!(request), self.patience.get());
        let answer = self.driver.run(Instant::now() + patience, |cx| {
            if let Poll::Ready(answer) = request.as_mut().poll(cx) {
                return Poll::Ready(answer.map_err(|error| self.note(&error)));
            }
            self.turn();
            if !self.lost.get() {
                return Poll::Pending;
            }
            // The last words of the server may be the answer.
            match request.as_mut().poll(cx) {
                Poll::Ready(answer) => Poll::Ready(answer.map_err(|error| self.note(&error))),
                Poll::Pending => Poll::Ready(Err(lost())),
            }
        });
        answer.unwrap_or_else(|| {
            // Whatever it may still answer would be taken for the answer to something else.
            self.lost.set(true);
            Err(Error::Unavailable(format!("no answer within {} s", patience.as_secs_f64())))
        })
    }

    /// Lets the connection write and read what it can without waiting.
    fn turn(&self) {
        while !self.lost.get() {
            match self.connection.borrow_mut().poll_message(&mut self.driver.context()) {
                Poll::Pending => return,
                Poll::Ready(Some(Ok(AsyncMessage::Notification(notice)))) => {
                    self.notices.borrow_mut().push(notice.payload().to_owned());
                }
                Poll::Ready(Some(Ok(message))) => tracing::trace!(?message, "postgresql says"),
                Poll::Ready(Some(Err(error))) => {
                    tracing::info!(error = fault::words(&error), "a connection to postgresql was lost");
                    self.lost.set(true);
                }
                Poll::Ready(None) => self.lost.set(true),
            }
        }
    }

    fn note(&self, error: &tokio_postgres::Error) -> Error {
        let fault = fault::read(error);
        self.refused.set(true);
        if fault.fatal {
            self.lost.set(true);
        }
        fault.error
    }
}

fn lost() -> Error {
    Error::Unavailable("the connection was lost".to_owned())
}
