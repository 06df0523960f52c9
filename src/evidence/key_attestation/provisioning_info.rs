//! Provisioning information: what Google writes into the certificate of a remotely provisioned key.

use ciborium::Value;

use crate::crypto::certificate::{Oid, oid};
use crate::evidence::claims::RemoteProvisioning;
use crate::wire::{cbor, der};

/// The extension that carries it.
pub const PROVISIONING_INFO_OID: Oid<'static> = oid!(1.3.6.1.4.1.11129.2.1.30);

/// The longest text that is kept, in bytes.
const TEXT_LIMIT: usize = 64;

/// Reads the value of the extension: CBOR, in some certificates within one more OCTET STRING.
///
/// Nobody promises its form, so what cannot be read is absent and no reason to refuse; unknown keys are passed over.
pub fn provisioning_info(value: &[u8]) -> Option<RemoteProvisioning> {
    let map = cbor::read(value).ok().or_else(|| {
        let inner = der::only(value, |elements| elements.octets()).ok()?;
        cbor::read(inner).ok()
    })?;
    let entries = map.into_map().ok()?;
    let member = |key: u8| entries.iter().find(|(name, _)| *name == Value::from(key)).map(|(_, value)| value);
    let number = |value: &Value| value.as_integer().and_then(|number| u64::try_from(number).ok());
    Some(RemoteProvisioning {
        certificates_issued: member(1).and_then(number),
        manufacturer: member(3).and_then(plain_text),
        entity: member(4).and_then(plain_text),
        reported_lost: member(6).and_then(Value::as_bool).unwrap_or(false),
    })
}

fn plain_text(value: &Value) -> Option<String> {
    let text = value.as_text()?;
    (text.len() <= TEXT_LIMIT && !text.contains(char::is_control)).then(|| text.to_owned())
}
