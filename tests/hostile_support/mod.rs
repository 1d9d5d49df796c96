//! Strangers who know the address of the listener and, at the most, the id of a subscription.
#![allow(dead_code, unreachable_pub, reason = "each user takes a part of it")]

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// Longer than any limit of the listener: what is not over by then has no limit.
pub(crate) const LIMIT: Duration = Duration::from_secs(75);

/// A sender at an address of his own, which Graph does not have.
#[derive(Clone, Debug)]
pub(crate) struct Stranger {
    pub(crate) listener: SocketAddr,
    pub(crate) own: Ipv4Addr,
    /// A subscription whose secret he does not know.
    pub(crate) subscription: String,
}

/// What one request came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Answered(u16),
    /// Closed without an answer.
    Closed,
}

/// A request of a stranger, and the answer that he must get.
pub(crate) struct Garbage {
    pub(crate) request: Vec<u8>,
    pub(crate) expected: u16,
    /// Whether it gets as far as the judgement of bodies.
    pub(crate) judged: bool,
}

pub(crate) const PATH: &str = "/graph/notify";

fn request(target: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {target} HTTP/1.1\r\nhost: pbx\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

impl Stranger {
    pub(crate) fn new(listener: SocketAddr, subscription: &str) -> Stranger {
        Stranger { listener, own: Ipv4Addr::new(127, 0, 0, 2), subscription: subscription.to_owned() }
    }

    /// A connection. In a crowd the system may have no port or no socket for a moment.
    pub(crate) async fn connect(&self) -> io::Result<TcpStream> {
        let begin = Instant::now();
        loop {
            match self.try_connect().await {
                Err(_) if begin.elapsed() < LIMIT => tokio::time::sleep(Duration::from_millis(50)).await,
                result => return result,
            }
        }
    }

    async fn try_connect(&self) -> io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((self.own, 0).into())?;
        socket.connect(self.listener).await
    }

    fn item(&self, subscription: &str) -> serde_json::Value {
        json!({ "subscriptionId": subscription, "clientState": "0000000000000000000000000000000000000000000000000000000000000000",
            "changeType": "updated", "resourceData": { "id": "11111111-2222-3333-4444-555555555555" },
            "encryptedContent": { "data": "A".repeat(856), "dataSignature": "S".repeat(44), "dataKey": "K".repeat(344),
                "encryptionCertificateId": "tps-00112233445566778899aabbccddeeff" } })
    }

    /// The request of this number; every kind comes again and again, long ones seldom.
    pub(crate) fn garbage(&self, number: u64) -> Garbage {
        let body = |body: &[u8], expected: u16| Garbage { request: request(PATH, body), expected, judged: true };
        let items = |id: &str, count: usize| json!({ "value": vec![self.item(id); count] }).to_string().into_bytes();
        let unknown = "deadbeef-0000-0000-0000-000000000000";
        if number % 100 == 99 {
            return match number / 100 % 3 {
                0 => body(&vec![b'['; 500_000], 400),
                1 => body(&items(unknown, 650), 400),
                _ => body(&vec![b' '; 4 << 20], 400),
            };
        }
        match number % 10 {
            0 => {
                let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
                let random = (0..number % 600).map(|_| {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    state as u8
                });
                body(&random.collect::<Vec<u8>>(), 400)
            }
            1 => body(&items(unknown, 1), 400),
            2 => body(&items(&self.subscription, 1), 400),
            3 => body(&items(&self.subscription, 20), 400),
            4 => body(format!("{{\"value\":{}", "{\"a\":[".repeat(5_000)).as_bytes(), 400),
            5 => body(b"", 400),
            6 => Garbage { request: request("/admin.php", b"x"), expected: 404, judged: false },
            7 => Garbage {
                request: format!("GET {PATH} HTTP/1.1\r\nhost: pbx\r\n\r\n").into_bytes(),
                expected: 405,
                judged: false,
            },
            8 => Garbage { request: request(&format!("{PATH}?validationToken="), b""), expected: 400, judged: true },
            _ => Garbage { request: b"\x16\x03\x01 nonsense\r\n\r\n".to_vec(), expected: 400, judged: false },
        }
    }
}

/// Sends on an open connection and reads the answer.
pub(crate) async fn exchange(stream: &mut TcpStream, request: &[u8]) -> Outcome {
    // Whoever is refused early may not get rid of the rest; the answer is there all the same.
    let (mut reading, mut writing) = stream.split();
    let sent = async {
        let _ = writing.write_all(request).await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        outcome = status(&mut reading) => outcome,
        () = sent => unreachable!("it waits for ever"),
    }
}

/// The status of the next answer, whose body is read to its end.
pub(crate) async fn status(stream: &mut (impl AsyncReadExt + Unpin)) -> Outcome {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match timeout(LIMIT, stream.read_u8()).await.expect("an answer or an end") {
            Ok(byte) => head.push(byte),
            Err(_) => return Outcome::Closed,
        }
    }
    let head = String::from_utf8(head).expect("a head in ASCII").to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    let _ = timeout(LIMIT, stream.read_exact(&mut body)).await.expect("a body or an end");
    Outcome::Answered(head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status"))
}

/// Sends `begin`, then one byte after another, until the other side has had enough of it.
pub(crate) async fn drip(mut stream: TcpStream, begin: &[u8], byte: u8) -> Outcome {
    if stream.write_all(begin).await.is_err() {
        return Outcome::Closed;
    }
    let (mut reading, mut writing) = stream.split();
    let dripping = async {
        while writing.write_all(&[byte]).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        // The answer may stand behind the end of the sending.
        std::future::pending::<()>().await;
    };
    tokio::select! {
        outcome = status(&mut reading) => outcome,
        () = dripping => unreachable!("it waits for ever"),
    }
}

/// Sends `begin`, then `more` for ever, until the other side has had enough of it.
pub(crate) async fn pour(mut stream: TcpStream, begin: &[u8], more: &[u8]) -> Outcome {
    if stream.write_all(begin).await.is_err() {
        return Outcome::Closed;
    }
    let (mut reading, mut writing) = stream.split();
    let pouring = async {
        while writing.write_all(more).await.is_ok() {}
        std::future::pending::<()>().await;
    };
    tokio::select! {
        outcome = status(&mut reading) => outcome,
        () = pouring => unreachable!("it waits for ever"),
    }
}

/// The head of a request whose body has no length, and one chunk of it.
pub(crate) fn endless() -> (Vec<u8>, Vec<u8>) {
    let head = format!("POST {PATH} HTTP/1.1\r\nhost: pbx\r\ntransfer-encoding: chunked\r\n\r\n");
    let chunk = [b"4000\r\n".as_slice(), &[b' '; 0x4000], b"\r\n"].concat();
    (head.into_bytes(), chunk)
}

/// The head of a request with a body of this length.
pub(crate) fn head_of(length: u64) -> Vec<u8> {
    format!("POST {PATH} HTTP/1.1\r\nhost: pbx\r\ncontent-length: {length}\r\n\r\n").into_bytes()
}
