use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
    time::sleep,
};

/// Time after which an answer that nobody reads is cut off.
const UNREAD_TIME: Duration = Duration::from_secs(10);

/// Connections that come to nothing, and are made again when they end.
pub(crate) struct Crowd {
    open: Arc<AtomicUsize>,
    _connections: JoinSet<()>,
}

/// Conduct of one connection of a crowd.
#[derive(Clone, Copy)]
enum Habit {
    /// It asks for a large file and does not read it.
    UnreadAnswer,
    /// It sends the beginning of a body.
    HalfSentBody,
    /// It says nothing.
    Idle,
}

impl Crowd {
    /// Begins with `each` connections of every habit, each habit from an address of its own.
    pub(crate) fn gather(address: &str, each: usize) -> Self {
        let open = Arc::new(AtomicUsize::new(0));
        let mut connections = JoinSet::new();
        for (habit, from) in [Habit::UnreadAnswer, Habit::HalfSentBody, Habit::Idle].into_iter().zip(2..) {
            for _ in 0..each {
                let (address, open) = (address.to_owned(), Arc::clone(&open));
                connections.spawn(async move {
                    loop {
                        // A refusal or a reset is what the crowd is for.
                        let _ = keep_open(&address, Ipv4Addr::new(127, 0, 0, from), habit, &open).await;
                        sleep(Duration::from_millis(100)).await;
                    }
                });
            }
        }
        Self { open, _connections: connections }
    }

    /// Returns the number of connections that are open.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }
}

async fn keep_open(address: &str, from: Ipv4Addr, habit: Habit, open: &AtomicUsize) -> io::Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(from.into(), 0))?;
    let target = address.parse().map_err(io::Error::other)?;
    let mut stream = socket.connect(target).await?;
    let said = match habit {
        Habit::UnreadAnswer => format!("GET /large.wasm HTTP/1.1\r\nHost: {address}\r\n\r\n"),
        Habit::HalfSentBody => format!(
            "POST /api/calls HTTP/1.1\r\nHost: {address}\r\nX-Dialbench: 1\r\n\
             Content-Type: application/json\r\nContent-Length: 20\r\n\r\n{{"
        ),
        Habit::Idle => String::new(),
    };
    stream.write_all(said.as_bytes()).await?;
    open.fetch_add(1, Ordering::Relaxed);
    let ended = end(&mut stream, habit).await;
    open.fetch_sub(1, Ordering::Relaxed);
    ended
}

/// Waits for the connection's end.
async fn end(stream: &mut TcpStream, habit: Habit) -> io::Result<()> {
    match habit {
        // Only who reads on sees the end.
        Habit::UnreadAnswer => sleep(UNREAD_TIME).await,
        Habit::HalfSentBody | Habit::Idle => {
            stream.read_to_end(&mut Vec::new()).await?;
        }
    }
    Ok(())
}
