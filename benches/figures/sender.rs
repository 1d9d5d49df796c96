//! Posts at a rate that does not wait for answers: what is late because something before it was slow counts as late.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Connections, each with a thread. Graph's number is unknown; a reverse proxy keeps some open.
const LANES: usize = 8;

/// What became of a post. Times are counted from the moment at which it was to be sent.
#[derive(Clone, Copy)]
pub(crate) struct Sent {
    pub(crate) intended: Instant,
    pub(crate) answered: Duration,
    pub(crate) status: u16,
}

/// Sends the bodies, one each `period`, to `/graph/notify`. `before` runs right before each is written.
pub(crate) fn send(address: SocketAddr, bodies: &[Vec<u8>], period: Duration, before: impl Fn(usize) + Sync) -> Vec<Sent> {
    // Connections are there before the first post is due.
    let begin = Instant::now() + Duration::from_millis(100);
    let mut all: Vec<(usize, Sent)> = std::thread::scope(|scope| {
        let before = &before;
        let lanes: Vec<_> = (0..LANES)
            .map(|lane| {
                scope.spawn(move || {
                    exact_timers();
                    let mut stream = connect(address);
                    let mine = (lane..bodies.len()).step_by(LANES);
                    mine.map(|n| {
                        let intended = begin + period * n as u32;
                        std::thread::sleep(intended.saturating_duration_since(Instant::now()));
                        before(n);
                        let status = exchange(&mut stream, address, &bodies[n]);
                        (n, Sent { intended, answered: intended.elapsed(), status })
                    })
                    .collect::<Vec<_>>()
                })
            })
            .collect();
        lanes.into_iter().flat_map(|lane| lane.join().expect("no panic")).collect()
    });
    all.sort_unstable_by_key(|(n, _)| *n);
    all.into_iter().map(|(_, sent)| sent).collect()
}

/// Linux lets timers of ordinary threads be 50 µs late.
fn exact_timers() {
    // SAFETY: takes no pointer; concerns the calling thread alone.
    unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1) };
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("a connection");
    stream.set_nodelay(true).expect("a socket");
    stream
}

/// Head and body in one write; the status of the answer. A connection that was closed is made anew.
fn exchange(stream: &mut TcpStream, address: SocketAddr, body: &[u8]) -> u16 {
    let mut request = format!(
        "POST /graph/notify HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    for _ in 0..2 {
        if stream.write_all(&request).is_ok()
            && let Some(status) = answer(stream)
        {
            return status;
        }
        *stream = connect(address);
    }
    panic!("no answer from {address}");
}

/// Answers have no body.
fn answer(stream: &mut TcpStream) -> Option<u16> {
    let mut read = Vec::new();
    let mut room = [0; 1024];
    while !read.ends_with(b"\r\n\r\n") {
        match stream.read(&mut room) {
            Ok(got @ 1..) => read.extend_from_slice(&room[..got]),
            _ => return None,
        }
    }
    std::str::from_utf8(&read).ok()?.split(' ').nth(1)?.parse().ok()
}
