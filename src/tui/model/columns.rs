//! The columns of the lists, in the order of the keys `1` to `9`: for heads, for sorting, for `:sort NAME`.

/// Of the list of jobs. Of those, the screen shows what it has room for.
pub const JOB_COLUMNS: [&str; 9] = ["STATE", "NAME", "MODEL", "DONE", "OK", "FAIL", "AGE", "LEFT", "COST"];

/// Of the keys of a job.
pub const KEY_COLUMNS: [&str; 5] = ["KEY", "AUDIO", "VERDICT", "VOICE", "TEXT"];

/// Of the stored files.
pub const FILE_COLUMNS: [&str; 6] = ["NAME", "ID", "SIZE", "TYPE", "AGE", "EXPIRES"];
