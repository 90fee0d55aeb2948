//! Two processes of the real program in front of one tenant and one Redis.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use entra_emulator::{Config, Emulator, Fault, Place, TokenSpec};
use local_redis::{Server, TlsServer};
use serde_json::{Value, json};
use tokio::{task::JoinSet, time};

use crate::support::{Answer, Era, client, program::Program, request, variables};

const OLD: &str = "pTIHnCmo0aWD9nS4wLyKVbEHkX2NhqzRyqFGjUuaqBs=";
const NEW: &str = "Kx0Rj1sWm6bqkZb3oQyCq1n8cM7uJ2pVt4eGdYhLw9A=";

/// The tenant and the store.
struct Set {
    emulator: Emulator,
    redis: Server,
}

impl Set {
    /// Starts both; nothing where no Redis is installed.
    async fn up() -> Option<Self> {
        let redis = Server::start(&[])?;
        Some(Self { emulator: Emulator::start(Config::default()).await.unwrap(), redis })
    }

    /// Starts one more process, with these sealing keys.
    async fn replica(&self, keys: &str) -> Program {
        let mut variables = variables(&self.emulator, "");
        variables
            .extend([("REDIS_URL".to_owned(), self.redis.url()), ("MCP_SEALING_KEYS".to_owned(), keys.to_owned())]);
        let pairs: Vec<_> = variables.iter().map(|(name, value)| (&**name, &**value)).collect();
        Program::start(&[], &pairs, None).await.serving().await
    }

    fn exchanges(&self) -> u64 {
        self.emulator.counters().obo
    }
}

async fn call(program: &Program, token: &str) -> Answer {
    let call = json!({"name": "getMessages", "arguments": {"top": 1}});
    let request = request(&client(), &program.base, Era::Modern, "tools/call", call).bearer_auth(token);
    Answer::of(request.send().await.unwrap()).await
}

async fn shared_cache(program: &Program) -> Value {
    let ready = Answer::of(client().get(format!("{}/readyz", program.base)).send().await.unwrap()).await;
    assert_eq!(ready.status, 200, "an outage of the store is no reason to get no requests: {ready:?}");
    ready.json()["sharedCache"].clone()
}

/// Tries a few times: a busy machine may need longer than the quarter of a second that a store is given.
async fn some_time(what: &str, mut tried: impl AsyncFnMut() -> bool) {
    for _ in 0..10 {
        if tried().await {
            return;
        }
    }
    panic!("never: {what}");
}

#[tokio::test]
async fn a_second_process_needs_no_exchange() {
    let Some(set) = Set::up().await else { return };
    let (first, second) = (set.replica(OLD).await, set.replica(OLD).await);
    let (rotated, stranger) = (set.replica(&format!("{NEW},{OLD}")).await, set.replica(NEW).await);
    let exchanges_of = async |program: &Program, token: &str| {
        let before = set.exchanges();
        call(program, token).await.result();
        set.exchanges() - before
    };
    let mut token = String::new();
    // The ring is turned, and its old key opens still.
    some_time("both take the token of the first", async || {
        token = set.emulator.mint(TokenSpec::user("alice"));
        assert_eq!(exchanges_of(&first, &token).await, 1);
        exchanges_of(&second, &token).await == 0 && exchanges_of(&rotated, &token).await == 0
    })
    .await;
    assert_eq!(shared_cache(&second).await, "up");
    assert_eq!(exchanges_of(&stranger, &token).await, 1, "a ring without the key opens nothing");
}

#[tokio::test]
async fn a_store_with_a_certificate_of_a_corporate_authority_is_trusted_by_the_same_variable() {
    let Some(redis) = TlsServer::start() else { return };
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, redis.ca()).unwrap();
    let mut variables = variables(&emulator, "");
    variables.extend([("REDIS_URL".to_owned(), redis.url()), ("MCP_SEALING_KEYS".to_owned(), OLD.to_owned())]);
    let replica = async |file: Option<&str>| {
        let pairs: Vec<_> = variables.iter().map(|(name, value)| (&**name, &**value)).collect();
        Program::start(&[], &pairs, file).await.serving().await
    };
    let is_stored = async |program: &Program| {
        call(program, &emulator.mint(TokenSpec::user("alice"))).await.result();
        redis.plain().names().iter().any(|name| name.starts_with("mcp-obo:1:t:"))
    };
    // In the file: what is in the process's environment the client library would find by itself.
    let trusting = format!("SSL_CERT_FILE={}\n", ca.display());
    let (without, with) = (replica(None).await, replica(Some(&trusting)).await);
    assert!(!is_stored(&without).await, "nobody is trusted who is not known");
    assert_eq!(shared_cache(&without).await, "down");
    some_time("a token is stored", async || is_stored(&with).await).await;
}

#[tokio::test]
async fn nothing_of_a_user_can_be_read_from_the_store() {
    let Some(set) = Set::up().await else { return };
    let replica = set.replica(OLD).await;
    let mut token = String::new();
    some_time("a token is stored", async || {
        token = set.emulator.mint(TokenSpec::user("alice"));
        call(&replica, &token).await.result();
        set.redis.names().iter().any(|name| name.starts_with("mcp-obo:1:t:"))
    })
    .await;
    let (names, dump) = (set.redis.names(), set.redis.dump());
    assert!(names.iter().all(|name| name.starts_with("mcp-obo:1:")), "{names:?}");
    let middle = token.split('.').nth(1).unwrap();
    for secret in ["eyJ0", "alice", middle, entra_emulator::TENANT_ID, entra_emulator::API_CLIENT_ID, "graph", OLD] {
        assert!(!dump.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_dies_and_returns_under_load_loses_no_call() {
    let Some(mut set) = Set::up().await else { return };
    let (one, other) = (Arc::new(set.replica(OLD).await), Arc::new(set.replica(OLD).await));
    // Fresh tokens all the time, so that the store is asked all the time, and exchanges that are not over in a moment.
    set.emulator.control().set_fault(Place::Exchange, "alice", Fault::Slow(20));
    let tokens: Arc<Vec<_>> = Arc::new((0..2_000).map(|_| set.emulator.mint(TokenSpec::user("alice"))).collect());
    let (answered, is_over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let mut callers = JoinSet::new();
    for number in 0..8 {
        let program = Arc::clone(if number % 2 == 0 { &one } else { &other });
        let (tokens, answered, is_over) = (Arc::clone(&tokens), Arc::clone(&answered), Arc::clone(&is_over));
        callers.spawn(async move {
            // Two by two they call with the same tokens, at different processes.
            for token in tokens.iter().skip(number / 2 * 500).take(500) {
                if is_over.load(SeqCst) {
                    break;
                }
                call(&program, token).await.result();
                answered.fetch_add(1, SeqCst);
            }
        });
    }
    let more = async |count: usize| {
        let aim = answered.load(SeqCst) + count;
        while answered.load(SeqCst) < aim {
            time::sleep(Duration::from_millis(5)).await;
        }
    };
    more(20).await;
    set.redis.kill();
    more(40).await;
    assert_eq!(shared_cache(&one).await, "down");
    set.redis.run();
    // It is asked again after a second at the latest, and everybody then calls it well.
    time::timeout(Duration::from_secs(20), async {
        while shared_cache(&one).await != "up" || shared_cache(&other).await != "up" {
            more(1).await;
        }
    })
    .await
    .unwrap();
    more(20).await;
    is_over.store(true, SeqCst);
    while let Some(done) = callers.join_next().await {
        done.unwrap();
    }
    assert!(!set.redis.names().is_empty(), "it is used again");
}
