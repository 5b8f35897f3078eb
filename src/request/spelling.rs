//! Which known name is meant by a misspelt one.

/// The known name that is at most two slips away, or the same in another case; none when it could be any.
pub fn closest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    // A short word is two slips away from nearly everything.
    let most = if name.chars().count() < 5 { 1 } else { 2 };
    let distance = |known: &'a str| (slips(&name, &known.to_lowercase()), known);
    known.into_iter().map(distance).filter(|(slips, _)| *slips <= most).min_by_key(|(slips, _)| *slips).map(|(_, k)| k)
}

/// Inserted, left out or wrong characters.
fn slips(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, a) in a.chars().take(64).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_understood_and_a_stranger_is_not() {
        let voices = ["Kore", "Puck", "Charon", "Callirrhoe"];
        let table = [
            ("kore", Some("Kore")),
            ("Kora", Some("Kore")),
            ("Charno", Some("Charon")),
            ("Calirhoe", Some("Callirrhoe")),
            ("Alloy", None),
            ("", None),
        ];
        for (name, meant) in table {
            assert_eq!(closest(name, voices), meant, "{name}");
        }
    }
}
