//! Every byte of a chain and of a description, changed or cut.

use bonafide::lab::key_attestation::{ChainPlan, description_extension};

use crate::bench;

/// A forged leaf whose description is exactly these bytes.
fn with_description(bytes: Vec<u8>) -> Vec<Vec<u8>> {
    let planned = |plan: &mut ChainPlan| {
        plan.description_extensions = |_| Vec::new();
        plan.leaf.certificate.extensions.push(description_extension(bytes));
    };
    bench::remote().attest_with(&bench::challenge(), planned).expect("forged").chain
}

fn description() -> Vec<u8> {
    let mut bytes = Vec::new();
    let read = |plan: &mut ChainPlan| bytes = plan.description.der();
    bench::remote().attest_with(&bench::challenge(), read).expect("forged");
    bytes
}

#[test]
fn a_description_cut_at_any_byte_is_refused() {
    let whole = description();
    assert_eq!(bench::outcome(&with_description(whole.clone())), "");
    for length in 0..whole.len() {
        let cut = with_description(whole[..length].to_vec());
        assert_eq!(bench::outcome(&cut), "key_attestation_description", "cut to {length}");
    }
}

/// What hardware signs counts, whatever it says. A change may state another version or boot key, and nothing that a careful
/// policy looks at may come out other than it was.
#[test]
fn no_bit_of_a_description_makes_more_of_a_phone() {
    let whole = description();
    let honest = bench::essence(&with_description(whole.clone())).expect("trusted");
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1 << (at % 8);
        if let Some(essence) = bench::essence(&with_description(changed)) {
            assert_eq!(essence, honest, "byte {at}");
        }
    }
}

/// Without a new signature no byte may change, except in the root that a client sends: nobody reads more than name and key.
#[test]
fn a_chain_with_a_bit_changed_in_any_byte_is_refused() {
    for phone in [bench::remote(), bench::factory()] {
        let chain = phone.attest(&bench::challenge()).expect("forged").chain;
        let honest = bench::essence(&chain).expect("trusted");
        for place in 0..chain.len() {
            for at in 0..chain[place].len() {
                let mut changed = chain.clone();
                changed[place][at] ^= 1 << (at % 8);
                match bench::verify(&changed) {
                    Err(_) => {}
                    Ok(_) if place + 1 == chain.len() => assert_eq!(bench::essence(&changed).as_ref(), Some(&honest)),
                    Ok(_) => panic!("byte {at} of certificate {place}"),
                }
            }
        }
    }
}

#[test]
fn a_chain_with_a_certificate_cut_at_any_byte_is_refused() {
    let chain = bench::remote().attest(&bench::challenge()).expect("forged").chain;
    for place in 0..chain.len() {
        for length in 0..chain[place].len() {
            let mut cut = chain.clone();
            cut[place].truncate(length);
            assert_eq!(
                bench::outcome(&cut),
                "key_attestation_certificate_malformed",
                "certificate {place} cut to {length}"
            );
        }
    }
}
