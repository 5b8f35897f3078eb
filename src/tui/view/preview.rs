//! What will be sent: the findings of the check, errors first, then the first requests.

use ratatui::layout::Rect;

use crate::request::{Finding, Preview, Severity};
use crate::text;
use crate::tui::layout;
use crate::tui::model::{Form, PlanState};
use crate::tui::theme::Theme;
use crate::tui::view::pen::{Frame, Pen, Piece, pad, piece};
use crate::tui::view::text::body;
use crate::tui::view::wrap::wrap;

/// Draws the preview.
pub fn draw(pen: &mut Pen<'_>, form: &Form, place: Rect) {
    let theme = *pen.theme;
    let lines = lines(&theme, form, usize::from(place.width.saturating_sub(4)));
    let shown = usize::from(place.height.saturating_sub(2));
    let n_below = lines.len().saturating_sub(shown.saturating_add(form.scroll));
    let bottom = match n_below {
        0 => Vec::new(),
        n => vec![piece(format!("{} below: PgDn", text::count(n as u64, "line")), theme.muted())],
    };
    let frame = Frame { title: title(pen, form), bottom, style: theme.border(), ..Frame::default() };
    let inside = pad(pen.frame(place, &frame), 1);
    body(pen, inside, &lines, form.scroll);
}

/// The lines of the preview, and how many of them there is room for; for the end of scrolling.
pub fn measure(theme: &Theme, form: &Form, area: Rect) -> (usize, usize) {
    if layout::is_tiny(area.width, area.height) {
        return (0, 0);
    }
    let place = layout::create(area).2;
    (lines(theme, form, usize::from(place.width.saturating_sub(4))).len(), usize::from(place.height.saturating_sub(2)))
}

/// `Preview  412 requests · 3 problems`.
fn title(pen: &Pen<'_>, form: &Form) -> Vec<Piece> {
    let theme = pen.theme;
    let mut title = vec![piece("Preview", theme.title())];
    if let PlanState::Ready(_, plan) = &form.plan {
        title.push(piece(format!("  {}", text::count(plan.n_requests, "request")), theme.text()));
        if !plan.findings.is_empty() {
            let style = if plan.has_errors() { theme.bad() } else { theme.warn() };
            title.push(piece(format!(" · {}", text::count(plan.findings.len() as u64, "problem")), style));
        }
    }
    title
}

fn lines(theme: &Theme, form: &Form, room: usize) -> Vec<Vec<Piece>> {
    let plan = match &form.plan {
        PlanState::Ready(_, plan) => plan,
        PlanState::None => {
            let help = "Here stands what will be sent, once there is a source: text, Markdown, CSV, subtitles, an e-book or JSONL.";
            return wrap(help, room).into_iter().map(|line| vec![piece(line, theme.muted())]).collect();
        }
        PlanState::InFlight(_) | PlanState::Failed(_) => return Vec::new(),
    };
    let mut lines = Vec::new();
    for finding in &plan.findings {
        lines.extend(finding_lines(theme, finding, room));
    }
    if !plan.findings.is_empty() && !plan.preview.is_empty() {
        lines.push(Vec::new());
    }
    let key_width = plan.preview.iter().map(|request| text::width(&request.key)).max().unwrap_or(0).clamp(4, 24);
    let has_language = plan.preview.iter().any(|request| request.language.is_some());
    lines.extend(plan.preview.iter().map(|request| request_line(theme, request, key_width, has_language)));
    let n_more = plan.n_requests.saturating_sub(plan.preview.len() as u64);
    if n_more > 0 && !plan.preview.is_empty() {
        lines.push(vec![piece(format!("      and {} more", text::thousands(n_more)), theme.muted())]);
    }
    lines
}

fn finding_lines(theme: &Theme, finding: &Finding, room: usize) -> Vec<Vec<Piece>> {
    let (sign, style) = match finding.severity {
        Severity::Error => ("✗", theme.bad()),
        Severity::Warning => ("!", theme.warn()),
    };
    let mut said = String::new();
    if finding.line > 0 {
        said.push_str(&format!("line {}: ", finding.line));
    }
    if let Some(key) = &finding.key {
        said.push_str(&format!("{}: ", text::clean_short(key, 60)));
    }
    said.push_str(&finding.message);
    let mut lines = Vec::new();
    for (n, line) in wrap(&said, room.saturating_sub(2)).into_iter().enumerate() {
        lines.push(vec![piece(if n == 0 { format!("{sign} ") } else { "  ".to_owned() }, style), piece(line, style)]);
    }
    for line in finding.fix.iter().flat_map(|fix| wrap(fix, room.saturating_sub(2))) {
        lines.push(vec![piece(format!("  {line}"), theme.muted())]);
    }
    lines
}

fn request_line(theme: &Theme, request: &Preview, key_width: usize, has_language: bool) -> Vec<Piece> {
    let padded = |text: &str, width: usize| {
        let text = text::fit(&theme.plain(text), width);
        let padding = width.saturating_sub(text::width(&text)) + 2;
        format!("{text}{}", " ".repeat(padding))
    };
    let mut line = vec![
        piece(format!("{:>4}  ", request.line), theme.muted()),
        piece(padded(&text::clean(&request.key), key_width), theme.title()),
        piece(padded(request.voice.as_deref().unwrap_or("–"), 10), theme.muted()),
    ];
    if has_language {
        line.push(piece(padded(request.language.as_deref().unwrap_or("–"), 6), theme.muted()));
    }
    line.push(piece(request.text.as_str(), theme.text()));
    line
}
