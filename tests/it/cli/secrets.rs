//! The key: where it may come from, who may read it, and what becomes of the memory that holds it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal};

use super::program::{Ran, World, finish, first_line};
use crate::api::server::Server;

const KEY: &str = "AIzaCANARY000000000000000000000000000000";

/// Lists jobs with a key from somewhere else than the environment.
fn list_with(world: &World, server: &Server, more: &[&str]) -> Ran {
    let arguments: Vec<&str> = ["list", "--json"].iter().chain(more).copied().collect();
    let mut command = world.command(&arguments);
    command.env_remove("GEMINI_API_KEY").env("GOOGLE_GEMINI_BASE_URL", &server.origin);
    finish(command)
}

fn private(path: &Path, content: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn config(world: &World, text: &str) -> PathBuf {
    let path = world.path(".config/gemtts-tui/config.toml");
    private(&path, text);
    path
}

#[test]
fn fault_58_what_is_no_key_is_told_exactly_and_sent_nowhere() {
    let server = Server::start(|exchange| exchange.json(200, "{}"));
    let world = World::alone();
    let path = world.path("key");
    let good = [
        KEY.to_owned(),
        format!("{KEY}\n"),
        format!("  {KEY}\t\r\n\n"),
        format!("\u{feff}{KEY}\n"),
        format!("\n\n{KEY}"),
    ];
    for text in &good {
        private(&path, text);
        let before = server.seen().len();
        list_with(&world, &server, &["--key-file", "key"]).code(0);
        let seen = server.seen();
        assert_eq!((seen.len(), seen.last().unwrap().header("x-goog-api-key")), (before + 1, KEY), "{text:?}");
    }

    let before = server.seen().len();
    let bad = [
        (String::new(), "the key is empty"),
        (" \t\r\n".into(), "the key is empty"),
        ("\u{feff}\n".into(), "the key is empty"),
        (format!("{KEY} x"), "the key has a character at position 41 that a header cannot carry"),
        (format!("{KEY}é"), "the key has a character at position 41 that a header cannot carry"),
        (format!("AIza\u{0}{KEY}"), "the key has a character at position 5 that a header cannot carry"),
        (format!("AIza\u{1b}{KEY}"), "the key has a character at position 5 that a header cannot carry"),
        (format!("{KEY}\n{KEY}\n"), "gives 2 lines where one key should be"),
        (KEY.repeat(26_215), "no key is that long"),
        (format!("export GEMINI_API_KEY={KEY}"), "the key has quotes or a name around it"),
        (format!("GEMINI_API_KEY={KEY}"), "the key has quotes or a name around it"),
        (format!("\"{KEY}\""), "the key has quotes or a name around it"),
        (format!("'{KEY}'"), "the key has quotes or a name around it"),
    ];
    for (text, problem) in &bad {
        private(&path, text);
        list_with(&world, &server, &["--key-file", "key"]).code(3).says("the file key").says(problem);
        // The environment cannot hold a NUL or a megabyte, and of its lines none is the key.
        if !text.contains('\0') && text.len() < 100_000 && !text.contains('\n') && !text.trim().is_empty() {
            let mut command = world.command(&["list"]);
            command.env("GEMINI_API_KEY", text).env("GOOGLE_GEMINI_BASE_URL", &server.origin);
            finish(command).code(3).says("the key from GEMINI_API_KEY cannot be used").says(problem);
        }
    }
    private(&path, b"AIza\xff\xfe\x00k\x00");
    list_with(&world, &server, &["--key-file", "key"]).code(3).says("at position 5 ");
    assert_eq!(server.seen().len(), before, "nothing was sent");
}

#[test]
fn the_sources_of_the_key_have_an_order_and_two_that_are_set_are_told() {
    let server = Server::start(|exchange| exchange.json(200, "{}"));
    let world = World::alone();
    private(&world.path("named"), "from-the-option-00");
    config(&world, "[profile.default]\nkey_command = [\"printf\", \"from-the-command-0\"]\n");
    let mut variables: Vec<(&str, &str)> = Vec::new();
    let run = |variables: &[(&str, &str)], more: &[&str]| {
        let arguments: Vec<&str> = ["list", "--json"].iter().chain(more).copied().collect();
        let mut command = world.command(&arguments);
        command.env_remove("GEMINI_API_KEY").env("GOOGLE_GEMINI_BASE_URL", &server.origin);
        command.envs(variables.iter().copied());
        let ran = finish(command).code(0);
        (server.seen().last().unwrap().header("x-goog-api-key").to_owned(), ran.err)
    };
    assert_eq!(run(&variables, &[]), ("from-the-command-0".into(), String::new()));
    variables.push(("GEMINI_API_KEY", "from-gemini-000000"));
    let (key, told) = run(&variables, &[]);
    assert_eq!((key.as_str(), told.lines().count()), ("from-gemini-000000", 1), "{told}");
    assert!(told.contains("GEMINI_API_KEY wins over the key of profile default."), "{told}");
    variables.push(("GOOGLE_API_KEY", "from-google-000000"));
    let (key, told) = run(&variables, &[]);
    assert_eq!(key, "from-google-000000");
    assert!(told.contains("Both GOOGLE_API_KEY and GEMINI_API_KEY are set. Using GOOGLE_API_KEY."), "{told}");
    assert_eq!(run(&variables, &["--key-file", "named"]), ("from-the-option-00".into(), String::new()));
}

#[test]
fn a_key_command_is_no_shell_gets_no_input_and_only_its_output_counts() {
    let server = Server::start(|exchange| exchange.json(200, "{}"));
    let world = World::alone();
    let script = world.file("print-key", "#!/bin/sh\necho \"not this: $*\" >&2\ncat\nprintf ' %s \\n' \"$2\"\n");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).unwrap();
    // A shell would make of the second word what `touch` makes of it.
    let words = serde_json::json!([script, "$(touch shell-was-here); `touch shell-was-here`", "the-second-word-00"]);
    config(&world, &format!("[profile.default]\nkey_command = {words}\n"));
    list_with(&world, &server, &[]).code(0);
    assert_eq!(server.seen().last().unwrap().header("x-goog-api-key"), "the-second-word-00");
    assert!(!world.path("shell-was-here").exists());
}

#[test]
fn a_file_that_leads_to_a_key_is_refused_with_the_line_that_mends_it() {
    let server = Server::start(|exchange| exchange.json(200, "{}"));
    let world = World::alone();
    let path = world.path("the key");
    private(&path, KEY);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let ran = list_with(&world, &server, &["--key-file", path.to_str().unwrap()]).code(3);
    let line = ran.err.lines().find_map(|line| line.strip_prefix("hint: run: ")).unwrap_or_else(|| panic!("{ran:?}"));
    assert_eq!((line, server.seen().len()), (format!("chmod 600 '{}'", path.display()).as_str(), 0));
    // The line is one that a shell takes, and afterwards it works.
    assert!(Command::new("sh").args(["-c", line]).status().unwrap().success());
    list_with(&world, &server, &["--key-file", path.to_str().unwrap()]).code(0);
    for mode in [0o640, 0o604, 0o660, 0o606, 0o622, 0o601, 0o666] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let before = server.seen().len();
        list_with(&world, &server, &["--key-file", path.to_str().unwrap()]).code(3).says("chmod 600 ");
        assert_eq!(server.seen().len(), before, "{mode:o}");
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    list_with(&world, &server, &["--key-file", path.to_str().unwrap()]).code(0);

    // A configuration that names such a file is as private as the file.
    let config = config(&world, &format!("[profile.default]\nkey_file = {path:?}\n"));
    list_with(&world, &server, &[]).code(0);
    fs::set_permissions(&config, fs::Permissions::from_mode(0o644)).unwrap();
    list_with(&world, &server, &[]).code(3).says(&format!("run: chmod 600 {}", config.display()));
    fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).unwrap();

    // A name at home that leads elsewhere hands the key to whoever holds the other place.
    let elsewhere = tempfile::tempdir().unwrap();
    private(&elsewhere.path().join("key"), KEY);
    symlink(elsewhere.path().join("key"), world.path("link")).unwrap();
    symlink(&path, world.path("link at home")).unwrap();
    let link = world.path("link");
    let ran = list_with(&world, &server, &["--key-file", link.to_str().unwrap()]).code(3);
    assert!(ran.err.contains("is a link out of the home folder"), "{ran:?}");
    list_with(&world, &server, &["--key-file", world.path("link at home").to_str().unwrap()]).code(0);

    if rustix::process::geteuid().is_root() {
        // Only root can give files away.
        chown(&path, Some(65_534), None).unwrap();
        list_with(&world, &server, &["--key-file", path.to_str().unwrap()]).code(3).says("belongs to another user");
    }
}

#[test]
fn what_is_written_is_private_whatever_the_shell_allows() {
    let world = World::of("[[job]]\nname = \"ch01\"\nid = \"abc\"\nage = \"3h\"\ntexts = [\"One.\"]\n");
    let plain = world.command(&["save", "abc", "--out", "audio", "--log", "log", "--record", "recording", "-vv"]);
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "umask 000; exec \"$0\" \"$@\""]).arg(plain.get_program()).args(plain.get_args()).env_clear();
    shell.envs(plain.get_envs().map(|(name, value)| (name, value.unwrap())));
    shell.current_dir(world.home.path()).stdin(Stdio::null());
    finish(shell).code(0);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for file in ["log", "recording"] {
        assert_eq!(mode(&world.path(file)), 0o600, "{file}");
    }
    let mut folders = vec![world.path(".local/state/gemtts-tui"), world.path(".cache/gemtts-tui")];
    let mut n_files = 0;
    while let Some(folder) = folders.pop() {
        assert_eq!(mode(&folder), 0o700, "{}", folder.display());
        for entry in fs::read_dir(&folder).unwrap().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                n_files += 1;
                assert_eq!(mode(&entry.path()), 0o600, "{}", entry.path().display());
            }
        }
    }
    assert!(n_files > 2, "{n_files}");
}

/// Nobody in particular.
const NOBODY: u32 = 65_534;

/// The words that run a command as a user who may not read everything.
fn unprivileged() -> Vec<String> {
    if !rustix::process::geteuid().is_root() {
        return Vec::new();
    }
    ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"].map(str::to_owned).to_vec()
}

/// A copy of the program that anybody may run; a folder of the build may be closed to others.
fn copied(world: &World) -> PathBuf {
    let (home, program) = (world.home.path(), world.path("program"));
    fs::copy(env!("CARGO_BIN_EXE_gemtts-tui"), &program).unwrap();
    if !unprivileged().is_empty() {
        for path in [home, &program] {
            chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }
    program
}

/// A command that waits for a job for ever, as a user without privileges, with as much of a core dump allowed as the
/// system allows.
fn waiting(world: &World, program: &Path) -> Child {
    let plain = world.command(&["wait", "abc"]);
    let mut words = vec!["-c".to_owned(), "ulimit -c unlimited 2>/dev/null; exec \"$@\"".into(), "sh".into()];
    words.extend(unprivileged());
    words.extend([program.display().to_string(), "wait".into(), "abc".into()]);
    let mut command = Command::new("sh");
    command.args(&words).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
    command.envs(plain.get_envs().map(|(name, value)| (name, value.unwrap())));
    let mut child = command.current_dir(world.home.path()).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    assert!(first_line(&mut child).contains("RUNNING"));
    child
}

const STUCK: &str = "[[job]]\nname = \"stuck\"\nid = \"abc\"\nstate = \"running\"\ntexts = [\"One.\"]\n";

/// What a process of the same user gets to see of this file.
fn read_as_the_same_user(path: &str) -> bool {
    let mut words = unprivileged();
    words.extend(["head", "-c", "1", path].map(str::to_owned));
    Command::new(&words[0]).args(&words[1..]).stderr(Stdio::null()).output().unwrap().status.success()
}

#[cfg(target_os = "linux")]
#[test]
fn fault_61_no_signal_leaves_a_core_and_nobody_reads_the_memory() {
    let world = World::of(STUCK);
    let program = copied(&world);
    for signal in [Signal::SEGV, Signal::ABORT, Signal::BUS] {
        let mut child = waiting(&world, &program);
        let id = child.id();
        let limits = fs::read_to_string(format!("/proc/{id}/limits")).unwrap();
        let cores = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        assert_eq!(cores.split_whitespace().collect::<Vec<_>>()[4..6], ["0", "0"], "{cores}");
        for file in ["mem", "environ", "maps"] {
            assert!(!read_as_the_same_user(&format!("/proc/{id}/{file}")), "{file} can be read");
        }
        // The first one that is no fault of its own is passed over by the guard against overflowing stacks.
        let status = loop {
            rustix::process::kill_process(Pid::from_child(&child), signal).unwrap();
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            std::thread::yield_now();
        };
        assert_eq!((status.signal(), status.core_dumped()), (Some(signal.as_raw()), false), "{signal:?}");
        let left: Vec<_> = fs::read_dir(world.home.path()).unwrap().flatten().map(|entry| entry.file_name()).collect();
        assert!(!left.iter().any(|name| name.to_string_lossy().starts_with("core")), "{left:?}");
    }
    // The same look at a program that hides nothing finds something.
    let mut words = unprivileged();
    words.extend(["sleep", "1000"].map(str::to_owned));
    let mut open = Command::new(&words[0]).args(&words[1..]).env("A", "b").spawn().unwrap();
    while fs::read_to_string(format!("/proc/{}/comm", open.id())).unwrap().trim() != "sleep" {
        std::thread::yield_now();
    }
    let is_seen = read_as_the_same_user(&format!("/proc/{}/environ", open.id()));
    open.kill().unwrap();
    open.wait().unwrap();
    assert!(is_seen);
}

#[test]
fn fault_59_an_address_that_is_not_safe_is_refused_and_another_machine_is_told_aloud() {
    let world = World::alone();
    let table = [
        ("http://example.com", "plain http is allowed for this machine alone"),
        ("http://generativelanguage.googleapis.com", "plain http is allowed for this machine alone"),
        ("http://127.0.0.1.example.com", "plain http is allowed for this machine alone"),
        ("https://u:hunter2@h", "holds a user name or a password"),
        ("https://generativelanguage.googleapis.com@evil.invalid", "holds a user name or a password"),
        ("https://h/?key=hunter2", "holds a query or a fragment"),
        ("https://h/key=hunter2", "holds a key"),
        (&format!("https://h/{KEY}"), "holds a key"),
        ("file:///etc/passwd", "does not begin with https:// or http://"),
        ("//evil.invalid", "does not begin with https:// or http://"),
    ];
    for (url, problem) in table {
        let ran = world.run(&["list", "--base-url", url]).code(2).says(problem).says("the address from --base-url");
        assert!(!ran.err.contains("hunter2"), "{ran:?}");
        let mut command = world.command(&["list"]);
        command.env("GOOGLE_GEMINI_BASE_URL", url);
        finish(command).code(2).says(problem).says("the address from environment GOOGLE_GEMINI_BASE_URL");
    }
    // `spend` asks nobody; who would be asked is told all the same, and by whom it was said.
    let evil = "https://generativelanguage.googleapis.com.evil.tld";
    let banner = format!("warning: Requests and the key go to {evil} and not to Google, because of ");
    world.run(&["spend", "--base-url", evil]).code(0).says(&banner).says("because of --base-url.");
    let mut command = world.command(&["spend"]);
    command.env("GOOGLE_GEMINI_BASE_URL", evil);
    finish(command).code(0).says(&banner).says("because of environment GOOGLE_GEMINI_BASE_URL.");
    config(&world, &format!("[profile.default]\nbase_url = \"{evil}\"\n"));
    let mut command = world.command(&["spend"]);
    command.env_remove("GOOGLE_GEMINI_BASE_URL");
    finish(command).code(0).says(&banner).says("because of configuration file.");
    let quiet = world.run(&["spend", "--base-url", "https://generativelanguage.googleapis.com"]).code(0);
    assert!(!quiet.err.contains("warning"), "{quiet:?}");
}

#[test]
fn fault_60_a_folder_full_of_traps_changes_nothing() {
    let trap = Server::start(|exchange| exchange.json(200, "{}"));
    let server = Server::start(|exchange| exchange.json(200, "{}"));
    let world = World::alone();
    let folder = world.path("repository");
    fs::create_dir_all(folder.join(".gemtts")).unwrap();
    fs::create_dir_all(folder.join("gemtts-tui")).unwrap();
    fs::create_dir_all(folder.join(".config/gemtts-tui")).unwrap();
    let touch = folder.join("trap-was-here");
    let toml = format!(
        "base_url = \"{0}\"\nread_only = true\n[profile.default]\nbase_url = \"{0}\"\nkey_command = [\"touch\", {1:?}]\n",
        trap.origin, touch
    );
    let profile = toml.replacen(&format!("base_url = \"{}\"\n", trap.origin), "", 1);
    let variables = format!(
        "GOOGLE_GEMINI_BASE_URL={0}\nGOOGLE_API_KEY=AIzaTRAP\nGEMINI_API_KEY=AIzaTRAP\nHTTP_PROXY={0}\nALL_PROXY={0}\n",
        trap.origin
    );
    for name in [
        ".gemtts.toml",
        "gemtts.toml",
        "gemtts-tui.toml",
        "config.toml",
        ".gemtts/config.toml",
        "gemtts-tui/config.toml",
    ] {
        fs::write(folder.join(name), &profile).unwrap();
    }
    fs::write(folder.join(".config/gemtts-tui/config.toml"), &toml).unwrap();
    for name in [".env", ".env.local", ".envrc", ".netrc"] {
        fs::write(folder.join(name), &variables).unwrap();
    }
    for models in ["models.toml", "voices.toml"] {
        fs::write(folder.join(models), "no catalog = [").unwrap();
    }
    for arguments in [&["list", "--json"][..], &["doctor"], &["files", "list"], &["models", "--refresh"], &["spend"]] {
        let mut command = world.command(arguments);
        command.env("GOOGLE_GEMINI_BASE_URL", &server.origin).current_dir(&folder);
        finish(command).code(0);
    }
    assert!(!server.seen().is_empty());
    assert!(server.seen().iter().all(|request| request.header("x-goog-api-key") == KEY));
    assert_eq!(trap.seen().len(), 0);
    assert!(!touch.exists());
}
