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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::der as write;
    use data_encoding::HEXLOWER;

    fn read(hex: &str) -> Option<RemoteProvisioning> {
        provisioning_info(&HEXLOWER.decode(hex.as_bytes()).expect("hex"))
    }

    #[test]
    fn what_devices_carry_is_read() {
        let issued = |number| RemoteProvisioning { certificates_issued: Some(number), ..RemoteProvisioning::default() };
        assert_eq!(read("a10108"), Some(issued(8)));
        let google = RemoteProvisioning { manufacturer: Some("Google".to_owned()), ..issued(32) };
        assert_eq!(read("a301182002f50366476f6f676c65"), Some(google));
        let lost = read("a20463544545 06f5".replace(' ', "").as_str()).expect("a map");
        assert_eq!((lost.entity.as_deref(), lost.reported_lost), (Some("TEE"), true));
        assert_eq!(provisioning_info(&write::octets(&[0xA1, 1, 8])), Some(issued(8)));
    }

    #[test]
    fn what_cannot_be_read_is_absent() {
        for hex in ["", "80", "a1", "a101", "a2010801 08", "a10108ff", "bf0108ff"] {
            assert_eq!(read(&hex.replace(' ', "")), None, "{hex}");
        }
        let odd = read("a3016131 0301 18636161".replace(' ', "").as_str());
        assert_eq!(odd, Some(RemoteProvisioning::default()));
    }
}
