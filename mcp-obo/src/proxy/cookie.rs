//! Cookies, as far as browsers take them.
//!
//! Over https a name begins with `__Host-` and the cookie is `Secure`: no other host and no plain connection can set it. Over
//! http on loopback neither is possible (Safari and Python's clients drop such cookies), so the name has the port in it: servers
//! on other ports of the same host share their cookies with this one.

use http::{HeaderMap, HeaderValue, header::COOKIE};

use super::issuer::Transport;

/// How many cookies one answer takes away: browsers keep fewer, but programs send thousands and would get as many back.
const AT_A_TIME: usize = 50;

/// What cookies of a kind may take up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) cookies: usize,
    pub(super) bytes: usize,
}

impl Room {
    /// Gives one its place, if there is one.
    fn takes(&mut self, bytes: usize) -> bool {
        let left = self.cookies.checked_sub(1).zip(self.bytes.checked_sub(bytes));
        left.map(|(cookies, bytes)| *self = Self { cookies, bytes }).is_some()
    }
}

/// The names of this server's cookies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cookies(Transport);

impl Cookies {
    pub(super) fn new(transport: Transport) -> Self {
        Self(transport)
    }

    fn name(self, name: &str) -> String {
        match self.0 {
            Transport::Https => format!("__Host-mcp-{name}"),
            Transport::Loopback(port) => format!("mcp-{port}-{name}"),
        }
    }

    /// Returns the value of a cookie; none when it is missing, or there twice and so perhaps somebody else's.
    pub(super) fn get<'a>(self, headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
        let wanted = self.name(name);
        let mut found = all(headers).filter(|(name, _)| *name == wanted).map(|(_, value)| value);
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// Takes away the oldest of those whose names begin so and go on as `is_one` says, but for as many as there is room for.
    ///
    /// Browsers send older ones first (RFC 6265 section 5.4). Other names are somebody else's, and stay.
    pub(super) fn make_room(
        self,
        headers: &HeaderMap,
        beginning: &str,
        mut room: Room,
        is_one: fn(&str) -> bool,
    ) -> Vec<HeaderValue> {
        let wanted = self.name(beginning);
        let found =
            all(headers).filter_map(|(name, value)| Some((name.strip_prefix(&wanted)?, name.len() + value.len())));
        let found: Vec<_> = found.filter(|(name, _)| is_one(name)).collect();
        let kept = found.iter().rev().take_while(|(_, bytes)| room.takes(*bytes)).count();
        let gone = found[..found.len() - kept].iter().take(AT_A_TIME);
        gone.filter_map(|(name, _)| self.set(&format!("{beginning}{name}"), "", 0)).collect()
    }

    /// Makes a `Set-Cookie` that lives for so many seconds; none at all takes the cookie away.
    pub(super) fn set(self, name: &str, value: &str, seconds: u64) -> Option<HeaderValue> {
        let secure = match self.0 {
            Transport::Https => "; Secure",
            Transport::Loopback(_) => "",
        };
        let text = format!("{}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}", self.name(name));
        HeaderValue::try_from(text).ok()
    }
}

/// Reads pair by pair: one that is no text, which a neighbour may have set for this host too, hides no other.
fn all(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(COOKIE)
        .into_iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| str::from_utf8(pair).ok().filter(|pair| pair.is_ascii())?.trim().split_once('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(cookies: &[&str]) -> HeaderMap {
        cookies.iter().map(|value| (COOKIE, HeaderValue::try_from(*value).unwrap())).collect()
    }

    #[test]
    fn a_cookie_is_as_strict_as_its_transport_lets_it_be() {
        let https = Cookies::new(Transport::Https).set("flow-a", "v", 600).unwrap();
        assert_eq!(https, "__Host-mcp-flow-a=v; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure");
        let loopback = Cookies::new(Transport::Loopback(8080)).set("flow-a", "", 0).unwrap();
        assert_eq!(loopback, "mcp-8080-flow-a=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    }

    #[test]
    fn only_a_single_cookie_of_the_exact_name_is_read() {
        let cookies = Cookies::new(Transport::Https);
        for (name, sent_by_browser, expected) in [
            ("alone", &["__Host-mcp-a=1"][..], Some("1")),
            ("among others", &["x=2; __Host-mcp-a=1;y=3"], Some("1")),
            ("in a second header", &["x=2", "__Host-mcp-a=1"], Some("1")),
            ("with an equals sign", &["__Host-mcp-a=1=2"], Some("1=2")),
            ("twice", &["__Host-mcp-a=1; __Host-mcp-a=2"], None),
            ("twice in two headers", &["__Host-mcp-a=1", "__Host-mcp-a=1"], None),
            ("without the prefix", &["mcp-a=1"], None),
            ("in lower case", &["__host-mcp-a=1"], None),
            ("none", &[], None),
        ] {
            assert_eq!(cookies.get(&sent(sent_by_browser), "a"), expected, "{name}");
        }
    }

    #[test]
    fn a_neighbours_cookie_that_is_no_text_hides_none_of_ours() {
        let cookies = Cookies::new(Transport::Https);
        for header in [&b"x=\xc3\xa9; __Host-mcp-a=1"[..], b"__Host-mcp-a=1; x=\xff", b"\xff; __Host-mcp-a=1;\xe9=2"] {
            let headers: HeaderMap = [(COOKIE, HeaderValue::from_bytes(header).unwrap())].into_iter().collect();
            assert_eq!(cookies.get(&headers, "a"), Some("1"), "{headers:?}");
        }
    }
}
