//! Protected headers.

use super::{JoseFault, decoded};
use crate::wire::json::{self, Json, Members};

/// The longest header, decoded, in bytes.
const HEADER_LIMIT: usize = 512;

/// Members that would change what the token means, bring a key along, or cost work without bound.
const REFUSED: [&str; 10] = ["b64", "crit", "epk", "jku", "jwk", "p2c", "p2s", "x5c", "x5u", "zip"];

/// Checks that a protected header carries exactly these algorithms and none of the refused members.
///
/// Other members, `typ` and `kid` among them, are ignored, as RFC 7515, section 4, asks: Google documents no closed list, and
/// nothing is chosen by them here.
pub(super) fn check(part: &[u8], algorithms: &[(&str, &str)]) -> Result<(), JoseFault> {
    let mut members = members(part)?;
    if members.names().any(|name| REFUSED.contains(&name)) {
        return Err(JoseFault::Header("a member that is not accepted"));
    }
    let agrees = |(name, only): &(&str, &str)| members.take(name) == Some(Json::Text((*only).to_owned()));
    if algorithms.iter().all(agrees) { Ok(()) } else { Err(JoseFault::Header("another algorithm")) }
}

/// The members of a protected header, none of them looked at yet.
pub(super) fn members(part: &[u8]) -> Result<Members, JoseFault> {
    let bytes = decoded(part)?;
    if bytes.len() > HEADER_LIMIT {
        return Err(JoseFault::Header("too long"));
    }
    match json::read(&bytes) {
        Ok(Json::Object(members)) => Ok(members),
        _ => Err(JoseFault::Header("not a JSON object with each member once")),
    }
}
