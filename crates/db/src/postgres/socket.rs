//! The socket under a session, and how a thread waits on it without a runtime.
//!
//! The library's futures are polled by the thread that wants their answer, and between two polls that thread waits for the one
//! thing that can come: bytes on this socket. So a statement costs no change of thread, and may be run from anywhere, also from
//! inside an async runtime of one thread.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connected socket that never blocks.
pub(super) enum Raw {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// The socket, shared by the connection that reads and writes it and by whoever waits on it or closes it.
pub(super) struct Plug {
    raw: Raw,
    /// The last write found no room: wait for some too.
    full: AtomicBool,
}

impl Plug {
    /// # Errors
    /// The system's, when the socket cannot be made non-blocking.
    pub(super) fn new(raw: Raw) -> io::Result<Arc<Self>> {
        match &raw {
            Raw::Tcp(tcp) => tcp.set_nonblocking(true).and_then(|()| tcp.set_nodelay(true))?,
            Raw::Unix(unix) => unix.set_nonblocking(true)?,
        }
        Ok(Arc::new(Self { raw, full: AtomicBool::new(false) }))
    }

    /// Ends the connection; whoever waits on it learns at once.
    pub(super) fn close(&self) {
        // It may be closed already.
        let _ = match &self.raw {
            Raw::Tcp(tcp) => tcp.shutdown(Shutdown::Both),
            Raw::Unix(unix) => unix.shutdown(Shutdown::Both),
        };
    }

    /// Waits until there is something to read, or room to write if that was wanted; `false` at the deadline.
    fn wait(&self, deadline: Instant) -> bool {
        let room = if self.full.swap(false, Ordering::Relaxed) { PollFlags::OUT } else { PollFlags::empty() };
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(left) = Timespec::try_from(left) else { return false };
            match poll(&mut [PollFd::from_borrowed_fd(self.fd(), PollFlags::IN | room)], Some(&left)) {
                Ok(0) => return false,
                Ok(_) => return true,
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return false,
            }
        }
    }

    fn fd(&self) -> BorrowedFd<'_> {
        match &self.raw {
            Raw::Tcp(tcp) => tcp.as_fd(),
            Raw::Unix(unix) => unix.as_fd(),
        }
    }

    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match &self.raw {
            Raw::Tcp(tcp) => { tcp }.read(buffer),
            Raw::Unix(unix) => { unix }.read(buffer),
        }
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        match &self.raw {
            Raw::Tcp(tcp) => { tcp }.write(bytes),
            Raw::Unix(unix) => { unix }.write(bytes),
        }
    }
}

/// What the library reads and writes. It registers no waker: [`Driver::run`] waits on the socket itself.
pub(super) struct Socket(pub(super) Arc<Plug>);

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        ready(|| self.0.read(buffer.initialize_unfilled())).map_ok(|count| buffer.advance(count))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready(|| self.0.write(bytes));
        self.0.full.store(written.is_pending(), Ordering::Relaxed);
        written
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.close();
        Poll::Ready(Ok(()))
    }
}

/// What the system has at hand; pending when it has nothing.
fn ready(mut act: impl FnMut() -> io::Result<usize>) -> Poll<io::Result<usize>> {
    loop {
        match act() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Poll::Pending,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return Poll::Ready(done),
        }
    }
}

/// Polls on the calling thread; between polls it waits on the socket.
pub(super) struct Driver {
    pub(super) plug: Arc<Plug>,
    woken: Arc<Woken>,
    waker: Waker,
}

/// Set when a poll made work for another one: a message passed from the connection to who waits for it.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Driver {
    pub(super) fn new(plug: Arc<Plug>) -> Self {
        let woken = Arc::<Woken>::default();
        Self { plug, waker: Waker::from(Arc::clone(&woken)), woken }
    }

    /// Polls until there is an answer; `None` at the deadline.
    pub(super) fn run<T>(&self, deadline: Instant, mut step: impl FnMut(&mut Context<'_>) -> Poll<T>) -> Option<T> {
        loop {
            self.woken.0.store(false, Ordering::Relaxed);
            if let Poll::Ready(answer) = step(&mut self.context()) {
                return Some(answer);
            }
            if !self.woken.0.load(Ordering::Relaxed) && !self.plug.wait(deadline) {
                return None;
            }
        }
    }

    pub(super) fn context(&self) -> Context<'_> {
        Context::from_waker(&self.waker)
    }
}
