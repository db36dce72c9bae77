// SPDX-License-Identifier: GPL-2.0

//! `ukl-load` against servers whose behaviour is known.

mod servers;

use std::{
    net::TcpListener,
    process::{Command, Output},
    sync::{
        atomic::{AtomicBool, Ordering::SeqCst},
        Mutex, PoisonError,
    },
    time::{Duration, Instant},
};

use serde_json::Value;

use servers::{Act, Server, Speaks};

const ALL: [Speaks; 3] = [Speaks::Echo(32), Speaks::Redis, Speaks::Memcached];
const PROGRAM: &str = env!("CARGO_BIN_EXE_ukl-load");

fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// The arguments that lead to a server.
fn to(server: &Server, speaks: Speaks) -> String {
    let name = match speaks {
        Speaks::Echo(size) => return format!("echo {} --size {size}", server.address),
        Speaks::Redis => "redis",
        Speaks::Memcached => "memcached",
    };
    format!("{name} {} --keys 100", server.address)
}

fn run(server: &Server, speaks: Speaks, arguments: &str) -> Output {
    let line = format!("{} {arguments}", to(server, speaks));
    let mut command = Command::new(PROGRAM);
    output(command.args(line.split_whitespace()))
}

/// Runs a command while no other one runs: times would be those of both.
fn output(command: &mut Command) -> Output {
    timed(command).0
}

/// Says how long it took, too.
fn timed(command: &mut Command) -> (Output, Duration) {
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let start = Instant::now();
    (command.output().unwrap(), start.elapsed())
}

/// The objects that it prints when all is well.
fn objects(server: &Server, speaks: Speaks, arguments: &str) -> Vec<Value> {
    let output = run(server, speaks, &format!("--json {arguments}"));
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let object = |line| serde_json::from_str(line).unwrap();
    text.lines().map(object).collect()
}

/// The object that it prints when all is well.
fn load(server: &Server, speaks: Speaks, arguments: &str) -> Value {
    let mut objects = objects(server, speaks, arguments);
    assert_eq!(objects.len(), 1);
    objects.remove(0)
}

/// The one line that it prints to standard error when it fails.
fn failure(server: &Server, speaks: Speaks, arguments: &str) -> String {
    let output = run(server, speaks, arguments);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.starts_with("ukl-load: ") && text.lines().count() == 1,
        "{text}"
    );
    text
}

fn number(object: &Value, path: &str) -> f64 {
    let value = path.split('/').fold(object, |object, name| &object[name]);
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{path} of {object}"))
}

fn micros(object: &Value, name: &str) -> f64 {
    number(object, &format!("latency_us/{name}"))
}

fn within(value: f64, low: f64, high: f64, object: &Value) {
    assert!(
        (low..=high).contains(&value),
        "{value}, not from {low} to {high}: {object}"
    );
}

#[test]
fn right_replies_are_counted() {
    for speaks in ALL {
        let server = Server::good(speaks);
        let object = load(&server, speaks, "-c 5 -P 4 -n 3000 -w 0");
        assert_eq!(number(&object, "requests"), 3000.0);
        assert_eq!(number(&object, "errors"), 0.0);
        assert_eq!(object["error"], Value::Null);
        let seconds = number(&object, "seconds");
        within(number(&object, "rate") * seconds, 2990.0, 3010.0, &object);
        let (gets, sets) = (server.seen.gets.load(SeqCst), server.seen.sets.load(SeqCst));
        match speaks {
            Speaks::Echo(_) => assert_eq!(sets, 3000),
            _ => assert_eq!((gets, sets), (3000, 100)),
        }
        let times = ["min", "p50", "p90", "p99", "p99.9", "max"].map(|name| micros(&object, name));
        assert!(times[0] > 0.0 && times.is_sorted(), "{object}");
    }
}

#[test]
fn gets_and_sets_are_mixed() {
    for speaks in [Speaks::Redis, Speaks::Memcached] {
        let server = Server::good(speaks);
        let arguments = "-c 5 -n 2000 -w 0 --sets 0.25 --value-size 1000 --key-size 40";
        let object = load(&server, speaks, arguments);
        assert_eq!(number(&object, "settings/sets"), 0.25);
        let (gets, sets) = (server.seen.gets.load(SeqCst), server.seen.sets.load(SeqCst));
        assert_eq!(gets + sets, 2100);
        assert!((500..700).contains(&sets), "{sets}");
    }
}

#[test]
fn sizes_are_those_of_etc() {
    let server = Server::good(Speaks::Memcached);
    let arguments = "-c 5 -n 3100 -w 0 --etc --keys 1000";
    let line = format!("memcached {} {arguments} --json", server.address);
    let output = Command::new(PROGRAM)
        .args(line.split(' '))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let sets = server.seen.sets.load(SeqCst) - 1000;
    assert!((60..150).contains(&sets), "{sets}");
}

#[test]
fn what_was_not_stored_is_missed() {
    for speaks in [Speaks::Redis, Speaks::Memcached] {
        let server = Server::good(speaks);
        let line = failure(&server, speaks, "-w 0 -n 10 --preload false");
        assert!(
            line.contains("GET key:") && line.contains("no such key"),
            "{line}"
        );
        load(&server, speaks, "-w 0 -n 10");
        // What one run has stored another one knows, whatever its seed.
        load(&server, speaks, "-w 0 -n 10 --preload false --seed 7");
    }
}

/// Runs against a server that does something with one of its requests, after 200 good ones.
fn fault(speaks: Speaks, act: Act) -> String {
    let server = Server::new(speaks, move |number| match number {
        300 => act,
        _ => Act::Answer,
    });
    failure(&server, speaks, "-c 3 -n 10000 -w 0 --timeout 0.5")
}

#[test]
fn wrong_bytes_are_an_error() {
    // In the value, and behind it.
    let places = [
        (Speaks::Echo(32), [16, 1]),
        (Speaks::Redis, [3, 1]),
        (Speaks::Memcached, [8, 3]),
    ];
    for (speaks, from_end) in places {
        for from_end in from_end {
            let line = fault(speaks, Act::Spoil(from_end));
            assert!(
                line.contains("expected ") && line.contains(", came "),
                "{line}"
            );
        }
    }
}

#[test]
fn bytes_that_were_not_asked_for_are_an_error() {
    for speaks in ALL {
        let line = fault(speaks, Act::Babble);
        assert!(line.contains(" came"), "{line}");
    }
}

#[test]
fn a_connection_that_is_closed_is_an_error() {
    for speaks in ALL {
        for bytes in [0, 5] {
            let line = fault(speaks, Act::Truncate(bytes));
            assert!(
                line.contains("the server closed the connection; expected the reply to"),
                "{line}"
            );
            assert!(
                line.ends_with(&format!("{bytes} bytes of it came\n")),
                "{line}"
            );
        }
    }
}

#[test]
fn a_reply_that_is_missing_is_an_error() {
    for speaks in ALL {
        let line = fault(speaks, Act::Ignore);
        assert!(line.contains("no reply within 0.5 s"), "{line}");
    }
}

#[test]
fn an_error_is_in_the_json_too() {
    let server = Server::new(Speaks::Redis, |number| match number {
        500 => Act::Spoil(3),
        _ => Act::Answer,
    });
    let output = run(&server, Speaks::Redis, "--json -c 1 -n 10000 -w 0");
    assert_eq!(output.status.code(), Some(1));
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    // 100 requests have stored the keys.
    assert_eq!(number(&object, "requests"), 400.0);
    assert_eq!(number(&object, "errors"), 1.0);
    let line = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        line,
        format!("ukl-load: {}\n", object["error"].as_str().unwrap())
    );
}

#[test]
fn a_refused_connection_is_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut server = Server::good(Speaks::Redis);
    server.address = listener.local_addr().unwrap();
    drop(listener);
    let line = failure(&server, Speaks::Redis, "-n 1");
    assert!(
        line.contains("refused") && line.contains("is the server running?"),
        "{line}"
    );
}

#[test]
#[ignore = "wants an idle machine: make check-load"]
fn a_run_that_takes_too_long_is_an_error() {
    let server = Server::new(Speaks::Echo(8), |_| Act::Slow(millis(10)));
    let line = failure(&server, Speaks::Echo(8), "-c 1 -n 1000 -w 0 --limit 0.3");
    assert!(
        line.contains("expected 1000 replies within 0.3 s"),
        "{line}"
    );
}

#[test]
#[ignore = "wants an idle machine: make check-load"]
fn rates_are_kept() {
    for speaks in ALL {
        let server = Server::good(speaks);
        let object = load(
            &server,
            speaks,
            "--rate 2000 -d 2 -w 0.2 --arrivals uniform",
        );
        assert_eq!(number(&object, "requests"), 4000.0);
        within(number(&object, "rate"), 1960.0, 2040.0, &object);
        assert_eq!(number(&object, "asked_rate"), 2000.0);
        let seen = server.seen.gets.load(SeqCst) + server.seen.sets.load(SeqCst);
        within(seen as f64, 4300.0, 4500.0, &object);
    }
}

#[test]
#[ignore = "wants an idle machine: make check-load"]
fn a_number_of_requests_at_a_rate_is_kept() {
    let server = Server::good(Speaks::Echo(8));
    for arrivals in ["uniform", "poisson"] {
        let arguments = format!("--rate 2000 -n 1000 -w 0 --arrivals {arrivals}");
        let object = load(&server, Speaks::Echo(8), &arguments);
        assert_eq!(number(&object, "requests"), 1000.0);
        within(number(&object, "seconds"), 0.45, 0.55, &object);
    }
    assert_eq!(server.seen.sets.load(SeqCst), 2000);
}

#[test]
#[ignore = "wants an idle machine: make check-load"]
fn random_arrivals_depend_on_the_seed_only() {
    let server = Server::good(Speaks::Echo(8));
    let due = |seed| {
        let arguments = format!("--rate 2000 -d 1 -w 0 --arrivals poisson --seed {seed}");
        let object = load(&server, Speaks::Echo(8), &arguments);
        // Four standard deviations.
        within(number(&object, "due"), 1821.0, 2179.0, &object);
        number(&object, "due")
    };
    let dues = [due(1), due(2), due(3)];
    assert_eq!(due(1), dues[0]);
    assert!(dues[0] != dues[1] || dues[0] != dues[2], "{dues:?}");
}

/// A server that answers nobody for 200 ms, once.
fn stalling(after: u64) -> Server {
    let stalled = AtomicBool::new(false);
    Server::new(Speaks::Echo(8), move |number| {
        match number >= after && !stalled.swap(true, SeqCst) {
            true => Act::Slow(millis(200)),
            false => Act::Answer,
        }
    })
}

#[test]
#[ignore = "wants an idle machine: make check-load"]
fn an_open_loop_shows_a_stall_and_a_closed_one_hides_it() {
    // Of 2 s, 0.2 are 10 %: every tenth request comes in that time.
    let arguments = "-c 10 --rate 1000 -d 2 -w 0 --arrivals uniform";
    let open = load(&stalling(1000), Speaks::Echo(8), arguments);
    within(micros(&open, "p99.9"), 180e3, 1e6, &open);
    within(micros(&open, "p99"), 150e3, 1e6, &open);
    within(micros(&open, "p95"), 70e3, 1e6, &open);
    assert_eq!(number(&open, "requests"), 2000.0);

    let closed = load(&stalling(1000), Speaks::Echo(8), "-c 1 -n 10000 -w 0");
    within(micros(&closed, "max"), 200e3, 2e6, &closed);
    within(micros(&closed, "p99.9"), 0.0, 100e3, &closed);
}

#[test]
#[ignore = "wants an idle machine: make check-load"]
fn the_time_of_a_slow_server_is_seen() {
    let server = Server::new(Speaks::Echo(8), |_| Act::Slow(millis(5)));
    let closed = load(&server, Speaks::Echo(8), "-c 1 -n 200 -w 0");
    within(micros(&closed, "min"), 5000.0, 5999.0, &closed);
    within(micros(&closed, "p50"), 5000.0, 9000.0, &closed);
    // Two wait for each other.
    let closed = load(&server, Speaks::Echo(8), "-c 2 -n 200 -w 0");
    within(micros(&closed, "p50"), 9900.0, 18_000.0, &closed);
    let open = load(
        &server,
        Speaks::Echo(8),
        "-c 5 --rate 50 -n 50 -w 0 --arrivals uniform",
    );
    within(micros(&open, "min"), 5000.0, 6999.0, &open);
    within(micros(&open, "p50"), 5000.0, 9000.0, &open);
}

#[test]
#[ignore = "wants an idle machine: make check-load"]
fn quantiles_are_those_of_the_server() {
    // 3 % take 50 ms.
    let server = Server::new(Speaks::Echo(8), |number| match number % 100 {
        10 | 40 | 70 => Act::Slow(millis(50)),
        _ => Act::Answer,
    });
    let object = load(&server, Speaks::Echo(8), "-c 1 -n 1000 -w 0");
    within(micros(&object, "p90"), 1.0, 25e3, &object);
    within(micros(&object, "p99"), 50e3, 90e3, &object);
    within(micros(&object, "mean"), 1500.0, 6000.0, &object);
}

#[test]
#[ignore = "wants an idle machine: make check-load"]
fn too_high_a_rate_is_seen_and_does_not_hang() {
    // 500 in a second are possible, at most.
    let server = Server::new(Speaks::Redis, |number| match number {
        0..100 => Act::Answer,
        _ => Act::Slow(millis(2)),
    });
    // All that was due would take 10 s.
    let arguments = "-c 10 --rate 5000 -d 1 -w 0 --arrivals uniform --json";
    let line = format!("{} {arguments}", to(&server, Speaks::Redis));
    let (output, took) = timed(Command::new(PROGRAM).args(line.split(' ')));
    assert!(output.status.success(), "{output:?}");
    assert!(took < millis(4000), "{took:?}");
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    within(number(&object, "rate"), 100.0, 500.0, &object);
    assert_eq!(number(&object, "due"), 5000.0);
    within(number(&object, "unsent"), 4480.0, 4900.0, &object);
    let asked = number(&object, "requests") + number(&object, "unsent");
    assert_eq!(asked, number(&object, "due"));
    // Who came in the middle of the second still waits at its end.
    within(micros(&object, "p50"), 400e3, 1e6, &object);
    within(micros(&object, "max"), 900e3, 2e6, &object);
}

#[test]
#[ignore = "wants an idle machine: make check-load"]
fn a_warm_up_does_not_count() {
    let server = Server::new(Speaks::Echo(8), |number| match number {
        1 => Act::Slow(millis(400)),
        _ => Act::Answer,
    });
    for pace in ["", "--rate 200"] {
        let object = load(
            &server,
            Speaks::Echo(8),
            &format!("-c 1 -w 0.6 -n 100 {pace}"),
        );
        within(micros(&object, "max"), 1.0, 300e3, &object);
        assert_eq!(number(&object, "requests"), 100.0);
        server.seen.sets.store(0, SeqCst);
    }
    let object = load(&server, Speaks::Echo(8), "-c 1 -w 0 -n 100");
    within(micros(&object, "max"), 400e3, 2e6, &object);
}

#[test]
#[ignore = "wants an idle machine: make check-load"]
fn a_curve_has_a_line_for_each_rate() {
    let server = Server::good(Speaks::Memcached);
    let arguments = "-d 0.3 -w 0 --rates 100,1000,300 --arrivals uniform";
    let objects = objects(&server, Speaks::Memcached, arguments);
    let asked = objects.iter().map(|object| number(object, "asked_rate"));
    assert_eq!(asked.collect::<Vec<_>>(), [100.0, 1000.0, 300.0]);
    for object in &objects {
        let rate = number(object, "asked_rate");
        within(number(object, "rate"), rate * 0.9, rate * 1.1, object);
    }
}

#[test]
#[ignore = "wants an idle machine: make check-load"]
fn the_highest_rate_within_a_limit_is_found() {
    // 1000 in a second are possible, at most.
    let server = Server::new(Speaks::Echo(8), |_| Act::Slow(millis(1)));
    let arguments = "-d 0.5 -w 0.1 --p99-limit 60000 --rate 4000 --steps 6 --arrivals uniform";
    let mut objects = objects(&server, Speaks::Echo(8), arguments);
    let found = number(&objects.pop().unwrap(), "highest_rate");
    assert!((200.0..=1000.0).contains(&found), "{found}");
    let mut highest: f64 = 0.0;
    for object in &objects {
        let good = object["within_limit"].as_bool().unwrap();
        assert!(!good || micros(object, "p99") <= 60e3, "{object}");
        if good {
            highest = highest.max(number(object, "asked_rate"));
        }
    }
    assert_eq!((highest, objects.len()), (found, 6));
}

#[test]
fn connections_come_from_several_addresses() {
    let server = Server::good(Speaks::Echo(8));
    load(&server, Speaks::Echo(8), "-c 10 -n 100 -w 0 --sources 3");
    let mut peers: Vec<_> = server
        .seen
        .peers
        .lock()
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    peers.sort();
    assert_eq!(peers, ["127.0.0.1", "127.0.0.2", "127.0.0.3"]);
}

#[test]
fn the_limit_of_open_files_is_raised() {
    let server = Server::good(Speaks::Echo(8));
    let line = format!(
        "ulimit -Sn 64; exec {PROGRAM} {} -c 100 -n 1000",
        to(&server, Speaks::Echo(8))
    );
    let output = output(Command::new("sh").args(["-c", &line]));
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_person_gets_a_table() {
    let server = Server::good(Speaks::Echo(8));
    let output = run(&server, Speaks::Echo(8), "-d 0.2 -w 0 --rates 100,200");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Vec<_>> = text
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert_eq!(lines[0][..2], ["asked/s", "rate/s"]);
    assert_eq!((lines[1][0], lines[2][0]), ("100", "200"));
    assert!(lines[1..].iter().all(|line| line.len() == 7), "{text}");
}
