//! What can be asked of Google.

use serde::{Deserialize, Serialize};

/// A part of Google that can be asked, misbehaves on its own, and counts its requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// `POST /token`: access tokens for a service account.
    Token,
    /// `GET /computeMetadata/v1/instance/service-accounts/default/token`: access tokens for a machine in Google's cloud.
    Metadata,
    /// `POST /v1/{package}:decodeIntegrityToken`.
    Decode,
    /// `GET /attestation/status`: the certificates that hold no longer.
    Status,
    /// `GET /attestation/root`: the roots.
    Root,
}
