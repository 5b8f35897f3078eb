//! What will be sent: the first requests, every problem at its line among them, and what to do about the selected one.

use ratatui::layout::Rect;

use crate::ops::Plan;
use crate::request::{Finding, Preview, Severity, rule};
use crate::text;
use crate::tui::action::Action;
use crate::tui::keys::{Context, bindings};
use crate::tui::layout;
use crate::tui::model::{Field, Form, PlanState, PreviewRow, preview_rows};
use crate::tui::theme::Theme;
use crate::tui::view::bars;
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
    let style = if form.focus == Field::Problems { theme.focused_border() } else { theme.border() };
    let frame = Frame { title: title(pen, form), bottom, style, ..Frame::default() };
    let inside = pad(pen.frame(place, &frame), 1);
    body(pen, inside, &lines, form.scroll);
}

/// The lines of the preview, and how many of them there is room for; for the end of scrolling.
pub fn measure(theme: &Theme, form: &Form, area: Rect) -> (usize, usize) {
    if layout::is_tiny(area.width, area.height) {
        return (0, 0);
    }
    let place = layout::create(area).preview;
    (lines(theme, form, usize::from(place.width.saturating_sub(4))).len(), usize::from(place.height.saturating_sub(2)))
}

/// `Preview  412 requests · 3 problems · 2 fixed`, or how far the check is.
fn title(pen: &Pen<'_>, form: &Form) -> Vec<Piece> {
    let theme = pen.theme;
    let mut title = vec![piece("Preview", theme.title())];
    if let PlanState::InFlight(_) = &form.plan {
        let done = form.checking.progress;
        let said = match done.of.filter(|of| *of > 0) {
            Some(of) => format!("  checking {} %", bars::per_cent(done.bytes, of)),
            None => "  checking …".to_owned(),
        };
        title.push(piece(said, theme.active()));
    } else if let Some(plan) = form.shown_plan() {
        title.push(piece(format!("  {}", text::count(plan.n_requests, "request")), theme.text()));
        let n_fixed = plan.findings.iter().filter(|finding| finding.fixed).count();
        let n_problems = plan.findings.len() - n_fixed;
        if n_problems > 0 {
            let style = if plan.has_errors() { theme.bad() } else { theme.warn() };
            title.push(piece(format!(" · {}", text::count(n_problems as u64, "problem")), style));
        }
        if n_fixed > 0 {
            title.push(piece(format!(" · {} fixed", text::thousands(n_fixed as u64)), theme.good()));
        }
        if n_problems + n_fixed > 0 && !form.focus_is_on_problems() {
            let key = bindings(Context::Create).find(|binding| binding.action == Action::NextProblem);
            title.extend(key.map(|binding| piece(format!(": {}", binding.chords[0].label()), theme.muted())));
        }
    }
    title
}

/// The widths of the columns.
struct Widths {
    line: usize,
    key: usize,
    voice: usize,
    language: usize,
}

impl Widths {
    fn of<'p>(requests: impl Iterator<Item = &'p Preview> + Clone, findings: &[Finding], room: usize) -> Widths {
        let widest = |wide: &dyn Fn(&Preview) -> usize| requests.clone().map(wide).max().unwrap_or(0);
        let last =
            requests.clone().map(|request| request.line).chain(findings.iter().map(|finding| finding.line)).max();
        let keys = findings.iter().filter_map(|finding| finding.key.as_deref()).take(100).map(text::width).max();
        let most_key = if room >= 60 { 24 } else { 14 };
        let of_text = |text: &Option<String>| text.as_deref().map_or(0, text::width);
        Widths {
            line: text::thousands(last.unwrap_or(0)).len().max(3),
            key: widest(&|request| text::width(&request.key)).max(keys.unwrap_or(0)).clamp(4, most_key),
            voice: widest(&|request| of_text(&request.voice)).min(if room >= 60 { 16 } else { 10 }),
            language: widest(&|request| of_text(&request.language)).min(8),
        }
    }
}

fn lines(theme: &Theme, form: &Form, room: usize) -> Vec<Vec<Piece>> {
    if let Some(plan) = form.shown_plan() {
        return plan_lines(theme, form, plan, room);
    }
    match &form.plan {
        PlanState::None => {
            let help = "Here stands what will be sent, once there is a source: text, Markdown, CSV, subtitles, an e-book or JSONL.";
            wrap(help, room).into_iter().map(|line| vec![piece(line, theme.muted())]).collect()
        }
        PlanState::InFlight(_) => {
            let widths = Widths::of(form.checking.first.iter(), &[], room);
            form.checking.first.iter().map(|request| request_line(theme, &widths, request, None)).collect()
        }
        PlanState::Failed(_) | PlanState::Ready(..) => Vec::new(),
    }
}

fn plan_lines(theme: &Theme, form: &Form, plan: &Plan, room: usize) -> Vec<Vec<Piece>> {
    let widths = Widths::of(plan.preview.iter(), &plan.findings, room);
    let selected = form.selected_problem().filter(|_| form.focus_is_on_problems());
    let mut lines = Vec::new();
    for (at, row) in preview_rows(plan).into_iter().enumerate() {
        let found = row.finding().and_then(|finding| plan.findings.get(finding));
        let mut line = match row {
            PreviewRow::Request { request, .. } => request_line(theme, &widths, &plan.preview[request], found),
            PreviewRow::Problem(finding) => problem_line(theme, &widths, &plan.findings[finding]),
            PreviewRow::More(n) => vec![piece(format!("  and {} more", text::thousands(n)), theme.muted())],
        };
        let is_selected = selected.is_some_and(|(selected, _)| selected == at);
        if is_selected {
            for piece in &mut line {
                piece.style = piece.style.patch(theme.selected());
            }
        }
        lines.push(line);
        if let (true, Some(finding)) = (is_selected, found) {
            lines.extend(about(theme, form, finding, room));
        }
    }
    lines
}

/// All that is said about the selected problem.
fn about(theme: &Theme, form: &Form, finding: &Finding, room: usize) -> Vec<Vec<Piece>> {
    let indented = |text: &str, style| -> Vec<Vec<Piece>> {
        let lines = wrap(text, room.saturating_sub(4)).into_iter();
        lines.map(|line| vec![piece(format!("    {line}"), style)]).collect()
    };
    let place = match finding.line {
        0 => finding.source.clone(),
        line => format!("{} line {}", finding.source, text::thousands(line)),
    };
    let mut lines = indented(&format!("{place}: {}", finding.message), look(theme, finding).1);
    if let Some(fix) = &finding.fix {
        lines.extend(indented(fix, theme.text()));
    }
    if let Some((rule, fix)) = rule(finding.rule).and_then(|rule| Some((rule, rule.fix?))) {
        let found = form.shown_plan().map(|plan| plan.findings.as_slice()).unwrap_or_default();
        let n_alike = found.iter().filter(|other| other.rule == finding.rule).count();
        let mark = if form.draft.fixes().has(rule) { "[x]" } else { "[ ]" };
        let all =
            if n_alike > 1 { format!(" ({} of this kind)", text::thousands(n_alike as u64)) } else { String::new() };
        lines.extend(indented(&format!("{mark} {fix}{all}"), theme.title()));
    }
    lines
}

/// The sign of a finding and its style.
fn look(theme: &Theme, finding: &Finding) -> (&'static str, ratatui::style::Style) {
    match finding.severity {
        _ if finding.fixed => ("✓", theme.good()),
        Severity::Error => ("✗", theme.bad()),
        Severity::Warning => ("!", theme.warn()),
    }
}

fn padded(theme: &Theme, text: &str, width: usize) -> String {
    let text = text::fit(&theme.plain(text), width);
    let padding = width.saturating_sub(text::width(&text)) + 2;
    format!("{text}{}", " ".repeat(padding))
}

fn request_line(theme: &Theme, widths: &Widths, request: &Preview, found: Option<&Finding>) -> Vec<Piece> {
    let (sign, style) = found.map_or((" ", theme.text()), |finding| look(theme, finding));
    let mut line = vec![
        piece(format!("{sign} "), style),
        piece(format!("{:>1$}  ", text::thousands(request.line), widths.line), theme.muted()),
        piece(padded(theme, &text::clean(&request.key), widths.key), theme.title()),
    ];
    if widths.voice > 0 {
        line.push(piece(padded(theme, request.voice.as_deref().unwrap_or("–"), widths.voice), theme.muted()));
    }
    if widths.language > 0 {
        line.push(piece(padded(theme, request.language.as_deref().unwrap_or("–"), widths.language), theme.muted()));
    }
    line.push(match found {
        // Of what was fixed the text is what matters: it is sent.
        Some(finding) if !finding.fixed => piece(finding.message.as_str(), style),
        Some(_) | None => piece(request.text.as_str(), theme.text()),
    });
    line
}

/// A problem of something that is not among the shown requests.
fn problem_line(theme: &Theme, widths: &Widths, finding: &Finding) -> Vec<Piece> {
    let (sign, style) = look(theme, finding);
    let mut line = vec![piece(format!("{sign} "), style)];
    match (finding.line, &finding.key) {
        (0, _) => line.push(piece(format!("{}: ", text::clean_short(&finding.source, 40)), theme.title())),
        (at, None) => line.push(piece(format!("{:>1$}  ", text::thousands(at), widths.line), theme.muted())),
        (at, Some(key)) => {
            line.push(piece(format!("{:>1$}  ", text::thousands(at), widths.line), theme.muted()));
            line.push(piece(padded(theme, &text::clean(key), widths.key), theme.title()));
        }
    }
    line.push(piece(finding.message.as_str(), style));
    line
}
