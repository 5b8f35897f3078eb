//! The baselines in Python, where there is one.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// The script, when the modules that it needs are there.
pub fn baseline(name: &str, modules: &[&str]) -> Result<PathBuf> {
    let import = if modules.is_empty() { "pass".to_owned() } else { format!("import {}", modules.join(", ")) };
    let status = Command::new("python3")
        .args(["-c", &import])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .context("python3 is not here")?;
    ensure!(status.success(), "python3 has no {}", modules.join(" or no "));
    Ok(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/baselines").join(name))
}
