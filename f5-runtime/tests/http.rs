//! The fetcher and the store against a server on this machine that misbehaves in every way.
#![expect(clippy::unwrap_used, reason = "tests with helpers")]

#[expect(dead_code, reason = "other tests use more of it")]
#[path = "support/http.rs"]
mod server;

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use f5_runtime::fetch::{FetchError, FetchRequest, Fetcher, HttpFetcher, HttpOptions};
use f5_runtime::retry::RetryPolicy;
use f5_runtime::store::{Artifact, Digest, DiskPolicy, Manifest, ModelStore, StoreError};

use server::{Act, Server, head, range_of};

const SIZE: usize = 300_000;

fn body() -> Vec<u8> {
    (0..SIZE)
        .map(|i| (i as u8).wrapping_mul(13) ^ (i >> 8) as u8)
        .collect()
}

fn fetcher() -> HttpFetcher {
    HttpFetcher::new(HttpOptions {
        allow_http: true,
        private_hosts: vec!["127.0.0.1".into()],
        connect_timeout: Duration::from_secs(5),
        answer_timeout: Duration::from_millis(700),
        stall_timeout: Duration::from_millis(700),
        ..HttpOptions::default()
    })
}

/// Ensures the one artifact with a new store; the result with the heads of all requests.
fn ensure(acts: Vec<Act>) -> (Result<u64, StoreError>, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(body(), acts);
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

#[test]
fn transient_faults_are_survived() {
    let faults = [
        Act::Break(0),
        Act::Break(100_000),
        Act::Stall(50_000),
        Act::Silent,
        Act::Flip(1234),
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
    let server = Server::start(body(), vec![]);
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
