//! Requests of a relying party's clients: what can be signed of them, and what a proof is bound to.

use std::net::IpAddr;
use std::sync::Arc;

use super::Verifier;
use super::app::App;
use super::caller::Caller;
use super::check::RequestContext;
use super::fault::CallFault;
use crate::appraisal::{
    Appraisal, BindingPolicy, Bond, Bonds, Circumstances, Decisions, Request, appraise_binding, appraise_request,
};
use crate::crypto::digest::{Digest, sha256_of_parts};
use crate::crypto::secret::{MacKey, Secret};
use crate::evidence::signed_request::SignedRequest;
use crate::ids::Name;
use crate::time::Timestamp;
use crate::verdict::{Bound, Freshness, Subject, Verdict};

/// Turns what a client is bound to into keyed hashes, of which each thing has a key of its own.
#[derive(Debug)]
pub(super) struct Bindings {
    address: MacKey,
    tls: MacKey,
    session: MacKey,
}

impl Bindings {
    pub(super) fn new(secret: &Secret) -> Self {
        let [address, tls, session] =
            ["bound address", "bound tls", "bound session"].map(|purpose| secret.mac_key(purpose));
        Self { address, tls, session }
    }
}

impl Verifier {
    /// What a client has to be bound to for this context, by an app and a relying party. What the context does not say binds nothing.
    pub(super) fn bound(&self, app: &App, party: &Name, context: &RequestContext<'_>) -> Bound {
        let tag = |key: &MacKey, value: &[u8]| {
            let scoped = sha256_of_parts(&[app.name.as_str().as_bytes(), party.as_str().as_bytes(), value]);
            let mut tag = [0; 16];
            tag.copy_from_slice(&key.tag(&scoped)[..16]);
            tag
        };
        let said = |value: &'_ [u8], key| (!value.is_empty()).then(|| tag(key, value));
        let network = context.client_address.map(|address| network(address, &app.policy().binding));
        Bound {
            address: network.map(|network| tag(&self.bindings.address, &network)),
            tls: said(context.tls_fingerprint.as_bytes(), &self.bindings.tls),
            session: said(context.user_session, &self.bindings.session),
        }
    }

    /// The verdict for one request of whoever it is about: the same one where nothing speaks against the request.
    ///
    /// `bound` is what the verdict, or the token that states it, was bound to.
    pub(super) fn weighed_request(
        &self,
        app: &App,
        caller: &Caller,
        verdict: Arc<Verdict>,
        bound: Bound,
        weighed: &WeighedRequest<'_>,
    ) -> Arc<Verdict> {
        let Some(subject) = verdict.subject() else { return verdict };
        let policy = app.policy();
        // What a binding asks for is said by itself, and no threshold makes less of it.
        let bindings =
            self.found_in_binding(app, caller, bound, subject, weighed).map(|found| (found, &Decisions::CAREFUL));
        let rules = found_by_rules(app, &verdict, subject, weighed).map(|found| (found, &policy.decisions));
        let found = bindings.into_iter().chain(rules);
        let verdict = found.fold(verdict, |verdict, (found, decisions)| {
            Arc::new(Arc::unwrap_or_clone(verdict).lowered(found, decisions))
        });
        if policy.hangs_on_requests() && verdict.freshness != Freshness::NEVER {
            return Arc::new(Verdict { freshness: Freshness::NEVER, ..Arc::unwrap_or_clone(verdict) });
        }
        verdict
    }

    /// Whether the request comes from where the proof came from; `None` where nothing was found.
    fn found_in_binding(
        &self,
        app: &App,
        caller: &Caller,
        bound: Bound,
        subject: Subject,
        weighed: &WeighedRequest<'_>,
    ) -> Option<Appraisal> {
        let policy = app.policy();
        if !policy.binding.is_felt() {
            return None;
        }
        let presented = self.bound(app, &caller.relying_party, &weighed.context.unwrap_or_default());
        let bonds = Bonds {
            address: Bond { bound: bound.address, presented: presented.address },
            tls_fingerprint: Bond { bound: bound.tls, presented: presented.tls },
            user_session: Bond { bound: bound.session, presented: presented.session },
        };
        let circumstances = Circumstances { subject: subject.as_bytes(), ..Circumstances::at(weighed.now) };
        Some(appraise_binding(policy, &bonds, &circumstances)).filter(|found| !found.is_silent())
    }
}

/// A request on its way to a verdict.
#[derive(Clone, Copy, Debug)]
pub(super) struct WeighedRequest<'a> {
    /// What describes it; `None` where nothing does.
    pub(super) context: Option<RequestContext<'a>>,
    /// Whether the instance has signed this very request, which was verified.
    pub(super) is_asserted: bool,
    /// Whether a proof of DPoP was verified that the request's token is bound to.
    pub(super) is_proved: bool,
    /// When the proof was given that a token rests on.
    pub(super) token_proven_at: Option<Timestamp>,
    pub(super) now: Timestamp,
}

/// The verdict for a request of which nothing is known: whatever counts of a binding is not known to hold, although a rule may let
/// pass what a request does not say.
pub(super) fn bound_to_nothing(app: &App, verdict: Arc<Verdict>, now: Timestamp) -> Arc<Verdict> {
    let Some(subject) = verdict.subject() else { return verdict };
    let circumstances = Circumstances { subject: subject.as_bytes(), ..Circumstances::at(now) };
    match appraise_binding(app.policy(), &Bonds::BROKEN, &circumstances) {
        found if found.reasons.is_empty() => verdict,
        found => Arc::new(Arc::unwrap_or_clone(verdict).lowered(found, &Decisions::CAREFUL)),
    }
}

/// What the app's own rules find in the request; `None` where that is nothing.
fn found_by_rules(app: &App, verdict: &Verdict, subject: Subject, weighed: &WeighedRequest<'_>) -> Option<Appraisal> {
    let policy = app.policy();
    if !policy.looks_at_requests() {
        return None;
    }
    let context = weighed.context.unwrap_or_default();
    let proven_at = weighed.token_proven_at.map_or(verdict.issued_at, |at| at.min(verdict.issued_at));
    let request = Request {
        method: context.method,
        scheme: context.scheme,
        authority: context.authority,
        path: context.path,
        address: context.client_address,
        tls_fingerprint: context.tls_fingerprint,
        proof_age: Some(weighed.now.since(proven_at)),
        has_assertion: weighed.is_asserted,
        has_session: !context.user_session.is_empty(),
        has_body_digest: context.body.is_some(),
        headers: context.headers,
        has_dpop_proof: weighed.is_proved,
        has_client_certificate: context.client_certificate.is_some(),
        is_undescribed: weighed.context.is_none(),
    };
    let circumstances = Circumstances { subject: subject.as_bytes(), ..Circumstances::at(weighed.now) };
    let found = appraise_request(policy, verdict.claims.as_deref(), &request, &circumstances);
    Some(found).filter(|found| !found.reasons.is_empty() || !found.reported.is_empty())
}

/// The network that an address is in: its family, the length of the prefix, and the prefix. An IPv4 address that is mapped into
/// IPv6 is one of IPv4.
fn network(address: IpAddr, policy: &BindingPolicy) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let length = policy.address_prefix_v4.min(32);
            let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
            [&[4, length][..], &(u32::from(address) & mask).to_be_bytes()].concat()
        }
        IpAddr::V6(address) => {
            let length = policy.address_prefix_v6.min(128);
            let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
            [&[6, length][..], &(u128::from(address) & mask).to_be_bytes()].concat()
        }
    }
}

impl<'a> RequestContext<'a> {
    /// The request as an instance signs it. Errors with the part that is not known.
    pub(super) fn signed_request(&self) -> Result<SignedRequest<'a>, CallFault> {
        let said =
            |part: &'a str, field| if part.is_empty() { Err(CallFault::RequestIncomplete(field)) } else { Ok(part) };
        Ok(SignedRequest {
            method: said(self.method, "context.method")?,
            authority: said(self.authority, "context.authority")?,
            path: said(self.path, "context.path")?,
            body: self.body.ok_or(CallFault::RequestIncomplete("context.body_sha256"))?,
        })
    }

    /// A digest over all that the context says.
    pub(super) fn digest(&self) -> Digest {
        let address = self.client_address.map(|address| address.to_string()).unwrap_or_default();
        let texts =
            [&address, self.tls_fingerprint, self.method, self.scheme, self.authority, self.path, self.dpop_proof];
        let digests = [&self.body, &self.headers, &self.client_certificate];
        let texts = texts.into_iter().map(str::as_bytes);
        let digests = digests.into_iter().map(|digest| digest.as_ref().map_or(&[][..], |digest| digest));
        sha256_of_parts(&texts.chain([self.user_session]).chain(digests).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(of: [&str; 2], policy: &BindingPolicy) -> [Vec<u8>; 2] {
        of.map(|address| network(address.parse().expect("an address"), policy))
    }

    fn same(left: &str, right: &str, policy: &BindingPolicy) -> bool {
        let [left, right] = networks([left, right], policy);
        left == right
    }

    #[test]
    fn networks_are_prefixes() {
        let usual = BindingPolicy::IGNORED;
        assert!(same("192.0.2.1", "192.0.2.254", &usual));
        assert!(!same("192.0.2.1", "192.0.3.1", &usual));
        assert!(same("2001:db8:0:1100::1", "2001:db8:0:11ff:ffff::2", &usual));
        assert!(!same("2001:db8:0:1100::1", "2001:db8:0:1200::1", &usual));
        assert!(same("::ffff:192.0.2.1", "192.0.2.77", &usual), "IPv4 in IPv6's clothes");
        assert!(!same("192.0.2.1", "::192.0.2.1", &usual));
        let exact = BindingPolicy { address_prefix_v4: 32, address_prefix_v6: 128, ..usual };
        assert!(!same("192.0.2.1", "192.0.2.2", &exact) && same("192.0.2.1", "192.0.2.1", &exact));
        assert!(!same("2001:db8::1", "2001:db8::2", &exact) && same("2001:db8::1", "2001:db8::1", &exact));
        let wide = BindingPolicy { address_prefix_v4: 0, address_prefix_v6: 0, ..usual };
        assert!(same("1.2.3.4", "250.2.3.4", &wide) && same("::2", "ff00::1", &wide));
    }

    #[test]
    fn another_length_is_another_network() {
        let wider = BindingPolicy { address_prefix_v4: 16, ..BindingPolicy::IGNORED };
        let of = |policy| network("192.0.0.0".parse().expect("an address"), policy);
        assert_ne!(of(&wider), of(&BindingPolicy::IGNORED));
    }

    #[test]
    fn digests_of_contexts_cover_every_part() {
        let context = RequestContext::default();
        let others = [
            RequestContext { client_address: "::1".parse().ok(), ..context },
            RequestContext { tls_fingerprint: "a", ..context },
            RequestContext { user_session: b"a", ..context },
            RequestContext { method: "a", ..context },
            RequestContext { scheme: "a", ..context },
            RequestContext { authority: "a", ..context },
            RequestContext { path: "a", ..context },
            RequestContext { body: Some([1; 32]), ..context },
            RequestContext { headers: Some([1; 32]), ..context },
            RequestContext { dpop_proof: "a", ..context },
            RequestContext { client_certificate: Some([1; 32]), ..context },
            context,
        ];
        let digests: std::collections::BTreeSet<_> = others.iter().map(RequestContext::digest).collect();
        assert_eq!(digests.len(), others.len());
    }
}
