//! Routes: what the operator of a gateway has settled for some requests.

use crate::ids::{AppName, NameMalformed};

/// What holds for every route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayRules {
    /// The app of routes that name none.
    pub app: Option<AppName>,
    /// How much a client is told about a refusal.
    pub tell: Tell,
    /// The header field, in lower case, in which the gateway states a fingerprint of the client's TLS.
    pub tls_fingerprint_header: Option<String>,
    /// The header field, in lower case, in which the gateway states the user's session.
    pub session_header: Option<String>,
}

impl GatewayRules {
    /// No app for routes that name none; remedies are told.
    pub const USUAL: Self =
        Self { app: None, tell: Tell::Remedies, tls_fingerprint_header: None, session_header: None };
}

/// How much a client is told about a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tell {
    /// What would help.
    Remedies,
    /// What would help, and the codes of the reasons.
    Codes,
    /// Nothing.
    Nothing,
}

/// A route's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub(super) app: AppName,
    pub(super) subject: SubjectFrom,
    pub(super) mode: Mode,
    pub(super) body: BodyRule,
    pub(super) token: TokenFate,
    pub(super) consume: bool,
}

/// What names the one who makes a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SubjectFrom {
    /// The token that the client shows.
    Token,
    /// The instance in a header field, which something in front of the gateway has made sure of.
    Instance,
}

/// What becomes of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// It counts.
    Enforce,
    /// It is told to the upstream and counted; the request passes.
    Monitor,
}

/// Whether the digest of the body counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyRule {
    Ignored,
    Digest,
}

/// What becomes of the token on the way to the upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenFate {
    Removed,
    /// The upstream verifies it itself.
    Forwarded,
}

/// Why settings of a route cannot be used: the gateway's configuration is wrong, not the request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RouteFault {
    /// Neither the route nor the configuration names an app.
    #[error("the route names no app")]
    AppMissing,
    /// The app's name is none.
    #[error("the route's app: {0}")]
    App(#[from] NameMalformed),
    /// A setting that does not exist, or not with this value, or twice.
    #[error("the route's settings: one of them does not exist, or not with its value, or stands there twice")]
    Setting,
}

impl Route {
    /// Whether the gateway is to show the whole body of every request.
    pub fn shows_body(&self) -> bool {
        self.body == BodyRule::Digest
    }

    /// Reads settings: `app`, `subject` (`token`, `instance`), `mode` (`enforce`, `monitor`), `body` (`ignore`, `digest`),
    /// `token` (`remove`, `forward`) and `consume` (`no`, `yes`). The first of each is the default; any other setting is a fault.
    pub fn read<'a, T: AsRef<[u8]> + ?Sized + 'a>(
        rules: &GatewayRules,
        settings: impl IntoIterator<Item = (&'a T, &'a T)>,
    ) -> Result<Self, RouteFault> {
        let mut found = Settings::default();
        for (name, value) in settings {
            let value = str::from_utf8(value.as_ref()).map_err(|_| RouteFault::Setting)?;
            if found.place(name.as_ref())?.replace(value).is_some() {
                return Err(RouteFault::Setting);
            }
        }
        let app = match found.app {
            Some(app) => app.parse()?,
            None => rules.app.clone().ok_or(RouteFault::AppMissing)?,
        };
        let route = Self {
            app,
            subject: choice(found.subject, [("token", SubjectFrom::Token), ("instance", SubjectFrom::Instance)])?,
            mode: choice(found.mode, [("enforce", Mode::Enforce), ("monitor", Mode::Monitor)])?,
            body: choice(found.body, [("ignore", BodyRule::Ignored), ("digest", BodyRule::Digest)])?,
            token: choice(found.token, [("remove", TokenFate::Removed), ("forward", TokenFate::Forwarded)])?,
            consume: choice(found.consume, [("no", false), ("yes", true)])?,
        };
        // An instance cannot be spent.
        if route.consume && route.subject == SubjectFrom::Instance { Err(RouteFault::Setting) } else { Ok(route) }
    }
}

#[derive(Default)]
struct Settings<'a> {
    app: Option<&'a str>,
    subject: Option<&'a str>,
    mode: Option<&'a str>,
    body: Option<&'a str>,
    token: Option<&'a str>,
    consume: Option<&'a str>,
}

impl<'a> Settings<'a> {
    fn place(&mut self, name: &[u8]) -> Result<&mut Option<&'a str>, RouteFault> {
        match name {
            b"app" => Ok(&mut self.app),
            b"subject" => Ok(&mut self.subject),
            b"mode" => Ok(&mut self.mode),
            b"body" => Ok(&mut self.body),
            b"token" => Ok(&mut self.token),
            b"consume" => Ok(&mut self.consume),
            _ => Err(RouteFault::Setting),
        }
    }
}

/// The choice of this name; the first one without any.
fn choice<T: Copy>(name: Option<&str>, choices: [(&str, T); 2]) -> Result<T, RouteFault> {
    let [(_, usual), _] = choices;
    let Some(name) = name else { return Ok(usual) };
    choices.iter().find(|(each, _)| *each == name).map(|(_, choice)| *choice).ok_or(RouteFault::Setting)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f19_the_app_is_the_routes_and_settings_are_read_strictly() {
        let rules = GatewayRules { app: Some("shop".parse().expect("a name")), ..GatewayRules::USUAL };
        let usual = Route::read::<str>(&rules, []).expect("a route");
        assert_eq!((usual.app.as_str(), usual.mode, usual.subject), ("shop", Mode::Enforce, SubjectFrom::Token));
        let other = [("app", "bank"), ("mode", "monitor"), ("subject", "instance"), ("body", "digest")];
        let other = Route::read(&rules, other).expect("a route");
        assert_eq!((other.app.as_str(), other.mode, other.body), ("bank", Mode::Monitor, BodyRule::Digest));
        for wrong in [("mode", "Monitor"), ("mode", ""), ("moed", "enforce"), ("subject", "session"), ("body", "1")] {
            assert_eq!(Route::read(&rules, [wrong]), Err(RouteFault::Setting), "{wrong:?}");
        }
        assert_eq!(Route::read(&rules, [("mode", "enforce"), ("mode", "monitor")]), Err(RouteFault::Setting));
        assert_eq!(Route::read(&rules, [("app", "Shop")]), Err(RouteFault::App(NameMalformed)));
        assert_eq!(Route::read::<str>(&GatewayRules::USUAL, []), Err(RouteFault::AppMissing));
    }
}
