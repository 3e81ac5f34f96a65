//! Who asks: an API key, or access tokens from the caller. Neither is ever shown.

use std::{fmt, sync::Arc};

use crate::Cause;

/// Hands out access tokens (OAuth 2.0, scope `cloud-platform`) that are valid now; it is asked before
/// each request and may keep a token until shortly before it expires.
pub trait TokenProvider: Send + Sync {
    /// A token, without `Bearer`.
    ///
    /// # Errors
    ///
    /// Whatever kept it from getting one.
    fn token(&self) -> Result<String, Cause>;
}

impl<F: Fn() -> Result<String, Cause> + Send + Sync> TokenProvider for F {
    fn token(&self) -> Result<String, Cause> {
        self()
    }
}

/// What the server knows the caller by. It is sent in a header, never in an address, and not
/// printed.
#[derive(Clone)]
pub struct Credentials(Kind);

#[derive(Clone)]
enum Kind {
    ApiKey(String),
    Bearer(Arc<dyn TokenProvider>),
}

impl Credentials {
    /// An API key of the Google Cloud console.
    #[must_use]
    pub fn api_key(key: impl Into<String>) -> Self {
        Self(Kind::ApiKey(key.into()))
    }

    /// Access tokens, as of a service account.
    #[must_use]
    pub fn bearer(provider: impl TokenProvider + 'static) -> Self {
        Self(Kind::Bearer(Arc::new(provider)))
    }

    /// Whether there is a key at all, as far as that can be told without asking anybody.
    pub(super) fn is_empty(&self) -> bool {
        matches!(&self.0, Kind::ApiKey(key) if key.trim().is_empty())
    }

    /// Name and value of the header.
    pub(super) fn header(&self) -> Result<(&'static str, String), Cause> {
        Ok(match &self.0 {
            Kind::ApiKey(key) => ("x-goog-api-key", key.trim().to_owned()),
            Kind::Bearer(provider) => ("authorization", format!("Bearer {}", provider.token()?)),
        })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::ApiKey(_) => "ApiKey(..)",
            Kind::Bearer(_) => "Bearer(..)",
        })
    }
}
