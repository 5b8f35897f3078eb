//! Reads a results file as the first opening of a job does: everything is parsed, decoded and measured, and the rows
//! are kept. Runs as a process of its own, beside `cat`.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};
use gemtts_tui::results::{Form, Parser, Rows};

/// As the program reads.
const PIECE: usize = 256 * 1024;

/// Reads it all, and says how many rows there were.
pub fn read(path: &Path) -> Result<()> {
    let mut file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    // The kernel copies fastest to where a page begins.
    let mut memory = vec![0; PIECE + 4096];
    let start = memory.as_ptr().align_offset(4096).min(4096);
    let piece = &mut memory[start..start + PIECE];
    let (mut parser, mut rows) = (Parser::new(Form::Lines), Rows::default());
    loop {
        match file.read(piece)? {
            0 => break,
            n => {
                let Ok(()) = parser.push(&piece[..n], &mut rows);
            }
        }
    }
    let Ok(totals) = parser.finish(&mut rows);
    println!("{} rows, {} kept", totals.rows, rows.0.len());
    Ok(())
}
