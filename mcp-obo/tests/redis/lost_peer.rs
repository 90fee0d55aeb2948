//! A peer that is gone without a word, as after a fail-over behind a load balancer.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use tokio::net::{TcpListener, TcpStream};

use local_redis::Server;

use crate::replicas::{EXCHANGE, Service};

/// Passes connections on to a server; those from before it was told to lose them stay open, and carry nothing.
struct Balancer {
    port: u16,
    lost_before: Arc<AtomicUsize>,
}

impl Balancer {
    async fn before(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let lost_before = Arc::new(AtomicUsize::new(0));
        let lost = Arc::clone(&lost_before);
        tokio::spawn(async move {
            for number in 0.. {
                let (client, _) = listener.accept().await.unwrap();
                tokio::spawn(carry(client, server, number, Arc::clone(&lost)));
            }
        });
        Self { port, lost_before }
    }

    fn lose_all_connections(&self) {
        self.lost_before.store(usize::MAX / 2, SeqCst);
    }

    /// Connections from now on are carried; to these tests that is any after the first.
    fn carry_new_connections(&self) {
        self.lost_before.store(1, SeqCst);
    }
}

async fn carry(mut client: TcpStream, server: u16, number: usize, lost_before: Arc<AtomicUsize>) {
    let mut server = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
    let mut held = [0; 4096];
    loop {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let mut back = [0; 4096];
        let (count, is_from_client) = tokio::select! {
            count = client.read(&mut held) => (count.unwrap_or(0), true),
            count = server.read(&mut back) => (count.unwrap_or(0), false),
        };
        if count == 0 {
            return;
        }
        if number < lost_before.load(SeqCst) {
            // Neither closed nor answered.
            std::future::pending::<()>().await;
        }
        let passed = match is_from_client {
            true => server.write_all(&held[..count]).await,
            false => client.write_all(&back[..count]).await,
        };
        if passed.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn a_connection_that_is_lost_without_a_word_is_replaced() {
    let Some(redis) = Server::start(&[]) else { return };
    let balancer = Balancer::before(redis.port()).await;
    let service = Service::new();
    let replica = service.replica(&format!("redis://127.0.0.1:{}", balancer.port));
    service.token(&replica, "a").await;
    assert!(service.is_shared(&replica, "a").await);

    balancer.lose_all_connections();
    let begun = Instant::now();
    assert!(!service.is_shared(&replica, "a").await);
    assert!(begun.elapsed() < EXCHANGE + Duration::from_millis(250) + Duration::from_secs(2));
    balancer.carry_new_connections();
    let begun = Instant::now();
    while !service.is_shared(&replica, "a").await {
        assert!(begun.elapsed() < Duration::from_secs(10), "the dead connection is still asked");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
