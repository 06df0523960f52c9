//! Connections: so many at a time, and none that stays without saying anything.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Sleep, sleep};
use tokio_stream::{Stream, StreamExt};
use tonic::transport::server::{Connected, TcpConnectInfo, TcpIncoming};

/// What every client has to send first: the preface of HTTP/2 (RFC 9113, section 3.4) has 24 bytes, and TLS sends more.
const FIRST_BYTES: usize = 24;

/// A connection that was let in. It counts until it is dropped.
pub struct Connection {
    stream: TcpStream,
    /// Until the first bytes are there: how many are missing, and when patience ends.
    waiting: Option<(usize, Pin<Box<Sleep>>)>,
    _place: OwnedSemaphorePermit,
}

/// The connections that are let in: at most `places` at a time, each with `patience` to send its first bytes. Others are closed
/// at once.
pub fn let_in(incoming: TcpIncoming, places: u32, patience: Duration) -> impl Stream<Item = io::Result<Connection>> {
    let places = Arc::new(Semaphore::new(usize::try_from(places).unwrap_or(Semaphore::MAX_PERMITS)));
    incoming.filter_map(move |accepted| {
        let stream = match accepted {
            Ok(stream) => stream,
            Err(error) => return Some(Err(error)),
        };
        let place = Arc::clone(&places).try_acquire_owned().ok()?;
        Some(Ok(Connection { stream, waiting: Some((FIRST_BYTES, Box::pin(sleep(patience)))), _place: place }))
    })
}

impl Connection {
    /// Fails once patience has ended.
    fn poll_patience(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let Some((_, patience)) = &mut self.waiting else { return Poll::Pending };
        ready!(patience.as_mut().poll(context));
        Poll::Ready(io::Error::new(ErrorKind::TimedOut, "the connection said nothing"))
    }

    fn count(&mut self, read: usize) {
        if let Some((missing, _)) = &mut self.waiting {
            *missing = missing.saturating_sub(read);
            if *missing == 0 {
                self.waiting = None;
            }
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(context, buffer) {
            Poll::Pending => self.poll_patience(context).map(Err),
            Poll::Ready(read) => {
                self.count(buffer.filled().len() - before);
                Poll::Ready(read)
            }
        }
    }
}

/// Writes are not vectored: HTTP/2 would hand over each answer of more than a few bytes by itself, and many short ones would no
/// longer leave together.
impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl Connected for Connection {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        self.stream.connect_info()
    }
}
