//! When a vault is read, and what happens while it does not answer.

use std::{
    convert::Infallible,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use mcp_auth_layer::clock::UnixTime;

use super::{
    super::{
        ClientAuth, ClientContext, CredentialError, CredentialKind, CredentialStatus,
        assertion::Signer,
        certificate::{Held, Name, Style},
        fresh::Fresh,
        thumbprint::Thumbprint,
    },
    VaultError, VaultOperation,
    address::Item,
    client::VaultClient,
    contents::{Public, Secret},
    remote::RemoteKey,
};

const HOUR: Duration = Duration::from_secs(60 * 60);

/// How soon a failed reading is repeated, and one before a refusal.
const AFTER_FAILURE: Duration = Duration::from_secs(30);
const AFTER_REFUSAL: Duration = Duration::from_secs(10);

/// What is read, and how it is used.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) client: VaultClient,
    pub(super) source: Source,
    pub(super) item: Item,
    pub(super) style: Style,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    /// A secret with the private key in it; the thumbprint is for one without a certificate.
    Secret(Option<Thumbprint>),
    /// A certificate whose key stays where it is.
    Certificate,
}

/// Holds what was read last, and reads again.
#[derive(Debug)]
pub(super) struct Reader {
    plan: Plan,
    held: Held,
    readings: Fresh<(), Reading>,
}

/// How one attempt ended.
struct Reading {
    at: UnixTime,
    until: UnixTime,
    failure: Option<Arc<VaultError>>,
    refused: AtomicBool,
}

impl Reading {
    fn is_good(&self, now: UnixTime) -> bool {
        let is_of_its_time = self.at <= now && now < self.until;
        is_of_its_time && !(self.refused.load(Ordering::Acquire) && self.at.until(now) >= AFTER_REFUSAL)
    }

    fn is_refused(&self) -> bool {
        self.refused.load(Ordering::Acquire)
    }
}

impl Reader {
    pub(super) fn new(plan: Plan) -> Self {
        let style = plan.style;
        Self { plan, held: Held::new().restyle(|default| *default = style), readings: Fresh::new(1, 24 * HOUR) }
    }

    pub(super) const fn plan(&self) -> &Plan {
        &self.plan
    }

    pub(super) async fn authenticate(
        self: &Arc<Self>,
        client: &ClientContext<'_>,
    ) -> Result<ClientAuth, CredentialError> {
        let now = client.now();
        let failure = self.catch_up(now).await;
        match self.held.current() {
            Some(current) => self.held.assertion(&current, client).await,
            None => Err(failure.map_or(CredentialError::Empty, CredentialError::Vault)),
        }
    }

    pub(super) fn refused(&self, spent: &ClientAuth) {
        self.held.refused(spent);
        self.readings.for_each(|reading| reading.refused.store(true, Ordering::Release));
    }

    pub(super) fn status(&self) -> CredentialStatus {
        self.held.status(CredentialKind::KeyVault)
    }

    /// Shows what an operator may see.
    pub(super) fn describe(&self, mut to: fmt::DebugStruct<'_, '_>) -> fmt::Result {
        to.field("plan", &self.plan).field("thumbprint", &self.held.thumbprint()).finish_non_exhaustive()
    }

    /// Reads the vault if it is time to; waits for it only if what is there cannot be used.
    async fn catch_up(self: &Arc<Self>, now: UnixTime) -> Option<Arc<VaultError>> {
        let last = self.readings.find(&()).await;
        if let Some(last) = last.as_ref().filter(|last| last.is_good(now)) {
            return last.failure.clone();
        }
        let is_usable = self.held.current().is_some() && self.held.ends_at().is_none_or(|end| now < end);
        if is_usable && !last.is_some_and(|last| last.is_refused()) {
            let reader = Arc::clone(self);
            tokio::spawn(async move { reader.reading(now).await });
            return None;
        }
        self.reading(now).await.failure.clone()
    }

    async fn reading(&self, now: UnixTime) -> Arc<Reading> {
        let read = async { Ok::<_, Infallible>(self.read(now).await) };
        self.readings.good_or((), |reading| reading.is_good(now), read).await.unwrap_or_else(|never| match *never {})
    }

    async fn read(&self, now: UnixTime) -> Reading {
        let refused = AtomicBool::new(false);
        match self.plan.find().await {
            Ok((signer, name)) => {
                let until = now.saturating_add(interval(name.ends_at(), now));
                let thumbprint = name.thumbprint();
                if self.held.put(signer, name) {
                    let thumbprint = thumbprint.map(tracing::field::display);
                    tracing::info!(target: super::TRACE, thumbprint, "a certificate of Key Vault is in use");
                }
                Reading { at: now, until, failure: None, refused }
            }
            Err(why) => {
                super::report(
                    &why,
                    "the certificate could not be read from Key Vault; one that was read before stays in use",
                );
                let until = now.saturating_add(why.retry_after().unwrap_or_default().max(AFTER_FAILURE));
                Reading { at: now, until, failure: Some(Arc::new(why)), refused }
            }
        }
    }
}

impl Plan {
    async fn find(&self) -> Result<(Arc<dyn Signer>, Name), VaultError> {
        let address = self.client.address();
        match self.source {
            Source::Secret(thumbprint) => {
                let uri = address.secret(&self.item)?;
                let secret = Secret::read(self.client.get(VaultOperation::ReadSecret, &uri).await?)?;
                // Checking a private key takes a while, decrypting PKCS#12 a longer one.
                let reading = tokio::task::spawn_blocking(move || secret.material(thumbprint));
                let unread = |_| Err(VaultError::Answer { why: "it could not be read to its end" });
                Ok(reading.await.unwrap_or_else(unread)?.into_parts())
            }
            Source::Certificate => {
                let uri = address.certificate(&self.item)?;
                let public = Public::read(&self.client.get(VaultOperation::ReadCertificate, &uri).await?)?;
                let (name, public_key) = public.name()?;
                let key = RemoteKey::new(self.client.clone(), address.sign(public.kid())?, public_key);
                Ok((Arc::new(key), name))
            }
        }
    }
}

/// How long what was read is taken for the newest.
fn interval(ends_at: Option<UnixTime>, now: UnixTime) -> Duration {
    match ends_at.map(|end| now.until(end)) {
        Some(Duration::ZERO) => Duration::from_secs(60),
        Some(left) if left < 24 * HOUR => HOUR / 6,
        _ => 4 * HOUR,
    }
}
