//! Whether one call brings all files of a file system to the disk and tells of every error on the way.

use std::fs::File;

/// Whether `syncfs` on this folder is as good as a sync of each file in it.
///
/// It waits for the disk on all kernels, but tells of failed writes only since Linux 5.8, and only on file systems
/// that write through the page cache themselves: not on those that pass it on to another one or to another machine.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn is_honest(folder: &File) -> bool {
    const EXT: u64 = 0xef53;
    const XFS: u64 = 0x5846_5342;
    const BTRFS: u64 = 0x9123_683e;
    const F2FS: u64 = 0xf2f5_2010;
    const TMPFS: u64 = 0x0102_1994;
    let Ok(stat) = rustix::fs::fstatfs(folder) else { return false };
    let kind = u64::try_from(stat.f_type).unwrap_or_default();
    [EXT, XFS, BTRFS, F2FS, TMPFS].contains(&kind)
        && tells_of_errors(&rustix::system::uname().release().to_string_lossy())
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn is_honest(_folder: &File) -> bool {
    false
}

/// Whether a kernel of this release is 5.8 or newer.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn tells_of_errors(release: &str) -> bool {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(|digits| digits.parse::<u32>().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (5, 8)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #[test]
    fn old_kernels_are_known_by_their_release() {
        let table = [
            ("6.18.44", true),
            ("5.8.0-1-amd64", true),
            ("5.10.0", true),
            ("5.7.19", false),
            ("4.19.0", false),
            ("", false),
            ("x", false),
        ];
        for (release, expected) in table {
            assert_eq!(super::tells_of_errors(release), expected, "{release}");
        }
    }
}
