//! The clients: as many as are asked for, each on one voice stream; they take the time that frames were on their way.

use std::{
    io::{Write as _, stdin, stdout},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::Semaphore,
};

use crate::{FRAME, upstream::now_ns};

/// Delays are counted in steps of this many microseconds, up to a second.
const STEP_US: u64 = 10;
const STEPS: usize = 100_000;
/// Handshakes under way at a time.
const DIALLING: usize = 32;
/// All streams are open for this long before anything counts.
const WARM_UP: Duration = Duration::from_millis(1_500);

/// What the clients saw.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) frames: u64,
    pub(crate) missing: u64,
    pub(crate) p50_us: u64,
    pub(crate) p99_us: u64,
}

impl Seen {
    /// Reads what the clients' process printed.
    pub(crate) fn parse(line: &str) -> Result<Self> {
        let numbers: Result<Vec<u64>, _> = line.split_whitespace().map(str::parse).collect();
        match *numbers.with_context(|| line.to_owned())? {
            [frames, missing, p50_us, p99_us] => Ok(Self { frames, missing, p50_us, p99_us }),
            _ => bail!("the clients said {line:?}"),
        }
    }
}

struct Tally {
    counting: AtomicBool,
    delays: Vec<AtomicU32>,
    missing: AtomicU64,
    broken: AtomicU64,
}

/// `clients ADDRESS PATH COUNT SECONDS`: prints `open`, `begin` and what was seen, then waits to be killed.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn run(arguments: &[String]) -> Result<()> {
    let [address, path, count, seconds] = arguments else { bail!("four arguments are needed") };
    let (count, seconds): (usize, u64) = (count.parse()?, seconds.parse()?);
    let tally = Arc::new(Tally {
        counting: AtomicBool::new(false),
        delays: (0..STEPS).map(|_| AtomicU32::new(0)).collect(),
        missing: AtomicU64::new(0),
        broken: AtomicU64::new(0),
    });
    let dialling = Arc::new(Semaphore::new(DIALLING));
    let mut dialled = tokio::task::JoinSet::new();
    for index in 0..count {
        let (address, path) = (address.clone(), path.replace("{}", &format!("call-{index}")));
        let (tally, dialling) = (Arc::clone(&tally), Arc::clone(&dialling));
        dialled.spawn(async move {
            let _slot = dialling.acquire().await?;
            let socket = dial(&address, &path).await?;
            tokio::spawn(async move {
                if listen(socket, &tally).await.is_err() {
                    tally.broken.fetch_add(1, Relaxed);
                }
            });
            anyhow::Ok(())
        });
    }
    while let Some(dialled) = dialled.join_next().await {
        dialled??;
    }
    say("open")?;
    tokio::time::sleep(WARM_UP).await;
    tally.counting.store(true, Relaxed);
    say("begin")?;
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    tally.counting.store(false, Relaxed);
    ensure!(tally.broken.load(Relaxed) == 0, "{} streams broke", tally.broken.load(Relaxed));
    let delays: Vec<u64> = tally.delays.iter().map(|count| u64::from(count.load(Relaxed))).collect();
    let frames: u64 = delays.iter().sum();
    let missing = tally.missing.load(Relaxed);
    say(&format!("{frames} {missing} {} {}", quantile(&delays, 0.5), quantile(&delays, 0.99)))?;
    // The streams stay open until whoever started this has looked at the relay.
    stdin().read_line(&mut String::new())?;
    Ok(())
}

fn say(line: &str) -> Result<()> {
    writeln!(stdout(), "{line}")?;
    Ok(stdout().flush()?)
}

fn quantile(delays: &[u64], share: f64) -> u64 {
    let wanted = delays.iter().sum::<u64>() as f64 * share;
    let mut below = 0;
    let at = delays.iter().position(|count| {
        below += count;
        below as f64 >= wanted
    });
    at.unwrap_or(STEPS) as u64 * STEP_US
}

async fn dial(address: &str, path: &str) -> Result<TcpStream> {
    let mut socket = TcpStream::connect(address).await.context("connecting")?;
    socket.set_nodelay(true)?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    socket.write_all(request.as_bytes()).await?;
    let mut head = Vec::new();
    // Byte by byte, so that no frame is read with the head.
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.context("the handshake has no answer")?);
    }
    let head = String::from_utf8_lossy(&head);
    ensure!(head.starts_with("HTTP/1.1 101"), "refused: {head}");
    Ok(socket)
}

/// Reads frames until the stream ends.
async fn listen(mut socket: TcpStream, tally: &Tally) -> Result<()> {
    let mut buffer = [0; 2_048];
    let (mut filled, mut last) = (0, 0);
    loop {
        let read = socket.read(&mut buffer[filled..]).await?;
        ensure!(read > 0, "the stream has ended");
        filled += read;
        let now = now_ns();
        let mut from = 0;
        while let Some((opcode, payload, length)) = message(&buffer[from..filled])? {
            match opcode {
                2 => {
                    ensure!(payload.len() == FRAME, "a frame of {} bytes", payload.len());
                    let number = word(&payload[8..]);
                    if tally.counting.load(Relaxed) {
                        let step = now.saturating_sub(word(payload)) / 1_000 / STEP_US;
                        tally.delays[(step as usize).min(STEPS - 1)].fetch_add(1, Relaxed);
                        if last > 0 {
                            tally.missing.fetch_add(number.saturating_sub(last + 1), Relaxed);
                        }
                    }
                    last = number;
                }
                // A pong whose mask is zero.
                9 => socket.write_all(&[0x8a, 0x80, 0, 0, 0, 0]).await?,
                10 => {}
                other => bail!("a message of kind {other}"),
            }
            from += length;
        }
        buffer.copy_within(from..filled, 0);
        filled -= from;
    }
}

fn word(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(0, |word| u64::from_le_bytes(*word))
}

/// The first message, if all of it is there: its kind, its payload, and its length with the header.
fn message(bytes: &[u8]) -> Result<Option<(u8, &[u8], usize)>> {
    let [first, second, rest @ ..] = bytes else { return Ok(None) };
    let (length, header) = match (second, rest) {
        (126, [high, low, ..]) => (usize::from(u16::from_be_bytes([*high, *low])), 4),
        (126, _) => return Ok(None),
        (length @ ..126, _) => (usize::from(*length), 2),
        _ => bail!("a message that is masked or very long"),
    };
    Ok(bytes.get(header..header + length).map(|payload| (first & 15, payload, header + length)))
}
