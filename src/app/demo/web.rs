//! As much of HTTP as the demo needs to ask the service as nginx does, and to fetch its keys.

use std::net::SocketAddr;

use anyhow::Context;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An answer.
pub(super) struct Page {
    pub(super) status: u16,
    /// The header fields, their names in lower case.
    pub(super) fields: Vec<(String, String)>,
    pub(super) body: String,
}

/// Asks for `target` with these header fields, on a connection of its own.
pub(super) async fn fetch(address: SocketAddr, target: &str, fields: &[(&str, &str)]) -> anyhow::Result<Page> {
    let fields: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!("GET {target} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{fields}\r\n");
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(head.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    read(&answer).context("an answer of HTTP")
}

fn read(answer: &str) -> Option<Page> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let fields = lines.filter_map(|line| line.split_once(": "));
    let fields = fields.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    Some(Page { status, fields, body: body.to_owned() })
}
