//! What an entry costs.

use mcp_obo::shared::Landed;

use local_redis::Server;

use crate::replicas::{Service, hour, key, user};

#[tokio::test]
async fn memory_of_an_entry_is_what_the_documentation_says() {
    let Some(redis) = Server::start(&[]) else { return };
    let service = Service::new();
    let replica = service.replica(&redis.url());
    let token = "x".repeat(2_000);
    let landed = replica.flight(&key("a"), &user(), async || Ok::<_, ()>(hour(&token))).await;
    assert!(matches!(landed, Ok(Landed::Exchanged(_))));
    let names = redis.names();
    let measure = |kind: &str| {
        let name = names.iter().find(|name| name.contains(kind)).unwrap();
        let number = |arguments: &[&str]| redis.ask(arguments).parse::<usize>().unwrap();
        (name.len(), number(&["STRLEN", name]), number(&["MEMORY", "USAGE", name]))
    };
    let (name, value, memory) = measure(":t:");
    eprintln!("a token of 2,000 bytes: name {name}, value {value}, memory {memory}");
    assert_eq!((name, value), (76, 2_090));
    assert!(memory < 2_800, "{memory}");
    let (name, value, memory) = measure(":u:");
    eprintln!("a mark: name {name}, value {value}, memory {memory}");
    assert_eq!((name, value), (76, 16));
    assert!(memory < 250, "{memory}");
}
