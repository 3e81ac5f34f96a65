//! The fetcher and the store against a server on this machine that misbehaves in every way.
#![expect(clippy::unwrap_used, reason = "tests with helpers")]

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use f5_runtime::fetch::{FetchError, FetchRequest, Fetcher, HttpFetcher, HttpOptions};
use f5_runtime::retry::RetryPolicy;
use f5_runtime::store::{Artifact, Digest, DiskPolicy, Manifest, ModelStore, StoreError};

const SIZE: usize = 300_000;

fn body() -> Vec<u8> {
    (0..SIZE)
        .map(|i| (i as u8).wrapping_mul(13) ^ (i >> 8) as u8)
        .collect()
}

/// How a request is answered.
#[derive(Debug, Clone)]
enum Act {
    /// As it should be.
    Good,
    /// As it should be, but broken off after so many bytes of the body.
    Break(usize),
    /// The same, but silent instead of closed.
    Stall(usize),
    /// Nothing at all, for a while.
    Silent,
    /// This head, after which the body of this length comes.
    Head(String, usize),
    /// One wrong bit.
    Flip,
    /// Another version under another tag: a range of the old one is not served.
    Changed,
}

struct Server {
    address: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers by `acts` in turn, and then well.
    fn start(acts: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = heads.clone();
        let acts = Arc::new(Mutex::new(acts.into_iter()));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (acts, seen) = (acts.clone(), seen.clone());
                thread::spawn(move || {
                    let Ok(stream) = stream else { return };
                    let head = read_head(&stream);
                    if !head.is_empty() {
                        let act = acts.lock().unwrap().next().unwrap_or(Act::Good);
                        seen.lock().unwrap().push(head.clone());
                        // The client may be gone; that is its right.
                        let _ = answer(stream, &head, &act);
                    }
                });
            }
        });
        Self { address, heads }
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn read_head(stream: &TcpStream) -> String {
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    lines
        .take_while(|line| !line.is_empty())
        .fold(String::new(), |head, line| head + &line + "\n")
}

fn range_of(head: &str) -> Option<usize> {
    let lower = head.to_ascii_lowercase();
    lower.lines().find_map(|l| {
        l.strip_prefix("range: bytes=")?
            .strip_suffix('-')?
            .parse()
            .ok()
    })
}

fn answer(mut stream: TcpStream, head: &str, act: &Act) -> std::io::Result<()> {
    let mut body = body();
    let from = range_of(head).filter(|_| !matches!(act, Act::Changed));
    let tag = if matches!(act, Act::Changed) {
        "\"2\""
    } else {
        "\"1\""
    };
    let mut text = match from {
        Some(from) => {
            body.drain(..from);
            format!(
                "HTTP/1.1 206 Partial\r\nContent-Range: bytes {from}-{}/{SIZE}\r\n",
                SIZE - 1
            )
        }
        None => "HTTP/1.1 200 OK\r\n".to_owned(),
    };
    text += &format!(
        "Content-Length: {}\r\nETag: {tag}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    match act {
        Act::Good | Act::Changed => {}
        Act::Break(n) | Act::Stall(n) => body.truncate(*n),
        Act::Silent => {
            thread::sleep(Duration::from_secs(2));
            return Ok(());
        }
        Act::Head(other, n) => {
            text = format!("{other}Connection: close\r\n\r\n");
            body.truncate(*n);
        }
        Act::Flip => body[1234] ^= 4,
    }
    stream.write_all(text.as_bytes())?;
    stream.write_all(&body)?;
    if matches!(act, Act::Stall(_)) {
        thread::sleep(Duration::from_secs(2));
    }
    Ok(())
}

fn fetcher() -> HttpFetcher {
    HttpFetcher::new(HttpOptions {
        allow_http: true,
        allow_private: true,
        connect_timeout: Duration::from_secs(5),
        answer_timeout: Duration::from_millis(700),
        stall_timeout: Duration::from_millis(700),
        ..HttpOptions::default()
    })
}

/// Ensures the one artifact with a new store; the result with the heads of all requests.
fn ensure(acts: Vec<Act>) -> (Result<u64, StoreError>, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(acts);
    let artifact = Artifact {
        name: "x.dat".parse().unwrap(),
        digest: Digest::of(&body()),
        size: SIZE as u64,
        urls: vec![format!("{}/x.dat", server.address)],
        needs: vec![],
    };
    let name = artifact.name.clone();
    let manifest = Manifest::new(vec![artifact]).unwrap();
    let pause = Duration::from_millis(1);
    let retry = RetryPolicy {
        base_pause: pause,
        max_pause: pause,
        ..RetryPolicy::default()
    };
    let store = ModelStore::open(dir.path())
        .unwrap()
        .fetcher(Arc::new(fetcher()))
        .disk_policy(DiskPolicy {
            min_free_after: 0,
            headroom_per_mille: 0,
        })
        .retry_policy(retry);
    let mut report = store
        .ensure(&manifest, std::slice::from_ref(&name))
        .unwrap();
    if let Some(path) = report.path(&name) {
        assert_eq!(std::fs::read(path).unwrap(), body());
    } else {
        assert_eq!(
            std::fs::read_dir(dir.path().join("blobs")).unwrap().count(),
            0
        );
    }
    let result = report
        .artifacts
        .remove(&name)
        .unwrap()
        .map(|e| e.bytes_fetched);
    (result, server.heads())
}

fn head(status: &str, headers: &str) -> Act {
    Act::Head(format!("HTTP/1.1 {status}\r\n{headers}"), 0)
}

#[test]
fn transient_faults_are_survived() {
    let faults = [
        Act::Break(0),
        Act::Break(100_000),
        Act::Stall(50_000),
        Act::Silent,
        Act::Flip,
        Act::Changed,
        head("408 Timeout", "Content-Length: 0\r\n"),
        head("429 Busy", "Content-Length: 0\r\nRetry-After: 1\r\n"),
        head("500 Oops", "Content-Length: 0\r\n"),
        head(
            "503 Busy",
            "Content-Length: 0\r\nRetry-After: Fri, 01 Jan 2027 00:00:00 GMT\r\n",
        ),
        // A page instead of the file, an empty file, a longer one, one packed without being asked.
        Act::Head(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 50\r\n".into(),
            50,
        ),
        head("200 OK", "Content-Length: 0\r\n"),
        Act::Head(
            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n", SIZE + 1),
            SIZE,
        ),
        Act::Head("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n".into(), 10),
        Act::Head(
            "HTTP/1.1 206 P\r\nContent-Range: bytes 7-9/10\r\nContent-Length: 3\r\n".into(),
            3,
        ),
        Act::Head(
            "HTTP/1.1 206 P\r\nContent-Range: rubbish\r\nContent-Length: 3\r\n".into(),
            3,
        ),
        Act::Head("rubbish\r\n".into(), 0),
        Act::Head(
            format!("HTTP/1.1 200 OK\r\nX: {}\r\n", "x".repeat(10 << 20)),
            0,
        ),
    ];
    for fault in faults {
        let short = format!("{fault:?}").chars().take(100).collect::<String>();
        for before in [None, Some(Act::Break(150_000))] {
            let acts = before.into_iter().chain([fault.clone()]).collect();
            let (result, _) = ensure(acts);
            assert!(result.is_ok(), "{short}: {result:?}");
        }
    }
}

#[test]
fn permanent_faults_stop_at_once() {
    for status in [
        "400 Bad", "401 Who", "403 No", "404 Gone", "410 Gone", "501 What",
    ] {
        let (result, heads) = ensure(vec![head(status, "Content-Length: 0\r\n"); 9]);
        let Err(StoreError::GaveUp { source, .. }) = result else {
            panic!("{status}")
        };
        assert!(matches!(
            source.error,
            StoreError::Fetch(FetchError::Status { .. })
        ));
        assert_eq!((source.attempts, heads.len()), (1, 1), "{status}");
    }
}

#[test]
fn a_broken_body_is_asked_for_from_where_it_broke() {
    let (result, heads) = ensure(vec![Act::Break(200_000)]);
    let fetched = result.unwrap();
    assert_eq!(heads.len(), 2);
    let from = range_of(&heads[1]).unwrap();
    assert!(from > 0 && from <= 200_000);
    // What came before the break is used, and nothing comes twice.
    assert_eq!(fetched, SIZE as u64);
    assert!(
        heads[1].to_ascii_lowercase().contains("if-range: \"1\""),
        "{}",
        heads[1]
    );
}

#[test]
fn redirects_are_followed_within_limits_and_rules() {
    let to = |n: usize| {
        head(
            "302 Found",
            &format!("Location: /{n}\r\nContent-Length: 0\r\n"),
        )
    };
    let (result, heads) = ensure((0..5).map(to).collect());
    assert!(result.is_ok() && heads.len() == 6, "{result:?}");

    let error = |acts| match ensure(acts).0 {
        Err(StoreError::GaveUp { source, .. }) => match source.error {
            StoreError::Fetch(error) => (error, source.attempts),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    let (many, attempts) = error((0..30).map(to).collect());
    assert!(matches!(many, FetchError::TooManyRedirects { limit: 5, .. }) && attempts == 1);
    for place in [
        "file:///etc/passwd",
        "ftp://host/x",
        "http://a@127.0.0.1/",
        "data:text,x",
    ] {
        let there = head(
            "302 Found",
            &format!("Location: {place}\r\nContent-Length: 0\r\n"),
        );
        let (refused, attempts) = error(vec![there; 9]);
        assert!(
            matches!(refused, FetchError::Refused { .. }) && attempts == 1,
            "{refused:?}"
        );
    }
}

#[test]
fn private_addresses_are_not_asked() {
    let server = Server::start(vec![]);
    let port = server.address.rsplit(':').next().unwrap().to_owned();
    let options = HttpOptions {
        allow_http: true,
        ..HttpOptions::default()
    };
    let fetcher = HttpFetcher::new(options);
    for host in [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "0.0.0.0",
        "[::ffff:127.0.0.1]",
        "2130706433",
    ] {
        let url = format!("http://{host}:{port}/x");
        let result = fetcher.fetch(&FetchRequest {
            url: &url,
            offset: 0,
            etag: None,
        });
        assert!(result.is_err(), "{url}");
    }
    let url = format!("{}/x", server.address);
    let error = fetcher
        .fetch(&FetchRequest {
            url: &url,
            offset: 0,
            etag: None,
        })
        .unwrap_err();
    assert!(matches!(error, FetchError::Refused { .. }), "{error:?}");
    assert!(server.heads().is_empty());
}

#[test]
fn a_closed_port_is_a_transient_fault() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    drop(listener);
    let error = fetcher()
        .fetch(&FetchRequest {
            url: &url,
            offset: 0,
            etag: None,
        })
        .unwrap_err();
    assert!(matches!(error, FetchError::Connection { .. }), "{error:?}");
}
