//! Downloading, keeping and saving, beside `curl`.

use std::process::Command;

use anyhow::Result;

use crate::Bench;
use crate::disk::{SAVED, check, fresh, memory, program, remove};
use crate::material::Shape;
use crate::server::{JOB, Server};
use crate::table::{Goal, Table};
use crate::timing::{Contender, in_turns, peak, time};

/// Any key: the server of the bench asks for none.
pub const KEY: &str = "AIzaBENCH000000000000000000000000000000";

/// Saves a job that was never seen before, over the loopback interface.
pub fn download(bench: &Bench, table: &mut Table) -> Result<()> {
    let results = bench.results(Shape::Mid)?;
    let failed = results.keys - results.files.len();
    let server = Server::start(&results.path, results.keys, failed)?;
    let work = format!("download, keep and save {}", results.title(Shape::Mid));
    let ours = || -> Result<Command> {
        // The home holds the kept copy: without it the job is downloaded again.
        fresh(bench, "home")?;
        let mut command = program(bench);
        command.env("GEMINI_API_KEY", KEY).env("GOOGLE_GEMINI_BASE_URL", &server.base_url);
        command.args(["save", JOB, "--out"]).arg(fresh(bench, "out")?);
        Ok(command)
    };
    let curl = || -> Result<Command> {
        let mut command = Command::new("curl");
        command.args(["--silent", "--fail", "--noproxy", "*", "--output"]).arg(fresh(bench, "out")?.join("copy"));
        command.arg(server.results_url());
        Ok(command)
    };
    time(&mut ours()?, &SAVED)?;
    check(&results, &bench.folder.join("out"))?;
    let contenders = vec![
        Contender::new("program", || time(&mut ours()?, &SAVED)),
        Contender::new("curl -o", || time(&mut curl()?, &[0])),
    ];
    let rounds = in_turns(bench.rounds, contenders)?;
    table.ratio(&work, (&rounds[0], ("curl -o", &rounds[1])), Goal::AtMost(1.25));
    memory(table, &work, peak(&mut ours()?)?);
    remove(&bench.folder.join("home"))?;
    remove(&bench.folder.join("out"))
}
