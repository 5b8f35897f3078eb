//! Keeps the key out of core dumps and away from debuggers of the same user.

/// Forbids core dumps and attaching. Called before anything can read a key; what the system refuses stays as it was,
/// because a program that will not start protects nobody.
#[cfg(unix)]
pub fn harden() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let _ = setrlimit(Resource::Core, none);
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Nothing to do here.
#[cfg(not(unix))]
pub fn harden() {}
