//! Where a fact comes from and how old it is: facts age, and whoever reads one should see by how much.

use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;

/// Where a fact comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The data of this build, true on that day.
    BuiltIn(Date),
    /// A file of the person, by its name without its folder.
    Yours(Arc<str>),
    /// The service named it on that day.
    Listed(Date),
}

impl Origin {
    /// Whether the person said so: nothing that anybody lists changes it.
    pub fn is_yours(&self) -> bool {
        match self {
            Origin::Yours(_) => true,
            Origin::BuiltIn(_) | Origin::Listed(_) => false,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::BuiltIn(day) => write!(f, "built in, {day}"),
            Origin::Yours(file) => write!(f, "your {file}"),
            Origin::Listed(day) => write!(f, "listed {day}"),
        }
    }
}
