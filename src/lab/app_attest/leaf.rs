//! The extensions that Apple writes into leaves.

use crate::lab::certificate::Extension;
use crate::lab::der::{self, Oid};

/// The extension that carries the nonce.
pub const NONCE: Oid = &[1, 2, 840, 113_635, 100, 8, 2];
/// The extension that carries properties of the key.
pub const KEY_PROPERTIES: Oid = &[1, 2, 840, 113_635, 100, 8, 5];
/// The extension that carries a Mac's access control list.
pub const MAC_ACL: Oid = &[1, 2, 840, 113_635, 100, 8, 6];
/// The extension that carries properties of the operating system.
pub const SYSTEM_PROPERTIES: Oid = &[1, 2, 840, 113_635, 100, 8, 7];

/// The nonce as Apple writes it.
pub fn nonce_extension(nonce: &[u8]) -> Extension {
    Extension::plain(NONCE, der::sequence(&[&der::explicit(1, &der::octets(nonce))]))
}

/// The properties of a key that belongs to the app `app_id`.
pub fn key_properties(app_id: &str) -> Extension {
    let number = |tag, value| der::explicit(tag, &der::integer(&[value]));
    let members = [
        number(4, 10),
        number(1200, 1),
        number(1201, 0),
        number(1202, 1),
        number(1203, 1),
        der::explicit(1204, &der::octets(app_id.as_bytes())),
        der::explicit(5, &der::octets(b"sks ")),
        number(1206, 5),
        number(1207, 0),
        number(1209, 0),
        number(1210, 0),
        number(1211, 0),
    ];
    Extension::plain(KEY_PROPERTIES, der::value(0x30, &members.concat()))
}

/// The properties of an operating system.
pub(super) fn system_properties(version: &str, build: &str) -> Extension {
    let text = |tag, text: &str| der::explicit(tag, &der::octets(text.as_bytes()));
    let members = [
        text(1400, version),
        der::explicit(1104, &der::integer(&[0xFF; 4])),
        text(1403, build),
        text(1405, version),
        der::explicit(1406, &der::integer(&[0])),
        text(1420, "21.3.66.0.0,0"),
    ];
    Extension::plain(SYSTEM_PROPERTIES, der::value(0x30, &members.concat()))
}

/// The access control list of a Mac that runs with system integrity protection and full security.
pub fn mac_acl() -> Extension {
    let holds = |name| der::sequence(&[&der::text(name), &der::explicit(1, &der::truth())]);
    let at_least = der::sequence(&[&der::explicit(6, &der::integer(&[1]))]);
    let signed = der::sequence(&[&der::text("osgn"), &der::explicit(0, &der::text("rsec")), &at_least]);
    let operations = der::sequence(&[&holds("ok"), &holds("oa"), &holds("odel"), &signed]);
    let list = der::sequence(&[&der::text("11"), &operations]);
    Extension::plain(MAC_ACL, der::sequence(&[&der::explicit(3, &der::octets(&list))]))
}
