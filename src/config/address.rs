//! The address of the service: checked once, before any key can reach it.
//!
//! Pure. An address that parses has no user, no query and no fragment, and is https unless the host is this machine.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::secret::redact_google_keys;

/// Scheme, host, port and a path in front of every call. Holds nothing secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    origin: String,
    prefix: String,
    host: String,
}

/// Why an address is refused. The address itself is never part of the message: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// `file:`, `ftp:`, or no scheme at all.
    #[error("the address does not begin with https:// or http://")]
    Scheme,
    /// Plain http to another machine: everybody on the way could read the key.
    #[error("plain http is allowed for this machine alone (localhost, 127.0.0.1, [::1])")]
    PlainHttp,
    /// `user:password@`.
    #[error("the address holds a user name or a password")]
    UserInfo,
    /// `?…` or `#…`: a key in an address ends in logs.
    #[error("the address holds a query or a fragment")]
    Query,
    /// `key=…` in the path, or anything that looks like a key.
    #[error("the address holds a key")]
    Key,
    /// No host, or one that cannot be.
    #[error("the address has no valid host")]
    Host,
    /// Not a number from 1 to 65535.
    #[error("the address has no valid port")]
    Port,
    /// A path with `..`, white space, a backslash or anything but ASCII.
    #[error("the path of the address is not plain")]
    Path,
}

impl BaseUrl {
    /// Google's own address.
    pub fn google() -> Self {
        let host = "generativelanguage.googleapis.com".to_owned();
        BaseUrl { origin: format!("https://{host}"), prefix: String::new(), host }
    }

    /// Reads an address such as `https://proxy.example/gemini`. A trailing slash, and the version `/v1beta` that
    /// every call adds by itself, are dropped.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let (scheme, rest) = text.split_once("://").ok_or(AddressError::Scheme)?;
        let scheme = scheme.to_ascii_lowercase();
        let default_port = match scheme.as_str() {
            "https" => 443,
            "http" => 80,
            _ => return Err(AddressError::Scheme),
        };
        if rest.contains(['?', '#']) {
            return Err(AddressError::Query);
        }
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if rest.contains('@') {
            return Err(AddressError::UserInfo);
        }
        if rest.to_ascii_lowercase().contains("key=") || redact_google_keys(rest) != rest {
            return Err(AddressError::Key);
        }
        let (host, port) = host_and_port(authority)?;
        if scheme == "http" && !is_this_machine(&host) {
            return Err(AddressError::PlainHttp);
        }
        let path = path.trim_end_matches('/');
        let path = path.strip_suffix("/v1beta").unwrap_or(path).trim_end_matches('/');
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "/-_.~".contains(c);
        if !path.chars().all(is_plain) || path.split('/').any(|part| part == ".." || part == ".") {
            return Err(AddressError::Path);
        }
        let origin = match port {
            Some(port) if port != default_port => format!("{scheme}://{host}:{port}"),
            Some(_) | None => format!("{scheme}://{host}"),
        };
        Ok(BaseUrl { origin, prefix: path.to_owned(), host })
    }

    /// Scheme, lower-case host, and the port when it is not the scheme's own: `https://host` or `http://127.0.0.1:8080`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The host, lower case, an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The host, and the port when it is not the scheme's own.
    pub fn authority(&self) -> &str {
        self.origin.split_once("://").map_or(&self.origin, |(_, authority)| authority)
    }

    /// Whether this is Google's own address. Any other is shown on the screen.
    pub fn is_google(&self) -> bool {
        *self == Self::google()
    }

    /// Whether requests stay on this machine: then no proxy and no certificates are needed.
    pub fn is_loopback(&self) -> bool {
        is_this_machine(&self.host)
    }

    /// The URL of a path that begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("{}{}{path}", self.origin, self.prefix)
    }
}

impl std::fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.origin, self.prefix)
    }
}

fn host_and_port(authority: &str) -> Result<(String, Option<u16>), AddressError> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']').ok_or(AddressError::Host)?;
            let address: Ipv6Addr = address.parse().map_err(|_| AddressError::Host)?;
            (format!("[{address}]"), port)
        }
        None => {
            let (host, port) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
            (host.to_ascii_lowercase(), port)
        }
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    if host.is_empty() || (!host.starts_with('[') && !host.chars().all(is_name)) {
        return Err(AddressError::Host);
    }
    // A host of digits alone is another spelling of an IPv4 address, which a URL parser would silently rewrite.
    let last_label = host.rsplit('.').next().unwrap_or_default();
    let looks_numeric = last_label.starts_with(|c: char| c.is_ascii_digit());
    if looks_numeric && host.parse::<Ipv4Addr>().is_err() {
        return Err(AddressError::Host);
    }
    match port.strip_prefix(':') {
        None => Ok((host, None)),
        Some(port) if port.bytes().all(|b| b.is_ascii_digit()) => match port.parse() {
            Ok(0) | Err(_) => Err(AddressError::Port),
            Ok(port) => Ok((host, Some(port))),
        },
        Some(_) => Err(AddressError::Port),
    }
}

fn is_this_machine(host: &str) -> bool {
    let v6 = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    host == "localhost"
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || v6.and_then(|host| host.parse::<Ipv6Addr>().ok()).is_some_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_normalised() {
        let table = [
            ("https://generativelanguage.googleapis.com/", "https://generativelanguage.googleapis.com", ""),
            (" HTTPS://Proxy.Example:443/Gemini/ ", "https://proxy.example", "/Gemini"),
            ("https://proxy.example/v1beta/", "https://proxy.example", ""),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080", ""),
            ("http://LOCALHOST:80", "http://localhost", ""),
            ("http://[0:0::1]:9/x", "http://[::1]:9", "/x"),
        ];
        for (text, origin, prefix) in table {
            let base = BaseUrl::parse(text).unwrap();
            assert_eq!((base.origin.as_str(), base.prefix.as_str()), (origin, prefix), "{text}");
        }
        assert!(BaseUrl::parse("https://generativelanguage.googleapis.com").unwrap().is_google());
        assert_eq!(BaseUrl::parse("https://h/p").unwrap().url("/v1beta/batches"), "https://h/p/v1beta/batches");
    }

    #[test]
    fn an_address_that_could_leak_the_key_is_refused() {
        use AddressError::*;
        let table = [
            ("http://example.com", PlainHttp),
            ("http://127.0.0.1.example.com", PlainHttp),
            ("http://localhost.example.com", PlainHttp),
            ("https://u:p@h", UserInfo),
            ("https://generativelanguage.googleapis.com@evil", UserInfo),
            ("https://h/a@b", UserInfo),
            ("https://h/?key=1", Query),
            ("https://h#x", Query),
            ("https://h/key=1", Key),
            ("https://h/AIzaCANARY000000000000000000000000000000/x", Key),
            ("file:///etc/passwd", Scheme),
            ("ftp://h", Scheme),
            ("generativelanguage.googleapis.com", Scheme),
            ("//h", Scheme),
            ("https://", Host),
            ("https:///x", Host),
            ("https://h\\@evil", UserInfo),
            ("https://h\\evil", Host),
            ("https://a b", Host),
            ("https://h\u{e9}", Host),
            ("http://2130706433", Host),
            ("http://0x7f.1", Host),
            ("https://[::1", Host),
            ("https://h:0", Port),
            ("https://h:+80", Port),
            ("https://h:65536", Port),
            ("https://h:", Port),
            ("https://h/../x", Path),
            ("https://h/a%2e", Path),
        ];
        for (text, error) in table {
            assert_eq!(BaseUrl::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn another_host_that_looks_like_googles_is_not_googles() {
        let base = BaseUrl::parse("https://generativelanguage.googleapis.com.evil.tld").unwrap();
        assert!(!base.is_google() && !base.is_loopback());
        assert!(!BaseUrl::parse("https://generativelanguage.googleapis.com:444").unwrap().is_google());
        assert!(BaseUrl::parse("http://127.9.9.9:1").unwrap().is_loopback());
    }
}
