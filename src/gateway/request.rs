//! A client's request, as a proxy describes it.

use std::net::IpAddr;

use super::fields::{Fields, TOKEN};
use super::route::{Route, TokenFate};
use crate::crypto::digest::Digest;

/// A request of a client. Everything in it but the route and what the proxy has validated itself is the client's choice.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// What the gateway's operator has settled.
    pub route: &'a Route,
    /// The method.
    pub method: &'a [u8],
    /// The scheme; whatever is neither `http` nor `https` is not known.
    pub scheme: &'a [u8],
    /// Host, and port if it was sent.
    pub authority: &'a [u8],
    /// The target as it stands in the request line.
    pub path: &'a [u8],
    /// The header fields.
    pub fields: Fields<'a>,
    /// The client's address.
    pub client_address: Option<IpAddr>,
    /// SHA-256 of the client's certificate, whose key the client has proved to the proxy.
    pub client_certificate: Option<Digest>,
    /// The body.
    pub body: Body<'a>,
}

/// What the proxy has shown of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// Nothing, or only its beginning.
    NotShown,
    /// All of it.
    Whole(&'a [u8]),
}

impl<'a> Request<'a> {
    /// Whether what follows could be further requests, of whomever they say: a tunnel, or another protocol than web sockets.
    pub(super) fn asks_for_tunnel(&self) -> bool {
        let mut upgrades = self.fields.all("upgrade");
        self.method == b"CONNECT" || upgrades.any(|protocol| !protocol.eq_ignore_ascii_case(b"websocket"))
    }

    /// The names, as the client has spelled them, that must not reach the upstream unless they are set anew.
    pub(super) fn namesakes(&self) -> impl Iterator<Item = &'a str> {
        let forwarded = self.route.token == TokenFate::Forwarded;
        self.fields.namesakes().filter(move |name| !(forwarded && name.eq_ignore_ascii_case(TOKEN)))
    }
}
