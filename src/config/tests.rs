//! The order of flag, environment, file and default, and what each of them may say.

use std::fs;
use std::time::Duration;

use super::*;
use crate::failure::{Exit, Failure};

struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        Home { folder: tempfile::tempdir().unwrap() }
    }

    fn with_config(text: &str) -> Self {
        let home = Home::new();
        let folder = home.folder.path().join("config");
        fs::create_dir_all(&folder).unwrap();
        write(&folder.join("config.toml"), text, 0o600);
        home
    }

    fn load(&self, flags: &Flags, variables: &[(&str, &str)]) -> Result<Settings, Failure> {
        let mut all = vec![("HOME", "/home/nobody")];
        all.extend_from_slice(variables);
        Settings::load(flags, &Env::of(&all, self.folder.path())).map_err(Failure::from)
    }
}

fn write(path: &Path, text: &str, mode: u32) {
    fs::write(path, text).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    #[cfg(not(unix))]
    let _ = mode;
}

fn profile(name: &str) -> Flags {
    Flags { profile: Some(name.into()), ..Flags::default() }
}

#[test]
fn flag_before_environment_before_file_before_default() {
    let home = Home::with_config("[profile.default]\nbase_url = \"https://file.example\"\n");
    let flag = Flags { base_url: Some("https://flag.example".into()), ..Flags::default() };
    let env = [("GOOGLE_GEMINI_BASE_URL", "https://env.example")];
    let origin = |settings: Settings| (settings.base_url.origin().to_owned(), settings.base_url_origin);

    assert_eq!(origin(home.load(&flag, &env).unwrap()), ("https://flag.example".into(), Origin::Flag("--base-url")));
    let from_env = ("https://env.example".into(), Origin::Environment("GOOGLE_GEMINI_BASE_URL"));
    assert_eq!(origin(home.load(&Flags::default(), &env).unwrap()), from_env);
    assert_eq!(origin(home.load(&Flags::default(), &[]).unwrap()), ("https://file.example".into(), Origin::File));
    assert!(Home::new().load(&Flags::default(), &[]).unwrap().base_url.is_google());
}

#[test]
fn google_api_key_wins_and_an_empty_one_counts_as_unset() {
    let key = |variables: &[(&str, &str)]| {
        let settings = Home::new().load(&Flags::default(), variables).unwrap();
        (settings.api_key().map(|key| key.expose().to_owned()).ok(), settings.warnings)
    };
    let both = [("GOOGLE_API_KEY", " google \n"), ("GEMINI_API_KEY", "gemini")];
    let warning = "Both GOOGLE_API_KEY and GEMINI_API_KEY are set. Using GOOGLE_API_KEY.";
    assert_eq!(key(&both), (Some("google".into()), vec![warning.to_owned()]));
    assert_eq!(key(&[("GOOGLE_API_KEY", "  "), ("GEMINI_API_KEY", "gemini")]), (Some("gemini".into()), vec![]));
    assert_eq!(key(&[("GOOGLE_API_KEY", "")]), (None, vec![]));
}

#[test]
fn a_missing_or_impossible_key_fails_only_when_it_is_needed() {
    let settings = Home::new().load(&Flags::default(), &[]).unwrap();
    let failure = Failure::from(settings.api_key().unwrap_err());
    assert_eq!(failure.exit, Exit::Key);
    let hint = failure.hint.unwrap();
    assert!(hint.contains("GEMINI_API_KEY") && hint.contains("GOOGLE_API_KEY"));

    for bad in ["a b", "export KEY=x", "kéy", "\u{0}x", &"k".repeat(600), "two\nlines"] {
        let settings = Home::new().load(&Flags::default(), &[("GEMINI_API_KEY", bad)]).unwrap();
        let failure = Failure::from(settings.api_key().unwrap_err());
        assert_eq!(failure.exit, Exit::Key, "{bad:?}");
        assert!(failure.message.starts_with("the key from GEMINI_API_KEY cannot be used: "), "{}", failure.message);
        assert!(!failure.message.contains(bad), "{}", failure.message);
    }
}

#[test]
fn the_environment_wins_over_a_key_of_the_profile_and_says_so() {
    let home = Home::with_config("[profile.work]\nkey_command = [\"printf\", \"from-command\"]\n");
    let settings = home.load(&profile("work"), &[("GEMINI_API_KEY", "from-env")]).unwrap();
    assert_eq!(settings.api_key().unwrap().expose(), "from-env");
    assert_eq!(settings.warnings, ["GEMINI_API_KEY wins over the key of profile work."]);
    let settings = home.load(&profile("work"), &[]).unwrap();
    assert_eq!(settings.profile, "work");
    #[cfg(unix)]
    assert_eq!(settings.api_key().unwrap().expose(), "from-command");
}

#[test]
fn any_source_can_make_the_session_read_only_and_none_can_undo_it() {
    let set = |config: &str, flag: bool, variable: &str| {
        let flags = Flags { read_only: flag, ..Flags::default() };
        let settings = Home::with_config(config).load(&flags, &[("GEMTTS_READ_ONLY", variable)]).unwrap();
        assert_eq!(settings.read_only, settings.read_only_origin != Origin::Default);
        settings.read_only_origin
    };
    let read_only = |config: &str, flag: bool| set(config, flag, "") != Origin::Default;
    assert!(!read_only("", false));
    assert!(read_only("", true));
    assert!(read_only("read_only = true\n[profile.default]\nread_only = false\n", false));
    assert!(read_only("[profile.default]\nread_only = true\n", false));
    assert!(read_only("[profile.default]\nread_only = false\n", true));
    let forbids = "[profile.default]\nread_only = false\n";
    for word in ["1", "true", "YES", "on", " 1 "] {
        assert_eq!(set(forbids, false, word), Origin::Environment("GEMTTS_READ_ONLY"), "{word}");
    }
    for word in ["0", "false", "no", "OFF", " "] {
        assert_eq!(set("", false, word), Origin::Default, "{word}");
        assert_eq!(set("read_only = true\n", false, word), Origin::File, "{word} opens nothing");
        assert_eq!(set("", true, word), Origin::Flag("--read-only"), "{word} opens nothing");
    }
}

#[test]
fn a_switch_that_says_neither_on_nor_off_is_an_error_and_closes_a_demo() {
    let variables = [("GEMTTS_READ_ONLY", "please\u{1b}")];
    let failure = Home::new().load(&Flags::default(), &variables).unwrap_err();
    assert_eq!(failure.exit, Exit::Usage);
    assert!(failure.message.starts_with("GEMTTS_READ_ONLY is 'please") && !failure.message.contains('\u{1b}'));
    assert!(failure.hint.unwrap().contains("GEMTTS_READ_ONLY to 1 or 0"));
    let base = BaseUrl::parse("http://127.0.0.1:9").unwrap();
    for (word, expected) in [("please", true), ("1", true), ("0", false)] {
        let env = Env::of(&[("GEMTTS_READ_ONLY", word)], Path::new("/x"));
        let settings = Settings::demo(base.clone(), Path::new("/demo"), &Flags::default(), &env);
        assert_eq!(settings.read_only, expected, "{word}");
    }
}

#[test]
fn the_refresh_time_has_a_floor() {
    let refresh = |flag: Option<u64>, config: &str| {
        let flags = Flags { refresh: flag, ..Flags::default() };
        let settings = Home::with_config(config).load(&flags, &[]).unwrap();
        (settings.refresh.map(|refresh| refresh.as_secs()), settings.warnings.len())
    };
    assert_eq!(refresh(None, ""), (None, 0));
    assert_eq!(refresh(Some(0), ""), (Some(2), 1));
    assert_eq!(refresh(Some(5), "refresh = 9\n"), (Some(5), 0));
    assert_eq!(refresh(None, "refresh = 9\n[profile.default]\nrefresh = 20\n"), (Some(20), 0));
    assert_eq!(refresh(Some(86_400), ""), (Some(86_400), 0));
}

#[test]
fn a_refresh_time_beyond_a_day_is_refused() {
    let refused = |flag: Option<u64>, config: &str| {
        let flags = Flags { refresh: flag, ..Flags::default() };
        let failure = Home::with_config(config).load(&flags, &[]).unwrap_err();
        (failure.exit, failure.message, failure.hint.is_some())
    };
    let told = |seconds: u64, origin: &str| {
        let message = format!("the refresh time from {origin} is {seconds} s, and a day is the longest");
        (Exit::Usage, message, true)
    };
    assert_eq!(refused(Some(86_401), ""), told(86_401, "--refresh"));
    assert_eq!(refused(Some(u64::MAX), "refresh = 9\n"), told(u64::MAX, "--refresh"));
    assert_eq!(refused(None, "refresh = 90000\n"), told(90_000, "configuration file"));
    assert_eq!(refused(None, "[profile.default]\nrefresh = 90000\n"), told(90_000, "configuration file"));
}

#[test]
fn an_address_that_is_refused_names_its_source_and_not_itself() {
    let env = [("GOOGLE_GEMINI_BASE_URL", "https://user:hunter2@h")];
    let failure = Home::new().load(&Flags::default(), &env).unwrap_err();
    let expected = "the address from environment GOOGLE_GEMINI_BASE_URL cannot be used: the address holds a user name or a password";
    assert_eq!((failure.exit, failure.message.as_str()), (Exit::Usage, expected));
}

#[test]
fn profiles_and_files_that_are_not_there_are_named() {
    let home = Home::with_config("[profile.work]\n[profile.home]\n");
    let failure = home.load(&profile("wrok"), &[]).unwrap_err();
    assert!(failure.message.starts_with("there is no profile wrok in "));
    assert_eq!((failure.exit, failure.hint.as_deref()), (Exit::Usage, Some("there are: home, work")));

    let flags = Flags { config: Some("/no/such/file.toml".into()), ..Flags::default() };
    let failure = home.load(&flags, &[]).unwrap_err();
    assert!(failure.message.starts_with("cannot read /no/such/file.toml: "), "{}", failure.message);
    let by_default = Home::with_config("default_profile = \"work\"\n[profile.work]\nrefresh = 30\n");
    let settings = by_default.load(&Flags::default(), &[]).unwrap();
    assert_eq!((settings.profile.as_str(), settings.refresh), ("work", Some(Duration::from_secs(30))));
}

#[test]
fn folders_need_a_home_and_absolute_paths() {
    let folder = tempfile::tempdir().unwrap();
    let load = |variables: &[(&str, &str)]| {
        Settings::load(&Flags::default(), &Env::of(variables, folder.path())).map_err(Failure::from)
    };
    let relative = load(&[("HOME", "/h"), ("XDG_STATE_HOME", "state")]).unwrap_err();
    assert_eq!((relative.exit, relative.message.as_str()), (Exit::Usage, "XDG_STATE_HOME is a relative path"));
    if cfg!(unix) {
        assert_eq!(load(&[]).unwrap_err().exit, Exit::Usage);
        let all = [("XDG_CONFIG_HOME", "/c"), ("XDG_STATE_HOME", "/s"), ("XDG_CACHE_HOME", "/k")];
        assert!(load(&all).is_ok(), "no home is needed when every folder is named");
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_leads_to_a_key_must_be_private() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("the key");
    let config = folder.path().join("config.toml");
    let table = [
        (format!("[profile.default]\nkey_file = {:?}\n", key), 0o644, Some("read")),
        (format!("[profile.default]\nkey_file = {:?}\n", key), 0o600, None),
        ("[profile.default]\nkey_command = [\"true\"]\n".to_owned(), 0o644, None),
        ("[profile.default]\nkey_command = [\"true\"]\n".to_owned(), 0o664, Some("change")),
        ("refresh = 3\n".to_owned(), 0o666, None),
    ];
    for (text, mode, verb) in table {
        write(&config, &text, mode);
        let flags = Flags { config: Some(config.clone()), ..Flags::default() };
        let result = Home::new().load(&flags, &[]);
        match (result, verb) {
            (Ok(_), None) => {}
            (Err(failure), Some(verb)) => {
                assert!(failure.message.starts_with(&format!("others may {verb} ")), "{}", failure.message);
                assert_eq!(failure.hint.unwrap(), format!("run: chmod 600 {}", config.display()));
            }
            (result, _) => panic!("{text} {mode:o}: {result:?}"),
        }
    }

    write(&config, &format!("[profile.default]\nkey_file = {key:?}\n"), 0o600);
    let flags = Flags { config: Some(config), ..Flags::default() };
    let settings = Home::new().load(&flags, &[]).unwrap();
    write(&key, "\u{feff}secret-of-the-test\n", 0o640);
    let failure = Failure::from(settings.api_key().unwrap_err());
    assert_eq!(failure.hint.unwrap(), format!("run: chmod 600 '{}'", key.display()));
    write(&key, "\u{feff}secret-of-the-test\n", 0o600);
    assert_eq!(settings.api_key().unwrap().expose(), "secret-of-the-test");
}

#[test]
fn a_demo_reads_nothing_of_the_user() {
    let base = BaseUrl::parse("http://127.0.0.1:9").unwrap();
    let env = Env::of(&[("GEMINI_API_KEY", "AIzaCANARY"), ("TERM", "xterm")], Path::new("/x"));
    let settings = Settings::demo(base, Path::new("/demo"), &Flags::default(), &env);
    assert!(!settings.api_key().unwrap().expose().contains("CANARY"));
    assert_eq!((settings.folders, settings.read_only), (Folders::under(Path::new("/demo")), false));
    assert!(!settings.terminal.dumb);
}
