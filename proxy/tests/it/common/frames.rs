//! Frames by hand, for what no library would send.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::{Proxy, within};

pub const CONTINUATION: u8 = 0;
pub const TEXT: u8 = 1;
pub const BINARY: u8 = 2;
pub const CLOSE: u8 = 8;
pub const PING: u8 = 9;
pub const PONG: u8 = 10;
/// The bit of a message's last frame.
pub const FIN: u8 = 0x80;

/// A frame as it is sent: its first byte, with FIN, the reserved bits and the opcode, and its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub first: u8,
    pub payload: Vec<u8>,
}

impl Frame {
    pub fn new(first: u8, payload: impl AsRef<[u8]>) -> Self {
        Self { first, payload: payload.as_ref().to_vec() }
    }

    pub fn close(code: u16, reason: impl AsRef<[u8]>) -> Self {
        Self::new(FIN | CLOSE, [&code.to_be_bytes(), reason.as_ref()].concat())
    }

    fn bytes(&self, mask: Option<[u8; 4]>) -> Vec<u8> {
        let flag = if mask.is_some() { 0x80 } else { 0 };
        let mut bytes = vec![self.first];
        match self.payload.len() {
            short @ ..126 => bytes.push(flag + short as u8),
            middle @ ..65_536 => {
                bytes.push(flag + 126);
                bytes.extend((middle as u16).to_be_bytes());
            }
            long => {
                bytes.push(flag + 127);
                bytes.extend((long as u64).to_be_bytes());
            }
        }
        bytes.extend(mask.iter().flatten());
        let key = mask.unwrap_or_default();
        bytes.extend(self.payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
        bytes
    }
}

/// A connection after its handshake. It answers nothing by itself.
pub struct Raw {
    pub stream: TcpStream,
    /// Whether its frames are masked, as a client's must be.
    pub is_masked: bool,
}

impl Raw {
    /// Dials the proxy as a page does.
    pub async fn page(proxy: &Proxy, path: &str) -> Self {
        let mut stream = TcpStream::connect(proxy.address).await.unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            proxy.address
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let head = head(&mut stream).await;
        assert!(head.starts_with("HTTP/1.1 101"), "{head}");
        assert!(
            head.to_ascii_lowercase().contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="),
            "{head}"
        );
        Self { stream, is_masked: true }
    }

    /// Sends frames, a few bytes at a time where `chop` says so.
    pub async fn send(&mut self, frames: &[Frame], chop: Option<usize>) {
        let mask = self.is_masked.then_some([0x37, 0xfa, 0x21, 0x3d]);
        let bytes: Vec<u8> = frames.iter().flat_map(|frame| frame.bytes(mask)).collect();
        for part in bytes.chunks(chop.unwrap_or(usize::MAX)) {
            // It may have been closed already, for a fault in an earlier frame.
            if self.stream.write_all(part).await.is_err() {
                return;
            }
            if chop.is_some() {
                tokio::task::yield_now().await;
            }
        }
    }

    /// The next frame; None at the connection's end.
    pub async fn frame(&mut self) -> Option<Frame> {
        within(async {
            let first = self.stream.read_u8().await.ok()?;
            let second = self.stream.read_u8().await.ok()?;
            let length = match second & 0x7f {
                126 => u64::from(self.stream.read_u16().await.ok()?),
                127 => self.stream.read_u64().await.ok()?,
                short => u64::from(short),
            };
            let mut mask = [0; 4];
            if second & 0x80 != 0 {
                self.stream.read_exact(&mut mask).await.ok()?;
            }
            assert_eq!(second & 0x80 == 0, self.is_masked, "clients mask and servers do not");
            let mut payload = vec![0; length as usize];
            self.stream.read_exact(&mut payload).await.ok()?;
            for (byte, key) in payload.iter_mut().zip(mask.iter().cycle()) {
                *byte ^= key;
            }
            Some(Frame { first, payload })
        })
        .await
    }

    /// The code of the next close frame; None where the connection ends without one, 1005 where it has no code.
    pub async fn close_code(&mut self) -> Option<u16> {
        loop {
            let frame = self.frame().await?;
            if frame.first == FIN | CLOSE {
                return Some(frame.payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code)));
            }
        }
    }
}

async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    // Byte by byte, so that no frame is read with the head.
    while !head.ends_with(b"\r\n\r\n") {
        head.push(within(stream.read_u8()).await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// A CXone that gives out tokens and answers handshakes; everything after that is up to a test.
pub struct RawCxone(TcpListener);

impl RawCxone {
    pub async fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    pub fn address(&self) -> std::net::SocketAddr {
        self.0.local_addr().unwrap()
    }

    /// The next socket that is dialled. Whatever else is asked for is a token.
    pub async fn dialled(&self) -> Raw {
        loop {
            let (mut stream, _) = within(self.0.accept()).await.unwrap();
            let head = head(&mut stream).await;
            let key = head
                .lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key"));
            let Some((_, key)) = key else {
                let body = r#"{"access_token":"canary-token-1","token_type":"Bearer","expires_in":3600}"#;
                let answer = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
                continue;
            };
            let answer = format!(
                "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: {}\r\n\r\n",
                derive_accept_key(key.trim().as_bytes())
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
            return Raw { stream, is_masked: false };
        }
    }
}
