//! Every fault that a server or the network can have, once, while resuming, and for ever.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use f5_runtime::fetch::{HttpFetcher, HttpOptions};
use f5_runtime::retry::{Classify, ErrorClass};
use f5_runtime::store::{Ensured, Manifest, Origin, StoreError};

use super::memory::{all, artifact, bytes, sound, store};
use super::server::{Act, Server, head};
use super::{Row, Sizes};

const SIZE: usize = 200_000;
const ATTEMPTS: u32 = 3;

fn fetcher() -> Arc<HttpFetcher> {
    Arc::new(HttpFetcher::new(HttpOptions {
        allow_http: true,
        private_hosts: vec!["127.0.0.1".into()],
        connect_timeout: Duration::from_secs(5),
        answer_timeout: Duration::from_millis(300),
        stall_timeout: Duration::from_millis(300),
        ..HttpOptions::default()
    }))
}

/// Ensures one artifact at `url` in a new store, which must be sound afterwards.
fn ensure(url: &str) -> Result<Ensured, StoreError> {
    let dir = tempfile::tempdir().unwrap();
    let manifest = Manifest::new(vec![artifact("x.dat", &bytes(SIZE, 0), url)]).unwrap();
    let store = store(dir.path(), fetcher(), ATTEMPTS);
    let mut report = store.ensure(&manifest, &all(&manifest)).unwrap();
    let result = report.artifacts.pop_first().unwrap().1;
    assert_eq!(sound(dir.path()), usize::from(result.is_ok()), "{result:?}");
    result
}

/// The class of the last error, and the attempts it took.
fn failure(result: Result<Ensured, StoreError>) -> (ErrorClass, u32) {
    match result {
        Err(StoreError::GaveUp { source, .. }) => (source.error.class(), source.attempts),
        other => panic!("{other:?}"),
    }
}

/// Faults that another attempt gets over.
fn passing() -> Vec<Act> {
    let raw = |text: &str, body: Vec<u8>| Act::Raw(text.to_owned(), body);
    let mut acts = vec![
        Act::Break(0),
        Act::Break(SIZE - 1),
        Act::Stall(50_000),
        Act::Silent,
        Act::Trickle,
        Act::Flip(0),
        Act::Flip(SIZE / 2),
        // A short body and a long one, with and without a length to match.
        Act::Head("HTTP/1.1 200 OK\r\n".into(), 1000),
        Act::Head(format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n"), 9),
        Act::Head("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n".into(), 9),
        raw("HTTP/1.1 200 OK\r\n", bytes(SIZE + 5000, 0)),
        raw("HTTP/1.1 200 OK\r\nContent-Length: banana\r\n", bytes(9, 0)),
        // A range of something else, of nothing, of nonsense.
        raw(
            "HTTP/1.1 206 P\r\nContent-Range: bytes 7-9/10\r\n",
            bytes(3, 0),
        ),
        raw("HTTP/1.1 206 P\r\nContent-Range: rubbish\r\n", bytes(3, 0)),
        raw("HTTP/1.1 206 P\r\n", bytes(3, 0)),
        // Packed bodies, which are never unpacked; an empty file; a page.
        raw(
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n",
            bytes(99, 0),
        ),
        raw("HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n", bytes(99, 0)),
        head("200 OK", "Content-Length: 0\r\n"),
        raw(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n",
            b"<html>Not found</html>".to_vec(),
        ),
        // Another file of the same length.
        raw("HTTP/1.1 200 OK\r\n", bytes(SIZE, 1)),
        Act::Head("rubbish\r\n".into(), 0),
        Act::Head(
            format!("HTTP/1.1 200 OK\r\nX: {}\r\n", "x".repeat(10 << 20)),
            0,
        ),
    ];
    for status in [408, 425, 429, 500, 502, 503, 504] {
        acts.push(head(&format!("{status} Busy"), "Content-Length: 0\r\n"));
        for after in ["1", "Sun, 06 Nov 1994 08:49:37 GMT", "soon"] {
            let headers = format!("Content-Length: 0\r\nRetry-After: {after}\r\n");
            acts.push(head(&format!("{status} Busy"), &headers));
        }
    }
    acts
}

/// Faults that stay: one attempt must tell.
fn lasting() -> Vec<Act> {
    let mut acts: Vec<Act> = [400, 401, 403, 404, 410, 416, 451, 501]
        .iter()
        .map(|status| head(&format!("{status} No"), "Content-Length: 0\r\n"))
        .collect();
    for place in [
        "http://169.254.169.254/latest/meta-data",
        "http://localhost:1/",
        "http://[::1]:1/",
        "http://[::ffff:127.0.0.1]:1/",
        "http://10.0.0.1/",
        "http://2130706433:1/",
        "http://user@127.0.0.1/",
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "gopher://127.0.0.1/",
        "data:text,x",
    ] {
        for status in [301, 302, 303, 307, 308] {
            let headers = format!("Location: {place}\r\nContent-Length: 0\r\n");
            acts.push(head(&format!("{status} There"), &headers));
        }
    }
    acts
}

pub(crate) fn every_fault(sizes: &Sizes) -> Row {
    let (mut cases, mut recovered, mut typed) = (0, 0, 0);
    let served = |acts| Server::start(bytes(SIZE, 0), acts);
    for act in passing() {
        let short: String = format!("{act:?}").chars().take(90).collect();
        for before in [None, Some(Act::Break(90_000))] {
            let server = served(before.into_iter().chain([act.clone()]).collect());
            let result = ensure(&format!("{}/x", server.address));
            assert!(result.is_ok(), "{short}: {result:?}");
            recovered += 1;
        }
        let server = served(vec![act; 50]);
        // For ever: attempts that each get on a little may still reach the end.
        match ensure(&format!("{}/x", server.address)) {
            Ok(_) => recovered += 1,
            result => {
                let (class, attempts) = failure(result);
                assert!(class.is_retryable() && attempts == ATTEMPTS, "{short}");
                typed += 1;
            }
        }
        cases += 3;
    }
    for act in lasting() {
        let server = served(vec![act.clone(); 50]);
        let (class, attempts) = failure(ensure(&format!("{}/x", server.address)));
        assert_eq!((class, attempts), (ErrorClass::Permanent, 1), "{act:?}");
        assert_eq!(server.heads().len(), 1, "{act:?}");
        typed += 1;
        cases += 1;
    }
    // Versions that change between parts, told well or not, and servers that know no ranges.
    for act in [Act::Changed, Act::Retagged, Act::IgnoreRange] {
        let server = served(vec![Act::Break(90_000), act, Act::Good]);
        assert!(ensure(&format!("{}/x", server.address)).is_ok());
        (cases, recovered) = (cases + 1, recovered + 1);
    }
    // Chains of redirects: five are followed, eleven are not.
    for (hops, status, good) in [(5, 302, true), (5, 307, true), (11, 301, false)] {
        let hop = |n: usize| {
            let headers = format!("Location: /{n}\r\nContent-Length: 0\r\n");
            head(&format!("{status} There"), &headers)
        };
        let server = served((0..hops).map(hop).collect());
        let result = ensure(&format!("{}/x", server.address));
        assert_eq!(result.is_ok(), good, "{result:?}");
        (cases, recovered, typed) = (
            cases + 1,
            recovered + usize::from(good),
            typed + usize::from(!good),
        );
    }
    // No name, no server, no TLS.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let plain = served(vec![]);
    for (url, class) in [
        (
            "http://no-such-host.invalid/x".to_owned(),
            ErrorClass::Transient,
        ),
        (format!("http://127.0.0.1:{port}/x"), ErrorClass::Transient),
        (
            plain.address.replace("http:", "https:"),
            ErrorClass::Permanent,
        ),
    ] {
        assert_eq!(failure(ensure(&url)).0, class, "{url}");
        (cases, typed) = (cases + 1, typed + 1);
    }
    // A reset at every page of the body, and what came before it kept.
    let step = if sizes.full { 4096 } else { 40_960 };
    let (mut fetched, mut resets) = (0, 0);
    for at in (0..SIZE).step_by(step) {
        let server = served(vec![Act::Reset(at)]);
        let ensured = ensure(&format!("{}/x", server.address)).unwrap();
        fetched += ensured.bytes_fetched;
        resets += 1;
    }
    assert_eq!(fetched, resets * SIZE as u64, "nothing is fetched twice");
    cases += resets as usize;
    recovered += resets as usize;
    Row {
        cases,
        what: format!(
            "{recovered} ended in the right file, {typed} in a typed error; {resets} resets cost \
             no byte twice; 0 unverified files seen"
        ),
    }
}

pub(crate) fn second_ensure(_: &Sizes) -> Row {
    let dir = tempfile::tempdir().unwrap();
    let body = |path: &str| path.trim_start_matches('/').parse().map(|i| bytes(SIZE, i));
    let server = Server::with_script(move |path| body(path).ok(), |_| Act::Good);
    let list = (0..4).map(|i| {
        let url = format!("{}/{i}", server.address);
        artifact(&format!("{i}.dat"), &bytes(SIZE, i), &url)
    });
    let manifest = Manifest::new(list.collect()).unwrap();
    let mut read = 0;
    for round in 0..2 {
        let store = store(dir.path(), fetcher(), ATTEMPTS);
        let paths = store.ensure(&manifest, &all(&manifest)).unwrap();
        let ensured = paths.artifacts.values().map(|r| r.as_ref().unwrap());
        for ensured in ensured.filter(|_| round == 1) {
            assert_eq!((ensured.origin, ensured.requests), (Origin::Store, 0));
            read += ensured.bytes_read;
        }
        assert_eq!(server.heads().len(), 4);
    }
    assert!(read * 20 <= 4 * SIZE as u64, "{read}");
    Row {
        cases: 4,
        what: format!("0 requests, {read} of {} bytes read again", 4 * SIZE),
    }
}
