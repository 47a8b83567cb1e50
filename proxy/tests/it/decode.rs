//! `dialbench decode`, as a user runs it: files of every kind, damaged ones, a live stream, a reader who has enough.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use base::digit::Digit;
use serde_json::Value;
use signal::tone::{ToneConfig, synthesize};

/// Files of every kind, and what is in each.
const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/recording/fixtures");

fn decode(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dialbench"));
    command.arg("decode").args(arguments).env_clear().current_dir(FILES);
    command
}

fn run(arguments: &[&str]) -> Output {
    decode(arguments).output().unwrap()
}

fn start(arguments: &[&str]) -> Child {
    let mut command = decode(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn rows(output: &[u8]) -> Vec<Value> {
    String::from_utf8_lossy(output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn digits(rows: &[Value]) -> String {
    rows.iter().map(|row| row["digit"].as_str().unwrap()).collect()
}

/// Digits of 100 ms with pauses of 100 ms, as bytes of 16-bit PCM at 8 kHz.
fn tones(digits: &str) -> Vec<u8> {
    let digits = digits.chars().map(|digit| Digit::try_from(digit).unwrap());
    synthesize(digits, &ToneConfig::default(), 8_000).into_iter().flat_map(i16::to_le_bytes).collect()
}

#[test]
fn each_kind_of_file_and_of_fault_has_its_digits_or_its_word() {
    let expected = std::fs::read(Path::new(FILES).join("expected.json")).unwrap();
    let expected: BTreeMap<String, Value> = serde_json::from_slice(&expected).unwrap();
    let files: Vec<&str> = expected.keys().map(String::as_str).collect();
    let output = run(&files);
    assert_eq!(output.status.code(), Some(1), "some are no audio");
    let rows = rows(&output.stdout);
    let said = String::from_utf8_lossy(&output.stderr);
    for (file, expect) in &expected {
        let own: Vec<Value> = rows.iter().filter(|row| row["file"] == **file).cloned().collect();
        assert_eq!(digits(&own), expect["digits"].as_str().unwrap(), "{file}: {said}");
        let channels: Vec<&Value> = own.iter().map(|row| &row["channel"]).collect();
        assert_eq!(channels, expect["channels"].as_array().unwrap().iter().collect::<Vec<_>>(), "{file}");
        assert!(own.is_sorted_by_key(|row| row["startMs"].as_f64().unwrap()), "{file}: {own:?}");
        let words: Vec<&str> =
            said.lines().filter_map(|line| line.strip_prefix(&format!("dialbench: {file}: "))).collect();
        for key in ["remark", "failure"] {
            if let Some(expect) = expect[key].as_str() {
                assert!(words.iter().any(|words| words.contains(expect)), "{file}: {words:?}");
            }
        }
        if expect["remark"].is_null() && expect["failure"].is_null() && !file.ends_with("pcap") {
            assert!(words.is_empty(), "{file}: {words:?}");
        }
    }
    // A tone has figures, an event has none and says what it is.
    let of =
        |digit: &str| rows.iter().find(|row| row["file"] == "events.pcap" && row["digit"] == digit).unwrap();
    let figures = ["lowDbm0", "highDbm0", "twistDb", "lowErrorPct", "highErrorPct"];
    assert!(figures.iter().all(|key| of("5").get(key).is_some_and(Value::is_null)), "{}", of("5"));
    assert_eq!(of("5")["source"], "rfc4733");
    assert!(figures.iter().all(|key| of("3")[key].is_number()), "{}", of("3"));
    assert!(of("3").get("source").is_none());
}

#[test]
fn a_live_stream_s_digit_is_printed_while_the_stream_goes_on() {
    // RIFF of a program that does not know how long it will run; and nothing at all before the samples.
    let mut wav = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    wav.extend([8_000_u32, 16_000].into_iter().flat_map(u32::to_le_bytes));
    wav.extend(b"\x02\0\x10\0data\xff\xff\xff\xff");
    for (beginning, arguments) in [(wav, vec!["-"]), (Vec::new(), vec!["-", "--raw", "8000"])] {
        let mut child = start(&arguments);
        let mut input = child.stdin.take().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        input.write_all(&beginning).unwrap();
        for digit in ["1", "4", "*"] {
            // The digit, and 100 ms of the pause behind it.
            input.write_all(&tones(digit)).unwrap();
            input.flush().unwrap();
            // It would wait for ever for a line that only the end of the stream lets go.
            let row: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
            assert_eq!(row["digit"], digit);
        }
        drop(input);
        assert!(lines.next().is_none());
        assert!(child.wait().unwrap().success());
    }
}

#[test]
fn a_reader_who_has_enough_is_no_fault() {
    let mut child = start(&["-", "--raw", "8000"]);
    let mut input = child.stdin.take().unwrap();
    input.write_all(&tones("1")).unwrap();
    let mut first = [0; 8];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    assert_eq!(&first, b"{\"file\":");
    // Nobody reads any more. The program may be gone before all of it is written.
    let _ = input.write_all(&tones("23456789"));
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn flags_choose_format_rate_channels_and_form() {
    let raw = run(&["--format", "ulaw", "raw.ulaw"]);
    assert_eq!(digits(&rows(&raw.stdout)), "159");
    // The same codes by another name, and at another rate: nothing is at its frequency.
    let fast = run(&["--format", "ulaw", "--raw", "16000", "raw.ulaw"]);
    assert_eq!((digits(&rows(&fast.stdout)).as_str(), fast.status.code()), ("", Some(0)));
    let mixed = rows(&run(&["--mix", "two-sides.wav"]).stdout);
    assert_eq!(digits(&mixed), "1296");
    assert!(mixed.iter().all(|row| row["channel"] == 0));

    let text = |arguments: &[&str]| String::from_utf8(run(arguments).stdout).unwrap();
    let table = text(&["--table", "events.pcap"]);
    let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0][..4], ["Channel", "Digit", "Start", "ms"]);
    assert_eq!(lines[1][..5], ["0", "5", "60.0", "120.0", "event"]);
    assert_eq!(lines.len(), 4, "{table}");
    let labels = text(&["--labels", "two-sides.wav"]);
    let labels: Vec<Vec<&str>> = labels.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(labels.len(), 4);
    assert!((labels[0][0].parse::<f64>().unwrap() - 0.1).abs() < 0.003, "{labels:?}");
    assert_eq!([labels[0][2], labels[1][2]], ["1", "2 (channel 1)"]);

    for wrong in [
        &["--format", "8track", "raw.ulaw"][..],
        &["--raw", "4000", "raw.ulaw"],
        &["--table", "--labels", "-"],
    ] {
        assert_eq!(run(wrong).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn what_came_near_to_a_digit_is_explained_with_the_figure_that_sank_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("short.sln");
    let keys = |on| {
        let (on, off) = (Duration::from_millis(on), Duration::from_millis(200));
        let config = ToneConfig { on, off, ..ToneConfig::default() };
        synthesize([Digit::from_code(5).unwrap()], &config, 8_000)
    };
    let pcm: Vec<u8> =
        [vec![0; 800], keys(20), keys(80)].concat().into_iter().flat_map(i16::to_le_bytes).collect();
    std::fs::write(&file, pcm).unwrap();
    let file = file.to_str().unwrap();

    let rows = rows(&run(&["--explain", file]).stdout);
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert_eq!((&rows[0]["nearMiss"], &rows[0]["digit"]), (&"5".into(), &Value::Null));
    // Between the middles of its rise and its fall.
    assert_eq!(rows[0]["reasons"], serde_json::json!(["it lasted for 18 ms; 40 ms are asked for"]));
    assert_eq!((&rows[1]["digit"], &rows[1]["reasons"]), (&"5".into(), &Value::Null));
    let table = run(&["--explain", "--table", file]).stdout;
    assert!(String::from_utf8_lossy(&table).contains("5?"), "{table:?}");
    assert_eq!(String::from_utf8_lossy(&run(&[file]).stdout).lines().count(), 1);
}
