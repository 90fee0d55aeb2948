use super::*;

const PASSWORD: &str = "hunter2";

#[test]
fn a_url_names_one_server_or_a_cluster() {
    for (name, url, shown) in [
        ("plain", "redis://cache", r#"["cache:6379"]"#),
        ("a port and a database", "redis://cache:7000/3", r#"["cache:7000"]"#),
        ("TLS", "rediss://user:hunter2@cache:6380", r#"["cache:6380"]"#),
        ("Valkey", "valkeys://:hunter2@cache/0", r#"["cache:6379"]"#),
        ("an address", "redis://[::1]:7000", r#"["::1:7000"]"#),
        ("a cluster", "redis+cluster://a:1?node=b:2&node=c", r#"["a:1", "b:2", "c:6379"]"#),
        ("a cluster with TLS", "rediss+cluster://u:hunter2@a?node=b:2", r#"["a:6379", "b:2"]"#),
        ("spaces around", " redis://cache\n", r#"["cache:6379"]"#),
    ] {
        let address = Address::parse(url).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(format!("{address:?}"), shown, "{name}");
        assert!(address.opener().is_ok(), "{name}");
    }
}

#[test]
fn every_node_of_a_cluster_has_the_first_ones_user_and_password() {
    let address = Address::parse("rediss+cluster://us%40er:hunter%2F2@a?node=b:2").unwrap();
    for node in &address.nodes {
        let settings = node.redis_settings();
        assert_eq!((settings.username(), settings.password()), (Some("us@er"), Some("hunter/2")));
        assert!(matches!(node.addr(), ConnectionAddr::TcpTls { insecure: false, .. }));
    }
}

#[test]
fn what_cannot_be_meant_is_refused_without_quoting_it() {
    for (name, url, expected) in [
        ("nothing", "", "parsed"),
        ("no scheme", "cache:6379hunter2", "begin with"),
        ("another scheme", "https://:hunter2@cache", "begin with"),
        ("a socket", "redis+unix:///hunter2", "begin with"),
        ("no host", "redis:///0", "host"),
        ("any certificate", "rediss://:hunter2@cache/#insecure", "fragment"),
        ("options", "redis://:hunter2@cache?protocol=resp3", "options"),
        ("nodes without a cluster", "redis://cache?node=b", "options"),
        ("a word for a database", "redis://cache/hunter2", "database"),
        ("a database of a cluster", "redis+cluster://cache/3", "database"),
        ("a node with a password", "redis+cluster://cache?node=u:hunter2@b", "host"),
        ("a node with a path", "redis+cluster://cache?node=b/hunter2", "host"),
        ("a wildcard address", "redis://:hunter2@0.0.0.0", "client refuses"),
    ] {
        let Err(error) = Address::parse(url) else { panic!("{name} is read") };
        assert!(error.to_string().contains(expected), "{name}: {error}");
        assert!(!format!("{error} {error:?}").contains(PASSWORD), "{name}");
    }
}

#[test]
fn given_roots_are_certificates_for_tls() {
    let roots = |url: &str, pem: &[u8]| Address::parse(url).unwrap().with_roots(pem).map(|_| ());
    let key = rcgen::KeyPair::generate().unwrap();
    let pem = rcgen::CertificateParams::new(vec!["cache".to_owned()]).unwrap().self_signed(&key).unwrap().pem();
    assert!(roots("rediss://cache", pem.as_bytes()).is_ok());
    assert!(matches!(roots("redis://cache", pem.as_bytes()), Err(RedisConfigError::RootsWithoutTls)));
    for not_one in ["", "hello", &key.serialize_pem(), &pem[..100]] {
        assert!(matches!(roots("rediss://cache", not_one.as_bytes()), Err(RedisConfigError::Roots)), "{not_one}");
    }
}
