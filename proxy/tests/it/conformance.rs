//! The protocol of sockets, by the cases of Autobahn's test suite that apply to a relay of audio (1, 2, 3, 4, 5, 6, 7 and 10),
//! against both of its sides.

use futures_util::StreamExt as _;
use tokio_tungstenite::tungstenite::Message;

use crate::common::{
    Fake, Proxy, fake,
    frames::{BINARY, CLOSE, CONTINUATION, FIN, Frame, PING, PONG, Raw, RawCxone, TEXT},
    proxy, proxy_at, within,
};

/// What comes of the frames that one side sends.
#[derive(Clone, Debug)]
enum Expect {
    /// These bytes reach the other side, and the socket stays open.
    Audio(Vec<u8>),
    /// Pings are answered with these payloads, and the socket stays open.
    Pongs(Vec<Vec<u8>>),
    /// The socket is closed with this code.
    Close(u16),
    /// It was text: a page is told 1003, and CXone's is ignored.
    Text,
}

struct Case {
    name: &'static str,
    frames: Vec<Frame>,
    chop: Option<usize>,
    expect: Expect,
}

fn case(name: &'static str, frames: Vec<Frame>, expect: Expect) -> Case {
    Case { name, frames, chop: None, expect }
}

fn chopped(name: &'static str, chop: usize, frames: Vec<Frame>, expect: Expect) -> Case {
    Case { name, frames, chop: Some(chop), expect }
}

fn whole(opcode: u8, payload: impl AsRef<[u8]>) -> Frame {
    Frame::new(FIN | opcode, payload)
}

fn part(opcode: u8, payload: impl AsRef<[u8]>) -> Frame {
    Frame::new(opcode, payload)
}

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at % 251) as u8).collect()
}

fn messages_and_pings() -> Vec<Case> {
    use Expect::{Audio, Close, Pongs, Text};
    let audio = |length| (vec![whole(BINARY, bytes(length))], Audio(bytes(length)));
    let mut cases: Vec<Case> = [
        ("1.2.1", 0),
        ("1.2.2", 125),
        ("1.2.3", 126),
        ("1.2.4", 127),
        ("1.2.5", 128),
        ("1.2.6", 65_535),
        ("1.2.7", 65_536),
    ]
    .map(|(name, length)| case(name, audio(length).0, audio(length).1))
    .into();
    let answers = |count: u8| Pongs((0..count).map(|n| vec![b'p', n]).collect());
    let pings = |count: u8| (0..count).map(|n| whole(PING, [b'p', n])).collect();
    cases.extend([
        chopped("1.2.8", 997, audio(65_536).0, audio(65_536).1),
        case("1.1.1", vec![whole(TEXT, "")], Text),
        case("1.1.2", vec![whole(TEXT, "*".repeat(125))], Text),
        case("1.1.6", vec![whole(TEXT, "*".repeat(65_535))], Text),
        case("2.1", vec![whole(PING, "")], Pongs(vec![vec![]])),
        case("2.2", vec![whole(PING, "Hello, world!")], Pongs(vec![b"Hello, world!".to_vec()])),
        case("2.3", vec![whole(PING, [0, 255, 254, 253, 0])], Pongs(vec![vec![0, 255, 254, 253, 0]])),
        case("2.4", vec![whole(PING, [254; 125])], Pongs(vec![vec![254; 125]])),
        case("2.5", vec![whole(PING, [254; 126])], Close(1002)),
        chopped("2.6", 1, vec![whole(PING, [254; 125])], Pongs(vec![vec![254; 125]])),
        case("2.7", vec![whole(PONG, ""), whole(BINARY, "on")], Audio(b"on".to_vec())),
        case("2.8", vec![whole(PONG, "unasked"), whole(BINARY, "on")], Audio(b"on".to_vec())),
        case("2.9", vec![whole(PONG, "unasked"), whole(PING, "asked")], Pongs(vec![b"asked".to_vec()])),
        case("2.10", pings(10), answers(10)),
        chopped("2.11", 1, pings(10), answers(10)),
    ]);
    cases
}

fn headers() -> Vec<Case> {
    let fault = |name, frames| case(name, frames, Expect::Close(1002));
    let reserved = |bits: u8, opcode: u8| vec![Frame::new(FIN | bits << 4 | opcode, "reserved")];
    let mut cases = vec![
        fault("3.1", reserved(4, TEXT)),
        fault("3.2", [vec![whole(BINARY, "first")], reserved(2, BINARY), vec![whole(PING, "")]].concat()),
        fault("3.3", [vec![whole(BINARY, "first")], reserved(3, BINARY), vec![whole(PING, "")]].concat()),
        chopped("3.4", 1, [vec![whole(BINARY, "first")], reserved(1, BINARY)].concat(), Expect::Close(1002)),
        fault("3.5", reserved(5, BINARY)),
        fault("3.6", reserved(6, PING)),
        fault("3.7", reserved(7, CLOSE)),
    ];
    for (name, opcode) in [
        ("4.1.1", 3),
        ("4.1.2", 4),
        ("4.1.3", 5),
        ("4.1.4", 6),
        ("4.1.5", 7),
        ("4.2.1", 11),
        ("4.2.2", 12),
        ("4.2.3", 13),
        ("4.2.4", 14),
        ("4.2.5", 15),
    ] {
        fault_with_and_without_payload(&mut cases, name, opcode);
    }
    cases
}

fn fault_with_and_without_payload(cases: &mut Vec<Case>, name: &'static str, opcode: u8) {
    cases.push(case(name, vec![whole(opcode, "")], Expect::Close(1002)));
    let frames = vec![whole(BINARY, "first"), whole(opcode, "reserved"), whole(PING, "")];
    cases.push(case(name, frames, Expect::Close(1002)));
}

fn fragments() -> Vec<Case> {
    use Expect::{Audio, Close};
    let joined = || Audio(b"fragment1fragment2".to_vec());
    let both = || vec![part(BINARY, "fragment1"), whole(CONTINUATION, "fragment2")];
    let around = |ping: Frame| vec![part(BINARY, "fragment1"), ping, whole(CONTINUATION, "fragment2")];
    let sequence = |first: Frame| vec![first, part(CONTINUATION, "a"), whole(BINARY, "b")];
    vec![
        case("5.1", vec![part(PING, "fragment1"), whole(CONTINUATION, "fragment2")], Close(1002)),
        case("5.2", vec![part(PONG, "fragment1"), whole(CONTINUATION, "fragment2")], Close(1002)),
        case("5.3", both(), joined()),
        chopped("5.4", 7, both(), joined()),
        chopped("5.5", 1, both(), joined()),
        case("5.6", around(whole(PING, "in between")), joined()),
        case("5.6, the ping", around(whole(PING, "in between")), Expect::Pongs(vec![b"in between".to_vec()])),
        chopped("5.7", 7, around(whole(PING, "in between")), joined()),
        chopped("5.8", 1, around(whole(PING, "in between")), joined()),
        case("5.9", sequence(whole(CONTINUATION, "non-continuation")), Close(1002)),
        chopped("5.10", 7, sequence(whole(CONTINUATION, "non-continuation")), Close(1002)),
        chopped("5.11", 1, sequence(whole(CONTINUATION, "non-continuation")), Close(1002)),
        case("5.12", sequence(part(CONTINUATION, "non-continuation")), Close(1002)),
        chopped("5.13", 7, sequence(part(CONTINUATION, "non-continuation")), Close(1002)),
        chopped("5.14", 1, sequence(part(CONTINUATION, "non-continuation")), Close(1002)),
        case("5.15", [both(), vec![part(CONTINUATION, "c"), whole(BINARY, "d")]].concat(), Close(1002)),
        case("5.16", [vec![part(CONTINUATION, "")], both()].concat(), Close(1002)),
        case("5.17", [vec![whole(CONTINUATION, "")], both()].concat(), Close(1002)),
        case("5.18", vec![part(BINARY, "fragment1"), whole(BINARY, "fragment2")], Close(1002)),
        case(
            "5.19",
            vec![
                part(BINARY, "1"),
                part(CONTINUATION, "2"),
                whole(PING, "a"),
                part(CONTINUATION, "3"),
                part(CONTINUATION, ""),
                whole(PING, "b"),
                whole(CONTINUATION, "4"),
            ],
            Audio(b"1234".to_vec()),
        ),
        case(
            "10.1.1",
            bytes(65_536)
                .chunks(1_300)
                .enumerate()
                .map(|(at, chunk)| part(if at == 0 { BINARY } else { CONTINUATION }, chunk))
                .chain([whole(CONTINUATION, "")])
                .collect(),
            Audio(bytes(65_536)),
        ),
    ]
}

fn texts() -> Vec<Case> {
    use Expect::{Close, Text};
    let valid: [&[u8]; 9] = [
        "Hello-µ@ßöäüàá-UTF-8!!".as_bytes(),
        "κόσμε".as_bytes(),
        b"\x00",
        "\u{7f}".as_bytes(),
        "\u{80}".as_bytes(),
        "\u{7ff}".as_bytes(),
        "\u{ffff}".as_bytes(),
        "\u{10ffff}".as_bytes(),
        "\u{d7ff}\u{e000}".as_bytes(),
    ];
    let invalid: [&[u8]; 16] = [
        b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80\x65\x64\x69\x74\x65\x64",
        b"\xf8\x88\x80\x80\x80",
        b"\xfc\x84\x80\x80\x80\x80",
        b"\xf7\xbf\xbf\xbf",
        b"\xf4\x90\x80\x80",
        b"\x80",
        b"\xbf",
        b"\xc0\x20",
        b"\xc3",
        b"\xe2\x82",
        b"\xf0\x9f\x98",
        b"\xfe",
        b"\xc0\xaf",
        b"\xe0\x80\xaf",
        b"\xed\xbf\xbf",
        b"\xf0\x80\x80\xaf",
    ];
    let mut cases: Vec<Case> =
        valid.into_iter().map(|text| case("6.1 to 6.9", vec![whole(TEXT, text)], Text)).collect();
    cases.extend(invalid.into_iter().map(|text| case("6.10 to 6.23", vec![whole(TEXT, text)], Close(1007))));
    cases.extend([
        case("6.1.2", vec![part(TEXT, ""), part(CONTINUATION, ""), whole(CONTINUATION, "")], Text),
        // A character may be cut by fragments, and must be whole in the end.
        case("6.2.4", vec![part(TEXT, b"\xce"), part(CONTINUATION, b"\xba"), whole(CONTINUATION, "")], Text),
        case("6.3.2", vec![part(TEXT, b"\xce"), whole(CONTINUATION, b"\xce")], Close(1007)),
        case(
            "6.4.1",
            vec![part(TEXT, "κόσμε"), part(CONTINUATION, b"\xf4\x90\x80\x80"), whole(CONTINUATION, "")],
            Close(1007),
        ),
    ]);
    cases
}

fn closes() -> Vec<Case> {
    use Expect::Close;
    let mut cases = vec![
        case("7.1.1", vec![whole(BINARY, "first"), Frame::close(1000, "")], Close(1000)),
        case("7.1.2", vec![Frame::close(1000, ""), Frame::close(1000, "")], Close(1000)),
        case("7.1.3", vec![Frame::close(1000, ""), whole(PING, "")], Close(1000)),
        case("7.1.4", vec![Frame::close(1000, ""), whole(TEXT, "late")], Close(1000)),
        case("7.1.5", vec![part(BINARY, "1"), Frame::close(1000, ""), whole(CONTINUATION, "2")], Close(1000)),
        case(
            "7.1.6",
            vec![whole(BINARY, bytes(256 << 10)), Frame::close(1000, ""), whole(PING, "")],
            Close(1000),
        ),
        case("7.3.1", vec![whole(CLOSE, "")], Close(1005)),
        case("7.3.2", vec![whole(CLOSE, "a")], Close(1002)),
        case("7.3.3", vec![Frame::close(1000, "")], Close(1000)),
        case("7.3.4", vec![Frame::close(1000, "Hello World!")], Close(1000)),
        case("7.3.5", vec![Frame::close(1000, "*".repeat(123))], Close(1000)),
        case("7.3.6", vec![Frame::close(1000, "*".repeat(124))], Close(1002)),
        case("7.5.1", vec![Frame::close(1000, b"\xce\xba\xed\xa0\x80")], Close(1007)),
    ];
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999] {
        cases.push(case("7.7", vec![Frame::close(code, "")], Close(code)));
    }
    for code in [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65_535] {
        cases.push(case("7.9 and 7.13", vec![Frame::close(code, "")], Close(1002)));
    }
    cases
}

fn all() -> Vec<Case> {
    [messages_and_pings(), headers(), fragments(), texts(), closes()].into_iter().flatten().collect()
}

/// Sends a case's frames and reads what comes of them, up to the connection's end where there is one. `heard` returns what
/// the other side has got of these bytes.
async fn check(case: &Case, raw: &mut Raw, heard: impl Future<Output = Vec<u8>>) {
    let name = case.name;
    raw.send(&case.frames, case.chop).await;
    match &case.expect {
        Expect::Audio(audio) => {
            let heard = within(heard).await;
            assert!(heard == *audio, "{name}: {} bytes instead of {}", heard.len(), audio.len());
        }
        Expect::Pongs(payloads) => {
            for payload in payloads {
                let frame = loop {
                    let frame = raw.frame().await.expect(name);
                    if frame.first != FIN | PING {
                        break frame;
                    }
                };
                assert_eq!(frame, whole(PONG, payload), "{name}");
            }
        }
        Expect::Close(code) => {
            assert_eq!(raw.close_code().await, Some(*code), "{name} {:?}", case.frames);
            raw.send(&[Frame::close(*code, "")], None).await;
            return;
        }
        Expect::Text if raw.is_masked => {
            assert_eq!(raw.close_code().await, Some(1003), "{name}");
            raw.send(&[Frame::close(1003, "")], None).await;
            return;
        }
        Expect::Text => {}
    }
    raw.send(&[Frame::close(1000, "over")], None).await;
    assert_eq!(raw.close_code().await, Some(1000), "{name}: it should still be open");
}

fn length(expect: &Expect) -> usize {
    match expect {
        Expect::Audio(audio) => audio.len(),
        Expect::Pongs(_) | Expect::Close(_) | Expect::Text => 0,
    }
}

async fn from_the_page(proxy: &Proxy, fake: &fake::Fake, case: &Case) {
    let mut page = Raw::page(proxy, "/ws/voice/c-1").await;
    let mut cxone = fake.voice().await;
    let heard = async {
        let mut heard = Vec::new();
        while heard.len() < length(&case.expect) {
            if let axum::extract::ws::Message::Binary(bytes) = cxone.recv().await.unwrap().unwrap() {
                heard.extend_from_slice(&bytes);
            }
        }
        heard
    };
    check(case, &mut page, heard).await;
    drop(cxone);
    // The close was answered and nothing was reset.
    assert_eq!(page.frame().await, None, "{}", case.name);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_s_frames_are_taken_or_its_faults_told() {
    let fake = Fake::start().await;
    let proxy = proxy(&fake, |config| config.tuning.max_voice = 1_000).await;
    for case in all() {
        from_the_page(&proxy, &fake, &case).await;
    }
    let mut page = Raw::page(&proxy, "/ws/voice/c-1").await;
    page.is_masked = false;
    page.send(&[whole(BINARY, "unmasked")], None).await;
    page.is_masked = true;
    assert_eq!(page.close_code().await, Some(1002), "a client must mask");
    proxy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cxone_s_frames_are_taken_or_its_faults_told() {
    let fake = RawCxone::start().await;
    let proxy = proxy_at(fake.address(), |config| config.tuning.max_voice = 1_000).await;
    for case in all() {
        let dialling = proxy.dial("/ws/voice/c-1");
        let (page, mut cxone) = tokio::join!(dialling, fake.dialled());
        let mut page = page.expect(case.name);
        let (heard, mut audio) = tokio::sync::mpsc::unbounded_channel();
        let reading = tokio::spawn(async move {
            while let Some(Ok(message)) = page.next().await {
                match message {
                    Message::Binary(bytes) => drop(heard.send(bytes)),
                    Message::Close(frame) => return frame.map(|frame| u16::from(frame.code)),
                    Message::Text(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
                }
            }
            None
        });
        let all = async {
            let mut all = Vec::new();
            while all.len() < length(&case.expect) {
                all.extend_from_slice(&audio.recv().await.unwrap());
            }
            all
        };
        check(&case, &mut cxone, all).await;
        drop(cxone);
        let told = within(reading).await.unwrap().expect("a page is always told");
        assert!(!matches!(told, 0..=999 | 1004..=1006 | 1014..=2999 | 5000..), "{}: {told}", case.name);
    }
    proxy.stop().await;
}
