//! Many people's presence in one call: `POST /communications/getPresencesByUserId`.
//!
//! At most 650 ids a call; the answer is in any order, may lack people, and every field but the id may be null or missing (Microsoft
//! Graph, cloudCommunications: getPresencesByUserId and the presence resource).

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use super::client::{Endpoint, GraphClient};
use super::error::{GraphError, Unreadable};
use super::presence_reader::{Row, Rows, Span};
use crate::http::Limits;
use crate::presence::{Guid, Raw};

/// Ids that one call may carry.
pub const MOST_IDS: usize = 650;

/// The memory of a longer body is not kept: full answers have 150 to 300 KB.
const MOST_ROOM: usize = 512 << 10;

/// A status message or an out-of-office text may come with every entry; 650 of them at 25 KB each is more than any real answer.
const LIMITS: Limits = Limits { timeout: Duration::from_secs(30), max_body: 16 << 20 };

impl GraphClient {
    /// Asks for the presence of these people and reads the answer into `answer`, whose memory is used again.
    ///
    /// Waits for its turn in the presence budget first. Missing people are no error: the answer holds whoever Graph named.
    pub async fn presences(&self, ids: &[Guid], answer: &mut PresenceAnswer) -> Result<(), GraphError> {
        debug_assert!(!ids.is_empty() && ids.len() <= MOST_IDS);
        let url = self.url("v1.0/communications/getPresencesByUserId");
        let response = self.post(Endpoint::Presences, url, body(ids), LIMITS, answer.room()).await?;
        let request_id = response.request_id();
        answer.read(response.body).map_err(|what| GraphError::unreadable(Endpoint::Presences, what, request_id))
    }
}

/// The body of the call.
pub(super) fn body(ids: &[Guid]) -> Bytes {
    let mut out = Vec::with_capacity(ids.len() * (Guid::TEXT_LEN + 3) + 16);
    out.extend_from_slice(b"{\"ids\":[");
    for (at, id) in ids.iter().enumerate() {
        let mut entry = [b'"'; Guid::TEXT_LEN + 3];
        entry[0] = b',';
        entry[2..Guid::TEXT_LEN + 2].copy_from_slice(id.text().as_bytes());
        out.extend_from_slice(&entry[usize::from(at == 0)..]);
    }
    out.extend_from_slice(b"]}");
    Bytes::from(out)
}

/// One answer, kept as the text that came and where the words stand in it. Its memory is used again for the next answer.
#[derive(Default)]
pub struct PresenceAnswer {
    body: String,
    found: Rows,
}

impl fmt::Debug for PresenceAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PresenceAnswer").field("rows", &self.len()).field("strange", &self.strange()).finish_non_exhaustive()
    }
}

impl PresenceAnswer {
    /// The memory of the body before, to be filled with the next one. Nothing of the answer before is left.
    pub fn room(&mut self) -> Vec<u8> {
        self.found.clear();
        let mut room = std::mem::take(&mut self.body).into_bytes();
        room.clear();
        room
    }

    /// Reads an answer, leaving nothing of the one before. Fails when the body is no JSON or has neither a list nor a presence.
    pub fn read(&mut self, body: Vec<u8>) -> Result<(), Unreadable> {
        self.found.clear();
        if body.len() >= u32::MAX as usize / 2 {
            return Err(Unreadable::new("the presence answer is too large"));
        }
        // Somebody's status message, cut in the middle of a letter, must not cost the others.
        self.body = String::from_utf8(body).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        self.found.read(&self.body).map_err(|error| {
            Unreadable::new(format!("the presence answer is no JSON (line {}, column {})", error.line(), error.column()))
        })?;
        if !self.found.list && self.is_empty() {
            return Err(Unreadable::new("the presence answer has no list of presences"));
        }
        // An empty list is an answer: nobody asked for is known. A list of something else is not.
        if self.is_empty() && self.strange() > 0 {
            return Err(Unreadable::new(format!(
                "the presence answer has {} entries and none of them is a presence",
                self.strange()
            )));
        }
        Ok(())
    }

    /// Drops the answer and keeps its memory, unless it was an uncommonly long one.
    pub fn forget(&mut self) {
        let room = self.room();
        if room.capacity() <= MOST_ROOM {
            self.body = String::from_utf8(room).unwrap_or_default();
        }
    }

    /// The people named, in the order of the answer, with their words as they came.
    pub fn iter(&self) -> impl Iterator<Item = (Guid, Raw<'_>)> {
        self.found.rows.iter().map(|row| (row.id, self.raw(row)))
    }

    /// The same with `sequenceNumber`, where there is one: which of two observations of a person is the newer.
    pub fn numbered(&self) -> impl Iterator<Item = (Guid, Raw<'_>, Option<&str>)> {
        self.found.rows.iter().map(|row| (row.id, self.raw(row), self.word(row.sequence)))
    }

    fn raw(&self, row: &Row) -> Raw<'_> {
        Raw { availability: self.word(row.availability), activity: self.word(row.activity), out_of_office: row.out_of_office }
    }

    /// How many people are named.
    pub fn len(&self) -> usize {
        self.found.rows.len()
    }

    /// Whether nobody is named.
    pub fn is_empty(&self) -> bool {
        self.found.rows.is_empty()
    }

    /// Entries that name nobody: no id, or one that is no GUID.
    pub fn strange(&self) -> usize {
        self.found.strange
    }

    fn word(&self, span: Span) -> Option<&str> {
        let (start, len) = (span.start as usize, span.len as usize);
        match start.checked_sub(self.body.len()) {
            None => self.body.get(start..start + len),
            Some(start) => self.found.decoded.get(start..start + len),
        }
    }
}

#[cfg(test)]
#[path = "presences_tests.rs"]
mod tests;
