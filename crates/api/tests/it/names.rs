//! The Rust names of wire names.

#[path = "../../codegen/names.rs"]
mod generator;

use api::redis;
use generator::{distinct, ident, snake};

#[test]
fn words_are_split_where_a_reader_would() {
    let pairs = [
        ("InstanceId", "instance_id"),
        ("EnableSSL", "enable_ssl"),
        ("SSLConfig", "ssl_config"),
        ("SSLBindPrivateIPv4", "ssl_bind_private_ipv4"),
        ("IPv6", "ipv6"),
        ("Vip6", "vip6"),
        ("VPort", "v_port"),
        ("DBId", "db_id"),
        ("Createtime", "createtime"),
    ];
    for (wire, rust) in pairs {
        assert_eq!(snake(wire), rust);
    }
}

#[test]
fn names_that_fall_together_get_a_number() {
    let names = |wire: &[&str]| distinct(wire.iter().copied());
    assert_eq!(names(&["Runid", "RunId"]), ["runid", "run_id"]);
    assert_eq!(names(&["IPv6", "Ipv6", "IpV6", "Ipv6_2"]), ["ipv6", "ipv6_3", "ip_v6", "ipv6_2"]);
    assert_eq!(names(&["RunID", "RunId", "runId"]), ["run_id", "run_id_2", "run_id_3"]);
}

#[test]
fn keywords_are_raw() {
    assert_eq!(ident("type"), "r#type");
    assert_eq!(ident("self"), "self_");
    assert_eq!(ident("types"), "types");
}

#[test]
fn close_names_are_fields_of_their_own() {
    let node = redis::InstanceClusterShard { runid: "a".into(), run_id: "b".into(), ..Default::default() };
    let value = serde_json::to_value(node).unwrap();
    assert_eq!((value["Runid"].as_str(), value["RunId"].as_str()), (Some("a"), Some("b")));
}
