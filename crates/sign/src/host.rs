//! Which host a client may have signed when the Host header says this.

use std::borrow::Cow;
use std::iter;

/// The hosts to try, in the order in which they are likely; the first, the header as received, costs nothing.
///
/// * `raw`: the Host header as received. Some clients put a scheme in it (`http://127.0.0.1:8080`), one signs it
///   without the port.
/// * `service` and `region`: those of the request, for the public names (`redis.tencentcloudapi.com`,
///   `redis.ap-guangzhou.tencentcloudapi.com`, `redis.intl.tencentcloudapi.com`), which a client behind an API gateway
///   signs whatever its Host is. An empty region leaves out its name.
/// * `configured`: further names of this server, as behind a proxy that rewrites Host.
pub fn candidates<'a>(
    raw: &'a str,
    service: &'a str,
    region: &'a str,
    configured: &'a [String],
) -> impl Iterator<Item = Cow<'a, str>> {
    let others = iter::once_with(move || spellings(raw))
        .flatten()
        .chain(public_names(service, region))
        .chain(configured.iter().map(|name| Cow::Borrowed(name.as_str())))
        .filter(move |name| name != raw);
    iter::once(Cow::Borrowed(raw)).chain(others)
}

/// The other spellings of the header itself; those that change nothing are left out.
fn spellings(raw: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let without_scheme = raw.split_once("://").map(|(_, rest)| rest);
    let without_port = without_port(without_scheme.unwrap_or(raw));
    let plain = [without_scheme, without_port].into_iter().flatten().map(Cow::Borrowed);
    let lower = [Some(raw), without_port].into_iter().flatten().filter_map(lower_cased);
    plain.chain(lower)
}

fn without_port(host: &str) -> Option<&str> {
    let (name, port) = host.rsplit_once(':')?;
    let is_port = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    (is_port && !name.is_empty()).then_some(name)
}

fn lower_cased(host: &str) -> Option<Cow<'_, str>> {
    host.bytes().any(|b| b.is_ascii_uppercase()).then(|| Cow::Owned(host.to_ascii_lowercase()))
}

fn public_names<'a>(service: &'a str, region: &'a str) -> impl Iterator<Item = Cow<'a, str>> {
    let areas = ["", region, "intl"].into_iter().enumerate();
    areas.filter(|(i, area)| *i == 0 || !area.is_empty()).map(move |(_, area)| {
        let dot = if area.is_empty() { "" } else { "." };
        Cow::Owned(format!("{service}{dot}{area}.tencentcloudapi.com"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(raw: &str, region: &str, configured: &[String]) -> Vec<String> {
        candidates(raw, "redis", region, configured).map(Cow::into_owned).collect()
    }

    #[test]
    fn an_ordinary_host_is_tried_first_and_only_once() {
        assert_eq!(
            all("redis.tencentcloudapi.com", "ap-tokyo", &[]),
            ["redis.tencentcloudapi.com", "redis.ap-tokyo.tencentcloudapi.com", "redis.intl.tencentcloudapi.com"]
        );
    }

    #[test]
    fn scheme_port_and_case_are_taken_off() {
        let configured = ["redis.example.com".to_owned()];
        assert_eq!(
            all("http://LocalHost:8080", "", &configured),
            [
                "http://LocalHost:8080",
                "LocalHost:8080",
                "LocalHost",
                "http://localhost:8080",
                "localhost",
                "redis.tencentcloudapi.com",
                "redis.intl.tencentcloudapi.com",
                "redis.example.com"
            ]
        );
    }

    #[test]
    fn only_a_number_is_a_port() {
        assert_eq!(without_port("[::1]:80"), Some("[::1]"));
        assert_eq!(without_port("[::1]"), None);
        assert_eq!(without_port("host:"), None);
        assert_eq!(without_port(":80"), None);
        assert_eq!(without_port("host"), None);
    }
}
