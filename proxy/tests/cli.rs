//! The program itself, as a user runs it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Output, Stdio},
};

use base::digit::Digit;
use serde_json::Value;
use signal::tone::{ToneConfig, synthesize};

fn dialbench(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dialbench"));
    command.args(arguments).env_clear();
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn run(arguments: &[&str]) -> Output {
    dialbench(arguments).output().unwrap()
}

fn tones(digits: &str) -> Vec<i16> {
    let digits: Vec<Digit> = digits.chars().map(|digit| Digit::try_from(digit).unwrap()).collect();
    synthesize(digits, &ToneConfig::default(), 8_000)
}

fn write_wav(path: &Path, samples: &[i16], rate: u32) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for sample in samples {
        writer.write_sample(*sample).unwrap();
    }
    writer.finalize().unwrap();
}

fn digits_of(output: &[u8]) -> String {
    text(output)
        .lines()
        .map(|line| {
            let found: Value = serde_json::from_str(line).unwrap();
            for key in ["startMs", "endMs", "lowDbm0", "highDbm0", "twistDb", "lowErrorPct", "highErrorPct"] {
                assert!(found[key].is_number(), "{key} in {line}");
            }
            found["digit"].as_str().unwrap().to_owned()
        })
        .collect()
}

#[test]
fn decode_prints_a_line_per_digit_and_says_what_is_no_audio() {
    let folder = tempfile::tempdir().unwrap();
    let wav = folder.path().join("menu.wav");
    write_wav(&wav, &tones("22*#A"), 8_000);
    let output = run(&["decode", wav.to_str().unwrap()]);
    assert!(output.status.success());
    assert_eq!(digits_of(&output.stdout), "22*#A");

    let fine = folder.path().join("fine.wav");
    let digits: Vec<Digit> = "08#".chars().map(|digit| Digit::try_from(digit).unwrap()).collect();
    write_wav(&fine, &synthesize(digits, &ToneConfig::default(), 44_100), 44_100);
    let output = run(&["decode", fine.to_str().unwrap()]);
    assert_eq!(digits_of(&output.stdout), "08#");
    for (index, line) in text(&output.stdout).lines().enumerate() {
        let found: Value = serde_json::from_str(line).unwrap();
        let off = found["startMs"].as_f64().unwrap() - index as f64 * 200.0;
        assert!(off.abs() < 4.0, "{line}");
        assert!(found["lowErrorPct"].as_f64().unwrap().abs() < 0.05, "{line}");
    }

    let mut child = dialbench(&["decode", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let raw: Vec<u8> = tones("159D").into_iter().flat_map(i16::to_le_bytes).collect();
    child.stdin.take().unwrap().write_all(&raw).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(digits_of(&output.stdout), "159D");

    let other = folder.path().join("notes.txt");
    fs::write(&other, "no audio").unwrap();
    let output = run(&["decode", other.to_str().unwrap(), wav.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(digits_of(&output.stdout), "22*#A", "the other file is read all the same");
    assert!(text(&output.stderr).contains("notes.txt"));
}

#[test]
fn a_wrong_configuration_names_its_key_and_starts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dialbench.toml");
    let check = |toml: &str, arguments: &[&str], key: &str| {
        fs::write(&file, toml).unwrap();
        let mut all = vec!["serve", "--config", file.to_str().unwrap()];
        all.extend(arguments);
        let output = dialbench(&all).current_dir(folder.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{toml}");
        assert!(text(&output.stderr).contains(key), "{toml}: {}", text(&output.stderr));
    };
    check("", &["--listen", "0.0.0.0:0"], "access_token_file");
    check("", &["--listen", "here"], "listen");
    check("", &["--profile", "production"], "profile");
    check("[limits]\nvariabels = 1", &[], "variabels");
    check(
        "[webhook]\nsecret_env = \"NOWHERE_SET\"",
        &[],
        "webhook.secret_env: environment variable NOWHERE_SET",
    );
    check("listen = \"127.0.0.1:0\"\n[webhook]\nscheme = \"hex\"", &[], "webhook: the stand-in signs");
    check("retention_days = 0", &[], "retention_days");
    check("", &["--public-url", "bench.example.com"], "public_url");
    check("", &["--database-url", "mysql://bench"], "database_url");
    check(
        "listen = \"127.0.0.1:0\"\naudit_log = \"/nowhere/audit.jsonl\"",
        &["--profile", "tutorial"],
        "audit_log",
    );
    assert!(!folder.path().join("dialbench-audit.jsonl").exists());
    check("listen = \"127.0.0.1:0\"", &["--database-url", "sqlite:/nowhere/dialbench.db"], "database_url");
}

#[cfg(unix)]
#[test]
fn it_serves_calls_stops_when_asked_and_leaves_a_good_trail() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = dialbench(&["--listen", "127.0.0.1:0"])
        .current_dir(folder.path())
        // As on a bare machine, without any CA certificates.
        .env("SSL_CERT_FILE", "/dev/null")
        .env("SSL_CERT_DIR", folder.path())
        // A proxy that is not there: the stand-in is on this machine.
        .envs(["HTTP_PROXY", "http_proxy", "ALL_PROXY"].map(|name| (name, "http://127.0.0.1:1")))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let address = lines
        .find_map(|line| line.unwrap().strip_prefix("dialbench: http://").map(str::to_owned))
        .expect("it says where it serves");
    let draining = std::thread::spawn(move || lines.for_each(drop));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    proxy::install_crypto();
    let placed: Value = runtime.block_on(async {
        let client = reqwest::Client::new();
        let place = client
            .post(format!("http://{address}/api/calls"))
            .header("x-dialbench", "1")
            .json(&serde_json::json!({ "flowId": "support-line" }));
        place.send().await.unwrap().json().await.unwrap()
    });
    assert!(placed["callId"].is_string(), "{placed}");
    Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(child.wait().unwrap().success());
    draining.join().unwrap();

    let log = folder.path().join("dialbench-audit.jsonl");
    let output = run(&["audit", "verify", log.to_str().unwrap()]);
    assert!(output.status.success(), "{}", text(&output.stdout));
    let written = fs::read_to_string(&log).unwrap();
    let actions: Vec<String> = written
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["action"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(actions.first().map(String::as_str), Some("server.start"));
    assert!(actions.contains(&"call.place".to_owned()));
    assert_eq!(actions.last().map(String::as_str), Some("server.stop"));

    fs::write(&log, written.replacen("support-line", "another-line", 1)).unwrap();
    let output = run(&["audit", "verify", log.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let line = 1 + actions.iter().position(|action| action == "call.place.intent").unwrap();
    assert!(text(&output.stdout).contains(&format!("line {line}:")), "{}", text(&output.stdout));
    // A second damage is named as well.
    let twice = fs::read_to_string(&log).unwrap().replacen("server.stop", "server.drop", 1);
    fs::write(&log, twice).unwrap();
    let output = run(&["audit", "verify", log.to_str().unwrap()]);
    let named: Vec<String> = text(&output.stdout).lines().map(str::to_owned).collect();
    assert_eq!(named.len(), 2, "{named:?}");
    assert!(named[1].contains(&format!("line {}:", actions.len())), "{named:?}");
}

/// Starts the program, waits for `announcement` on standard error, stops it, and returns all of standard error.
#[cfg(unix)]
fn standard_error(command: &mut Command, announcement: &str) -> String {
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let mut all = String::new();
    for line in lines.by_ref() {
        let is_there = line.contains(announcement);
        all += &(line + "\n");
        if is_there {
            break;
        }
    }
    Command::new("kill").arg(child.id().to_string()).status().unwrap();
    lines.for_each(|line| all += &(line + "\n"));
    assert!(child.wait().unwrap().success(), "{all}");
    assert!(all.contains(announcement), "{all}");
    all
}

#[cfg(unix)]
#[test]
fn log_lines_in_a_pipe_have_no_colours_and_keep_their_words() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = dialbench(&["--listen", "127.0.0.1:0"]);
    let log = standard_error(command.current_dir(folder.path()), "dialbench: http://127.0.0.1:");
    assert!(!log.contains('\u{1b}'), "{log:?}");
    assert!(log.contains("sandbox listens address=127.0.0.1:"), "{log}");
}

#[cfg(unix)]
#[test]
fn log_lines_are_json_where_flag_variable_or_file_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dialbench.toml");
    fs::write(&file, "log_format = \"json\"").unwrap();
    let check = |arguments: &[&str], variable: Option<&str>, is_json: bool| {
        let mut command = dialbench(&["serve", "--listen", "127.0.0.1:0"]);
        command.args(arguments).current_dir(folder.path());
        command.envs(variable.map(|format| ("DIALBENCH_LOG_FORMAT", format)));
        let log = standard_error(
            &mut command,
            if is_json { "\"message\":\"serving\"" } else { "dialbench: http://" },
        );
        let objects =
            log.lines().filter(|line| serde_json::from_str::<Value>(line).is_ok_and(|line| line.is_object()));
        let objects = objects.count();
        assert_eq!(
            objects,
            if is_json { log.lines().count() } else { 0 },
            "{arguments:?} {variable:?}: {log}"
        );
        if is_json {
            let serving = log.lines().find(|line| line.contains("\"serving\"")).unwrap();
            let serving: Value = serde_json::from_str(serving).unwrap();
            assert!(serving["fields"]["address"].as_str().unwrap().starts_with("127.0.0.1:"), "{serving}");
        }
    };
    let config = ["--config", file.to_str().unwrap()];
    check(&["--log-format", "json"], None, true);
    check(&[], Some("json"), true);
    check(&config, None, true);
    check(&config, Some("text"), false);
    check(&["--log-format", "text"], Some("json"), false);
    let output = run(&["--log-format", "xml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("log_format"), "{}", text(&output.stderr));
}

#[cfg(unix)]
#[test]
fn the_stand_in_alone_prints_what_a_configuration_needs() {
    let mut child =
        dialbench(&["sandbox", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut printed = String::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        printed.push_str(&line);
        printed.push('\n');
        if line.starts_with("# CXONE_CLIENT_SECRET=") {
            break;
        }
    }
    Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(child.wait().unwrap().success());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dialbench.toml");
    fs::write(&file, &printed).unwrap();
    let overrides = proxy::config::Overrides { config: Some(file), ..Default::default() };
    let config =
        proxy::Config::load(overrides, &|name| name.starts_with("CXONE").then(|| "x".into())).unwrap();
    assert!(config.services.values().all(|service| service.missing.is_empty()));
    assert!(printed.contains("/oauth2/token"));
}
