//! Bars and sparklines, as text.

/// A bar of so many cells, filled in steps of half a cell. It is full only when everything is done.
pub fn bar(done: u64, of: u64, cells: usize) -> (String, String) {
    let halves = match of {
        0 => 0,
        _ if done >= of => cells * 2,
        _ => ((done as f64 / of as f64 * cells as f64 * 2.0) as usize).min((cells * 2).saturating_sub(1)),
    };
    let mut full = "█".repeat(halves / 2);
    if halves % 2 == 1 {
        full.push('▌');
    }
    (full, "░".repeat(cells - halves.div_ceil(2)))
}

/// Whole per cent; 100 only when everything is done.
pub fn per_cent(done: u64, of: u64) -> u64 {
    match of {
        0 => 0,
        _ if done >= of => 100,
        _ => (u128::from(done) * 100 / u128::from(of)) as u64,
    }
}

/// Columns as high as the values are large, in that many lines of text, the upper one first.
pub fn chart(values: &[f64], n_lines: usize) -> Vec<String> {
    const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = values.iter().copied().fold(0.0, f64::max);
    let steps = n_lines * LEVELS.len();
    let height = |value: f64| if most > 0.0 { (value / most * steps as f64).round() as usize } else { 0 };
    let cell = |value: f64, below: usize| match height(value).saturating_sub(below) {
        // The ground shows where nothing happened, so that a gap differs from the end.
        0 if below == 0 => LEVELS[0],
        0 => ' ',
        level => LEVELS[level.min(LEVELS.len()) - 1],
    };
    (0..n_lines).rev().map(|line| values.iter().map(|value| cell(*value, line * LEVELS.len())).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_full_only_at_the_end() {
        let whole = |done, of| {
            let (full, empty) = bar(done, of, 10);
            format!("{full}{empty} {}", per_cent(done, of))
        };
        assert_eq!(whole(0, 10), "░░░░░░░░░░ 0");
        assert_eq!(whole(64, 100), "██████░░░░ 64");
        assert_eq!(whole(65, 100), "██████▌░░░ 65");
        assert_eq!(whole(99_999, 100_000), "█████████▌ 99");
        assert_eq!(whole(10, 10), "██████████ 100");
        assert_eq!(whole(12, 10), "██████████ 100");
        assert_eq!(whole(1, 0), "░░░░░░░░░░ 0");
        assert_eq!(per_cent(u64::MAX - 1, u64::MAX), 99);
    }

    #[test]
    fn a_chart_reaches_from_the_ground_to_the_top() {
        assert_eq!(chart(&[0.0, 2.0, 7.0, 8.0], 1), ["▁▂▇█"]);
        assert_eq!(chart(&[0.0, 1.0, 2.0], 2), ["  █", "▁██"]);
        assert_eq!(chart(&[0.0, 0.0], 1), ["▁▁"]);
        assert_eq!(chart(&[1.0], 0), [""; 0]);
    }
}
