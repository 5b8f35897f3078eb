//! A screen as a picture: one SVG text for each run of cells that look the same.

use std::fmt::Write;

const CELL_WIDTH: f64 = 8.4;
const CELL_HEIGHT: f64 = 17.0;
const MARGIN: f64 = 12.0;
const GROUND: &str = "#16181d";
const INK: &str = "#d7dae0";

/// Draws a screen with the sixteen colours of a dark terminal.
pub fn svg(screen: &vt100::Screen) -> String {
    let (rows, columns) = screen.size();
    let (rows, columns) = (rows.get(), columns.get());
    let width = f64::from(columns) * CELL_WIDTH + 2.0 * MARGIN;
    let height = f64::from(rows) * CELL_HEIGHT + 2.0 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"14\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{GROUND}\"/>\n"
    );
    for row in 0..rows {
        let mut column = 0;
        while column < columns {
            let start = column;
            let look = Look::of(screen.cell(row, column));
            let mut text = String::new();
            while column < columns && Look::of(screen.cell(row, column)) == look {
                let cell = screen.cell(row, column);
                match cell {
                    Some(cell) if cell.is_wide_continuation() => {}
                    Some(cell) if cell.has_contents() => text.push_str(cell.contents()),
                    Some(_) | None => text.push(' '),
                }
                column += 1;
            }
            run(&mut svg, row, start, column, &look, &text);
        }
    }
    svg.push_str("</svg>\n");
    svg
}

#[derive(PartialEq)]
struct Look {
    ink: String,
    ground: Option<String>,
    bold: bool,
    dim: bool,
}

impl Look {
    fn of(cell: Option<&vt100::Cell>) -> Look {
        let Some(cell) = cell else { return Look { ink: INK.into(), ground: None, bold: false, dim: false } };
        let mut ink = colour(cell.fgcolor()).unwrap_or_else(|| INK.into());
        let mut ground = colour(cell.bgcolor());
        if cell.inverse() {
            let paper = ground.take().unwrap_or_else(|| GROUND.into());
            ground = Some(std::mem::replace(&mut ink, paper));
        }
        Look { ink, ground, bold: cell.bold(), dim: cell.dim() }
    }
}

fn run(svg: &mut String, row: u16, start: u16, end: u16, look: &Look, text: &str) {
    let x = MARGIN + f64::from(start) * CELL_WIDTH;
    let y = MARGIN + f64::from(row) * CELL_HEIGHT;
    let width = f64::from(end - start) * CELL_WIDTH;
    if let Some(ground) = &look.ground {
        writeln!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{CELL_HEIGHT}\" fill=\"{ground}\"/>"
        )
        .expect("a String");
    }
    if text.trim().is_empty() {
        return;
    }
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let bold = if look.bold { " font-weight=\"bold\"" } else { "" };
    let dim = if look.dim { " opacity=\"0.6\"" } else { "" };
    writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{:.1}\" textLength=\"{width:.1}\" lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\" fill=\"{}\"{bold}{dim}>{text}</text>",
        y + 13.0,
        look.ink
    )
    .expect("a String");
}

fn colour(colour: vt100::Color) -> Option<String> {
    const SIXTEEN: [&str; 16] = [
        "#3b4048", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#abb2bf", "#7f848e", "#ef7f88",
        "#a9d48a", "#f0cd8b", "#79bef7", "#d48ceb", "#68c6d1", "#ffffff",
    ];
    match colour {
        vt100::Color::Default => None,
        vt100::Color::Idx(index @ 0..16) => Some(SIXTEEN[usize::from(index)].into()),
        vt100::Color::Idx(index @ 16..232) => {
            let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
            let index = index - 16;
            Some(format!("#{:02x}{:02x}{:02x}", level(index / 36), level(index / 6 % 6), level(index % 6)))
        }
        vt100::Color::Idx(index) => {
            let grey = 8 + 10 * (index - 232);
            Some(format!("#{grey:02x}{grey:02x}{grey:02x}"))
        }
        vt100::Color::Rgb(red, green, blue) => Some(format!("#{red:02x}{green:02x}{blue:02x}")),
    }
}
