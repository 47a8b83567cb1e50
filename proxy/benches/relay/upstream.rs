//! The upstream: gives out tokens, accepts voice streams and sends every one a frame each 20 ms.

use std::{
    io::{self, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, Result, bail};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::FRAME;

/// The 20 ms are divided into so many parts, in each of which as many streams have their turn.
const PHASES: usize = 20;
/// FIN, binary; a length of 16 bits follows.
const HEADER: [u8; 4] = [0x82, 126, (FRAME >> 8) as u8, FRAME as u8];

struct Stream {
    socket: TcpStream,
    number: u64,
}

type Phases = Arc<[Mutex<Vec<Stream>>; PHASES]>;

/// Nanoseconds since 1970, the same clock in every process.
pub(crate) fn now_ns() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}

/// Says where it listens, then serves until its input ends.
pub(crate) fn run() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    writeln!(io::stdout(), "{}", listener.local_addr()?)?;
    let phases: Phases = Arc::new(std::array::from_fn(|_| Mutex::default()));
    let sending = Arc::clone(&phases);
    thread::spawn(move || send(&sending));
    // Whoever started this holds the other end, and may be killed.
    thread::spawn(|| {
        let _ = io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    let mut next = 0;
    for socket in listener.incoming() {
        // A peer that went away in the meantime is none of ours.
        let Ok(Some(socket)) = socket.map_err(Into::into).and_then(greet) else { continue };
        phases[next % PHASES].lock().expect("no holder panics").push(Stream { socket, number: 0 });
        next += 1;
    }
    Ok(())
}

/// Answers a request; the socket, if it is a voice stream now.
fn greet(mut socket: TcpStream) -> Result<Option<TcpStream>> {
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut head = Vec::new();
    let mut buffer = [0; 2_048];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match socket.read(&mut buffer)? {
            0 => bail!("closed"),
            length => head.extend_from_slice(&buffer[..length]),
        }
    }
    let head = String::from_utf8_lossy(&head);
    if head.starts_with("POST") {
        let body = r#"{"access_token":"bench","token_type":"Bearer","expires_in":3600}"#;
        write!(
            socket,
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )?;
        return Ok(None);
    }
    let key = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key"))
        .context("no WebSocket")?;
    let accept = derive_accept_key(key.1.trim().as_bytes());
    write!(
        socket,
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: {accept}\r\n\r\n"
    )?;
    socket.set_nonblocking(true)?;
    Ok(Some(socket))
}

/// Sends for ever. A turn that comes late is taken, and no frame is left out.
fn send(phases: &Phases) {
    let start = Instant::now();
    let mut frame = [0; HEADER.len() + FRAME];
    frame[..4].copy_from_slice(&HEADER);
    for turn in 0u32.. {
        let due = start + Duration::from_millis(20) / PHASES as u32 * turn;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        phases[turn as usize % PHASES].lock().expect("no holder panics").retain_mut(|stream| {
            stream.number += 1;
            frame[4..12].copy_from_slice(&now_ns().to_le_bytes());
            frame[12..20].copy_from_slice(&stream.number.to_le_bytes());
            match stream.socket.write(&frame) {
                Ok(length) => length == frame.len(),
                // A frame that finds no room is lost; the client sees that its number is missing.
                Err(error) => error.kind() == io::ErrorKind::WouldBlock,
            }
        });
    }
}
