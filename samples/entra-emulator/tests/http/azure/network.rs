//! A client that has what a server behind a corporate proxy has: the proxy's address and an authority to trust.

use entra_emulator::{API_CLIENT_ID, API_CLIENT_SECRET, Config, Emulator, TENANT_ID, TokenSpec};

use crate::tenant::{Answer, OBO, Parameters};

#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) emulator: Emulator,
    pub(crate) http: reqwest::Client,
}

impl Network {
    pub(crate) async fn start() -> Self {
        Self::with(Config::default()).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        let emulator = Emulator::start(config).await.unwrap();
        let http = client(&emulator, |proxy| proxy);
        Self { emulator, http }
    }

    pub(crate) async fn get(&self, url: &str) -> Answer {
        Answer::read(self.http.get(url).send().await.unwrap()).await
    }

    /// Asks Entra's token endpoint, at its real address.
    pub(crate) async fn token(&self, form: Parameters<'_>) -> Answer {
        let url = format!("https://login.microsoftonline.com/{TENANT_ID}/oauth2/v2.0/token");
        Answer::read(self.http.post(url).form(form).send().await.unwrap()).await
    }

    /// Asks as a user, with a token that a server got on the user's behalf.
    pub(crate) async fn get_as(&self, user: &str, scope: &str, url: &str) -> Answer {
        let token = self.exchange(user, scope).await.access_token();
        self.get_with(&token, url).await
    }

    pub(crate) async fn get_with(&self, token: &str, url: &str) -> Answer {
        let request = self.http.get(url).bearer_auth(token).header("x-ms-version", "2025-11-05");
        Answer::read(request.send().await.unwrap()).await
    }

    /// A token of a user's or app's own, as a developer's tools have it.
    pub(crate) fn token_for(&self, resource: &str, user: &str) -> String {
        self.emulator.mint_as_entra(TokenSpec::user(user).resource(resource))
    }

    /// A token of an identity of the host, by client id.
    pub(crate) async fn identity_token(&self, client_id: &str, resource: &str) -> String {
        let loopback = reqwest::Client::builder().no_proxy().build().unwrap();
        let (emulator, version) = (&self.emulator, "api-version=2019-08-01");
        let url = format!("{}?{version}&resource={resource}&client_id={client_id}", emulator.identity_endpoint());
        let request = loopback.get(url).header("x-identity-header", emulator.identity_header());
        Answer::read(request.send().await.unwrap()).await.access_token()
    }

    /// Exchanges a user's token for one with another scope.
    pub(crate) async fn exchange(&self, user: &str, scope: &str) -> Answer {
        let assertion = self.emulator.mint_as_entra(TokenSpec::user(user));
        self.token(&[
            ("grant_type", OBO),
            ("client_id", API_CLIENT_ID),
            ("client_secret", API_CLIENT_SECRET),
            ("assertion", &assertion),
            ("scope", scope),
            ("requested_token_use", "on_behalf_of"),
        ])
        .await
    }
}

/// A client of the network, with changes to its proxy.
pub(crate) fn client(emulator: &Emulator, proxy: impl FnOnce(reqwest::Proxy) -> reqwest::Proxy) -> reqwest::Client {
    let authority = reqwest::Certificate::from_pem(emulator.ca_pem().as_bytes()).unwrap();
    let proxy = proxy(reqwest::Proxy::all(emulator.gateway_url()).unwrap());
    let builder = reqwest::Client::builder().proxy(proxy).tls_certs_only([authority]);
    builder.redirect(reqwest::redirect::Policy::none()).build().unwrap()
}
