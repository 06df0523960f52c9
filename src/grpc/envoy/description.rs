//! A request as Envoy describes it (`envoy.service.auth.v3.AttributeContext`), read in place: it comes with every request of every
//! client, and most of it is looked at once.

use crate::wire::protobuf::{Fields, Malformed, Value};

/// How many header fields most requests have at most.
const USUAL: usize = 24;

/// A name or key with its value.
type Pair<'a> = (&'a [u8], &'a [u8]);

/// What Envoy says of a request; what it does not say is empty. Fields that are not listed are skipped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description<'a> {
    /// The client's address, in text.
    pub address: &'a [u8],
    /// The client's validated certificate, PEM in URL encoding.
    pub certificate: &'a [u8],
    /// The method.
    pub method: &'a [u8],
    /// The target.
    pub path: &'a [u8],
    /// The host.
    pub host: &'a [u8],
    /// The scheme.
    pub scheme: &'a [u8],
    /// The body's length; negative when it is not known.
    pub size: i64,
    /// The version of HTTP that the client speaks.
    pub protocol: &'a [u8],
    /// The body as text, which it may not be: what is no text was replaced.
    pub text_body: &'a [u8],
    /// The body.
    pub raw_body: &'a [u8],
    /// The header fields.
    pub fields: Vec<Pair<'a>>,
    /// The route's settings.
    pub settings: Vec<Pair<'a>>,
}

impl<'a> Description<'a> {
    /// Reads an `AttributeContext`. Errors when it is no such message, or says something twice of which one counts.
    pub fn read(attributes: &'a [u8]) -> Result<Self, Malformed> {
        let mut description = Self { fields: Vec::with_capacity(USUAL), ..Self::default() };
        for field in Fields::of(attributes) {
            match field? {
                (1, Value::Bytes(peer)) => description.peer(peer)?,
                (4, Value::Bytes(request)) => description.request(request)?,
                (10, Value::Bytes(setting)) => description.settings.push(pair(setting)?),
                _ => {}
            }
        }
        Ok(description)
    }

    fn peer(&mut self, peer: &'a [u8]) -> Result<(), Malformed> {
        for field in Fields::of(peer) {
            match field? {
                (1, Value::Bytes(address)) => once(&mut self.address, socket_address(address)?)?,
                (5, Value::Bytes(certificate)) => once(&mut self.certificate, certificate)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn request(&mut self, request: &'a [u8]) -> Result<(), Malformed> {
        for field in Fields::of(request) {
            if let (2, Value::Bytes(http)) = field? {
                self.http(http)?;
            }
        }
        Ok(())
    }

    fn http(&mut self, http: &'a [u8]) -> Result<(), Malformed> {
        for field in Fields::of(http) {
            match field? {
                (2, Value::Bytes(method)) => once(&mut self.method, method)?,
                (3, Value::Bytes(field)) => self.fields.push(pair(field)?),
                (4, Value::Bytes(path)) => once(&mut self.path, path)?,
                (5, Value::Bytes(host)) => once(&mut self.host, host)?,
                (6, Value::Bytes(scheme)) => once(&mut self.scheme, scheme)?,
                (9, Value::Varint(size)) if self.size == 0 => self.size = size.cast_signed(),
                (9, Value::Varint(_)) => return Err(Malformed),
                (10, Value::Bytes(protocol)) => once(&mut self.protocol, protocol)?,
                (11, Value::Bytes(body)) => once(&mut self.text_body, body)?,
                (12, Value::Bytes(body)) => once(&mut self.raw_body, body)?,
                (13, Value::Bytes(fields)) => self.one_by_one(fields)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// A `HeaderMap`.
    fn one_by_one(&mut self, fields: &'a [u8]) -> Result<(), Malformed> {
        for field in Fields::of(fields) {
            if let (1, Value::Bytes(field)) = field? {
                self.fields.push(header_value(field)?);
            }
        }
        Ok(())
    }
}

/// The address in an `Address` of a socket; empty for one of another kind.
fn socket_address(address: &[u8]) -> Result<&[u8], Malformed> {
    let mut found = &[][..];
    for field in Fields::of(address) {
        let (1, Value::Bytes(socket)) = field? else { continue };
        for field in Fields::of(socket) {
            if let (2, Value::Bytes(address)) = field? {
                once(&mut found, address)?;
            }
        }
    }
    Ok(found)
}

/// An entry of a map.
fn pair(entry: &[u8]) -> Result<Pair<'_>, Malformed> {
    let (mut key, mut value) = (&[][..], &[][..]);
    for field in Fields::of(entry) {
        match field? {
            (1, Value::Bytes(found)) => once(&mut key, found)?,
            (2, Value::Bytes(found)) => once(&mut value, found)?,
            _ => {}
        }
    }
    Ok((key, value))
}

/// A `HeaderValue`, whose raw value counts where there is one.
fn header_value(field: &[u8]) -> Result<Pair<'_>, Malformed> {
    let (mut key, mut value, mut raw) = (&[][..], &[][..], &[][..]);
    for field in Fields::of(field) {
        match field? {
            (1, Value::Bytes(found)) => once(&mut key, found)?,
            (2, Value::Bytes(found)) => once(&mut value, found)?,
            (3, Value::Bytes(found)) => once(&mut raw, found)?,
            _ => {}
        }
    }
    Ok((key, if raw.is_empty() { value } else { raw }))
}

/// Of two, readers differ on which counts.
fn once<'a>(place: &mut &'a [u8], value: &'a [u8]) -> Result<(), Malformed> {
    if !place.is_empty() {
        return Err(Malformed);
    }
    *place = value;
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use prost::Message;
    use prost::bytes::Bytes;

    use super::*;
    use crate::grpc::proto::envoy::config::core::v3::{Address, HeaderMap, HeaderValue, SocketAddress};
    use crate::grpc::proto::envoy::service::auth::v3::AttributeContext;
    use crate::grpc::proto::envoy::service::auth::v3::attribute_context::{HttpRequest, Peer, Request};

    fn bytes() -> impl Strategy<Value = Bytes> {
        any::<Vec<u8>>().prop_map(Bytes::from)
    }

    prop_compose! {
        fn https()(
            texts in prop::array::uniform7(bytes()),
            size: i64,
            headers in prop::collection::hash_map(any::<String>(), bytes(), 0..4),
            one_by_one in prop::option::of(prop::collection::vec((any::<String>(), bytes(), bytes()), 0..4)),
        ) -> HttpRequest {
            let [method, path, host, scheme, protocol, body, raw_body] = texts;
            let field = |(key, value, raw_value)| HeaderValue { key, value, raw_value };
            let headers_of = |fields: Vec<_>| HeaderMap { headers: fields.into_iter().map(field).collect() };
            let header_map = one_by_one.map(headers_of);
            HttpRequest { method, headers, path, host, scheme, size, protocol, body, raw_body, header_map }
        }
    }

    prop_compose! {
        fn contexts()(
            address in bytes(),
            certificate in bytes(),
            http in https(),
            settings in prop::collection::hash_map(any::<String>(), any::<String>(), 0..4),
        ) -> AttributeContext {
            let address = Some(Address { socket_address: Some(SocketAddress { address }) });
            AttributeContext {
                source: Some(Peer { address, certificate }),
                request: Some(Request { http: Some(http) }),
                context_extensions: settings,
            }
        }
    }

    /// The same as a library reads it.
    fn expected(context: &AttributeContext) -> Description<'_> {
        let peer = context.source.as_ref().expect("a peer");
        let socket = peer.address.as_ref().and_then(|address| address.socket_address.as_ref());
        let http = context.request.as_ref().and_then(|request| request.http.as_ref()).expect("a request");
        let each = http.header_map.iter().flat_map(|map| &map.headers);
        let each = each.map(|field| {
            (field.key.as_bytes(), if field.raw_value.is_empty() { &*field.value } else { &*field.raw_value })
        });
        Description {
            address: &socket.expect("a socket").address,
            certificate: &peer.certificate,
            method: &http.method,
            path: &http.path,
            host: &http.host,
            scheme: &http.scheme,
            size: http.size,
            protocol: &http.protocol,
            text_body: &http.body,
            raw_body: &http.raw_body,
            fields: http.headers.iter().map(|(name, value)| (name.as_bytes(), &**value)).chain(each).collect(),
            settings: context
                .context_extensions
                .iter()
                .map(|(key, value)| (key.as_bytes(), value.as_bytes()))
                .collect(),
        }
    }

    fn sorted(mut description: Description<'_>) -> Description<'_> {
        description.fields.sort_unstable();
        description.settings.sort_unstable();
        description
    }

    proptest! {
        #[test]
        fn it_says_what_a_library_reads(context in contexts()) {
            let message = context.encode_to_vec();
            let read = Description::read(&message).expect("a description");
            prop_assert_eq!(sorted(read), sorted(expected(&context)));
        }

        #[test]
        fn f05_bytes_that_were_changed_are_read_or_refused(context in contexts(), at: prop::sample::Index, byte: u8) {
            let mut message = context.encode_to_vec();
            prop_assume!(!message.is_empty());
            let at = at.index(message.len());
            message[at] = byte;
            let _ = Description::read(&message);
            let _ = Description::read(&message[..at]);
        }
    }

    #[test]
    fn f03_what_is_said_twice_is_refused() {
        let http = |path: &'static str| HttpRequest { path: path.into(), size: 1, ..HttpRequest::default() };
        let context = |path| AttributeContext {
            request: Some(Request { http: Some(http(path)) }),
            ..AttributeContext::default()
        };
        let (public, pay) = (context("/public").encode_to_vec(), context("/pay").encode_to_vec());
        assert_eq!(Description::read(&public).expect("a description").path, b"/public");
        assert_eq!(Description::read(&[public, pay].concat()), Err(Malformed));
    }
}
