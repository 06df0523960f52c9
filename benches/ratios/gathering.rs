//! A connection that gathers what is written while an earlier write is under way, as proxies do. The HTTP/2 library of the clients
//! here would give every request of more than a few bytes a write of its own, which would measure that.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Notify;

pub(crate) struct Gathering {
    reader: OwnedReadHalf,
    gathered: Arc<Gathered>,
}

#[derive(Default)]
struct Gathered {
    bytes: Mutex<Vec<u8>>,
    more: Notify,
}

impl Gathering {
    pub(crate) fn over(stream: TcpStream) -> Self {
        let (reader, writer) = stream.into_split();
        let gathered = Arc::new(Gathered::default());
        tokio::spawn(write(Arc::clone(&gathered), writer));
        Self { reader, gathered }
    }
}

async fn write(gathered: Arc<Gathered>, mut writer: OwnedWriteHalf) -> io::Result<()> {
    let mut bytes = Vec::new();
    loop {
        gathered.more.notified().await;
        std::mem::swap(&mut bytes, &mut *gathered.bytes.lock().expect("no panic"));
        writer.write_all(&bytes).await?;
        bytes.clear();
    }
}

impl AsyncRead for Gathering {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.reader).poll_read(context, buffer)
    }
}

impl AsyncWrite for Gathering {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.gathered.bytes.lock().expect("no panic").extend_from_slice(bytes);
        self.gathered.more.notify_one();
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
