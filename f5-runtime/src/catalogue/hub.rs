//! Where the files of the catalogue are fetched from, and where they may lie already.

use std::path::PathBuf;

use crate::fetch::HttpOptions;

/// Where the files are fetched from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hub {
    /// Address of the hub or of a mirror of it, as in `https://huggingface.co`.
    pub endpoint: String,
}

impl Default for Hub {
    fn default() -> Self {
        Self {
            endpoint: "https://huggingface.co".to_owned(),
        }
    }
}

impl Hub {
    /// The hub that `HF_ENDPOINT` names, or the official one.
    #[must_use]
    pub fn from_environment() -> Self {
        Self::from_setting(std::env::var("HF_ENDPOINT").ok())
    }

    fn from_setting(endpoint: Option<String>) -> Self {
        let endpoint = endpoint.map(|e| e.trim().trim_end_matches('/').to_owned());
        endpoint
            .filter(|endpoint| !endpoint.is_empty())
            .map_or_else(Self::default, |endpoint| Self { endpoint })
    }

    /// Options for a fetcher that may ask this hub: one that was named by hand may speak plain HTTP
    /// and have an address that is not public.
    #[must_use]
    pub fn http_options(&self) -> HttpOptions {
        let mut options = HttpOptions::default();
        if *self != Self::default() {
            options.allow_http = self.endpoint.starts_with("http://");
            let authority = self.endpoint.split("://").nth(1).unwrap_or_default();
            let authority = authority.split('/').next().unwrap_or_default();
            let host = match authority.rsplit_once(':') {
                Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
                _ => authority,
            };
            options.private_hosts = vec![host.to_owned()];
        }
        options
    }
}

/// The cache of Hugging Face's own libraries, for
/// [`ModelStore::search`](crate::store::ModelStore::search): `HF_HUB_CACHE`, else
/// `HF_HOME/hub`, else `huggingface/hub` in the user's folder of caches.
#[must_use]
pub fn hub_cache() -> Option<PathBuf> {
    hub_cache_by(|name| std::env::var_os(name).filter(|value| !value.is_empty()))
}

fn hub_cache_by(var: impl Fn(&str) -> Option<std::ffi::OsString>) -> Option<PathBuf> {
    let path = |name: &str| var(name).map(PathBuf::from);
    path("HF_HUB_CACHE")
        .or_else(|| Some(path("HF_HOME")?.join("hub")))
        .or_else(|| Some(path("XDG_CACHE_HOME")?.join("huggingface/hub")))
        .or_else(|| Some(path("HOME")?.join(".cache/huggingface/hub")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hubs_named_by_hand_may_be_private_and_plain() {
        let hub = |endpoint: &str| Hub::from_setting(Some(endpoint.to_owned()));
        for unset in ["", " ", "https://huggingface.co/"] {
            assert_eq!(hub(unset), Hub::default());
        }
        assert_eq!(Hub::default().http_options(), HttpOptions::default());
        for (endpoint, plain, host) in [
            ("https://hf-mirror.com/", false, "hf-mirror.com"),
            ("http://127.0.0.1:8080/hub", true, "127.0.0.1"),
            ("http://[::1]:8080", true, "[::1]"),
            ("http://mirror.local", true, "mirror.local"),
        ] {
            let options = hub(endpoint).http_options();
            assert_eq!(
                (options.allow_http, &*options.private_hosts),
                (plain, &[host.to_owned()][..])
            );
        }
    }

    #[test]
    fn the_cache_of_the_hub_is_found_as_its_libraries_find_it() {
        let at = |vars: &[(&str, &str)]| {
            hub_cache_by(|name| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| v.into()))
        };
        let (home, xdg) = (("HOME", "/h"), ("XDG_CACHE_HOME", "/x"));
        assert_eq!(at(&[]), None);
        assert_eq!(at(&[home]), Some("/h/.cache/huggingface/hub".into()));
        assert_eq!(at(&[home, xdg]), Some("/x/huggingface/hub".into()));
        let hf = ("HF_HOME", "/f");
        assert_eq!(at(&[home, xdg, hf]), Some("/f/hub".into()));
        let cache = ("HF_HUB_CACHE", "/c");
        assert_eq!(at(&[home, xdg, hf, cache]), Some("/c".into()));
    }
}
