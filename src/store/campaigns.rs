//! The journal of campaigns: jobs that were too large for one, in parts that are submitted one after the other.
//!
//! It holds what a campaign is made of and what a person wants of it. What became of a part is never written here: the
//! intent of its create names it, and the list of jobs says the rest. So a crash cannot make two records disagree.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::money::OverCap;

use super::intents::RetakeOf;
use super::journal::View;
use super::{Error, Store, files};

/// Requests that become several jobs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Campaign {
    /// A ULID.
    pub id: String,
    /// The display name, to which each part adds its number.
    pub name: String,
    /// Without `models/`.
    pub model: String,
    /// Whether the requests go in the create calls themselves.
    pub inline: bool,
    /// SHA-256 of all requests together, lower-case hex.
    pub sha256: String,
    /// How many parts it has. Without all of them on the disk there is no campaign.
    pub n_parts: u32,
    /// Why it is several jobs: `25 000 enqueued tokens of tier 1`.
    pub because: String,
    /// The origin that it is meant for.
    pub origin: String,
    /// Which key it is meant for, when the session says.
    pub key_fingerprint: Option<String>,
    /// Somebody agreed to send content again that was sent before.
    pub repeat_agreed: bool,
    /// The caps that a person agreed to pass with all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap_agreed: Option<OverCap>,
    /// Whose requests it makes again, when it is a retake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retake_of: Option<RetakeOf>,
    /// When it began, by this machine's clock.
    pub at: Timestamp,
}

/// One job of a campaign, as it will be sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CampaignPart {
    /// The id of its campaign.
    pub campaign: String,
    /// From 1.
    pub number: u32,
    /// SHA-256 of its requests, lower-case hex.
    pub sha256: String,
    /// Size of its requests in bytes.
    pub bytes: u64,
    /// Requests in it.
    pub n_requests: u64,
    /// Characters of text in it.
    pub characters: u64,
    /// Tokens of text in it.
    pub text_tokens: u64,
    /// Length of its audio, low and high.
    pub seconds: (f64, f64),
    /// Tokens of its audio, low and high.
    pub audio_tokens: (f64, f64),
    /// What it may cost, low and high, when that was known.
    pub dollars: Option<(f64, f64)>,
    /// Keys whose audio is on the disk already and is saved with its results: the first part has those of all.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub n_unchanged: u64,
}

fn is_nothing(number: &u64) -> bool {
    *number == 0
}

/// What keeps the next part from being sent, as far as it is a matter of record.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Hold {
    /// Nothing.
    #[default]
    Free,
    /// The service had no room for a part.
    Waits(Waits),
    /// A person, or a refusal that time does not mend.
    Paused {
        /// Why, when it was not a person.
        because: Option<String>,
        /// Since when.
        at: Timestamp,
    },
    /// A person wants no more of it.
    Cancelled {
        /// Since when.
        at: Timestamp,
    },
}

/// A part that the service had no room for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waits {
    /// When to try again at the latest.
    pub until: Timestamp,
    /// What the service said.
    pub because: String,
    /// How many refusals in a row this is.
    pub times: u32,
    /// How many jobs of the model were live then: when there are fewer there may be room.
    pub n_live: u64,
}

/// A campaign, its parts, and what a person wants of it.
#[derive(Clone, Debug, PartialEq)]
pub struct TrackedCampaign {
    /// What it is.
    pub campaign: Campaign,
    /// All of them, in their order.
    pub parts: Vec<CampaignPart>,
    /// What keeps the next part from being sent.
    pub hold: Hold,
    /// Tokens of creates that were given up and whose parts a person wants to be sent again.
    pub again: BTreeSet<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub(super) enum Record {
    Part(CampaignPart),
    // Behind its parts, so that a campaign that is read is whole.
    Begun(Campaign),
    Waits { campaign: String, waits: Waits },
    Paused { campaign: String, because: Option<String>, at: Timestamp },
    Goes { campaign: String, again: Vec<String> },
    Cancelled { campaign: String, at: Timestamp },
}

/// All campaigns, oldest first.
#[derive(Debug, Default)]
pub(super) struct Campaigns {
    tracked: Vec<TrackedCampaign>,
    by_id: HashMap<String, usize>,
    /// Of campaigns whose beginning has not been read.
    parts: HashMap<String, Vec<CampaignPart>>,
}

impl Campaigns {
    pub(super) fn all(&self) -> &[TrackedCampaign] {
        &self.tracked
    }

    fn get(&self, id: &str) -> Option<&TrackedCampaign> {
        self.by_id.get(id).map(|at| &self.tracked[*at])
    }

    fn hold(&mut self, id: &str, hold: Hold) {
        let Some(at) = self.by_id.get(id) else { return };
        let tracked = &mut self.tracked[*at];
        // What was cancelled stays so, whatever somebody writes who has not seen it.
        if !matches!(tracked.hold, Hold::Cancelled { .. }) {
            tracked.hold = hold;
        }
    }
}

impl View for Campaigns {
    type Record = Record;
    const FILE: &'static str = "campaigns.jsonl";
    const DURABLE: bool = true;

    fn apply(&mut self, record: Record) {
        match record {
            Record::Part(part) => self.parts.entry(part.campaign.clone()).or_default().push(part),
            Record::Begun(campaign) => {
                let parts = self.parts.remove(&campaign.id).unwrap_or_default();
                let is_whole = parts.iter().map(|part| part.number).eq(1..=campaign.n_parts);
                if is_whole && !self.by_id.contains_key(&campaign.id) {
                    self.by_id.insert(campaign.id.clone(), self.tracked.len());
                    self.tracked.push(TrackedCampaign { campaign, parts, hold: Hold::Free, again: BTreeSet::new() });
                }
            }
            Record::Waits { campaign, waits } => self.hold(&campaign, Hold::Waits(waits)),
            Record::Paused { campaign, because, at } => self.hold(&campaign, Hold::Paused { because, at }),
            Record::Goes { campaign, again } => {
                self.hold(&campaign, Hold::Free);
                if let Some(at) = self.by_id.get(&campaign) {
                    self.tracked[*at].again.extend(again);
                }
            }
            Record::Cancelled { campaign, at } => self.hold(&campaign, Hold::Cancelled { at }),
        }
    }
}

/// What may stand beside the requests of a part, and goes where they go.
const BESIDE: [fn(&Path) -> PathBuf; 2] = [Store::texts_path, Store::unchanged_path];

impl Store {
    /// All campaigns, oldest first.
    pub fn campaigns(&self) -> Result<Vec<TrackedCampaign>, Error> {
        self.0.campaigns.look(|campaigns| campaigns.all().to_vec())
    }

    /// One campaign.
    pub fn campaign(&self, id: &str) -> Result<Option<TrackedCampaign>, Error> {
        self.0.campaigns.look(|campaigns| campaigns.get(id).cloned())
    }

    /// Takes the requests of all parts over, `prepared` in their order, and writes the campaign down when they are on the
    /// disk. Until this returns there is no campaign; when it fails, nothing of it stays.
    pub fn begin_campaign(
        &self,
        campaign: &Campaign,
        parts: &[CampaignPart],
        prepared: &[PathBuf],
    ) -> Result<(), Error> {
        let folder = self.campaign_folder(&campaign.id);
        let begun = files::create_folder(&folder).and_then(|()| {
            for (part, prepared) in parts.iter().zip(prepared) {
                let path = self.part_path(&campaign.id, part.number);
                for beside in BESIDE {
                    if beside(prepared).exists() {
                        take_over(&beside(prepared), &beside(&path))?;
                    }
                }
                take_over(prepared, &path)?;
            }
            files::sync_folder(&folder).map_err(Error::write(&folder))?;
            let above = folder.parent().expect("a campaign stands in the state folder");
            files::sync_folder(above).map_err(Error::write(above))?;
            self.0.campaigns.append(|_| {
                let parts = parts.iter().cloned().map(Record::Part);
                parts.chain([Record::Begun(campaign.clone())]).collect()
            })
        });
        if begun.is_err() {
            let _ = fs::remove_dir_all(&folder);
        }
        begun
    }

    /// The service had no room for a part.
    pub fn campaign_waits(&self, id: &str, waits: &Waits) -> Result<(), Error> {
        self.hold_campaign(id, |hold| match hold {
            // A person who paused it meanwhile wants more than a wait.
            Hold::Free | Hold::Waits(_) => Some(Record::Waits { campaign: id.to_owned(), waits: waits.clone() }),
            Hold::Paused { .. } | Hold::Cancelled { .. } => None,
        })
    }

    /// Sends no more parts for now. Without a reason it was a person.
    pub fn pause_campaign(&self, id: &str, because: Option<&str>, at: Timestamp) -> Result<(), Error> {
        self.hold_campaign(id, |hold| match hold {
            Hold::Free | Hold::Waits(_) => {
                Some(Record::Paused { campaign: id.to_owned(), because: because.map(str::to_owned), at })
            }
            Hold::Paused { .. } | Hold::Cancelled { .. } => None,
        })
    }

    /// Goes on after a pause or a wait. `again` are tokens of creates that were given up and that are to be sent again.
    pub fn free_campaign(&self, id: &str, again: Vec<String>) -> Result<(), Error> {
        self.hold_campaign(id, |hold| match hold {
            Hold::Free if again.is_empty() => None,
            Hold::Free | Hold::Waits(_) | Hold::Paused { .. } => Some(Record::Goes { campaign: id.to_owned(), again }),
            Hold::Cancelled { .. } => None,
        })
    }

    /// Ends a wait after a part went through; a pause that came meanwhile stays.
    pub fn end_wait_of_campaign(&self, id: &str) -> Result<(), Error> {
        self.hold_campaign(id, |hold| match hold {
            Hold::Waits(_) => Some(Record::Goes { campaign: id.to_owned(), again: Vec::new() }),
            Hold::Free | Hold::Paused { .. } | Hold::Cancelled { .. } => None,
        })
    }

    /// Sends no more parts, ever.
    pub fn cancel_campaign(&self, id: &str, at: Timestamp) -> Result<(), Error> {
        self.hold_campaign(id, |hold| match hold {
            Hold::Free | Hold::Waits(_) | Hold::Paused { .. } => {
                Some(Record::Cancelled { campaign: id.to_owned(), at })
            }
            Hold::Cancelled { .. } => None,
        })
    }

    fn hold_campaign(&self, id: &str, decide: impl FnOnce(&Hold) -> Option<Record>) -> Result<(), Error> {
        self.0
            .campaigns
            .append(|campaigns| campaigns.get(id).and_then(|tracked| decide(&tracked.hold)).into_iter().collect())
    }

    /// Where the requests of a part are kept until it is submitted.
    pub fn part_path(&self, id: &str, number: u32) -> PathBuf {
        self.campaign_folder(id).join(format!("{number:04}.jsonl"))
    }

    /// Removes the requests of a part that nobody will send from here.
    pub fn drop_part(&self, id: &str, number: u32) {
        let path = self.part_path(id, number);
        // What cannot be removed now is tried again whenever the campaign is looked at.
        for beside in BESIDE {
            let _ = fs::remove_file(beside(&path));
        }
        let _ = fs::remove_file(&path);
    }

    /// Removes the folder of a campaign once no part has its requests there.
    pub fn drop_campaign_folder(&self, id: &str) {
        // Only an empty folder can be removed so.
        let _ = fs::remove_dir(self.campaign_folder(id));
    }

    /// Brings the requests of a part back from those that are kept of its create, to be sent again.
    pub fn bring_part_back(&self, id: &str, number: u32, token: &str) -> Result<(), Error> {
        let (path, kept) = (self.part_path(id, number), self.requests_path(token));
        files::create_folder(&self.campaign_folder(id))?;
        for beside in BESIDE {
            if beside(&kept).exists() {
                fs::copy(beside(&kept), beside(&path)).map_err(Error::write(&path))?;
            }
        }
        fs::copy(&kept, &path).map(drop).map_err(Error::write(&path))
    }

    fn campaign_folder(&self, id: &str) -> PathBuf {
        let id: String = id.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
        self.folder().join("campaigns").join(id)
    }
}

/// Moves a file within the state folder, with its content on the disk: the campaign may last for days.
fn take_over(from: &Path, to: &Path) -> Result<(), Error> {
    let file = fs::File::open(from).map_err(Error::read(from))?;
    file.sync_all().map_err(Error::write(from))?;
    fs::rename(from, to).map_err(Error::write(to))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(store: &Store, id: &str, n_parts: u32) {
        let campaign = Campaign {
            id: id.into(),
            name: "book".into(),
            model: "m".into(),
            inline: false,
            sha256: "ab".repeat(32),
            n_parts,
            because: "a test".into(),
            origin: "https://h".into(),
            key_fingerprint: None,
            repeat_agreed: false,
            cap_agreed: None,
            retake_of: None,
            at: Timestamp::UNIX_EPOCH,
        };
        let part = |number| CampaignPart {
            campaign: id.into(),
            number,
            sha256: "cd".repeat(32),
            bytes: 3,
            n_requests: 1,
            characters: 2,
            text_tokens: 1,
            seconds: (0.1, 0.2),
            audio_tokens: (2.0, 5.0),
            dollars: None,
            n_unchanged: 0,
        };
        let prepared: Vec<PathBuf> =
            (1..=n_parts).map(|number| store.prepared_folder().join(format!("{number}.jsonl"))).collect();
        prepared.iter().for_each(|path| fs::write(path, "{}\n").unwrap());
        fs::write(Store::texts_path(&prepared[0]), "texts\n").unwrap();
        store.begin_campaign(&campaign, &(1..=n_parts).map(part).collect::<Vec<_>>(), &prepared).unwrap();
    }

    #[test]
    fn a_campaign_is_there_after_a_restart_with_the_requests_of_its_parts() {
        let folder = tempfile::tempdir().unwrap();
        begun(&Store::open(folder.path()).unwrap(), "C1", 2);
        let store = Store::open(folder.path()).unwrap();
        let tracked = store.campaign("C1").unwrap().unwrap();
        assert_eq!((tracked.parts.len(), tracked.hold), (2, Hold::Free));
        assert_eq!(fs::read_to_string(store.part_path("C1", 2)).unwrap(), "{}\n");
        assert!(Store::texts_path(&store.part_path("C1", 1)).exists());
        assert_eq!(fs::read_dir(store.prepared_folder()).unwrap().count(), 0);
        store.drop_part("C1", 1);
        store.drop_campaign_folder("C1");
        assert!(store.part_path("C1", 2).exists());
        store.drop_part("C1", 2);
        store.drop_campaign_folder("C1");
        assert_eq!(fs::read_dir(folder.path().join("campaigns")).unwrap().count(), 0);
    }

    #[test]
    fn a_campaign_that_was_cut_off_while_it_was_written_is_none() {
        let folder = tempfile::tempdir().unwrap();
        begun(&Store::open(folder.path()).unwrap(), "C1", 3);
        let path = folder.path().join(Campaigns::FILE);
        let whole = fs::read(&path).unwrap();
        let ends: Vec<usize> = memchr::memchr_iter(b'\n', &whole).collect();
        for cut in [ends[0] + 1, ends[1], ends[2] + 1, ends[3] - 1] {
            fs::write(&path, &whole[..cut]).unwrap();
            assert_eq!(Store::open(folder.path()).unwrap().campaigns().unwrap(), [], "{cut}");
        }
    }

    #[test]
    fn what_a_person_wants_wins_over_what_the_service_says_and_a_cancel_is_for_good() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        begun(&store, "C1", 1);
        let at = Timestamp::UNIX_EPOCH;
        let hold = || store.campaign("C1").unwrap().unwrap().hold;
        let waits = Waits { until: at, because: "no quota".into(), times: 1, n_live: 2 };
        store.campaign_waits("C1", &waits).unwrap();
        assert_eq!(hold(), Hold::Waits(waits.clone()));
        store.pause_campaign("C1", None, at).unwrap();
        store.campaign_waits("C1", &waits).unwrap();
        store.end_wait_of_campaign("C1").unwrap();
        store.pause_campaign("C1", Some("refused"), at).unwrap();
        assert_eq!(hold(), Hold::Paused { because: None, at });
        store.free_campaign("C1", vec!["T".into()]).unwrap();
        assert_eq!(hold(), Hold::Free);
        assert!(store.campaign("C1").unwrap().unwrap().again.contains("T"));
        store.cancel_campaign("C1", at).unwrap();
        store.free_campaign("C1", Vec::new()).unwrap();
        store.pause_campaign("C1", None, at).unwrap();
        assert_eq!(hold(), Hold::Cancelled { at });
    }
}
