//! Calls of prepared bytes: what is measured is the service, not how its client writes questions and reads answers.

use prost::bytes::{Buf, BufMut, Bytes};
use tonic::client::Grpc;
use tonic::codec::{BufferSettings, Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Request, Status};

/// A method, and the bytes of a question to it.
#[derive(Clone)]
pub(crate) struct Question {
    pub(crate) method: &'static str,
    pub(crate) message: Bytes,
}

impl Question {
    /// Asks once, and gives the bytes of the answer.
    pub(crate) async fn ask(&self, client: &mut Grpc<Channel>, key: &'static str) -> Bytes {
        let request: Request<Bytes> = crate::service::by(key, self.message.clone());
        client.ready().await.expect("a connection");
        let answer = client.unary(request, PathAndQuery::from_static(self.method), AsTheyAre).await;
        answer.expect("an answer").into_inner()
    }
}

/// Messages that somebody else writes and reads.
#[derive(Clone, Copy)]
struct AsTheyAre;

impl AsTheyAre {
    fn settings() -> BufferSettings {
        BufferSettings::new(2048, 32 * 1024)
    }
}

impl Codec for AsTheyAre {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for AsTheyAre {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(message);
        Ok(())
    }

    fn buffer_settings(&self) -> BufferSettings {
        Self::settings()
    }
}

impl Decoder for AsTheyAre {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }

    fn buffer_settings(&self) -> BufferSettings {
        Self::settings()
    }
}
