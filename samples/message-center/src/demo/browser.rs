//! As much of a browser as a sign-in takes: cookies, and no following of redirects, so that each hop is seen.

use std::{collections::BTreeMap, error::Error};

use bytes::Bytes;
use http::{Method, Request, Response, header};
use mcp_auth_layer::fetch::{FetchLimits, HttpClient};
use serde_json::Value;
use url::{Url, form_urlencoded};

/// One person's browser.
#[derive(Debug)]
pub(super) struct Browser {
    http: HttpClient,
    /// By origin and name.
    cookies: BTreeMap<(String, String), String>,
}

impl Browser {
    pub(super) fn new() -> Result<Self, Box<dyn Error>> {
        Ok(Self { http: HttpClient::reqwest(FetchLimits::default())?, cookies: BTreeMap::new() })
    }

    pub(super) async fn get(&mut self, url: &Url) -> Result<Response<Bytes>, Box<dyn Error>> {
        self.send(Method::GET, url, Bytes::new()).await
    }

    pub(super) async fn post(&mut self, url: &Url, form: &[(&str, &str)]) -> Result<Response<Bytes>, Box<dyn Error>> {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.send(Method::POST, url, form.into()).await
    }

    /// Posts what no browser would; without cookies.
    pub(super) async fn post_json(&self, url: &str, body: &Value) -> Result<Response<Bytes>, Box<dyn Error>> {
        let request = Request::post(url).header(header::CONTENT_TYPE, "application/json");
        Ok(self.http.send(request.body(body.to_string().into())?).await?)
    }

    async fn send(&mut self, method: Method, url: &Url, body: Bytes) -> Result<Response<Bytes>, Box<dyn Error>> {
        let origin = url.origin().ascii_serialization();
        let own = self.cookies.iter().filter(|((of, _), _)| *of == origin);
        let cookies: Vec<_> = own.map(|((_, name), value)| format!("{name}={value}")).collect();
        let request = Request::builder()
            .method(method)
            .uri(url.as_str())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::COOKIE, cookies.join("; "))
            .body(body)?;
        let answer = self.http.send(request).await?;
        for cookie in answer.headers().get_all(header::SET_COOKIE) {
            let text = cookie.to_str()?;
            let pair = text.split(';').next().and_then(|pair| pair.split_once('='));
            let (name, value) = pair.ok_or("a cookie without a name")?;
            let place = (origin.clone(), name.to_owned());
            if text.contains("Max-Age=0") {
                self.cookies.remove(&place);
            } else {
                self.cookies.insert(place, value.to_owned());
            }
        }
        Ok(answer)
    }
}
