//! Limits on requests, from outside: each of the four codes, exact, and a flood that is not even looked at.

use futures_util::future::join_all;
use serde_json::json;
use server::config::{RateLimit, Rates};

use crate::client::Client;
use crate::harness::Cinnabar;

const NONE: Rates = Rates { account: 0, account_everywhere: 0, address: 0, failures: 0, server: 0 };

async fn limited(rates: Rates) -> Cinnabar {
    Cinnabar::start_with(|config| (config.rate_limit, config.rates) = (RateLimit::Documented, rates)).await
}

/// The codes of so many requests that arrive at once.
async fn codes(client: &Client, many: usize) -> Vec<String> {
    let ask = async |_| match client.call("DescribeInstances", json!({})).await {
        Ok(_) => "ok".to_owned(),
        Err(refusal) => refusal.code,
    };
    join_all((0..many).map(ask)).await
}

/// All in one second of the clock: which has just begun.
async fn within_a_second(server: &Cinnabar) {
    let clock = &server.service().app.clock;
    let left = 1000 - clock.steady_ms().rem_euclid(1000);
    tokio::time::sleep(std::time::Duration::from_millis(u64::try_from(left).unwrap() + 5)).await;
}

fn count(codes: &[String], code: &str) -> usize {
    codes.iter().filter(|one| *one == code).count()
}

#[tokio::test]
async fn each_limit_has_its_code_and_lets_exactly_so_many_through() {
    let cases = [
        (NONE, 20, "RequestLimitExceeded"),
        (Rates { account: 7, ..NONE }, 7, "RequestLimitExceeded.UinLimitExceeded"),
        (Rates { account_everywhere: 9, ..NONE }, 9, "RequestLimitExceeded.GlobalRegionUinLimitExceeded"),
        (Rates { address: 11, ..NONE }, 11, "RequestLimitExceeded.IPLimitExceeded"),
        (Rates { server: 13, ..NONE }, 13, "RequestLimitExceeded"),
    ];
    for (rates, allowed, code) in cases {
        let server = limited(rates.clone()).await;
        let mut exact = false;
        // A slow machine may spread them over two seconds.
        for _ in 0..5 {
            within_a_second(&server).await;
            // Fewer than 20, where another limit is looked for than that one.
            let many = if allowed == 20 { 30 } else { 19 };
            let codes = codes(&server.client, many).await;
            assert_eq!(count(&codes, "ok") + count(&codes, code), many, "{rates:?}: {codes:?}");
            exact |= count(&codes, "ok") == allowed;
        }
        assert!(exact, "{rates:?} never let exactly {allowed} through");
    }
}

#[tokio::test]
async fn whoever_guesses_keys_is_soon_refused_unseen_and_nobody_else_is_disturbed() {
    let server = limited(Rates { failures: 5, ..NONE }).await;
    let forger = Client { secret_key: "guessed".to_owned(), ..server.client.clone() };
    let mut exact = false;
    for _ in 0..5 {
        within_a_second(&server).await;
        let guessed = codes(&forger, 30).await;
        let failed = count(&guessed, "AuthFailure.SignatureFailure");
        assert_eq!(failed + count(&guessed, "RequestLimitExceeded.IPLimitExceeded"), 30, "{guessed:?}");
        exact |= failed == 5;
    }
    assert!(exact, "the sixth guess was never refused");
    within_a_second(&server).await;
    server.client.ok("DescribeInstances", json!({})).await;
}

#[tokio::test]
async fn what_is_wrong_beside_the_signature_does_not_count_as_a_guess() {
    let server = limited(Rates { failures: 2, ..NONE }).await;
    let client = &server.client;
    within_a_second(&server).await;
    for _ in 0..10 {
        let request = client.tc3_post("DescribeInstances", b"{}").without("X-TC-Timestamp");
        assert_eq!(request.send(client.address).await.code(), "MissingParameter");
    }
    client.ok("DescribeInstances", json!({})).await;
}
