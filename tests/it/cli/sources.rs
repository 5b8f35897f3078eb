//! Whole ways from a source to saved audio, as a script walks them.

use std::collections::BTreeMap;

use super::program::World;
use crate::examples::{ISLAND, Source, island};

/// Creates, waits, saves and verifies; gives back the keys and the voices of the requests that the service got.
fn walk(world: &World, source: &Source, more: &[&str]) -> Vec<String> {
    let path = island(source.file);
    let mut create = vec!["create", path.to_str().unwrap(), "--wait", "--json"];
    create.extend(more);
    let job = world.run(&create).code(0).json().pop().unwrap();
    let counts = &job["batchStats"];
    assert_eq!(counts["successfulRequestCount"], source.keys.len(), "{job}");
    let name = job["name"].as_str().unwrap().to_owned();
    let saved = world.run(&["save", &name, "--out", "out", "--json"]).code(0).json();
    assert!(saved.iter().all(|row| row["verdict"] == "ok"), "{saved:?}");
    let files: BTreeMap<&str, &str> =
        saved.iter().map(|row| (row["key"].as_str().unwrap(), row["file"].as_str().unwrap())).collect();
    for key in source.keys {
        assert_eq!(files[key], format!("{key}.wav"));
        assert!(world.path("out").join(files[key]).exists(), "{key}");
    }
    let verified = world.run(&["verify", "out"]).code(0);
    assert!(verified.out.contains(&format!("{} files as the manifest says", source.keys.len())), "{verified:?}");
    saved.iter().map(|row| row["key"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_form_goes_from_its_file_to_saved_audio() {
    for source in &ISLAND {
        let world = World::of("");
        assert_eq!(walk(&world, source, &[]), source.keys, "{}", source.file);
        assert_eq!(world.control().n_created(), 1);
    }
}

#[test]
fn two_people_in_captions_have_a_voice_each() {
    let world = World::of("");
    let people = ["--speaker", "Ines=Leda", "--speaker", "Bo=Puck"];
    walk(&world, &ISLAND[1], &people);
    let path = island(ISLAND[1].file);
    let mut dry = vec!["create", path.to_str().unwrap(), "--dry-run"];
    dry.extend(people);
    let ran = world.run(&dry).code(0);
    let line = |key: &str| ran.out.lines().find(|line| line.contains(key)).unwrap_or_else(|| panic!("{ran:?}"));
    // One of them, the other, and both in one caption.
    for (key, voices) in [("0002", &["Leda"][..]), ("0004", &["Puck"]), ("0003", &["Puck", "Leda"])] {
        assert!(voices.iter().all(|voice| line(&format!("ferry-{key}")).contains(voice)), "{ran:#?}");
    }
    // Names are for the choice of the voice, and are not read aloud.
    assert!(!ran.out.contains("Ines: Is this") && line("ferry-0001").contains("Kore"), "{ran:#?}");
}
