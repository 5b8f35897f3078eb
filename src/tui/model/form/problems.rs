//! The preview as rows: requests in the order in which they are sent, and every problem at its place among them.

use std::collections::HashMap;

use crate::ops::Plan;
use crate::request::{Finding, Preview};
use crate::tui::model::form::Form;

/// A row of the preview. Numbers are places in the lists of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreviewRow {
    /// A request, with the first problem that was found in it.
    Request {
        /// In the first requests.
        request: usize,
        /// In the findings.
        finding: Option<usize>,
    },
    /// A problem of a request that is not sent, of a source, or of an option.
    Problem(usize),
    /// So many requests more.
    More(u64),
}

impl PreviewRow {
    /// The finding on this row.
    pub fn finding(self) -> Option<usize> {
        match self {
            PreviewRow::Request { finding, .. } => finding,
            PreviewRow::Problem(finding) => Some(finding),
            PreviewRow::More(_) => None,
        }
    }
}

/// Where something stands: before the sources or in one of them, and on which line.
type Place = (usize, u64, u64);

/// The rows of a plan: what was found before any source, the first requests with the problems between them, how many
/// requests follow, and the problems among those.
pub fn preview_rows(plan: &Plan) -> Vec<PreviewRow> {
    let mut sources: HashMap<&str, usize> = HashMap::new();
    let names = plan.preview.iter().map(|request| request.source.as_str());
    // An option such as `--model` is no source; what was found about it has no line and belongs to the whole job.
    let is_option = |finding: &Finding| finding.line == 0 && finding.source.starts_with("--");
    let found = plan.findings.iter().filter(|finding| !is_option(finding)).map(|finding| finding.source.as_str());
    for name in names.chain(found) {
        let next = sources.len() + 1;
        sources.entry(name).or_insert(next);
    }
    let place_of = |finding: &Finding| -> Place {
        match is_option(finding) {
            true => (0, 0, 0),
            false => (sources.get(finding.source.as_str()).copied().unwrap_or(0), finding.line, finding.column),
        }
    };
    let mut findings: Vec<usize> = (0..plan.findings.len()).collect();
    findings.sort_by_key(|at| place_of(&plan.findings[*at]));

    let mut rows = Vec::with_capacity(plan.preview.len() + findings.len() + 1);
    let mut waiting = findings.into_iter().peekable();
    for (at, request) in plan.preview.iter().enumerate() {
        let here = (sources.get(request.source.as_str()).copied().unwrap_or(0), request.line);
        let is_before = |finding: &usize| {
            let (source, line, _) = place_of(&plan.findings[*finding]);
            (source, line) < here
        };
        while let Some(finding) = waiting.next_if(is_before) {
            rows.push(PreviewRow::Problem(finding));
        }
        let finding = waiting.next_if(|finding| is_about(&plan.findings[*finding], request));
        rows.push(PreviewRow::Request { request: at, finding });
        while let Some(finding) = waiting.next_if(|finding| is_about(&plan.findings[*finding], request)) {
            rows.push(PreviewRow::Problem(finding));
        }
    }
    let n_more = plan.n_requests.saturating_sub(plan.preview.len() as u64);
    if n_more > 0 && !plan.preview.is_empty() {
        rows.push(PreviewRow::More(n_more));
    }
    rows.extend(waiting.map(PreviewRow::Problem));
    rows
}

fn is_about(finding: &Finding, request: &Preview) -> bool {
    finding.line == request.line
        && finding.source == request.source
        && finding.key.as_ref().is_none_or(|key| *key == request.key)
}

impl Form {
    /// The selected problem: where its row is in the preview, and its place in the findings.
    pub fn selected_problem(&self) -> Option<(usize, usize)> {
        let rows = preview_rows(self.shown_plan()?);
        let mut with_problems = rows.iter().enumerate().filter_map(|(at, row)| Some((at, row.finding()?)));
        with_problems.clone().nth(self.problem).or_else(|| with_problems.next_back())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Severity;

    fn request(source: &str, line: u64, key: &str) -> Preview {
        let (source, key, text) = (source.to_owned(), key.to_owned(), "Hello.".to_owned());
        Preview { source, line, key, voice: None, language: None, text }
    }

    fn finding(source: &str, line: u64, key: Option<&str>, severity: Severity) -> Finding {
        let mut finding =
            crate::request::Problem::new(&crate::request::rules::LEFT_OUT, "left out").found(source, line, key);
        finding.severity = severity;
        finding
    }

    #[test]
    fn every_problem_stands_where_its_line_is() {
        let plan = Plan {
            n_requests: 40,
            preview: vec![request("a", 1, "k1"), request("a", 3, "k3"), request("b", 1, "k4")],
            findings: vec![
                finding("a", 2, Some("k2"), Severity::Error),
                finding("b", 900, None, Severity::Error),
                finding("a", 0, None, Severity::Warning),
                finding("a", 3, Some("k3"), Severity::Warning),
                finding("a", 3, Some("k3"), Severity::Warning),
                finding("--model", 0, None, Severity::Warning),
            ],
            ..Plan::default()
        };
        let expected = [
            PreviewRow::Problem(5),
            PreviewRow::Problem(2),
            PreviewRow::Request { request: 0, finding: None },
            PreviewRow::Problem(0),
            PreviewRow::Request { request: 1, finding: Some(3) },
            PreviewRow::Problem(4),
            PreviewRow::Request { request: 2, finding: None },
            PreviewRow::More(37),
            PreviewRow::Problem(1),
        ];
        assert_eq!(preview_rows(&plan), expected);
    }

    #[test]
    fn no_problem_is_lost_or_told_twice() {
        let preview: Vec<Preview> = (0..50).map(|at| request("a", at / 3 + 1, &format!("k{at}"))).collect();
        let findings = (0..200)
            .map(|at| {
                finding(
                    if at % 7 == 0 { "b" } else { "a" },
                    at * 13 % 40,
                    (at % 2 == 0).then_some("k4"),
                    Severity::Error,
                )
            })
            .collect();
        let plan = Plan { n_requests: 60, preview, findings, ..Plan::default() };
        let mut told: Vec<usize> = preview_rows(&plan).into_iter().filter_map(PreviewRow::finding).collect();
        told.sort_unstable();
        assert_eq!(told, (0..200).collect::<Vec<_>>());
    }
}
