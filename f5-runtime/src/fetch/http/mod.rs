//! Bodies over HTTPS: resumed where they broke off, redirected within limits, never from addresses
//! that are not public.

mod guard;
mod retry_after;

use std::fmt;
use std::io;
use std::time::{Duration, SystemTime};

use ureq::Agent;
use ureq::http::{HeaderMap, Response, Uri, header};
use ureq::unversioned::transport::DefaultConnector;

use self::guard::Guard;
use super::{FetchError, FetchRequest, FetchResponse, Fetcher};
use crate::store::ArtifactName;

/// What an [`HttpFetcher`] may do, and how long it waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpOptions {
    /// Whether plain HTTP may be used, at first or after a redirect. No by default.
    pub allow_http: bool,
    /// Hosts that may be asked although their addresses are not public, as mirrors in a private
    /// network are. None by default.
    pub private_hosts: Vec<String>,
    /// Most redirects of one request. 5 by default.
    pub max_redirects: u32,
    /// Longest wait for a connection. 15 s by default.
    pub connect_timeout: Duration,
    /// Longest wait for the head of an answer. 30 s by default.
    pub answer_timeout: Duration,
    /// Longest wait for the next bytes of a body. 30 s by default.
    pub stall_timeout: Duration,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            allow_http: false,
            private_hosts: Vec::new(),
            max_redirects: 5,
            connect_timeout: Duration::from_secs(15),
            answer_timeout: Duration::from_secs(30),
            stall_timeout: Duration::from_secs(30),
        }
    }
}

/// Fetches over HTTPS, and over HTTP where that is allowed.
pub struct HttpFetcher {
    agent: Agent,
    options: HttpOptions,
}

impl fmt::Debug for HttpFetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpFetcher")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl HttpFetcher {
    /// A fetcher that keeps connections open between requests. Proxies of the environment are not
    /// used: behind one, which addresses are asked could not be checked.
    #[must_use]
    pub fn new(options: HttpOptions) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .user_agent(concat!("f5-runtime/", env!("CARGO_PKG_VERSION")))
            .max_response_header_size(64 << 10)
            .timeout_resolve(Some(options.connect_timeout))
            .timeout_connect(Some(options.connect_timeout))
            .timeout_recv_response(Some(options.answer_timeout))
            .timeout_per_read(Some(options.stall_timeout))
            .build();
        let guard = Guard::new(options.private_hosts.clone());
        let agent = Agent::with_parts(config, DefaultConnector::default(), guard);
        Self { agent, options }
    }

    fn ask(
        &self,
        url: &str,
        request: &FetchRequest<'_>,
    ) -> Result<Response<ureq::Body>, FetchError> {
        let mut builder = self
            .agent
            .get(url)
            .header(header::ACCEPT_ENCODING, "identity");
        if request.offset > 0 {
            builder = builder.header(header::RANGE, format!("bytes={}-", request.offset));
            // Weak tags say nothing about bytes.
            if let Some(etag) = request.etag.filter(|etag| !etag.starts_with("W/")) {
                builder = builder.header(header::IF_RANGE, etag);
            }
        }
        builder.call().map_err(|error| failed(url, error))
    }

    fn check_url(&self, url: &str) -> Result<Uri, FetchError> {
        let refused = |why| FetchError::Refused {
            url: url.to_owned(),
            why,
        };
        let uri: Uri = url.parse().map_err(|_| refused("it is no URL"))?;
        let authority = uri.authority().ok_or_else(|| refused("it names no host"))?;
        if authority.as_str().contains('@') {
            return Err(refused("it holds a user name"));
        }
        match uri.scheme_str() {
            Some("https") => Ok(uri),
            Some("http") if self.options.allow_http => Ok(uri),
            Some("http") => Err(refused("plain HTTP is not allowed")),
            _ => Err(refused("it is neither HTTPS nor HTTP")),
        }
    }
}

impl Fetcher for HttpFetcher {
    fn fetch(&self, request: &FetchRequest<'_>) -> Result<FetchResponse, FetchError> {
        let mut url = request.url.to_owned();
        for _ in 0..=self.options.max_redirects {
            let uri = self.check_url(&url)?;
            let response = self.ask(&url, request)?;
            match response.status().as_u16() {
                301 | 302 | 303 | 307 | 308 => url = redirected(&uri, &url, response.headers())?,
                200 | 206 => return answer(&url, request, response),
                status => {
                    let retry_after = text(response.headers(), &header::RETRY_AFTER)
                        .and_then(|text| retry_after::parse(text, SystemTime::now()));
                    return Err(FetchError::Status {
                        url,
                        status,
                        retry_after,
                    });
                }
            }
        }
        let limit = self.options.max_redirects;
        Err(FetchError::TooManyRedirects {
            url: request.url.to_owned(),
            limit,
        })
    }
}

/// Where Hugging Face's hub, or a mirror of it, keeps a file: `endpoint` is
/// `https://huggingface.co` or what `HF_ENDPOINT` says.
///
/// ```
/// use f5_runtime::fetch::hugging_face_url;
///
/// # fn main() -> Result<(), f5_runtime::store::NameError> {
/// let url = hugging_face_url(
///     "https://huggingface.co/",
///     &"SWivid/F5-TTS".parse()?,
///     &"main".parse()?,
///     &"F5TTS_v1_Base/vocab.txt".parse()?,
/// );
/// assert_eq!(url, "https://huggingface.co/SWivid/F5-TTS/resolve/main/F5TTS_v1_Base/vocab.txt");
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn hugging_face_url(
    endpoint: &str,
    repository: &ArtifactName,
    revision: &ArtifactName,
    file: &ArtifactName,
) -> String {
    let revision = revision.as_str().replace('/', "%2F");
    format!(
        "{}/{repository}/resolve/{revision}/{file}",
        endpoint.trim_end_matches('/')
    )
}

fn answer(
    url: &str,
    request: &FetchRequest<'_>,
    response: Response<ureq::Body>,
) -> Result<FetchResponse, FetchError> {
    let bad = |what: String| FetchError::BadAnswer {
        url: url.to_owned(),
        what,
    };
    let headers = response.headers();
    if let Some(encoding) = text(headers, &header::CONTENT_ENCODING).filter(|e| *e != "identity") {
        return Err(bad(format!(
            "content encoding {encoding:?} was not asked for"
        )));
    }
    let (offset, total) = if response.status() == 206 {
        let range = text(headers, &header::CONTENT_RANGE).unwrap_or_default();
        let (offset, total) =
            content_range(range).ok_or_else(|| bad(format!("content range {range:?}")))?;
        if offset != request.offset {
            return Err(bad(format!(
                "asked from byte {}, told from {offset}",
                request.offset
            )));
        }
        (offset, total)
    } else {
        (
            0,
            text(headers, &header::CONTENT_LENGTH).and_then(|len| len.parse().ok()),
        )
    };
    let etag = text(headers, &header::ETAG)
        .filter(|e| e.len() <= 256)
        .map(str::to_owned);
    let body = Box::new(response.into_body().into_reader());
    Ok(FetchResponse {
        offset,
        total,
        etag,
        body,
    })
}

/// First byte and total length of `bytes 5-99/100`; the length may be `*`.
fn content_range(range: &str) -> Option<(u64, Option<u64>)> {
    let (span, total) = range.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = span.split_once('-')?;
    let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
    let total = if total == "*" {
        None
    } else {
        Some(total.parse().ok()?)
    };
    (first <= last && total.is_none_or(|total| last < total)).then_some((first, total))
}

fn redirected(uri: &Uri, url: &str, headers: &HeaderMap) -> Result<String, FetchError> {
    let bad = |what: &str| FetchError::BadAnswer {
        url: url.to_owned(),
        what: what.to_owned(),
    };
    let to = text(headers, &header::LOCATION).ok_or_else(|| bad("a redirect to nowhere"))?;
    let scheme = uri.scheme_str().unwrap_or("https");
    if to.contains("://")
        || to
            .split(['/', '?', '#'])
            .next()
            .is_some_and(|s| s.contains(':'))
    {
        Ok(to.to_owned())
    } else if to.starts_with("//") {
        Ok(format!("{scheme}:{to}"))
    } else if to.starts_with('/') {
        let authority = uri.authority().map_or("", |a| a.as_str());
        Ok(format!("{scheme}://{authority}{to}"))
    } else {
        Err(bad("a redirect to a relative path"))
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn failed(url: &str, error: ureq::Error) -> FetchError {
    let url = url.to_owned();
    match error {
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => FetchError::Tls {
            url,
            message: error.to_string(),
        },
        ureq::Error::Io(source) if guard::is_refusal(&source) => FetchError::Refused {
            url,
            why: guard::WHY,
        },
        // How a failed handshake arrives.
        ureq::Error::Io(source) if source.kind() == io::ErrorKind::InvalidData => FetchError::Tls {
            url,
            message: source.to_string(),
        },
        ureq::Error::Io(source) => FetchError::Connection { url, source },
        ureq::Error::Timeout(_) => {
            let source = io::Error::new(io::ErrorKind::TimedOut, error);
            FetchError::Connection { url, source }
        }
        ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => FetchError::Connection {
            url,
            source: io::Error::other(error),
        },
        other => FetchError::BadAnswer {
            url,
            what: other.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_strictly() {
        assert_eq!(content_range("bytes 5-99/100"), Some((5, Some(100))));
        assert_eq!(content_range("bytes 5-99/*"), Some((5, None)));
        for bad in [
            "",
            "bytes 5-99",
            "bytes 9-5/100",
            "bytes 5-100/100",
            "bytes */100",
            "5-99/100",
        ] {
            assert_eq!(content_range(bad), None, "{bad}");
        }
    }

    #[test]
    fn redirects_are_joined_to_their_host() {
        let uri: Uri = "https://host:8443/a/b".parse().unwrap();
        let to = |location: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::LOCATION, location.parse().unwrap());
            redirected(&uri, "https://host:8443/a/b", &headers)
        };
        assert_eq!(to("/c?d=e:f").unwrap(), "https://host:8443/c?d=e:f");
        assert_eq!(to("//other/c").unwrap(), "https://other/c");
        assert_eq!(to("http://other/c").unwrap(), "http://other/c");
        assert_eq!(to("file:/etc/passwd").unwrap(), "file:/etc/passwd");
        assert!(to("c").is_err());
    }

    #[test]
    fn urls_are_refused_before_anything_is_asked() {
        let fetcher = HttpFetcher::new(HttpOptions::default());
        for url in [
            "http://example.com/",
            "file:///etc/passwd",
            "ftp://example.com/",
            "https://user:word@example.com/",
            "/relative",
            "",
            "https://",
            "https://exa mple/",
        ] {
            let request = FetchRequest {
                url,
                offset: 0,
                etag: None,
            };
            let error = fetcher.fetch(&request).unwrap_err();
            assert!(
                matches!(error, FetchError::Refused { .. }),
                "{url}: {error:?}"
            );
        }
    }
}
