//! What is on this disk already: saving beside `cp`, Python and bare files, and reading beside `cat`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::material::{Results, Shape};
use crate::table::{Goal, Table};
use crate::timing::{Contender, in_turns, peak, time};
use crate::{Bench, floor, python};

/// A save that ends with 4 has found rows without audio, as there are some in every file.
pub const SAVED: [i32; 2] = [0, 4];

/// The most memory that saving may have, in MiB.
pub const MOST_MEMORY: f64 = 24.0;

/// The program, in a home of its own.
pub fn program(bench: &Bench) -> Command {
    let mut command = Command::new(&bench.program);
    command.env_clear().env("HOME", bench.folder.join("home")).env("LANG", "C.UTF-8").current_dir(&bench.folder);
    command
}

/// An empty folder, made anew. What was in it is removed, outside of everybody's time.
pub fn fresh(bench: &Bench, name: &str) -> Result<PathBuf> {
    let folder = bench.folder.join(name);
    remove(&folder)?;
    std::fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

pub fn remove(folder: &Path) -> Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Saves a file of results.
pub fn save(bench: &Bench, shape: Shape, table: &mut Table) -> Result<()> {
    let results = bench.results(shape)?;
    let work = format!("save {}", results.title(shape));
    let out = || fresh(bench, "out");
    let ours = |out: &Path| {
        let mut command = program(bench);
        command.arg("save").arg(&results.path).arg("--out").arg(out);
        command
    };
    // Once before the clock runs: the input is in memory then, and what comes out is looked at.
    let first = out()?;
    time(&mut ours(&first), &SAVED)?;
    check(&results, &first)?;
    let mut contenders = vec![
        Contender::new("program", || time(&mut ours(&out()?), &SAVED)),
        Contender::new("cp", || time(Command::new("cp").arg(&results.path).arg(out()?.join("copy")), &[0])),
    ];
    if shape == Shape::Small {
        contenders.push(Contender::new("write and rename", || floor::write_and_rename(&out()?, &results.files)));
    }
    let (guide, quick) = (python::baseline("guide.py", &[]), python::baseline("quick.py", &["orjson", "pybase64"]));
    let mut add = |name, found: &Result<PathBuf>, is_slow| {
        if let Ok(script) = found {
            let (script, results) = (script.clone(), results.path.clone());
            let run = move || time(Command::new("python3").arg(&script).arg(&results).arg(fresh(bench, "out")?), &[0]);
            contenders.push(Contender { is_slow, ..Contender::new(name, run) });
        }
    };
    add(GUIDE, &guide, true);
    add(QUICK, &quick, false);
    let names: Vec<&str> = contenders.iter().map(|contender| contender.name).collect();
    let rounds = in_turns(bench.rounds, contenders)?;
    let goal = |name: &str| match (shape, name) {
        (Shape::Mid, "cp") => Goal::AtMost(1.3),
        (Shape::Giant, "cp") | (Shape::Small, "write and rename") => Goal::AtMost(1.5),
        (Shape::Mid, GUIDE) => Goal::AtLeast(30.0),
        (Shape::Mid, QUICK) => Goal::AtLeast(2.0),
        (_, GUIDE | QUICK) => Goal::AtLeast(1.0),
        _ => Goal::None,
    };
    for (name, theirs) in names.iter().zip(&rounds).skip(1) {
        table.ratio(&work, (&rounds[0], (name, theirs)), goal(name));
    }
    for (name, found) in [(GUIDE, guide), (QUICK, quick)] {
        if let Err(error) = found {
            table.missing(&format!("{work}, {name}"), &format!("{error:#}"));
        }
    }
    memory(table, &work, peak(&mut ours(&out()?))?);
    remove(&bench.folder.join("out"))
}

const GUIDE: &str = "the guide's Python";
const QUICK: &str = "orjson and pybase64";

/// The line about memory.
pub fn memory(table: &mut Table, work: &str, peak: Option<f64>) {
    match peak {
        Some(peak) => table.number(work, "most memory", (peak, "MiB"), "", Goal::AtMost(MOST_MEMORY)),
        None => table.missing(&format!("{work}, memory"), "the system does not tell"),
    }
}

/// Fails when what was saved is not what should have been: a broken program would be fast.
pub fn check(results: &Results, out: &Path) -> Result<()> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(out)? {
        let entry = entry?;
        if entry.path().extension().is_some_and(|ending| ending == "wav") {
            found.push(entry.metadata()?.len() as usize);
        }
    }
    let mut wanted: Vec<usize> = results.files.iter().map(|(_, bytes)| *bytes).collect();
    found.sort_unstable();
    wanted.sort_unstable();
    ensure!(found == wanted, "{} files were saved where {} were wanted, or of other sizes", found.len(), wanted.len());
    Ok(())
}

/// Reads a file for the first opening of a job, and looks at the memory of it.
pub fn index(bench: &Bench, table: &mut Table) -> Result<()> {
    let results = bench.results(Shape::Mid)?;
    let work = format!("parse, decode and measure {}", results.title(Shape::Mid));
    let ours = || -> Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--index").arg(&results.path);
        Ok(command)
    };
    let cat = || {
        let mut command = Command::new("cat");
        command.arg(&results.path);
        command
    };
    time(&mut cat(), &[0])?;
    let contenders = vec![
        Contender::new("program", || time(&mut ours()?, &[0])),
        Contender::new("cat to /dev/null", || time(&mut cat(), &[0])),
    ];
    let rounds = in_turns(bench.rounds, contenders)?;
    table.ratio(&work, (&rounds[0], ("cat to /dev/null", &rounds[1])), Goal::AtMost(2.5));
    memory(table, &work, peak(&mut ours()?)?);
    Ok(())
}
