//! Integrity tokens and verdicts: what stands in one, and every check of the verifier, each run alone.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;

use super::expectations::Expectations;
use super::input::{CaseInput, Input};
use super::node::Node;
use super::sheet::{Check, Sheet};
use crate::cli::corpus::IntegrityInput;
use crate::evidence::claims::play_integrity::SignerDigest;
use crate::evidence::play_integrity::{
    Expectation, IntegrityCheck, IntegrityKeys, Payload, Rejection, STEPS, Step, TestingResponses, TokenKinds,
    looks_like_token, open_classic_token, payload_in_answer,
};
use crate::wire::json::{self, Json, JsonFault};

const FORM: &str = "five parts, as Google writes them";
const OPENS: &str = "opens under the app's keys, and is signed with Google's for it";
const STRUCTURE: &str = "structure is Google's";
/// The names of a token's parts.
const PARTS: [&str; 5] = ["header", "wrapped key", "vector", "content", "tag"];

/// Shows and checks a token. What is in it can be shown where the keys are named.
pub(super) fn examine_token(token: &[u8], input: &Input, expectations: &Expectations) -> Sheet {
    let case = case_of(input);
    let keys = expectations.integrity_keys.clone().or_else(|| case.and_then(|input| input.keys().ok()));
    let opened = keys.map(|keys| opened(token, keys));
    let form = Check::new(FORM, looks_like_token(token));
    let opens = Check::given(OPENS, "--decryption-key and --verification-key", opened.as_ref(), |opened| {
        opened.as_ref().map(drop).map_err(Clone::clone)
    });
    let inside = match opened {
        Some(Ok(payload)) => examine_payload(&payload, input, expectations),
        _ => Sheet { contents: Vec::new(), checks: unread("a token that opens") },
    };
    let contents = parts(token).into_iter().chain(inside.contents).collect();
    Sheet { contents, checks: [form, opens].into_iter().chain(inside.checks).collect() }
}

fn opened(token: &[u8], keys: IntegrityKeys) -> Result<Vec<u8>, Rejection> {
    open_classic_token(token, &[keys])
}

/// Shows and checks a payload, bare or in the answer of Google's server.
pub(super) fn examine_payload(bytes: &[u8], input: &Input, expectations: &Expectations) -> Sheet {
    let checks = match payload_in_answer(bytes).or_else(|_| Payload::parse(bytes)) {
        Err(rejection) => {
            let missing = STEPS.iter().map(|step| Check::missing(step.title, "a readable structure"));
            std::iter::once(Check::new::<(), _>(STRUCTURE, Err(rejection))).chain(missing).collect()
        }
        Ok(payload) => {
            let wanted = Wanted::of(case_of(input), expectations);
            let ready = IntegrityCheck::new(&payload, wanted.expectation(), expectations.at);
            let steps = STEPS.iter().map(|step| wanted.check(step, &ready));
            std::iter::once(Check::holds(STRUCTURE)).chain(steps).collect()
        }
    };
    Sheet { contents: vec![read("payload", json::read(bytes))], checks }
}

/// The checks of a payload that nobody can read.
fn unread(needs: &'static str) -> Vec<Check> {
    let titles = std::iter::once(STRUCTURE).chain(STEPS.iter().map(|step| step.title));
    titles.map(|title| Check::missing(title, needs)).collect()
}

fn case_of(input: &Input) -> Option<&IntegrityInput> {
    match &input.case.as_ref()?.input {
        CaseInput::PlayIntegrity(input) => Some(input),
        _ => None,
    }
}

/// What flags name, and what the case brings where they do not.
struct Wanted {
    packages: Vec<String>,
    signers: Vec<SignerDigest>,
    binding: Option<String>,
    kinds: Option<TokenKinds>,
    max_age: Option<Duration>,
}

impl Wanted {
    fn of(case: Option<&IntegrityInput>, named: &Expectations) -> Self {
        let hash = named.client_data_hash.as_ref().map(|hash| BASE64URL_NOPAD.encode(hash));
        let mut wanted = Self {
            packages: named.packages.clone(),
            signers: named.signers.iter().copied().map(SignerDigest).collect(),
            binding: named.binding.clone().or(hash),
            kinds: None,
            max_age: named.max_age,
        };
        if let Some(case) = case {
            wanted.fill(case);
        }
        wanted
    }

    fn fill(&mut self, case: &IntegrityInput) {
        if self.packages.is_empty() {
            self.packages.push(case.package_name().to_owned());
        }
        if self.signers.is_empty() {
            self.signers.extend(case.signers());
        }
        if let (None, Ok((kind, binding))) = (&self.binding, case.binding()) {
            (self.kinds, self.binding) = (Some(TokenKinds::Only(kind)), Some(binding.to_owned()));
        }
        self.max_age = self.max_age.or(Some(case.max_age()));
    }

    /// What is expected; the steps that would read a part that nobody named are not run.
    fn expectation(&self) -> Expectation<'_> {
        Expectation {
            package_names: &self.packages,
            signers: &self.signers,
            binding: self.binding.as_deref().unwrap_or_default(),
            kinds: self.kinds.unwrap_or(TokenKinds::Any),
            max_age: self.max_age.unwrap_or_default(),
            skew: Expectation::SKEW,
            testing_responses: TestingResponses::Refused,
        }
    }

    fn check(&self, step: &Step, ready: &IntegrityCheck<'_>) -> Check {
        let needs = match step.compares_with {
            Some("package_name") if self.packages.is_empty() => "--package",
            Some("signer") if self.signers.is_empty() => "--signer",
            Some("binding") if self.binding.is_none() => "--client-data, --client-data-hash or --binding",
            Some("kind") if self.kinds.is_none() => "a case",
            Some("max_age") if self.max_age.is_none() => "--max-age",
            _ => return Check::new(step.title, step.run(ready)),
        };
        Check::missing(step.title, needs)
    }
}

/// The parts of a token. Only the header is there to be read.
fn parts(token: &[u8]) -> Vec<Node> {
    let pieces = token.splitn(PARTS.len() + 1, |byte| *byte == b'.').enumerate();
    let node = |(at, part): (usize, &[u8])| {
        let name = PARTS.get(at).copied().unwrap_or("more");
        match BASE64URL_NOPAD.decode(part) {
            Ok(bytes) if at == 0 => read(name, json::read(&bytes)),
            Ok(bytes) => Node::bytes(name, &bytes),
            Err(_) => Node::new(name, "not canonical base64url"),
        }
    };
    pieces.map(node).collect()
}

fn read(name: &str, text: Result<Json, JsonFault>) -> Node {
    match text {
        Ok(value) => node(name, value),
        Err(fault) => Node::new(name, format_args!("not readable: {fault}")),
    }
}

/// A value under its name. It is nested no deeper than the reader lets it be.
fn node(name: &str, value: Json) -> Node {
    match value {
        Json::Null => Node::new(name, "null"),
        Json::Bool(value) => Node::new(name, value),
        Json::Integer(value) => Node::new(name, value),
        Json::OtherNumber => Node::new(name, "a number that no verdict holds"),
        Json::Text(text) => Node::new(name, text),
        Json::List(items) if items.is_empty() => Node::new(name, "(empty)"),
        Json::List(items) => {
            let parts = items.into_iter().enumerate().map(|(at, item)| node(&at.to_string(), item));
            Node::group(name, parts.collect())
        }
        Json::Object(mut members) => {
            let names: Vec<String> = members.names().map(str::to_owned).collect();
            let parts = names.iter().filter_map(|name| Some(node(name, members.take(name)?)));
            Node::group(name, parts.collect())
        }
    }
}
