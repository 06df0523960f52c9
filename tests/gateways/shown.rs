//! What proxies show this service of their clients' requests.

use crate::caddy::caddy_for;
use crate::client::get;
use crate::nginx::nginx_for;
use crate::route::Takes;
use crate::stage::{KEY, Stage};
use crate::traefik::traefik_for;
use crate::upstream::{self, Reached};

#[tokio::test]
async fn proxies_show_what_counts_and_neither_authorization_nor_cookie() {
    let mut stage = Stage::set().await;
    stage.service.gateway = Some(upstream::start_denying().await);
    let takes = Takes::Token;
    let proxies = [nginx_for(takes, &stage).await, traefik_for(takes, &stage).await, caddy_for(takes, &stage).await];
    let sent = [
        ("bonafide-token", stage.token.as_str()),
        ("bonafide-instance", "x"),
        ("bonafide-assertion", "app_attest.x.y"),
        ("dpop", "proof"),
        ("authorization", "Bearer of a user"),
        ("cookie", "session=1"),
    ];
    let lines = sent.map(|(name, value)| format!("{name}: {value}"));
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    for proxy in proxies.into_iter().flatten() {
        let said = get(proxy.address, "/pay", &lines).await;
        assert_eq!(said.status, 403, "{said:?}");
        let shown = Reached::told(&said);
        for (name, value) in sent[..4].iter().chain([&("bonafide-caller-key", KEY)]) {
            assert_eq!(shown.all(name), [*value], "{name}: {said:?}");
        }
        for (name, _) in &sent[4..] {
            assert_eq!(shown.all(name), Vec::<&str>::new(), "{name}: {said:?}");
        }
    }
}
