//! Chains against the status list: what is found of a chain's serial numbers, in whatever form the list writes them.

use bonafide::crypto::serial::Serial;
use bonafide::endorsement::status_list::{Status, StatusList};
use bonafide::lab::key_attestation::{ChainPlan, LinkPlan};

use crate::bench::{self, accepted};

/// Serial numbers of which others have missed listings: as bytes of the certificate, and as keys of the list.
const SERIALS: [(&[u8], &[&str]); 5] = [
    (&[0x2A], &["2a", "2A", "002a", "42"]),
    (&[0x07, 0x46, 0xA5, 0x28, 0x80, 0x00], &["746a5288000", "0746a5288000", "8000000000000"]),
    (&[0x11, 0x0B, 0xC0, 0x1F, 0xE8, 0x82, 0x65, 0xCC], &["110bc01fe88265cc", "1228286566665971148"]),
    (
        &[0xC3, 0x57, 0x47, 0xA0, 0x84, 0x47, 0x0C, 0x31, 0x35, 0xAE, 0xEF, 0xE2, 0xB8, 0xD4, 0x0C, 0xD6],
        &["c35747a084470c3135aeefe2b8d40cd6", "00C35747A084470C3135AEEFE2B8D40CD6"],
    ),
    (&[0x73, 0xE1, 0xD7, 0xCA, 0x42, 0x2D, 0x1A, 0xCB], &["8350192447815228107", "73e1d7ca422d1acb"]),
];

fn list(key: &str, status: &str) -> StatusList {
    StatusList::parse(format!(r#"{{"entries":{{"{key}":{{"status":"{status}"}}}}}}"#).as_bytes()).expect("a list")
}

/// What the list says of a chain, by the serial numbers that its verification gives.
fn found(list: &StatusList, serials: &[Serial]) -> Option<Status> {
    list.listed(serials).map(|listed| listed.status)
}

/// The issuers of a chain, the attestation certificate first.
fn issuer(plan: &mut ChainPlan, place: usize) -> &mut LinkPlan {
    if place == 0 { &mut plan.attestation } else { &mut plan.intermediates[place - 1] }
}

/// A leaked attestation key signs whatever its holder likes. Only the list tells it from a genuine one.
#[test]
fn a08_a_leaked_attestation_key_is_found_by_its_serial_number() {
    for phone in bench::phones() {
        let facts = accepted(&phone, |plan| plan.attestation.certificate.serial = vec![0x5A, 0x11]);
        assert_eq!(facts.claims.serials[1].to_string(), "5a11");
        assert_eq!(found(&list("5a11", "REVOKED"), &facts.claims.serials), Some(Status::Revoked));
        assert_eq!(found(&list("5a12", "REVOKED"), &facts.claims.serials), None);
    }
}

#[test]
fn a10_every_certificate_is_found_in_every_form_of_the_list() {
    for phone in [bench::remote(), bench::factory()] {
        for (bytes, keys) in SERIALS {
            for place in 0..phone.attest(&bench::challenge()).expect("forged").chain.len() - 2 {
                let facts = accepted(&phone, |plan| issuer(plan, place).certificate.serial = bytes.to_vec());
                for key in keys {
                    let status = found(&list(key, "REVOKED"), &facts.claims.serials);
                    assert_eq!(status, Some(Status::Revoked), "{key} at {place}");
                }
            }
        }
    }
}

#[test]
fn a10_the_number_of_every_leaf_is_not_looked_for() {
    let facts = accepted(&bench::remote(), |_| ());
    assert_eq!(facts.claims.serials[0].to_string(), "1");
    let revoked = StatusList::parse(
        br#"{"entries":{"1":{"status":"REVOKED"},"2":{"status":"REVOKED"},"3":{"status":"REVOKED"},
        "4":{"status":"REVOKED"},"5":{"status":"REVOKED"},"6":{"status":"REVOKED"},"7":{"status":"REVOKED"},
        "8":{"status":"REVOKED"},"9":{"status":"REVOKED"},"a":{"status":"REVOKED"}}}"#,
    );
    assert_eq!(found(&revoked.expect("a list"), &facts.claims.serials), None);
    let own = accepted(&bench::remote(), |plan| plan.leaf.certificate.serial = vec![0x2A]);
    assert_eq!(
        found(&list("2a", "REVOKED"), &own.claims.serials),
        Some(Status::Revoked),
        "a leaf with a number of its own"
    );
}

#[test]
fn a11_every_status_counts() {
    let facts = accepted(&bench::factory(), |plan| plan.intermediates[0].certificate.serial = vec![0x2A]);
    let of = |status: &str| found(&list("2a", status), &facts.claims.serials);
    assert_eq!(of("REVOKED"), Some(Status::Revoked));
    assert_eq!(of("SUSPENDED"), Some(Status::Suspended));
    for later in ["HELD", "", "revoked", "VALID"] {
        assert_eq!(of(later), Some(Status::Unrecognised(later.into())));
    }
}
