//! A Kubernetes-like cluster: it issues tokens to its service accounts, and publishes the key for them.

use std::{io, path::Path, sync::OnceLock};

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{jwt, key::SigningKey, service::Service};

/// The issuer of service-account tokens.
pub(crate) struct Cluster {
    issuer: String,
    /// Made when somebody first wants it: most tests have no workloads.
    key: OnceLock<SigningKey>,
}

impl Cluster {
    pub(crate) const fn new(issuer: String) -> Self {
        Self { issuer, key: OnceLock::new() }
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    pub(crate) fn key(&self) -> &SigningKey {
        self.key.get_or_init(SigningKey::generate)
    }

    /// Makes a service account's token, as the API server does for a projected volume.
    pub(crate) fn token(&self, subject: &str, audience: Option<&str>, now: i64, lifetime: i64) -> String {
        let mut parts = subject.split(':').skip(2);
        let (namespace, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let claims = json!({
            "aud": [audience.unwrap_or(Service::EXCHANGE)], "iss": self.issuer, "sub": subject,
            "iat": now, "nbf": now, "exp": now + lifetime, "jti": Uuid::new_v4().to_string(),
            "kubernetes.io": {
                "namespace": namespace,
                "pod": {"name": format!("{name}-0"), "uid": Uuid::new_v4().to_string()},
                "serviceaccount": {"name": name, "uid": Uuid::new_v4().to_string()},
            },
        });
        jwt::sign_by(self.key(), claims.as_object().unwrap_or(&Map::new()))
    }

    /// What the cluster says of itself: as Kubernetes, with little more than the address of its keys.
    pub(crate) fn document(&self) -> Value {
        json!({
            "issuer": self.issuer,
            "jwks_uri": format!("{}/openid/v1/jwks", self.issuer),
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        })
    }

    pub(crate) fn keys(&self) -> Value {
        let mut jwk = self.key().jwk();
        // Kubernetes publishes bare keys, with their algorithm.
        if let Some(members) = jwk.as_object_mut() {
            members.retain(|name, _| name != "x5t" && name != "x5c");
            members.insert("alg".to_owned(), json!("RS256"));
        }
        json!({"keys": [jwk]})
    }
}

/// Puts a token where a pod reads it, by the swap of a link, so that a reader never sees half of one.
///
/// The file is a link into `..data`, which is itself a link to the newest directory, as in a projected volume.
#[cfg(unix)]
pub(crate) fn write(path: &Path, token: &str) -> io::Result<()> {
    use std::{fs, os::unix::fs::symlink};

    let named = || io::Error::new(io::ErrorKind::InvalidInput, "the path names no file in a directory");
    let (directory, file) = (path.parent().ok_or_else(named)?, path.file_name().ok_or_else(named)?);
    let newest = format!("..{}", Uuid::new_v4().simple());
    fs::create_dir_all(directory.join(&newest))?;
    fs::write(directory.join(&newest).join(file), token)?;
    let (data, next) = (directory.join("..data"), directory.join("..data_tmp"));
    let before = fs::read_link(&data).ok();
    // One that a process left behind when it was killed.
    let _ = fs::remove_file(&next);
    symlink(&newest, &next)?;
    fs::rename(&next, &data)?;
    if fs::symlink_metadata(path).is_err() {
        symlink(Path::new("..data").join(file), path)?;
    }
    before.map_or(Ok(()), |before| fs::remove_dir_all(directory.join(before)))
}

/// Puts a token where a pod reads it, by a rename.
#[cfg(not(unix))]
pub(crate) fn write(path: &Path, token: &str) -> io::Result<()> {
    let next = path.with_extension("next");
    std::fs::write(&next, token)?;
    std::fs::rename(next, path)
}
