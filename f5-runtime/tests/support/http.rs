//! A server on this machine that answers as it is told, for the tests of downloads.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How a request is answered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Act {
    /// As it should be.
    Good,
    /// As it should be, but the connection is closed after so many bytes of the body.
    Break(usize),
    /// The same, but the connection is reset.
    Reset(usize),
    /// The same, but silent for a while.
    Stall(usize),
    /// Nothing at all, for a while.
    Silent,
    /// A head that comes a byte at a time.
    Trickle,
    /// This head, after which so many bytes of the body come.
    Head(String, usize),
    /// This head, after which this body comes.
    Raw(String, Vec<u8>),
    /// One wrong bit.
    Flip(usize),
    /// The whole body, whatever was asked for.
    IgnoreRange,
    /// Another version under another tag: a range of the old one is not served.
    Changed,
    /// The range that was asked for, under another tag, as if it were the rest of the old version.
    Retagged,
}

/// An answer without a body.
pub(crate) fn head(status: &str, headers: &str) -> Act {
    Act::Head(format!("HTTP/1.1 {status}\r\n{headers}"), 0)
}

type Script = dyn Fn(&str) -> Act + Send + Sync;

/// Serves bodies by path until the program ends.
pub(crate) struct Server {
    pub(crate) address: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers by `acts` in turn, and then well.
    pub(crate) fn start(body: Vec<u8>, acts: Vec<Act>) -> Self {
        let acts = Mutex::new(acts.into_iter());
        Self::with_script(
            move |_| Some(body.clone()),
            move |_| {
                let mut acts = acts.lock().unwrap_or_else(|e| e.into_inner());
                acts.next().unwrap_or(Act::Good)
            },
        )
    }

    /// Serves what `body` gives for a path, each request answered as `script` says.
    pub(crate) fn with_script(
        body: impl Fn(&str) -> Option<Vec<u8>> + Send + Sync + 'static,
        script: impl Fn(&str) -> Act + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("its address"));
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (seen, body, script) = (heads.clone(), Arc::new(body), Arc::new(script));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, body, script) = (seen.clone(), body.clone(), script.clone());
                thread::spawn(move || {
                    // The client may be gone; that is its right.
                    let _ = serve(&stream, &seen, &*body, &*script);
                });
            }
        });
        Self { address, heads }
    }

    /// The heads of all requests so far.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap_or_else(|e| e.into_inner()).clone()
    }
}

fn serve(
    stream: &TcpStream,
    seen: &Mutex<Vec<String>>,
    body: &dyn Fn(&str) -> Option<Vec<u8>>,
    script: &Script,
) -> std::io::Result<()> {
    // Without this, small answers wait for each other.
    stream.set_nodelay(true)?;
    while let Some(head) = peek_head(stream)? {
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        seen.lock()
            .unwrap_or_else(|e| e.into_inner())
            .push(head.clone());
        let act = script(&path);
        if let Act::Reset(_) = act {
            // Closing a connection with unread bytes in it resets it.
            return answer(stream, &head, body(&path), &act).map(drop);
        }
        (&mut &*stream).read_exact(&mut vec![0; head.len()])?;
        if !answer(stream, &head, body(&path), &act)? {
            let _ = stream.shutdown(Shutdown::Both);
            return Ok(());
        }
    }
    Ok(())
}

/// The head of the next request, left in the connection; none once that is closed.
fn peek_head(stream: &TcpStream) -> std::io::Result<Option<String>> {
    let mut buffer = [0; 8192];
    loop {
        let n = stream.peek(&mut buffer)?;
        let text = String::from_utf8_lossy(&buffer[..n]);
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            return Ok(Some(format!("{head}\r\n\r\n")));
        }
        if buffer[0] == 0x16 {
            // TLS is not spoken here.
            let mut stream = stream;
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")?;
            return Ok(None);
        }
        if n == 0 || n == buffer.len() {
            return Ok(None);
        }
        thread::sleep(Duration::from_micros(100));
    }
}

/// First byte that a request asks for.
pub(crate) fn range_of(head: &str) -> Option<usize> {
    let lower = head.to_ascii_lowercase();
    lower.lines().find_map(|l| {
        l.strip_prefix("range: bytes=")?
            .strip_suffix('-')?
            .parse()
            .ok()
    })
}

/// Whether the connection stays open.
fn answer(
    mut stream: &TcpStream,
    request: &str,
    body: Option<Vec<u8>>,
    act: &Act,
) -> std::io::Result<bool> {
    let Some(mut body) = body else {
        stream.write_all(b"HTTP/1.1 404 Gone\r\nContent-Length: 0\r\n\r\n")?;
        return Ok(true);
    };
    let size = body.len();
    let whole = matches!(act, Act::Changed | Act::IgnoreRange | Act::Head(..));
    let from = range_of(request).filter(|&from| !whole && from <= size);
    let tag = match act {
        Act::Changed | Act::Retagged => "\"2\"",
        _ => "\"1\"",
    };
    let mut text = match from {
        Some(from) => {
            body.drain(..from);
            let last = size.saturating_sub(1);
            format!("HTTP/1.1 206 Partial\r\nContent-Range: bytes {from}-{last}/{size}\r\n")
        }
        None => "HTTP/1.1 200 OK\r\n".to_owned(),
    };
    text += &format!("Content-Length: {}\r\nETag: {tag}\r\n\r\n", body.len());
    let mut open = false;
    match act {
        Act::Good | Act::Changed | Act::Retagged | Act::IgnoreRange => open = true,
        Act::Break(n) | Act::Stall(n) | Act::Reset(n) => body.truncate(*n),
        Act::Silent => {
            thread::sleep(Duration::from_secs(2));
            return Ok(false);
        }
        Act::Trickle => {
            for byte in text.as_bytes() {
                stream.write_all(&[*byte])?;
                thread::sleep(Duration::from_millis(20));
            }
            return Ok(false);
        }
        Act::Head(other, n) => {
            text = format!("{other}Connection: close\r\n\r\n");
            body.truncate(*n);
        }
        Act::Raw(other, bytes) => {
            text = format!("{other}Connection: close\r\n\r\n");
            body.clone_from(bytes);
        }
        Act::Flip(at) => {
            let at = at % body.len().max(1);
            if let Some(byte) = body.get_mut(at) {
                *byte ^= 1 << (at % 8);
            }
            open = true;
        }
    }
    stream.write_all(&[text.as_bytes(), &body].concat())?;
    if let Act::Stall(_) = act {
        thread::sleep(Duration::from_secs(2));
    }
    Ok(open)
}

/// Numbers that look random and are the same every time: splitmix64 of S. Vigna.
pub(crate) fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// How often each path was asked for.
#[derive(Default)]
pub(crate) struct Counts(Mutex<HashMap<String, u32>>);

impl Counts {
    /// Counts one more request of `path`; how many came before.
    pub(crate) fn next(&self, path: &str) -> u32 {
        let mut counts = self.0.lock().unwrap_or_else(|e| e.into_inner());
        let count = counts.entry(path.to_owned()).or_default();
        *count += 1;
        *count - 1
    }
}
