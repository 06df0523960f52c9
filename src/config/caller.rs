//! `[[caller]]`: who may call, and what they may do.

use std::collections::HashMap;

use super::entry::{Entry, refuse_repeats};
use super::section::Section;
use crate::crypto::digest::{Digest, sha256};
use crate::grpc::CallerKey;
use crate::ids::{AppName, Name};
use crate::verifier::{Caller, Grants, Role};

/// What people write when they mean to write the key itself.
const PLAIN_KEYS: [&str; 6] = ["key", "api_key", "secret", "token", "password", "bearer"];

/// How a key is written instead.
const KEY_HINT: &str = "the key itself is never written down: set key_sha256 to what \
    `printf %s \"$KEY\" | openssl dgst -sha256 -r` prints first";

/// For which relying parties, beside its own, each caller may have tokens signed.
pub(super) type Audiences = HashMap<Name, Vec<Name>>;

/// Reads all callers, who may be granted these apps.
pub(super) fn read(sections: Vec<Section<'_>>, apps: &[AppName]) -> (Vec<CallerKey>, Audiences) {
    let mut read = sections.into_iter().map(|section| read_one(section, apps)).collect::<Vec<_>>();
    refuse_repeats(&read.iter().filter_map(|caller| caller.name.clone()).collect::<Vec<_>>(), "name");
    refuse_repeats(&read.iter().filter_map(|caller| caller.key).collect::<Vec<_>>(), "key");
    let named = |caller: &mut CallerEntries<'_>| Some((caller.name.clone()?.1, std::mem::take(&mut caller.audiences)));
    let audiences = read.iter_mut().filter_map(named).filter(|(_, audiences)| !audiences.is_empty()).collect();
    (read.into_iter().filter_map(CallerEntries::complete).collect(), audiences)
}

struct CallerEntries<'a> {
    name: Option<(Entry<'a>, Name)>,
    relying_party: Option<Name>,
    role: Option<Role>,
    apps: Grants,
    key: Option<(Entry<'a>, Digest)>,
    audiences: Vec<Name>,
}

fn read_one<'a>(mut section: Section<'a>, apps: &[AppName]) -> CallerEntries<'a> {
    let roles = [Role::AuthServer, Role::Gateway, Role::Operator].map(|role| (role.name(), role));
    let audiences = section.entry("audiences");
    let caller = CallerEntries {
        name: section.required("name").and_then(|entry| Some((entry, entry.parsed()?))),
        relying_party: section.entry("relying_party").and_then(Entry::parsed),
        role: section.required("role").and_then(|entry| entry.one_of(&roles)),
        apps: section.read("apps", |entry| granted(entry, apps), Grants::All),
        key: section.required("key_sha256").and_then(|entry| Some((entry, key_digest(entry)?))),
        audiences: audiences.and_then(names).unwrap_or_default(),
    };
    if caller.role.is_some_and(|role| role != Role::AuthServer) {
        audiences.and_then(|entry| entry.refuse::<()>("only an auth server has tokens signed"));
    }
    PLAIN_KEYS.iter().for_each(|key| section.forbid(key, KEY_HINT));
    section.finish();
    caller
}

/// Reads the apps that a caller may touch. A list that cannot be read grants nothing.
fn granted(entry: Entry<'_>, apps: &[AppName]) -> Option<Grants> {
    entry.expect_items("app");
    let items = entry.items().unwrap_or_default().into_iter();
    let known = items.filter_map(|item| {
        let app = item.parsed::<AppName>()?;
        if apps.contains(&app) { Some(app) } else { item.refuse("no app of this name is configured") }
    });
    Some(Grants::Only(known.collect()))
}

fn names(entry: Entry<'_>) -> Option<Vec<Name>> {
    Some(entry.items()?.into_iter().filter_map(Entry::parsed).collect())
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
        let caller = Caller { name, relying_party, role: self.role?, apps: self.apps };
        Some(CallerKey { key_sha256: self.key?.1, caller })
    }
}
