//! The calls on files.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::file::{self, File};
use super::page::{self, PageRequest};
use super::{Blob, Part, Refusal, World};

/// A file whose upload is complete.
#[derive(Clone, Debug)]
pub struct NewFile {
    /// The id that its owner chose, if any.
    pub id: Option<String>,
    /// As its owner gave it.
    pub display_name: String,
    /// As its owner gave it.
    pub mime_type: String,
    /// Lowercase hex.
    pub sha256: String,
    /// What it holds.
    pub content: Blob,
}

/// A file of the list, before it is shown: an upload, or the results of a job.
enum Listed<'a> {
    Uploaded(&'a File),
    Generated { id: String, made: Timestamp, length: u64 },
}

impl World {
    /// Whether a chosen id is well formed and free.
    pub fn check_new_file(&self, now: Timestamp, id: &str) -> Result<(), Refusal> {
        file::check_id(id)?;
        match self.files.get(id) {
            Some(taken) if !taken.is_expired(now) => Err(Refusal::taken(&format!("files/{id}"))),
            Some(_) | None => Ok(()),
        }
    }

    /// Takes a file in.
    pub fn add_file(&mut self, now: Timestamp, new: NewFile, origin: &str, version: &str) -> Result<Value, Refusal> {
        let id = match new.id {
            Some(id) => {
                self.check_new_file(now, &id)?;
                self.forget_file(&id);
                id
            }
            None => self.new_id(12),
        };
        let NewFile { display_name, mime_type, sha256, content, .. } = new;
        let active_from = now + self.timing.file_processing.0;
        let file = File { id: id.clone(), display_name, mime_type, created: now, active_from, sha256, content };
        let json = file.to_json(now, origin, version);
        self.insert_file(file);
        Ok(json!({ "file": json }))
    }

    /// Puts a file in its place.
    pub(super) fn insert_file(&mut self, file: File) {
        self.n_made += 1;
        self.file_order.insert((file.created, self.n_made), file.id.clone());
        self.files.insert(file.id.clone(), file);
    }

    fn forget_file(&mut self, id: &str) {
        self.files.remove(id);
        self.file_order.retain(|_, other| other != id);
    }

    fn uploaded(&self, now: Timestamp, id: &str) -> Result<&File, Refusal> {
        file::check_length(id)?;
        self.files.get(id).filter(|file| !file.is_expired(now)).ok_or_else(|| Refusal::no_file(id))
    }

    /// `GET files/…`.
    pub fn file(&self, now: Timestamp, id: &str, origin: &str, version: &str) -> Result<Value, Refusal> {
        Ok(self.uploaded(now, id)?.to_json(now, origin, version))
    }

    /// `DELETE files/…`.
    pub fn delete_file(&mut self, now: Timestamp, id: &str) -> Result<Value, Refusal> {
        self.uploaded(now, id)?;
        self.forget_file(id);
        Ok(json!({}))
    }

    /// The content of an input file, for a create.
    pub fn input_file(&self, now: Timestamp, name: &str) -> Result<Blob, Refusal> {
        let id = name.strip_prefix("files/").unwrap_or(name);
        let file = self.files.get(id).filter(|file| !file.is_expired(now)).ok_or_else(Refusal::not_found)?;
        if !file.is_active(now) {
            let message = format!("The File {id} is not in an ACTIVE state and usage is not allowed.");
            return Err(Refusal::precondition(message));
        }
        Ok(file.content.clone())
    }

    /// `GET files`: ten a page unless asked otherwise, a hundred at the most, newest first, results included.
    pub fn list_files(
        &self,
        now: Timestamp,
        request: &PageRequest,
        origin: &str,
        version: &str,
    ) -> Result<Value, Refusal> {
        let size = request.size.unwrap_or(10).clamp(1, 100);
        let mut rows: Vec<(Timestamp, String, Listed<'_>)> = self
            .files
            .values()
            .filter(|file| !file.is_expired(now))
            .map(|file| (file.created, file.id.clone(), Listed::Uploaded(file)))
            .collect();
        for job in self.jobs.values().filter(|job| !job.maker.inline) {
            let made = job.at(now).since;
            let is_kept = job.results_at(now, &self.service).is_some() && made + file::LIFE > now;
            if let Some(length) = is_kept.then(|| job.output_length(now, &self.service)).flatten() {
                let id = job.output_file();
                rows.push((made, id.clone(), Listed::Generated { id, made, length }));
            }
        }
        rows.sort_by(|a, b| (b.0, &b.1).cmp(&(a.0, &a.1)));
        let first = match request.token.as_deref().map(page::read_token).transpose()? {
            None => 0,
            Some(after) => {
                let (time, id) = after.split_once(' ').ok_or_else(page::bad_token)?;
                let time: Timestamp = time.parse().map_err(|_| page::bad_token())?;
                rows.partition_point(|(made, other, _)| (*made, other.as_str()) >= (time, id))
            }
        };
        let page = &rows[first.min(rows.len())..(first + size).min(rows.len())];
        let mut answer = json!({});
        if first + size < rows.len()
            && let Some((made, id, _)) = page.last()
        {
            answer["nextPageToken"] = json!(page::token(&format!("{made} {id}")));
        }
        if !page.is_empty() {
            let show = |row: &Listed<'_>| match row {
                Listed::Uploaded(file) => file.to_json(now, origin, version),
                Listed::Generated { id, made, length } => file::generated(id, *made, *length, origin, version),
            };
            answer["files"] = page.iter().map(|(_, _, row)| show(row)).collect();
        }
        Ok(answer)
    }

    /// What a download of a file answers. Only results can be downloaded; an upload cannot be read back.
    pub fn download(&self, now: Timestamp, id: &str) -> Result<Vec<Part>, Refusal> {
        if self.files.get(id).is_some_and(|file| !file.is_expired(now)) {
            return Err(Refusal::invalid("Only generated files can be downloaded."));
        }
        let job = id.strip_prefix("batch-").and_then(|id| self.jobs.get(id)).filter(|job| !job.maker.inline);
        let job = job.ok_or_else(|| Refusal::no_file(id))?;
        let is_kept = job.at(now).since + file::LIFE > now;
        match job.output(now, &self.service).filter(|_| is_kept) {
            Some(output) => Ok(vec![Part::Results(output)]),
            None => Err(Refusal::no_file(id)),
        }
    }
}
