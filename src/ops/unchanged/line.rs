//! What is written down of a line that is not sent: what it is, and where its audio is.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::request::Identity;
use crate::save::Record;

/// A line of the list that stands beside the requests of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::ops) struct Line {
    #[serde(with = "in_hex")]
    pub(in crate::ops) identity: Identity,
    /// Where its audio was when the job was planned.
    pub(in crate::ops) folder: PathBuf,
    /// What the manifest there says about it, under the key that it has in this job.
    pub(in crate::ops) record: Record,
}

impl Line {
    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, self)?;
        out.write_all(b"\n")
    }
}

/// Tells the lines of a list in their order. One that is not as we wrote it ends it: nothing may be missing silently.
pub(in crate::ops) fn each_line<E: From<io::Error>>(
    path: &Path,
    mut take: impl FnMut(Line) -> Result<(), E>,
) -> Result<(), E> {
    for line in BufReader::with_capacity(64 * 1024, File::open(path)?).lines() {
        take(serde_json::from_str(&line?).map_err(io::Error::from)?)?;
    }
    Ok(())
}

mod in_hex {
    use super::Identity;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(identity: &Identity, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{:032x}", u128::from_be_bytes(identity.to_bytes())))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Identity, D::Error> {
        let digits = String::deserialize(deserializer)?;
        let number = u128::from_str_radix(&digits, 16).map_err(D::Error::custom)?;
        Ok(Identity::from_bytes(number.to_be_bytes()))
    }
}
