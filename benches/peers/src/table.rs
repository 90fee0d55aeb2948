//! The rows of the table `bearer`: who, behind what, for how long.

use std::hint::black_box;

use benches::{
    rounds::{Measured, Rounds},
    rows::{Row, Unit},
    scale::Scale,
};
use mcp_auth_layer::token::BearerToken;
use tokio::runtime::{Builder, Runtime};

use crate::{
    cases::{self, Case},
    issuer::Issuer,
    limit::{self, Limit},
    measure::{sending, sending_once},
    stacks::{
        Answer, Failure, Keys, Peer, axum_jwt_auth, floor, hello, jwt_authorizer, oauth_resource_server,
        ours::{self, Ours},
        tower_mcp, tower_oauth2,
    },
};

/// What the report calls the table.
pub const TABLE: &str = "bearer";

/// Who stands for no crate at all.
const BARE: &str = "bare";
const FLOOR: &str = "floor";
const LIMIT: &str = "limit";

/// Rows to be, in the order of their works.
struct Table<'a> {
    rounds: Rounds<'a>,
    labels: Vec<(String, String, Option<&'static str>)>,
}

impl<'a> Table<'a> {
    fn add(&mut self, what: &str, who: &str, note: Option<&'static str>, work: impl FnMut(u64) + 'a) {
        self.labels.push((what.to_owned(), who.to_owned(), note));
        self.rounds.add(format!("{what}, {who}"), work);
    }

    /// Adds a work without a service.
    fn add_plain(&mut self, what: &str, who: &str, mut once: impl FnMut() + 'a) {
        self.add(what, who, None, move |operations| (0..operations).for_each(|_| once()));
    }
}

/// Measures everything in interleaved rounds.
///
/// # Errors
/// When somebody cannot be set up.
pub fn measure(scale: Scale) -> Result<Vec<Row>, Failure> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let issuer = Issuer::new()?;
    let keys = Keys::of(&issuer)?;
    let known = cases::known(&issuer)?;
    let new = cases::new(&issuer, scale)?;
    let refused = cases::refused(&issuer)?;
    let limit = Limit::new(&issuer)?;

    let mut table = Table { rounds: Rounds::new(scale), labels: Vec::new() };
    add_floors(&mut table, &runtime, &issuer, &known);
    add_limits(&mut table, &issuer, &limit);
    let ours = runtime.block_on(Ours::new(&keys))?;
    add_ours(&mut table, &runtime, &ours, &issuer, (&known, &new, &refused))?;
    let all: Vec<&Case> = [&known, &new].into_iter().chain(&refused).collect();
    add_peers(&mut table, &runtime, &keys, &all)?;
    Ok(table.rows())
}

fn add_floors<'a>(table: &mut Table<'a>, runtime: &'a Runtime, issuer: &Issuer, known: &'a Case) {
    table.add(known.what, BARE, None, sending(runtime, hello::<(), Answer>(), known));
    table.add(known.what, FLOOR, None, sending(runtime, floor::service::<()>(issuer.claims(0)), known));
}

fn add_limits<'a>(table: &mut Table<'a>, issuer: &Issuer, limit: &'a Limit) {
    table.add_plain("verify", LIMIT, || limit.verify());
    let note = Some("the parse is that of the peers: every claim, and each text owned; base64 is decoded before");
    table.add("verify + digest + one JSON parse", LIMIT, note, |operations| (0..operations).for_each(|_| limit.all()));
    table.add_plain("digest", LIMIT, || drop(black_box(limit.digest())));
    let (cache, key) = limit::cache_of_one(issuer.claims(0));
    table.add_plain("moka::sync get", BARE, move || drop(black_box(cache.get(black_box(&key)))));
}

fn add_ours<'a>(
    table: &mut Table<'a>,
    runtime: &'a Runtime,
    ours: &Ours,
    issuer: &Issuer,
    (known, new, refused): (&'a Case, &'a Case, &'a [Case]),
) -> Result<(), Failure> {
    table.add(known.what, ours::WHO, None, sending(runtime, ours.service::<()>(ours.remembering())?, known));
    let note = Some("nothing is remembered");
    table.add(new.what, ours::WHO, note, sending(runtime, ours.service::<()>(ours.forgetful())?, new));
    let note = Some("remembered from then on; each token once");
    let fresh = {
        let ours = ours.clone();
        move || ours.service::<()>(ours.remembering()).expect("it could be built before")
    };
    table.add("a new token, cache on", ours::WHO, note, sending_once(runtime, fresh, new));
    for case in refused {
        table.add(case.what, ours::WHO, None, sending(runtime, ours.service::<()>(ours.remembering())?, case));
    }
    let verifier = ours.forgetful();
    let token = issuer.sign(&issuer.claims(0))?;
    table.add("Verifier::verify, uncached", ours::WHO, Some("without the layer"), move |operations| {
        runtime.block_on(async {
            for _ in 0..operations {
                let verified = verifier.verify(BearerToken::new(&token)).await;
                assert!(verified.is_ok(), "the token is good");
            }
        });
    });
    Ok(())
}

fn add_peers<'a>(table: &mut Table<'a>, runtime: &'a Runtime, keys: &Keys, cases: &[&'a Case]) -> Result<(), Failure> {
    macro_rules! add {
        ($peer:expr, $service:expr, $body:ty) => {{
            let service = runtime.block_on($service)?;
            let (peer, who): (Peer, String) = ($peer, $peer.who()?);
            // The first request may fetch the keys.
            sending::<_, $body, _>(runtime, service.clone(), cases[0])(1);
            for case in cases {
                table.add(case.what, &who, Some(peer.note), sending::<_, $body, _>(runtime, service.clone(), case));
            }
        }};
    }
    add!(jwt_authorizer::PEER, jwt_authorizer::service::<()>(keys), ());
    add!(tower_oauth2::PEER, tower_oauth2::service::<()>(keys), ());
    add!(axum_jwt_auth::PEER, axum_jwt_auth::service(keys), axum::body::Body);
    add!(oauth_resource_server::PEER, oauth_resource_server::service::<()>(keys), ());
    add!(tower_mcp::PEER, tower_mcp::service(keys), axum::body::Body);
    Ok(())
}

impl Table<'_> {
    fn rows(self) -> Vec<Row> {
        let row = |(Measured { ns, .. }, (what, who, note)): (Measured, (String, String, Option<&str>))| {
            let note = note.map(str::to_owned);
            Row { table: TABLE.to_owned(), what, who, value: Some(ns), unit: Unit::Ns, note }
        };
        self.rounds.run().into_iter().zip(self.labels).map(row).collect()
    }
}
