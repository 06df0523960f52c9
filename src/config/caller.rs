//! `[[caller]]`: who may call, and what they may do.

use super::entry::{Entry, refuse_repeats};
use super::section::Section;
use crate::crypto::digest::{Digest, sha256};
use crate::grpc::CallerKey;
use crate::ids::Name;
use crate::verifier::{Caller, Role};

/// What people write when they mean to write the key itself.
const PLAIN_KEYS: [&str; 6] = ["key", "api_key", "secret", "token", "password", "bearer"];

/// How a key is written instead.
const KEY_HINT: &str = "the key itself is never written down: set key_sha256 to what \
    `printf %s \"$KEY\" | sha256sum` prints";

/// Reads all callers.
pub(super) fn read(sections: Vec<Section<'_>>) -> Vec<CallerKey> {
    let read = sections.into_iter().map(read_one).collect::<Vec<_>>();
    refuse_repeats(&read.iter().filter_map(|caller| caller.name.clone()).collect::<Vec<_>>(), "name");
    refuse_repeats(&read.iter().filter_map(|caller| caller.key).collect::<Vec<_>>(), "key");
    read.into_iter().filter_map(CallerEntries::complete).collect()
}

struct CallerEntries<'a> {
    name: Option<(Entry<'a>, Name)>,
    relying_party: Option<Name>,
    role: Option<Role>,
    key: Option<(Entry<'a>, Digest)>,
}

fn read_one(mut section: Section<'_>) -> CallerEntries<'_> {
    let roles = [Role::AuthServer, Role::Gateway].map(|role| (role.name(), role));
    let caller = CallerEntries {
        name: section.required("name").and_then(|entry| Some((entry, entry.parsed()?))),
        relying_party: section.entry("relying_party").and_then(Entry::parsed),
        role: section.required("role").and_then(|entry| entry.one_of(&roles)),
        key: section.required("key_sha256").and_then(|entry| Some((entry, key_digest(entry)?))),
    };
    PLAIN_KEYS.iter().for_each(|key| section.forbid(key, KEY_HINT));
    section.finish();
    caller
}

/// Reads the digest of a key, which must not be the digest of nothing.
fn key_digest(entry: Entry<'_>) -> Option<Digest> {
    let digest = entry.digest()?;
    let nothing = [&b""[..], b"\n"].iter().any(|text| sha256(text) == digest);
    if nothing {
        entry.refuse_with("this is the SHA-256 of an empty key", Some(KEY_HINT.to_owned()))
    } else {
        Some(digest)
    }
}

impl CallerEntries<'_> {
    fn complete(self) -> Option<CallerKey> {
        let (_, name) = self.name?;
        let relying_party = self.relying_party.unwrap_or_else(|| name.clone());
        Some(CallerKey { key_sha256: self.key?.1, caller: Caller { name, relying_party, role: self.role? } })
    }
}
