//! What the children do.

use std::{
    collections::BTreeMap,
    error::Error,
    fs,
    io::{Write as _, stdout},
    path::PathBuf,
    thread,
};

use axum::Router;
use entra_emulator::{API_CLIENT_ID, API_CLIENT_SECRET, Config, Emulator, TENANT_ID, TokenSpec};
use message_center::{settings::Settings, stack};
use server_kit::{
    logging::{self, Level},
    meter, program,
    serve::{serve, stop_signal},
};
use tokio::{io::AsyncReadExt as _, net::TcpListener};

use crate::{
    Failure,
    mcp::{self, Layers},
};

/// What a child is.
#[derive(Clone, Debug)]
pub(crate) enum Role {
    /// Entra and Graph; writes a token for each of so many users into a file.
    Tenant { users: usize, tokens: PathBuf },
    /// The whole server in front of a tenant.
    Ours { tenant: String, audit: Audit },
    /// The same server without the layers.
    WithoutLayers,
    /// The same server with the libraries' layers and none of the whole server's other ones.
    LayersAlone { tenant: String },
    /// Its MCP service, and nothing around it.
    Alone,
}

/// Whether each admission is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audit {
    /// As by default.
    On,
    /// As nobody should run it; to see what the lines cost.
    Off,
}

/// Longer than any run.
const LIFETIME: i64 = 6 * 3_600;

impl Role {
    pub(crate) fn read(arguments: &[String]) -> Result<Option<Self>, Failure> {
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        Ok(match *words.as_slice() {
            ["tenant", users, tokens] => Some(Self::Tenant { users: users.parse()?, tokens: tokens.into() }),
            ["ours", tenant] => Some(Self::Ours { tenant: tenant.to_owned(), audit: Audit::On }),
            ["ours-without-audit", tenant] => Some(Self::Ours { tenant: tenant.to_owned(), audit: Audit::Off }),
            ["without-layers"] => Some(Self::WithoutLayers),
            ["layers-alone", tenant] => Some(Self::LayersAlone { tenant: tenant.to_owned() }),
            ["alone"] => Some(Self::Alone),
            _ => None,
        })
    }

    pub(crate) fn arguments(&self) -> Vec<String> {
        let more = match self {
            Self::Tenant { users, tokens } => vec![users.to_string(), tokens.display().to_string()],
            Self::Ours { tenant, .. } | Self::LayersAlone { tenant } => vec![tenant.clone()],
            Self::WithoutLayers | Self::Alone => Vec::new(),
        };
        std::iter::once(self.name().to_owned()).chain(more).collect()
    }

    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Tenant { .. } => "tenant",
            Self::Ours { audit: Audit::On, .. } => "ours",
            Self::Ours { audit: Audit::Off, .. } => "ours-without-audit",
            Self::WithoutLayers => "without-layers",
            Self::LayersAlone { .. } => "layers-alone",
            Self::Alone => "alone",
        }
    }

    /// Serves until its standard input ends.
    pub(crate) fn serve(self) -> Result<(), Failure> {
        // As `#[tokio::main]` makes it: a worker for each processor that this process may use.
        tokio::runtime::Runtime::new()?.block_on(self.run())
    }

    async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Tenant { users, tokens } => {
                let emulator = Emulator::start(Config::default()).await?;
                fs::write(tokens, minted(&emulator, users))?;
                listening(&emulator.http_url())?;
                parent().await;
            }
            serving => {
                let listener = TcpListener::bind("127.0.0.1:0").await?;
                let base = format!("http://{}", listener.local_addr()?);
                let router = serving.router(&base)?;
                listening(&base)?;
                serve(listener, router, parent()).await?;
            }
        }
        Ok(())
    }

    /// Makes what a server answers, and begins its log.
    fn router(self, base_url: &str) -> Result<Router, Failure> {
        let settings = |tenant: &str, audit| {
            program::begin(&variables(tenant, base_url, audit), Level::INFO, |variables| Settings::read(variables))
        };
        let log = || logging::start(&BTreeMap::new(), Level::INFO);
        Ok(match self {
            Self::Tenant { .. } => return Err("the tenant is no server of ours".into()),
            Self::Ours { tenant, audit } => {
                let router = stack::router(&settings(&tenant, audit)?)?;
                tokio::spawn(meter::upkeep());
                router
            }
            Self::LayersAlone { tenant } => mcp::bare(base_url, Some(Layers::of(&settings(&tenant, Audit::Off)?)?)),
            Self::WithoutLayers => {
                log()?;
                mcp::bare(base_url, None)
            }
            Self::Alone => {
                log()?;
                mcp::alone(base_url)
            }
        })
    }
}

/// The environment of a developer's machine, pointed at the tenant, where nobody calls too often.
pub(crate) fn variables(tenant: &str, base_url: &str, audit: Audit) -> BTreeMap<String, String> {
    let log = if audit == Audit::Off { "info,mcp_auth::audit=off,mcp_obo::audit=off" } else { "" };
    [
        ("MCP_ENV", "development"),
        ("PUBLIC_BASE_URL", base_url),
        ("GRAPH_TENANT_ID", TENANT_ID),
        ("GRAPH_CLIENT_ID", API_CLIENT_ID),
        ("GRAPH_CLIENT_SECRET", API_CLIENT_SECRET),
        ("AZURE_AUTHORITY_HOST", tenant),
        ("GRAPH_BASE_URL", &format!("{tenant}/v1.0")),
        ("MCP_RATE_LIMIT_PER_MINUTE", "1000000000"),
        ("RUST_LOG", log),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect()
}

/// A token takes two milliseconds to sign, so all processors do it.
fn minted(emulator: &Emulator, users: usize) -> String {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = users.div_ceil(threads);
    thread::scope(|scope| {
        let shares = (0..threads).map(|thread| {
            let numbers = (thread * share).min(users)..((thread + 1) * share).min(users);
            let token = |number| {
                let token = emulator.mint(TokenSpec::user(&format!("reader-{number}")).expires_in(LIFETIME));
                format!("{token}\n")
            };
            scope.spawn(move || numbers.map(token).collect::<String>())
        });
        let shares: Vec<_> = shares.collect();
        shares.into_iter().map(|share| share.join().expect("no thread panics")).collect()
    })
}

fn listening(url: &str) -> Result<(), Box<dyn Error>> {
    let mut out = stdout();
    writeln!(out, "listening {url}")?;
    Ok(out.flush()?)
}

/// Ends with the program that started this one.
async fn parent() {
    let mut nothing = Vec::new();
    tokio::select! {
        _ = async { tokio::io::stdin().read_to_end(&mut nothing).await } => {}
        () = stop_signal() => {}
    }
}
