//! A server on loopback that answers as badly as it is told to.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bonafide::clock::SystemClock;
use bonafide::upstream::google::Google;
use bonafide::upstream::{AccessConfig, AccessToken, Endpoint, GoogleConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// How long is waited for an answer that does not come.
pub(crate) const SHORT: Duration = Duration::from_secs(2);

/// What no call may take, however busy the machine.
pub(crate) const EVER: Duration = Duration::from_secs(30);

/// What an answer does.
pub(crate) enum Act {
    /// Status, header lines, body.
    Answer(u16, &'static [&'static str], Vec<u8>),
    /// These bytes, and the end of the connection.
    Raw(Vec<u8>),
    /// Nothing, and the connection stays.
    Silence,
    /// 200, and then a byte every 20 ms without end.
    Drip,
    /// 200, and a body of a gibibyte; its length is stated where that is asked for.
    Gibibyte(Stated),
}

/// Whether a body's length is stated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stated {
    Yes,
    No,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    head: String,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let line = |line: &'_ str| line.split_once(": ").map(|(name, _)| name.to_ascii_lowercase());
        self.head
            .lines()
            .find(|each| line(each).as_deref() == Some(name))
            .and_then(|line| Some(line.split_once(": ")?.1))
    }

    fn is_decode(&self) -> bool {
        self.target.ends_with(":decodeIntegrityToken")
    }
}

type Script = dyn Fn(&Seen, usize) -> Act + Send + Sync;

/// The server.
#[derive(Clone)]
pub(crate) struct Fake {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    written: Arc<Mutex<usize>>,
}

impl Fake {
    /// Starts; `script` gets each request and how many came before it.
    pub(crate) async fn start(script: impl Fn(&Seen, usize) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let fake = Self { address, seen: Arc::default(), written: Arc::default() };
        let (script, each): (Arc<Script>, _) = (Arc::new(script), fake.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(each.clone().serve(stream, Arc::clone(&script)));
            }
        });
        fake
    }

    async fn serve(self, mut stream: TcpStream, script: Arc<Script>) {
        while let Some(request) = read(&mut stream).await {
            let before = {
                let mut seen = self.seen.lock().expect("no panic");
                seen.push(request.clone());
                seen.len() - 1
            };
            if self.act(&mut stream, script(&request, before)).await.is_err() {
                return;
            }
        }
    }

    async fn act(&self, stream: &mut TcpStream, act: Act) -> std::io::Result<()> {
        let end = || Err(std::io::ErrorKind::Other.into());
        match act {
            Act::Answer(status, headers, body) => {
                let lines: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
                let head = format!("HTTP/1.1 {status} X\r\n{lines}Content-Length: {}\r\n\r\n", body.len());
                stream.write_all(&[head.as_bytes(), &body].concat()).await
            }
            Act::Raw(bytes) => {
                stream.write_all(&bytes).await?;
                end()
            }
            Act::Silence => std::future::pending().await,
            Act::Drip => {
                stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await?;
                loop {
                    stream.write_all(b"1\r\n{\r\n").await?;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
            Act::Gibibyte(stated) => self.gibibyte(stream, stated).await,
        }
    }

    async fn gibibyte(&self, stream: &mut TcpStream, stated: Stated) -> std::io::Result<()> {
        let length = if stated == Stated::Yes { "Content-Length: 1073741824" } else { "Connection: close" };
        stream.write_all(format!("HTTP/1.1 200 OK\r\n{length}\r\n\r\n").as_bytes()).await?;
        let block = vec![b'{'; 1 << 20];
        for _ in 0..1024 {
            stream.write_all(&block).await?;
            *self.written.lock().expect("no panic") += block.len();
        }
        Err(std::io::ErrorKind::Other.into())
    }

    /// The address of a path here.
    pub(crate) fn at(&self, path: &str) -> Endpoint {
        Endpoint::parse(&format!("http://{}{path}", self.address)).expect("an address")
    }

    /// Every request so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no panic").clone()
    }

    /// How often this integrity token arrived.
    pub(crate) fn decodes(&self, token: &str) -> usize {
        let body = serde_json::json!({ "integrityToken": token }).to_string();
        self.seen().iter().filter(|seen| seen.is_decode() && seen.body == body).count()
    }

    /// How much of a gibibyte was sent before nobody listened any more.
    pub(crate) fn written(&self) -> usize {
        *self.written.lock().expect("no panic")
    }

    /// A configuration that reaches nothing but this server.
    pub(crate) fn config(&self) -> GoogleConfig {
        let access = AccessToken::parse("access-1").expect("a token");
        GoogleConfig {
            status_list: self.at("/attestation/status"),
            play_integrity: self.at(""),
            ..GoogleConfig::new(Some(AccessConfig::Fixed(access)))
        }
    }

    /// The same, for a server that lets its clients wait.
    pub(crate) fn impatient(&self) -> GoogleConfig {
        let config = self.config();
        GoogleConfig { status_list_timeout: SHORT, access_timeout: SHORT, decode_timeout: SHORT, ..config }
    }

    /// The client of this server.
    pub(crate) fn google(&self) -> Google {
        built(self.config())
    }
}

/// The client of a configuration.
pub(crate) fn built(config: GoogleConfig) -> Google {
    Google::build(config, Arc::new(SystemClock)).expect("a client")
}

/// A configuration that reaches a port where nobody listens, for as long as the socket lives: nobody else gets the port.
pub(crate) fn nobody() -> (GoogleConfig, TcpSocket) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
    let address = socket.local_addr().expect("an address");
    (Fake { address, seen: Arc::default(), written: Arc::default() }.config(), socket)
}

/// Reads a request, if another one comes.
async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let (mut bytes, mut block) = (Vec::new(), [0; 4096]);
    loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..at].to_vec()).expect("text");
            let mut words = head.split(' ');
            let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
            let mut seen = Seen { method, target, head, body: String::new() };
            let length: usize = seen.header("content-length").map_or(0, |text| text.parse().expect("a length"));
            if bytes.len() >= at + 4 + length {
                seen.body = String::from_utf8(bytes[at + 4..].to_vec()).expect("text");
                return Some(seen);
            }
        }
        match stream.read(&mut block).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&block[..read]),
        }
    }
}
