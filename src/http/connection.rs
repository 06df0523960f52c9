//! Connections: so many at a time, so many bytes, so much time.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::sleep;

/// The most bytes that a connection may send: one request, of which nothing but the first line is looked at.
const BYTES: usize = 16 << 10;

/// A listener that lets in so many connections at a time.
pub(super) struct Door {
    pub(super) listener: TcpListener,
    pub(super) places: Arc<Semaphore>,
    pub(super) timeout: Duration,
    /// All connections end when the other end is dropped.
    pub(super) open: watch::Receiver<()>,
}

/// A connection that was let in. It counts until it is dropped.
pub(super) struct Connection {
    stream: TcpStream,
    left: usize,
    /// Waits until time is up; `None` once it is.
    end: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    _place: OwnedSemaphorePermit,
}

impl Listener for Door {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        loop {
            let (stream, peer) = Listener::accept(&mut self.listener).await;
            if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
                let end = Box::pin(time_is_up(self.timeout, self.open.clone()));
                return (Connection { stream, left: BYTES, end: Some(end), _place: place }, peer);
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

async fn time_is_up(timeout: Duration, mut open: watch::Receiver<()>) {
    tokio::select! {
        () = sleep(timeout) => {}
        _ = open.changed() => {}
    }
}

impl Connection {
    /// Fails once time is up, from then on.
    fn in_time(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        let up = self.end.as_mut().is_none_or(|end| end.as_mut().poll(context).is_ready());
        if up {
            self.end = None;
            return Err(io::Error::new(ErrorKind::TimedOut, "the connection took too long"));
        }
        Ok(())
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.in_time(context)?;
        if self.left == 0 {
            return Poll::Ready(Err(io::Error::new(ErrorKind::InvalidData, "the request is too long")));
        }
        let allowed = self.left.min(buffer.remaining());
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(allowed));
        let read = Pin::new(&mut self.stream).poll_read(context, &mut part);
        let bytes = part.filled().len();
        self.left -= bytes;
        buffer.advance(bytes);
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.in_time(context)?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
