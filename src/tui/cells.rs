//! Cells as bytes: the shortest way from one look to the next, and from one place to the next.
//!
//! Pure. Ratatui's own way writes each colour and each attribute as a sequence of its own, and in long forms; over a thin
//! line that was half of every frame. The sixteen colours are written as the terminals know them that know no others.

use std::io::Write;

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

/// How a cell looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Look {
    ink: Color,
    ground: Color,
    modifier: Modifier,
}

impl Look {
    fn of(cell: &Cell) -> Self {
        Look { ink: cell.fg, ground: cell.bg, modifier: cell.modifier }
    }
}

/// The look at the beginning and at the end of every frame.
const PLAIN: Look = Look { ink: Color::Reset, ground: Color::Reset, modifier: Modifier::empty() };

/// What is seen of a cell in which nothing stands, besides its ground.
const SEEN_ON_BLANKS: Modifier = Modifier::REVERSED.union(Modifier::UNDERLINED).union(Modifier::CROSSED_OUT);

/// What stands where nothing does.
const BLANK: &str = " ";

/// From so many blanks on it is shorter to erase them and to go behind them.
const WORTH_ERASING: u16 = 12;

/// Each attribute with what sets it and what takes it back. Bold and dim are taken back together.
const ATTRIBUTES: [(Modifier, u8, u8); 9] = [
    (Modifier::BOLD, 1, 22),
    (Modifier::DIM, 2, 22),
    (Modifier::ITALIC, 3, 23),
    (Modifier::UNDERLINED, 4, 24),
    (Modifier::SLOW_BLINK, 5, 25),
    (Modifier::RAPID_BLINK, 6, 25),
    (Modifier::REVERSED, 7, 27),
    (Modifier::HIDDEN, 8, 28),
    (Modifier::CROSSED_OUT, 9, 29),
];

/// Appends cells to a frame. The looks are plain before and after; where the cursor is before does not matter.
pub fn write<'a>(frame: &mut Vec<u8>, cells: impl Iterator<Item = (u16, u16, &'a Cell)>) {
    let mut look = PLAIN;
    let mut cursor = None;
    let mut cells = cells.peekable();
    while let Some((x, y, cell)) = cells.next() {
        match cursor {
            Some(place) if place == (x, y) => {}
            // By its number and not by a distance: a terminal that takes a sign for wider is right again from here on.
            Some((_, line)) if line == y => put(frame, &format!("\x1b[{}G", u32::from(x) + 1)),
            Some(_) | None if x == 0 => put(frame, &format!("\x1b[{}H", u32::from(y) + 1)),
            Some(_) | None => put(frame, &format!("\x1b[{};{}H", u32::from(y) + 1, u32::from(x) + 1)),
        }
        cursor = Some((x.saturating_add(1), y));
        let wanted = Look::of(cell);
        if !is_seen_alike(cell.symbol(), look, wanted) {
            put(frame, &change(look, wanted));
            look = wanted;
        }
        put(frame, cell.symbol());
        // Only what is as good as never written can be erased: a terminal erases with no attributes.
        if cell.symbol() != BLANK || look.ground != Color::Reset || look.modifier.intersects(SEEN_ON_BLANKS) {
            continue;
        }
        let mut more = 0;
        let is_next = |(at, line, next): &(u16, u16, &Cell), more: u16| {
            (*at, *line) == (x.saturating_add(1 + more), y)
                && next.symbol() == BLANK
                && is_seen_alike(BLANK, look, Look::of(next))
        };
        while cells.next_if(|next| is_next(next, more)).is_some() {
            more += 1;
        }
        if more < WORTH_ERASING {
            (0..more).for_each(|_| put(frame, BLANK));
            cursor = Some((x.saturating_add(1 + more), y));
        } else {
            put(frame, &format!("\x1b[{more}X"));
        }
    }
    if look != PLAIN {
        put(frame, "\x1b[m");
    }
}

fn put(frame: &mut Vec<u8>, text: &str) {
    frame.write_all(text.as_bytes()).expect("a Vec takes every write");
}

/// Whether a sign in one look cannot be told from the same in the other.
fn is_seen_alike(symbol: &str, one: Look, other: Look) -> bool {
    let is_blank = symbol == BLANK && one.ground == other.ground;
    one == other || (is_blank && !(one.modifier | other.modifier).intersects(SEEN_ON_BLANKS))
}

/// The sequence that changes the look: what differs, or all of it from the beginning, whichever is shorter.
fn change(from: Look, to: Look) -> String {
    let (step, anew) = (codes(from, to), codes(PLAIN, to));
    // To be plain again nothing has to be said.
    let anew = if to == PLAIN { String::new() } else { format!("0;{anew}") };
    let codes = if step.len() <= anew.len() { step } else { anew };
    format!("\x1b[{codes}m")
}

fn codes(from: Look, to: Look) -> String {
    let mut codes: Vec<String> = Vec::new();
    let mut kept = from.modifier;
    for (attribute, _, off) in ATTRIBUTES {
        if kept.contains(attribute) && !to.modifier.contains(attribute) {
            codes.push(off.to_string());
            // Whatever else this takes back is set again below.
            ATTRIBUTES.iter().filter(|(_, _, same)| *same == off).for_each(|(gone, _, _)| kept.remove(*gone));
        }
    }
    let added = ATTRIBUTES.iter().filter(|(attribute, ..)| (to.modifier - kept).contains(*attribute));
    codes.extend(added.map(|(_, on, _)| on.to_string()));
    if from.ink != to.ink {
        codes.push(colour(to.ink, 30));
    }
    if from.ground != to.ground {
        codes.push(colour(to.ground, 40));
    }
    codes.join(";")
}

/// A colour as ink, from 30 on, or as ground, from 40 on.
fn colour(colour: Color, base: u8) -> String {
    let of_sixteen = match colour {
        Color::Reset => 9,
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 60,
        Color::LightRed => 61,
        Color::LightGreen => 62,
        Color::LightYellow => 63,
        Color::LightBlue => 64,
        Color::LightMagenta => 65,
        Color::LightCyan => 66,
        Color::White => 67,
        Color::Rgb(red, green, blue) => return format!("{};2;{red};{green};{blue}", base + 8),
        Color::Indexed(index) => return format!("{};5;{index}", base + 8),
    };
    (base + of_sixteen).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cell(symbol: &'static str, ink: Color, modifier: Modifier) -> Cell {
        let mut cell = Cell::new(symbol);
        (cell.fg, cell.modifier) = (ink, modifier);
        cell
    }

    fn written(cells: &[(u16, u16, Cell)]) -> String {
        let mut frame = Vec::new();
        write(&mut frame, cells.iter().map(|(x, y, cell)| (*x, *y, cell)));
        String::from_utf8(frame).unwrap()
    }

    #[test]
    fn looks_and_places_are_written_as_short_as_can_be() {
        let bold = Modifier::BOLD;
        let cells = [
            (0, 1, cell("a", Color::Red, bold)),
            (1, 1, cell("b", Color::Red, bold)),
            (5, 1, cell("c", Color::Red, Modifier::DIM)),
            (6, 1, cell(" ", Color::Reset, Modifier::empty())),
            (7, 1, cell("d", Color::Reset, Modifier::empty())),
            (3, 2, cell("e", Color::Reset, Modifier::REVERSED)),
        ];
        assert_eq!(written(&cells), "\x1b[2H\x1b[1;31mab\x1b[6G\x1b[22;2mc \x1b[md\x1b[3;4H\x1b[7me\x1b[m");
        assert_eq!(written(&[]), "");
        assert_eq!(written(&cells[4..5]), "\x1b[2;8Hd");
    }

    #[test]
    fn long_blanks_are_erased_where_they_are_plain() {
        let blanks = |looks: Modifier| -> Vec<(u16, u16, Cell)> {
            (2..32)
                .map(|x| (x, 0, cell(" ", Color::Red, looks)))
                .chain([(32, 0, cell("│", Color::Reset, Modifier::empty()))])
                .collect()
        };
        assert_eq!(written(&blanks(Modifier::DIM)), "\x1b[1;3H \x1b[29X\x1b[33G│");
        let bar = written(&blanks(Modifier::REVERSED));
        assert_eq!(bar, format!("\x1b[1;3H\x1b[7;31m{}\x1b[m│", " ".repeat(30)));
        assert_eq!(written(&blanks(Modifier::empty())[..10]), format!("\x1b[1;3H{}", " ".repeat(10)));
    }

    /// Some cells of a small screen, with looks that the dashboard uses.
    fn some_cells() -> impl Strategy<Value = Vec<(u16, u16, Cell)>> {
        let colours =
            [Color::Reset, Color::Red, Color::LightCyan, Color::White, Color::Indexed(200), Color::Rgb(1, 2, 3)];
        let modifiers = [
            Modifier::empty(),
            Modifier::BOLD,
            Modifier::DIM,
            Modifier::BOLD | Modifier::REVERSED,
            Modifier::REVERSED,
            Modifier::UNDERLINED,
        ];
        let one = (0u16..20, 0u16..5, 0..4usize, 0..6usize, 0..6usize, 0..6usize);
        prop::collection::vec(one, 0..60).prop_map(move |cells| {
            let cells = cells.into_iter().map(|(x, y, symbol, ink, ground, modifier)| {
                let mut cell = cell([" ", "a", "é", "│"][symbol], colours[ink], modifiers[modifier]);
                cell.bg = colours[ground];
                (x, y, cell)
            });
            cells.collect()
        })
    }

    proptest! {
        #[test]
        fn a_terminal_shows_what_was_meant(cells in some_cells()) {
            let size = |n: u16| std::num::NonZeroU16::new(n).unwrap();
            let mut seen = vt100::Parser::new(size(5), size(20), 0);
            seen.process(written(&cells).as_bytes());
            // Of cells that were written twice, the last counts.
            for (at, (x, y, cell)) in cells.iter().enumerate() {
                if cells[at + 1..].iter().any(|(later_x, later_y, _)| (later_x, later_y) == (x, y)) {
                    continue;
                }
                let shown = seen.screen().cell(*y, *x).unwrap();
                let is_blank = cell.symbol() == " ";
                prop_assert!(is_blank || shown.contents() == cell.symbol());
                let meant = |colour| match colour {
                    Color::Reset => vt100::Color::Default,
                    Color::Red => vt100::Color::Idx(1),
                    Color::LightCyan => vt100::Color::Idx(14),
                    Color::White => vt100::Color::Idx(15),
                    Color::Indexed(index) => vt100::Color::Idx(index),
                    Color::Rgb(red, green, blue) => vt100::Color::Rgb(red, green, blue),
                    other => panic!("{other:?}"),
                };
                prop_assert_eq!(shown.bgcolor(), meant(cell.bg));
                prop_assert_eq!(shown.inverse(), cell.modifier.contains(Modifier::REVERSED));
                prop_assert_eq!(shown.underline(), cell.modifier.contains(Modifier::UNDERLINED));
                if !is_blank || cell.modifier.intersects(SEEN_ON_BLANKS) {
                    prop_assert_eq!(shown.fgcolor(), meant(cell.fg));
                    prop_assert_eq!(shown.bold(), cell.modifier.contains(Modifier::BOLD));
                }
            }
            prop_assert_eq!(seen.screen().attributes_formatted(), vt100::Parser::new(size(5), size(20), 0).screen().attributes_formatted());
        }
    }
}
