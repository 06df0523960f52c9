//! SHA-256, and comparison that takes the same time whatever the bytes.

use aws_lc_rs::{constant_time, digest};

/// A SHA-256 value.
pub type Digest = [u8; 32];

/// SHA-256 (FIPS 180-4) of `bytes`.
pub fn sha256(bytes: &[u8]) -> Digest {
    value(&digest::digest(&digest::SHA256, bytes))
}

/// SHA-256 of the parts joined without anything between them.
pub fn sha256_of_joined(parts: &[&[u8]]) -> Digest {
    let mut context = digest::Context::new(&digest::SHA256);
    parts.iter().for_each(|part| context.update(part));
    value(&context.finish())
}

/// SHA-256 of the parts, each preceded by its length in eight bytes, so that no two lists of parts collide.
pub fn sha256_of_parts(parts: &[&[u8]]) -> Digest {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    value(&context.finish())
}

fn value(digest: &digest::Digest) -> Digest {
    let mut value = [0; 32];
    value.copy_from_slice(digest.as_ref());
    value
}

/// Whether both are equal, in time that depends on their lengths only.
pub fn equal_in_constant_time(left: &[u8], right: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(left, right).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;

    #[test]
    fn matches_the_published_vector() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(HEXLOWER.encode(&sha256(b"abc")), expected);
        assert_eq!(sha256(b"abc"), sha256_of_joined(&[b"a", b"", b"bc"]));
    }

    #[test]
    fn parts_keep_their_borders() {
        assert_ne!(sha256_of_parts(&[b"a", b"bc"]), sha256_of_parts(&[b"ab", b"c"]));
        assert_ne!(sha256_of_parts(&[b"a", b""]), sha256_of_parts(&[b"a"]));
    }
}
