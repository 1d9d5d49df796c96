//! What the environment of the process says of the way out.

/// The proxy that the environment names for this address, as the HTTP client would take it. Whether `NO_PROXY` excepts the address is left
/// to that client.
pub(super) fn proxy(address: &str) -> Option<String> {
    let names: &[&str] = if address.starts_with("https:") {
        &["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
    } else {
        &["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
    };
    let value = names.iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))?;
    Some(if value.contains("://") { value } else { format!("http://{value}") })
}
