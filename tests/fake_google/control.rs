//! The control plane over HTTP does what the handle does.

use bonafide::lab::google::{Decodes, Endpoint};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Asking, PACKAGE, payload, told};

async fn fetched(asking: &Asking, path: &str) -> Value {
    told(asking.fetch(path).send().await.expect("an answer")).await.1
}

async fn minted(asking: &Asking, order: &Value) -> (u16, Value) {
    let request = asking.http.post(asking.url("/lab/tokens")).header("content-type", "application/json");
    told(request.body(order.to_string()).send().await.expect("an answer")).await
}

#[tokio::test]
async fn tokens_are_minted_and_counted() {
    let asking = Asking::start().await;
    let payload = payload(&asking.clock);
    let (status, answer) = minted(&asking, &json!({"package": PACKAGE, "payload": payload})).await;
    let token = answer["token"].as_str().expect("a token");
    assert_eq!((status, token.split('.').count()), (200, 5));
    assert_eq!(asking.decode(PACKAGE, token).await.1["tokenPayloadExternal"], payload);
    assert_eq!(asking.google.decodes(token), Decodes { asked: 1, decoded: 1 });
    assert_eq!(fetched(&asking, "/lab/decodes").await, json!({token: {"asked": 1, "decoded": 1}}));
    assert_eq!(fetched(&asking, &format!("/lab/decodes?token={token}")).await, json!({"asked": 1, "decoded": 1}));
    assert_eq!(fetched(&asking, "/lab/decodes?token=x").await, json!({"asked": 0, "decoded": 0}));
    assert_eq!(fetched(&asking, "/lab/requests").await, json!({"decode": 1}));
    let own = json!({"package": PACKAGE, "payload": payload, "token": "a.b.c.d.e"});
    assert_eq!(minted(&asking, &own).await, (200, json!({"token": "a.b.c.d.e"})));
    assert_eq!(asking.decode(PACKAGE, "a.b.c.d.e").await.0, 200);
}

#[tokio::test]
async fn packages_lists_and_roots_are_set() {
    let asking = Asking::start().await;
    asking.order(Method::PUT, "/lab/packages", &json!({"package": "a.b", "link": "elsewhere"})).await;
    assert_eq!(asking.decode("a.b", "x").await.0, 403);
    asking.order(Method::PUT, "/lab/packages", &json!({"package": "a.b", "quota": 0})).await;
    assert_eq!(asking.decode("a.b", "x").await.0, 429);
    let entries = json!({"1f": {"status": "SUSPENDED"}});
    asking.order(Method::PUT, "/lab/list", &json!({"entries": entries, "max_age": 60})).await;
    asking.order(Method::PUT, "/lab/list", &json!({"age": 9})).await;
    let list = asking.fetch("/attestation/status").send().await.expect("an answer");
    assert_eq!(
        (&list.headers()["cache-control"], &list.headers()["age"]),
        (&"public, max-age=60".parse().expect("a value"), &"9".parse().expect("a value"))
    );
    assert_eq!(told(list).await.1, json!({"entries": entries}));
    asking.order(Method::PUT, "/lab/roots", &json!(["a root"])).await;
    assert_eq!(fetched(&asking, "/attestation/root").await, json!(["a root"]));
}

#[tokio::test]
async fn misbehaviour_is_ordered_and_ended() {
    let asking = Asking::start().await;
    let always = json!({"endpoint": "root", "misbehaviour": {"kind": "refuse", "status": 503}});
    asking.order(Method::PUT, "/lab/misbehaviour", &always).await;
    let once = json!({"endpoint": "status", "misbehaviour": {"kind": "garbage"}, "times": 1});
    asking.order(Method::PUT, "/lab/misbehaviour", &once).await;
    let garbage = asking.fetch("/attestation/status").send().await.expect("an answer").bytes().await.expect("a body");
    assert!(garbage.starts_with(b"\0"));
    assert_eq!(fetched(&asking, "/attestation/status").await, json!({"entries": {}}));
    assert_eq!(fetched(&asking, "/attestation/root").await["error"]["status"], "UNAVAILABLE");
    asking.order(Method::DELETE, "/lab/misbehaviour", &json!(null)).await;
    assert_eq!(fetched(&asking, "/attestation/root").await, json!([]));
    assert_eq!(asking.google.asked(Endpoint::Root), 2);
}

#[tokio::test]
async fn orders_that_mean_nothing_are_refused() {
    let asking = Asking::start().await;
    for (path, order) in [
        ("/lab/misbehaviour", json!({"endpoint": "nowhere", "misbehaviour": {"kind": "hang"}})),
        ("/lab/misbehaviour", json!({"endpoint": "status", "misbehaviour": {"kind": "sulk"}})),
        ("/lab/misbehaviour", json!({"endpoint": "status", "misbehaviour": {"kind": "late", "seconds": 3}})),
        ("/lab/list", json!({"entry": {}})),
        ("/lab/packages", json!({"package": "a.b", "link": "yes"})),
    ] {
        let request = asking.http.put(asking.url(path)).header("content-type", "application/json");
        let answer = request.body(order.to_string()).send().await.expect("an answer");
        assert_eq!(answer.status(), 422, "{path}: {order}");
    }
    let page = asking.http.put(asking.url("/lab/list")).header("content-type", "text/plain").body("{}");
    assert_eq!(page.send().await.expect("an answer").status(), 415, "a page in a browser may send text, and no JSON");
}

#[tokio::test]
async fn a_reset_goes_back_to_the_start_and_keeps_the_account() {
    let asking = Asking::start().await;
    let key_file = fetched(&asking, "/lab/service-account").await;
    let issued = asking.http.post(asking.url("/lab/access-tokens")).send().await.expect("an answer");
    let access = told(issued).await.1["access_token"].as_str().expect("a text").to_owned();
    let token = asking.google.mint(PACKAGE, payload(&asking.clock)).expect("a token");
    asking.google.list("1f", json!({}));
    asking.order(Method::DELETE, "/lab/state", &json!(null)).await;
    assert_eq!(fetched(&asking, "/lab/service-account").await, key_file);
    assert_eq!(fetched(&asking, "/lab/requests").await, json!({}));
    assert_eq!(fetched(&asking, "/attestation/status").await, json!({"entries": {}}));
    let decode = || asking.http.post(asking.url(&format!("/v1/{PACKAGE}:decodeIntegrityToken"))).bearer_auth(&access);
    let body = json!({"integrityToken": token}).to_string();
    assert_eq!(decode().body(body.clone()).send().await.expect("an answer").status(), 400, "the token is forgotten");
    asking.order(Method::DELETE, "/lab/access-tokens", &json!(null)).await;
    assert_eq!(decode().body(body).send().await.expect("an answer").status(), 401);
}
