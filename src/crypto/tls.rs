//! TLS for edges: PEM texts, and the server's side of a connection made from them.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// PEM texts for TLS. `Debug` does not show the key.
#[derive(Clone, PartialEq, Eq)]
pub struct TlsConfig {
    /// The certificate chain, leaf first.
    pub certificate: Vec<u8>,
    /// The private key.
    pub key: Vec<u8>,
    /// The CA that clients' certificates must come from; `None` asks for none.
    pub client_ca: Option<Vec<u8>>,
}

impl fmt::Debug for TlsConfig {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("TlsConfig").field("client_ca", &self.client_ca.is_some()).finish_non_exhaustive()
    }
}

/// Why TLS cannot be spoken with these texts.
#[derive(Debug, thiserror::Error)]
pub enum TlsFault {
    /// A text is not PEM of what it should hold.
    #[error("not well-formed PEM: {0}")]
    Pem(#[from] rustls_pki_types::pem::Error),
    /// Certificate and key do not fit each other, or cannot be used.
    #[error(transparent)]
    Identity(#[from] rustls::Error),
    /// The CA of clients' certificates cannot be used.
    #[error("the CA of clients: {0}")]
    ClientCa(#[from] rustls::server::VerifierBuilderError),
}

impl TlsConfig {
    /// The server's side of TLS 1.2 and 1.3 for these protocols (RFC 7301).
    pub fn server(&self, protocols: &[&[u8]]) -> Result<Arc<ServerConfig>, TlsFault> {
        let provider = Arc::new(default_provider());
        let builder =
            ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
        let builder = match &self.client_ca {
            None => builder.with_no_client_auth(),
            Some(ca) => {
                let mut roots = RootCertStore::empty();
                for root in certificates(ca)? {
                    roots.add(root)?;
                }
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let key = PrivateKeyDer::from_pem_slice(&self.key)?;
        let mut config = builder.with_single_cert(certificates(&self.certificate)?, key)?;
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        Ok(Arc::new(config))
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, rustls_pki_types::pem::Error> {
    CertificateDer::pem_slice_iter(pem).collect()
}
