//! URIs that must never be allowed, by class, each with the rule that stops it.

use super::{
    super::RedirectErrorKind::{
        self as Kind, Byte, DotSegment, Fragment, Host, NotListed, Path, Percent, Port, Query, ResponseParameter,
        Scheme, TooLong, Userinfo,
    },
    super::grammar::{self, RESPONSE_PARAMETERS},
    list,
};

type Row = (&'static str, Kind);

const USERINFO: &[Row] = &[
    ("http://127.0.0.1@evil.example/", Userinfo),
    ("http://127.0.0.1:8400@evil.example/", Userinfo),
    ("http://localhost@evil.example/", Userinfo),
    ("http://[::1]@evil.example/", Userinfo),
    ("http://user@127.0.0.1/", Userinfo),
    ("http://user:password@127.0.0.1:8400/", Userinfo),
    ("http://@127.0.0.1/", Userinfo),
    ("http://:@127.0.0.1/", Userinfo),
    ("http://evil.example@127.0.0.1/", Userinfo),
    ("http://a@b@127.0.0.1/", Userinfo),
    ("http://127.0.0.1:80@127.0.0.1@evil.example/", Userinfo),
    ("http://127.0.0.1%40evil.example/", Host),
    ("http://127.0.0.1:8400%40evil.example/", Port),
    ("http://127.0.0.1/@evil.example", Userinfo),
    ("http://127.0.0.1?@evil.example/", Userinfo),
    ("http://127.0.0.1#@evil.example/", Fragment),
    ("https://teams.microsoft.com@evil.example/api/platform/v1.0/oAuthRedirect", Userinfo),
    ("https://evil.example@teams.microsoft.com/api/platform/v1.0/oAuthRedirect", Userinfo),
];

const OTHER_HOSTS: &[Row] = &[
    ("http://localhost.evil.example/", NotListed),
    ("http://127.0.0.1.evil.example/", NotListed),
    ("http://127.0.0.1.nip.io/", NotListed),
    ("http://evil-localhost.example/", NotListed),
    ("http://localhost-evil.example/", NotListed),
    ("http://localhostevil.example/", NotListed),
    ("http://evil.example/localhost", NotListed),
    ("http://evil.example/?to=http://127.0.0.1/", NotListed),
    ("http://evil.example/", NotListed),
    ("https://evil.example/", NotListed),
    ("http://app.localhost/", NotListed),
    ("http://localhost.localdomain/", NotListed),
    ("http://ip6-localhost/", Host),
    ("http://localhos/", Host),
    ("http://localhost1/", Host),
    ("http://1localhost/", Host),
    ("http://a.1localhost/", Host),
    ("http://0.0.0.0/", Host),
    ("http://10.0.0.1/", Host),
    ("http://192.168.0.1:8400/", Host),
    ("http://169.254.169.254/", Host),
    ("http:///evil.example/", Host),
    ("http://", Host),
    ("http:///", Host),
    ("http://:8400/", Host),
    ("http://_localhost.example/", Host),
    ("http://-a.example/", Host),
    ("http://a-.example/", Host),
    ("http://a..example/", Host),
    ("http://.example/", Host),
    ("https://teams.microsoft.com.evil.example/api/platform/v1.0/oAuthRedirect", NotListed),
    ("https://evilteams.microsoft.com/api/platform/v1.0/oAuthRedirect", NotListed),
];

const OTHER_SPELLINGS: &[Row] = &[
    ("http://LOCALHOST/", Host),
    ("http://LocalHost:8400/", Host),
    ("http://localhost./", Host),
    ("http://127.0.0.1./", Host),
    ("http://localhost../", Host),
    ("http://127.1/", Host),
    ("http://127.0.1/", Host),
    ("http://127/", Host),
    ("http://2130706433/", Host),
    ("http://0x7f000001/", Host),
    ("http://0x7f.0.0.1/", Host),
    ("http://0x7f.1/", Host),
    ("http://017700000001/", Host),
    ("http://0177.0.0.1/", Host),
    ("http://127.0.0.01/", Host),
    ("http://127.00.0.1/", Host),
    ("http://127.0.0.001/", Host),
    ("http://127.0.0.2/", Host),
    ("http://127.0.0.1.1/", Host),
    ("http://127.0.0.256/", Host),
    ("http://[::]/", Host),
    ("http://[::1%25eth0]/", Host),
    ("http://[0:0:0:0:0:0:0:1]/", Host),
    ("http://[::0001]/", Host),
    ("http://[::ffff:127.0.0.1]/", Host),
    ("http://[::ffff:7f00:1]/", Host),
    ("http://[::127.0.0.1]/", Host),
    ("http://[::1]evil.example/", Host),
    ("http://[::1].evil.example/", Host),
    ("http://[::1", Host),
    ("http://::1/", Host),
    ("http://::1]:8400/", Host),
    ("http://[::1]]/", Host),
    ("http://[[::1]]/", Host),
    ("http://[127.0.0.1]/", Host),
    ("http://[localhost]/", Host),
];

const DELIMITERS: &[Row] = &[
    ("http://127.0.0.1\\@evil.example/", Byte),
    ("http://127.0.0.1\\.evil.example/", Byte),
    ("http://evil.example\\@127.0.0.1/", Byte),
    ("http://evil.example\\.127.0.0.1/", Byte),
    ("http:\\\\127.0.0.1\\", Byte),
    ("http:/\\127.0.0.1/", Byte),
    ("http://127.0.0.1/\\evil.example", Byte),
    ("http://127.0.0.1\t.evil.example/", Byte),
    ("http://127.0.0.1\n.evil.example/", Byte),
    ("http://127.0.0.1\r\n.evil.example/", Byte),
    ("ht\ttp://127.0.0.1/", Byte),
    ("http:\n//127.0.0.1/", Byte),
    (" http://127.0.0.1/", Byte),
    ("http://127.0.0.1/ ", Byte),
    ("http://127.0.0.1 .evil.example/", Byte),
    ("http://127.0.0.1/\r\nSet-Cookie: a=b", Byte),
    ("http://127.0.0.1/\0", Byte),
    ("http://127.0.0.1\0.evil.example/", Byte),
    ("\0http://127.0.0.1/", Byte),
    ("http://127.0.0.1/\u{7f}", Byte),
    ("http://127.0.0.1/\u{1b}[31m", Byte),
    ("http://127.0.0.1/<script>", Byte),
    ("http://127.0.0.1/\"onload=", Byte),
    ("http://127.0.0.1/{a}", Byte),
    ("http://127.0.0.1/a|b", Byte),
    ("http://127.0.0.1/`a`", Byte),
    ("http://127.0.0.1/^", Byte),
    ("http://127.0.0.1/'", Path),
    ("http://127.0.0.1/*", Path),
    ("http://127.0.0.1/(a)", Path),
    ("http://127.0.0.1;.evil.example/", Host),
    ("http://127.0.0.1,evil.example/", Host),
    ("http://127.0.0.1&evil.example/", Host),
    ("http://127.0.0.1=.evil.example/", Host),
    ("http://127.0.0.1 http://evil.example/", Byte),
    ("http://127.0.0.1/,http://evil.example/", Path),
];

const ENCODED: &[Row] = &[
    ("http://127.0.0.1%2eevil.example/", Host),
    ("http://127.0.0.1%2fevil.example/", Host),
    ("http://127.0.0.1%5c.evil.example/", Host),
    ("http://127.0.0.1%00.evil.example/", Host),
    ("http://127.0.0.1%09/", Host),
    ("http://127.0.0.1%23.evil.example/", Host),
    ("http://%31%32%37.0.0.1/", Host),
    ("http://%6cocalhost/", Host),
    ("http://localhost%3a8400/", Host),
    ("http://127.0.0.1:%38400/", Port),
    ("http%3a//127.0.0.1/", Scheme),
    ("http%3A%2F%2F127.0.0.1%2F", Scheme),
    ("http://127.0.0.1/%2e%2e/a", Percent),
    ("http://127.0.0.1/%2E/a", Percent),
    ("http://127.0.0.1/.%2e/a", Percent),
    ("http://127.0.0.1/a%2fb", Percent),
    ("http://127.0.0.1/a%5cb", Percent),
    ("http://127.0.0.1/%252e%252e/", Percent),
    ("http://127.0.0.1/%0d%0aLocation:evil", Percent),
    ("http://127.0.0.1/%00", Percent),
    ("http://127.0.0.1/%7f", Percent),
    ("http://127.0.0.1/%40evil.example", Percent),
    ("http://127.0.0.1/%23", Percent),
    ("http://127.0.0.1/%3fa", Percent),
    ("http://127.0.0.1/%3aa", Percent),
    ("http://127.0.0.1/..%3b/a", Percent),
    ("http://127.0.0.1/%", Percent),
    ("http://127.0.0.1/%4", Percent),
    ("http://127.0.0.1/%zz", Percent),
    ("http://127.0.0.1/%u0041", Percent),
    ("http://127.0.0.1/%+41", Percent),
    ("http://127.0.0.1/%c0%ae%c0%ae/", Percent),
    ("http://127.0.0.1/%ff", Percent),
    ("http://127.0.0.1/a?b=%0d%0a", Percent),
    ("http://127.0.0.1/a?b=%", Percent),
    ("http://127.0.0.1/a?b=%c0%af", Percent),
];

const PORTS: &[Row] = &[
    ("http://127.0.0.1:/", Port),
    ("http://127.0.0.1:0/", Port),
    ("http://127.0.0.1:65536/", Port),
    ("http://127.0.0.1:99999999999/", Port),
    ("http://127.0.0.1:08400/", Port),
    ("http://127.0.0.1:00080/", Port),
    ("http://127.0.0.1:+8400/", Port),
    ("http://127.0.0.1:-1/", Port),
    ("http://127.0.0.1:8400:8400/", Port),
    ("http://127.0.0.1:80.evil.example/", Port),
    ("http://127.0.0.1:0x50/", Port),
    ("http://127.0.0.1:80a/", Port),
    ("http://127.0.0.1:evil.example/", Port),
    ("http://[::1]:/", Port),
    ("http://[::1]:99999/", Port),
    ("http://localhost:*/", Port),
    ("https://teams.microsoft.com:443/api/platform/v1.0/oAuthRedirect", NotListed),
    ("https://teams.microsoft.com:8443/api/platform/v1.0/oAuthRedirect", NotListed),
];

const SCHEMES: &[Row] = &[
    ("", Scheme),
    ("/", Scheme),
    ("//127.0.0.1/", Scheme),
    ("127.0.0.1", Scheme),
    ("localhost:8400", Scheme),
    ("http:", Scheme),
    ("http:/127.0.0.1/", Scheme),
    ("http:127.0.0.1/", Scheme),
    ("http:///127.0.0.1/", Host),
    ("HTTP://127.0.0.1/", Scheme),
    ("Http://127.0.0.1/", Scheme),
    ("https://127.0.0.1/", NotListed),
    ("https://localhost:8400/", NotListed),
    ("https://[::1]/", NotListed),
    ("ftp://127.0.0.1/", Scheme),
    ("ws://127.0.0.1/", Scheme),
    ("file://127.0.0.1/etc/passwd", Scheme),
    ("file:///etc/passwd", Scheme),
    ("javascript://127.0.0.1/%0aalert(1)", Scheme),
    ("javascript:alert(1)", Scheme),
    ("data:text/html,http://127.0.0.1/", Scheme),
    ("data://127.0.0.1/", Scheme),
    ("blob:http://127.0.0.1/", Scheme),
    ("view-source:http://127.0.0.1/", Scheme),
    ("vscode://127.0.0.1/", Scheme),
    ("urn:ietf:wg:oauth:2.0:oob", Scheme),
    ("cursor://127.0.0.1/", NotListed),
    ("cursor://evil.example/oauth/callback", NotListed),
    ("CURSOR://anysphere.cursor-mcp/oauth/callback", Scheme),
    ("http://teams.microsoft.com/api/platform/v1.0/oAuthRedirect", NotListed),
];

const BEHIND_THE_HOST: &[Row] = &[
    ("http://127.0.0.1/#", Fragment),
    ("http://127.0.0.1/cb#fragment", Fragment),
    ("http://127.0.0.1:8400#", Fragment),
    ("https://teams.microsoft.com/api/platform/v1.0/oAuthRedirect#", Fragment),
    ("http://127.0.0.1/../", DotSegment),
    ("http://127.0.0.1/./", DotSegment),
    ("http://127.0.0.1/a/..", DotSegment),
    ("http://127.0.0.1/a/.", DotSegment),
    ("http://127.0.0.1/a/../../b", DotSegment),
    ("http://127.0.0.1/a/..;/b", Path),
    ("http://127.0.0.1//evil.example/", Path),
    ("http://127.0.0.1//", Path),
    ("http://127.0.0.1/a//b", Path),
    ("http://127.0.0.1?a=b", Query),
    ("http://127.0.0.1:8400?", Query),
    ("http://127.0.0.1/a?b=';", Query),
    ("http://127.0.0.1/a?b;c", Query),
    ("http://127.0.0.1/cb?code=stolen", ResponseParameter),
    ("http://127.0.0.1/cb?a=1&state=x", ResponseParameter),
    ("http://127.0.0.1/cb?iss=https://evil.example", ResponseParameter),
    ("http://127.0.0.1/cb?error=x", ResponseParameter),
    ("http://127.0.0.1/cb?%63ode=x", ResponseParameter),
    ("http://127.0.0.1/cb?CODE=x", ResponseParameter),
    ("http://127.0.0.1/cb?code", ResponseParameter),
    ("https://teams.microsoft.com/api/platform/v1.0/oAuthRedirect/", NotListed),
    ("https://teams.microsoft.com/api/platform/v1.0/oAuthRedirect.evil", NotListed),
    ("https://teams.microsoft.com/api/platform/v1.0/oAuthRedirect?a=b", NotListed),
    ("https://teams.microsoft.com/api/platform/v1.0/oauthredirect", NotListed),
    ("https://teams.microsoft.com/api/platform/v1.0/../v1.0/oAuthRedirect", DotSegment),
    ("https://teams.microsoft.com/api/platform/v1.0/oAuthRedirec%74", NotListed),
    ("https://teams.microsoft.com/api/platform//v1.0/oAuthRedirect", Path),
    ("https://teams.microsoft.com/", NotListed),
    ("https://app.example.com/signed-in", NotListed),
    ("https://app.example.com/signed-in?tenant=2", NotListed),
    ("https://app.example.com/signed-in?tenant=1&tenant=2", NotListed),
    ("https://vscode.dev/redirect/evil", NotListed),
];

const BEYOND_ASCII: &[Row] = &[
    ("http://127.0.0.1\u{ff0e}evil.example/", Byte),
    ("http://127\u{3002}0\u{3002}0\u{3002}1/", Byte),
    ("http://\u{ff11}\u{ff12}\u{ff17}.0.0.1/", Byte),
    ("http://\u{24db}ocalhost/", Byte),
    ("http://loc\u{430}lhost/", Byte),
    ("http://localhost\u{200b}/", Byte),
    ("http://localhost\u{ad}/", Byte),
    ("http://localhost\u{2044}evil.example/", Byte),
    ("http://localhost\u{ff0f}evil.example/", Byte),
    ("http://127.0.0.1/\u{202e}", Byte),
    ("\u{feff}http://127.0.0.1/", Byte),
    ("http://127.0.0.1/\u{e4}", Byte),
    ("http://127.0.0.1/\u{fffd}", Byte),
    ("https://teams.micros\u{43e}ft.com/api/platform/v1.0/oAuthRedirect", Byte),
    ("https://xn--teams-microsft-com.example/api/platform/v1.0/oAuthRedirect", Kind::Disagreement),
];

#[test]
fn no_attack_is_allowed_and_each_is_stopped_by_its_own_rule() {
    let classes = [
        ("user information", USERINFO),
        ("other hosts", OTHER_HOSTS),
        ("other spellings of loopback", OTHER_SPELLINGS),
        ("delimiters and controls", DELIMITERS),
        ("percent encoding", ENCODED),
        ("ports", PORTS),
        ("schemes", SCHEMES),
        ("fragment, path and query", BEHIND_THE_HOST),
        ("beyond ASCII", BEYOND_ASCII),
    ];
    let (list, mut wrong) = (list(), Vec::new());
    for (class, rows) in classes {
        for (uri, expected) in rows {
            match list.check(uri) {
                Err(error) if error.kind() == *expected => {}
                verdict => wrong.push(format!("{class}: {uri:?}: {verdict:?}, expected {expected:?}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let count: usize = classes.iter().map(|(_, rows)| rows.len()).sum();
    assert!(count >= 250, "{count} rows: somebody dropped some");
}

#[test]
fn no_parameter_of_the_response_can_be_planted() {
    for name in RESPONSE_PARAMETERS {
        let uri = format!("http://127.0.0.1:8400/cb?a=b&{name}=x");
        assert_eq!(list().check(&uri).unwrap_err().kind(), ResponseParameter, "{name}");
    }
}

#[test]
fn length_is_bounded_before_anything_else_is_read() {
    let of = |length: usize| format!("http://127.0.0.1/{}", "a".repeat(length - 17));
    assert!(list().check(&of(512)).is_ok());
    for length in [513, 2_000, 1 << 20] {
        assert_eq!(list().check(&of(length)).unwrap_err().kind(), TooLong, "{length}");
    }
    let label = format!("https://{}.example/", "a".repeat(64));
    let name = |last: &str| format!("https://{}{last}/", "aaa.".repeat(61));
    for (uri, expected) in [(label, Host), (name("example123"), Host), (name("example12"), NotListed)] {
        assert_eq!(list().check(&uri).unwrap_err().kind(), expected, "{uri}");
    }
}

/// The grammar leaves nothing to disagree about that we know of, so each part is compared by itself.
#[test]
fn a_browser_that_finds_another_part_is_a_disagreement() {
    let rows = [
        ("scheme", "http://127.0.0.1:8400/cb?a=b", "https://127.0.0.1:8400/cb?a=b"),
        ("host", "http://127.0.0.1:8400/cb?a=b", "http://127.0.0.2:8400/cb?a=b"),
        ("port", "http://127.0.0.1:8400/cb?a=b", "http://127.0.0.1:8401/cb?a=b"),
        ("no port", "http://127.0.0.1/cb?a=b", "http://127.0.0.1:8400/cb?a=b"),
        ("user name", "http://127.0.0.1:8400/cb?a=b", "http://user@127.0.0.1:8400/cb?a=b"),
        ("password", "http://127.0.0.1:8400/cb?a=b", "http://:password@127.0.0.1:8400/cb?a=b"),
        ("path", "http://127.0.0.1:8400/cb?a=b", "http://127.0.0.1:8400/other?a=b"),
        ("path where none was", "http://127.0.0.1:8400", "http://127.0.0.1:8400/other"),
        ("no path where one was", "http://127.0.0.1:8400/cb", "http://127.0.0.1:8400/"),
        ("query", "http://127.0.0.1:8400/cb?a=b", "http://127.0.0.1:8400/cb?a=c"),
        ("no query", "http://127.0.0.1:8400/cb?a=b", "http://127.0.0.1:8400/cb"),
        ("fragment", "http://127.0.0.1:8400/cb?a=b", "http://127.0.0.1:8400/cb?a=b#"),
        ("nothing at all", "http://127.0.0.1:8400/cb?a=b", "http://127.0.0.1:99999/cb?a=b"),
    ];
    for (part, read, seen) in rows {
        let parts = grammar::read(read).unwrap();
        assert!(parts.as_browsers_do(read), "{part}: {read}");
        assert!(!parts.as_browsers_do(seen), "{part}: {seen}");
    }
}

#[test]
fn an_error_tells_nothing_of_the_uri() {
    let error = list().check("http://evil.example/secret").unwrap_err();
    assert_eq!(error.to_string(), "the redirect URI is not allowed");
    assert!(!format!("{error:?}").contains("evil"));
}
