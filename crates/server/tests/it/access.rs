//! Who may do what, for each action that there is: generated from the table.

mod accounts;
mod roles;
mod sessions;
mod street;
mod users;

use api::ActionInfo;
use serde_json::{Value, json};
use server::auth::target::{self, Target};
use server::error::permission;

use crate::client::Client;
use street::{Street, params};

/// The actions with a handler.
fn there() -> Vec<&'static ActionInfo> {
    let handlers = server::actions::table();
    api::actions().iter().filter(|info| handlers.find(info).is_some()).collect()
}

fn of(client: &Client, info: &ActionInfo) -> Client {
    client.for_service(info.service, info.version)
}

async fn code(client: &Client, info: &ActionInfo, params: &Value) -> String {
    of(client, info).call(info.name, params.clone()).await.map_or_else(|refusal| refusal.code, |_| "done".to_owned())
}

#[tokio::test]
async fn who_is_nobody_reaches_no_action_and_changes_nothing() {
    let street = Street::new().await;
    let before = street.dump();
    let mine = &street.mine;
    let forger = Client { secret_key: "guessed".to_owned(), ..mine.clone() };
    let late = Client { skew: -400, ..mine.clone() };
    let stranger = Client { secret_id: "AKIDnobody".to_owned(), ..mine.clone() };
    let guest =
        street.federated(r#"{"version":"2.0","statement":[{"effect":"allow","action":"*","resource":"*"}]}"#).await;
    let garbled = Client { token: guest.token[1..].to_owned(), ..guest.clone() };
    let tokenless = Client { token: String::new(), ..guest.clone() };
    let odd = Client { token: guest.token.clone(), ..mine.clone() };
    let cases = [
        (&forger, "AuthFailure.SignatureFailure"),
        (&late, "AuthFailure.SignatureExpire"),
        (&stranger, "AuthFailure.SecretIdNotFound"),
        (&garbled, "AuthFailure.TokenFailure"),
        (&tokenless, "AuthFailure.TokenFailure"),
        (&odd, "AuthFailure.TokenFailure"),
    ];
    let mut count = 0;
    for info in there() {
        let params = params(info, &street.here);
        let unsigned = of(mine, info).tc3_post(info.name, params.to_string().as_bytes()).without("Authorization");
        assert_eq!(unsigned.send(mine.address).await.code(), "AuthFailure.InvalidAuthorization", "{}", info.name);
        for (client, expected) in cases {
            assert_eq!(code(client, info, &params).await, expected, "{}", info.name);
            count += 1;
        }
        count += 1;
    }
    assert_eq!(street.dump(), before);
    println!("{} actions, {count} requests of nobody: refused", there().len());
}

#[tokio::test]
async fn a_sub_user_without_policies_is_refused_by_name_and_changes_nothing() {
    let street = Street::new().await;
    let user = street.sub_user("newcomer", &[]).await.0;
    let before = street.dump();
    let mut refused = 0;
    for info in there() {
        let params = params(info, &street.here);
        if matches!(target::of(info, &params), Target::Public | Target::Own) {
            assert_ne!(code(&user, info, &params).await, permission::code(info), "{}", info.name);
            continue;
        }
        let (code, message) = of(&user, info).refused(info.name, params).await;
        assert_eq!(code, permission::code(info), "{}: {message}", info.name);
        let operation = format!("not authorized to perform operation ({}:{})", info.service, info.name);
        assert!(message.contains(&operation), "{message}");
        refused += 1;
    }
    assert_eq!(street.dump(), before);
    println!("{refused} of {} actions need a policy: each was refused", there().len());
}

#[tokio::test]
async fn a_strangers_things_are_answered_as_what_never_was() {
    let street = Street::new().await;
    let before = street.dump();
    let mut count = 0;
    for info in there().into_iter().filter(|info| street::names_a_thing(info)) {
        let foreign = of(&street.other, info).call(info.name, params(info, &street.here)).await;
        let nothing = of(&street.other, info).call(info.name, params(info, &street.nowhere)).await;
        let words = |answer: &Result<Value, crate::client::Refusal>, ids: &street::Ids| {
            let text = match answer {
                Ok(answer) => {
                    let mut answer = answer.clone();
                    answer["RequestId"] = json!("");
                    answer.to_string()
                }
                Err(refusal) => format!("{}: {}", refusal.code, refusal.message),
            };
            ids.hidden_in(&text)
        };
        assert_eq!(words(&foreign, &street.here), words(&nothing, &street.nowhere), "{}", info.name);
        if let Err(refusal) = &foreign {
            #[rustfmt::skip]
            let not_found = [
                "ResourceNotFound.InstanceNotExists", "InvalidParameter.InvalidParameter", "InvalidParameterValue",
                "ResourceNotFound.UserNotExist", "ResourceNotFound.PolicyIdNotFound", "InvalidParameter.RoleNotExist",
                "ResourceNotFound.SecretNotExist",
            ];
            assert!(not_found.contains(&refusal.code.as_str()), "{}: {refusal:?}", info.name);
        }
        count += 1;
    }
    assert_eq!(street.dump(), before);
    println!("{count} actions name a thing: a stranger's is as one that never was");
}
