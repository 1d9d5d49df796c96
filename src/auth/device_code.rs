//! Device code: a person signs in with any browser, by a code. What follows from each outcome. Pure, as the ledger; the requests are in
//! `dialog`.

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::aadsts::{self, Advice, Class};
use super::answer::{EntraError, cut};
use super::error::SignInError;
use super::ledger::Ledger;
use super::outcome::Failure;
use super::person::{Person, Phase, Prompt};
use super::told;
use crate::event::{Draft, Event, Kind};
use crate::time::Moment;

/// Life and interval where the answer names none (RFC 8628, Entra's page on the flow).
const LIFE_S: u64 = 900;
const INTERVAL_S: u64 = 5;
/// What `slow_down` adds (RFC 8628).
const SLOWER_MS: u64 = 5_000;
/// Whoever wants a token looks again after this time; nothing is sent for that.
const LOOK_WAITING_MS: u64 = 1_000;
const LOOK_ENDED_MS: u64 = 5_000;
/// Requests for a code in quicker succession get the same code again.
const SAME_CODE_MS: u64 = 5_000;

/// A code, as it came.
pub(super) struct Code {
    pub(super) device_code: SecretString,
    pub(super) prompt: Prompt,
    pub(super) life_ms: u64,
    pub(super) interval_ms: u64,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    device_code: String,
    #[serde(default)]
    user_code: String,
    #[serde(default)]
    verification_uri: String,
    /// RFC 8628's drafts called it so; other servers still do.
    #[serde(default)]
    verification_url: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    expires_in: Value,
    #[serde(default)]
    interval: Value,
}

impl Code {
    /// Reads the answer of the `devicecode` endpoint. `asked_at` is the moment before the request.
    pub(super) fn read(body: &[u8], asked_at: Moment) -> Result<Code, String> {
        const NOT: &str = "HTTP 200, but not the JSON of a device code: is endpoints.login right, does a gateway answer instead?";
        let answer: Answer = serde_json::from_slice(body).map_err(|_| NOT.to_owned())?;
        let seconds = |value: &Value, usual: u64| match value {
            Value::Number(number) => number.as_u64().unwrap_or(usual),
            Value::String(text) => text.trim().parse().unwrap_or(usual),
            _ => usual,
        };
        let visible =
            |text: &str, longest: usize| (1..=longest).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        let uri = if answer.verification_uri.is_empty() { answer.verification_url } else { answer.verification_uri };
        let page = Url::parse(&uri).is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.host_str().is_some());
        if !visible(&answer.device_code, 16 << 10) || !visible(&answer.user_code, 64) || !visible(&uri, 1_024) || !page {
            return Err(NOT.to_owned());
        }
        let life_ms = seconds(&answer.expires_in, LIFE_S).clamp(10, 86_400) * 1_000;
        let message = if answer.message.is_empty() {
            format!("To sign in, open {uri} in a browser and enter the code {}.", answer.user_code)
        } else {
            cut(&answer.message)
        };
        Ok(Code {
            device_code: answer.device_code.into(),
            prompt: Prompt {
                verification_uri: uri,
                user_code: answer.user_code,
                message,
                expires_at_ms: asked_at.wall_at(asked_at.mono_ms + life_ms),
            },
            life_ms,
            interval_ms: seconds(&answer.interval, INTERVAL_S).clamp(1, 300) * 1_000,
        })
    }
}

/// What became of a question whether the person has signed in.
pub(super) enum Next {
    /// Ask again.
    Poll,
    /// Ask again, and less often from now on.
    Slower,
    /// Ask again after the usual pause for failures.
    Later(Failure),
    /// The code is of no use any more.
    Over(EntraError, &'static Advice),
}

/// Reads an answer that is no token.
pub(super) fn judge(failure: Failure) -> Next {
    let Failure::Entra(error) = failure else { return Next::Later(failure) };
    if error.error == "slow_down" {
        return Next::Slower;
    }
    let advice = advice(&error);
    match advice.class {
        Class::Pending => Next::Poll,
        Class::Transient | Class::Slow => Next::Later(Failure::Entra(error)),
        _ => Next::Over(error, advice),
    }
}

/// Pause between two questions after [`Next::Slower`].
pub(super) fn slower(interval_ms: u64) -> u64 {
    interval_ms.saturating_add(SLOWER_MS).min(300_000)
}

const NOBODY: &str = "nobody has signed in yet";
const DECLINED: &str = "the person who opened the page declined the sign-in";
const RAN_OUT: &str = "the code ran out before anybody signed in with it";
const AT_THE_PAGE: &str = "Open the page, enter the code and finish the sign-in within 15 minutes.";

static DECLINED_ADVICE: Advice = Advice { codes: &[], class: Class::Refused, cause: DECLINED, remedy: AT_THE_PAGE };
static RAN_OUT_ADVICE: Advice = Advice { codes: &[], class: Class::Refused, cause: RAN_OUT, remedy: AT_THE_PAGE };
/// What the catalogue says, in the words of a sign-in by code.
fn advice(error: &EntraError) -> &'static Advice {
    match (error.error.as_str(), error.code()) {
        ("authorization_declined", _) => &DECLINED_ADVICE,
        ("expired_token" | "code_expired", _) | (_, Some(70019 | 70020)) => &RAN_OUT_ADVICE,
        ("access_denied", None) => &DECLINED_ADVICE,
        ("authorization_pending", _) => aadsts::of_oauth("authorization_pending"),
        (word, code) => code.and_then(aadsts::find_by_code).unwrap_or_else(|| aadsts::of_oauth(word)),
    }
}

impl Ledger {
    /// Why nobody can be served before a person acts; `None` where that is not so.
    pub(super) fn person_needed(&self, now: Moment) -> Option<SignInError> {
        let (waiting, cause, code) = match &self.person {
            Person::Unasked => return None,
            Person::Waiting { .. } if self.fallback => return None,
            Person::Waiting { .. } => (true, "a person must sign in with the code", None),
            Person::Ended { cause, code, .. } => (false, *cause, *code),
        };
        let pause = if waiting { LOOK_WAITING_MS } else { LOOK_ENDED_MS };
        Some(SignInError::PersonNeeded { waiting, code, cause, next_try_mono_ms: now.mono_ms + pause })
    }

    /// A person is needed, and may not be asked here.
    pub(super) fn left_unasked(&mut self) {
        let (cause, code) = self.lapse.unwrap_or((NOBODY, None));
        self.person = Person::Ended { cause, code, signed_out: false };
    }

    /// A code is out already.
    pub(super) fn is_asking(&self) -> bool {
        matches!(self.person, Person::Waiting { .. })
    }

    /// A code came: the event that shows it. `wished`: somebody asked for it. `fallback`: an earlier sign-in is stored.
    pub(super) fn code_given(&mut self, prompt: &Prompt, wished: bool, fallback: bool, now: Moment) -> Draft {
        self.fallback = fallback;
        self.person = Person::Waiting { prompt: prompt.clone(), since: now.mono_ms, wished };
        self.announce = true;
        self.refused_no_more();
        self.show(prompt)
    }

    fn show(&self, prompt: &Prompt) -> Draft {
        let (cause, code) = self.lapse.map_or((None, None), |(cause, code)| (Some(cause), code));
        Event::new(Kind::SignInRequired)
            .with("verification_uri", prompt.verification_uri.as_str())
            .with("user_code", prompt.user_code.as_str())
            .with("expires_at_ms", prompt.expires_at_ms)
            .with("message", prompt.message.as_str())
            .with_some("cause", cause)
            .with_some("aadsts", code)
    }

    /// The stored sign-in is worth nothing any more.
    pub(super) fn lapsed(&mut self, error: &EntraError, advice: &'static Advice, now: Moment) -> Vec<Draft> {
        self.lapse = Some((advice.cause, error.code()));
        self.fallback = false;
        self.answered(now)
    }

    /// The code ran out by our own clock, or Entra refused it.
    pub(super) fn code_over(&mut self, refusal: Option<(&EntraError, &'static Advice)>, now: Moment) -> Vec<Draft> {
        let mut events = self.answered(now);
        let advice = refusal.map_or(&RAN_OUT_ADVICE, |(_, advice)| advice);
        let error = refusal.map(|(error, _)| error);
        let code = error.and_then(EntraError::code);
        self.person =
            if self.fallback { Person::Unasked } else { Person::Ended { cause: advice.cause, code, signed_out: false } };
        // The cause has an event of its own; the end of the code is what whoever shows it waits for.
        events.extend(refusal.and_then(|(error, advice)| told::consent_at_the_code(error, advice)));
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        events.push(
            Event::new(Kind::SignInEnded)
                .with_some("aadsts", code)
                .with_some("error", error.and_then(|error| some(&error.error)))
                .with("cause", advice.cause)
                .with("advice", advice.remedy)
                .with_some("detail", error.and_then(|error| some(error.detail())))
                .with_some("correlation_id", error.and_then(|error| some(&error.correlation_id))),
        );
        events
    }

    /// The person has signed in.
    pub(super) fn person_came(&mut self) {
        self.person = Person::Unasked;
        self.fallback = false;
        self.lapse = None;
        self.announce = true;
    }

    /// Somebody asks for a code. `Some`: one is out since a moment ago, and is shown again.
    pub(super) fn ask(&mut self, now: Moment) -> Option<Draft> {
        if let Person::Waiting { prompt, since, .. } = &self.person
            && now.mono_ms.saturating_sub(*since) < SAME_CODE_MS
        {
            return Some(self.show(prompt));
        }
        self.person = Person::Unasked;
        self.asked = true;
        self.refused_no_more();
        None
    }

    /// What is held is used no longer; a flight under way belongs to the past.
    pub(super) fn sign_out(&mut self) -> Draft {
        self.held = None;
        self.epoch += 1;
        self.asked = false;
        self.fallback = false;
        self.announce = true;
        self.lapse = None;
        self.refused_no_more();
        self.person = Person::Ended { cause: "signed out", code: None, signed_out: true };
        Event::new(Kind::SignedOut)
    }

    /// One word for the state, as in the statistics.
    pub(super) fn phase(&self, serving: bool) -> Phase {
        match &self.person {
            Person::Waiting { .. } => Phase::WaitingForPerson,
            Person::Ended { signed_out: true, .. } => Phase::SignedOut,
            _ if serving => Phase::SignedIn,
            Person::Ended { .. } => Phase::Refused,
            Person::Unasked if self.stands_refused() => Phase::Refused,
            Person::Unasked => Phase::SigningIn,
        }
    }

    /// The code that is out.
    pub(super) fn prompt(&self) -> Option<&Prompt> {
        match &self.person {
            Person::Waiting { prompt, .. } => Some(prompt),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    const NOW: Moment = Moment { mono_ms: 1_000, wall_ms: 50_000 };

    #[test]
    fn a_code_in_every_spelling() {
        let read = |json: &str| Code::read(json.as_bytes(), NOW);
        let code = read(
            r#"{"device_code":"d.e-v","user_code":"ABCD1234E","verification_uri":"https://microsoft.com/devicelogin",
                "expires_in":900,"interval":5,"message":"To sign in, …"}"#,
        )
        .expect("a code");
        assert_eq!((code.device_code.expose_secret(), code.life_ms, code.interval_ms), ("d.e-v", 900_000, 5_000));
        assert_eq!((code.prompt.expires_at_ms, code.prompt.message.as_str()), (950_000, "To sign in, …"));
        assert_eq!(format!("{:?}", code.prompt), "Prompt { expires_at_ms: 950000, .. }");
        let other = read(r#"{"device_code":"d","user_code":"A-B","verification_url":"http://127.0.0.1:1/x","expires_in":"60"}"#);
        let other = other.expect("a code");
        assert_eq!((other.life_ms, other.interval_ms), (60_000, 5_000));
        assert_eq!(other.prompt.message, "To sign in, open http://127.0.0.1:1/x in a browser and enter the code A-B.");
        let odd = read(r#"{"device_code":"d","user_code":"A","verification_uri":"https://x","expires_in":-1,"interval":0}"#);
        let odd = odd.expect("a code");
        assert_eq!((odd.life_ms, odd.interval_ms), (900_000, 1_000));
    }

    #[test]
    fn an_answer_without_a_usable_code() {
        for json in [
            "",
            "[]",
            "<html>",
            r#"{"user_code":"A","verification_uri":"https://x"}"#,
            r#"{"device_code":"d","verification_uri":"https://x"}"#,
            r#"{"device_code":"d","user_code":"A B","verification_uri":"https://x"}"#,
            r#"{"device_code":"d","user_code":"A","verification_uri":"javascript:alert(1)"}"#,
            r#"{"device_code":"d","user_code":"A","verification_uri":"microsoft.com/devicelogin"}"#,
            r#"{"device_code":7,"user_code":"A","verification_uri":"https://x"}"#,
        ] {
            assert!(Code::read(json.as_bytes(), NOW).is_err(), "{json}");
        }
        let long = format!(r#"{{"device_code":"d","user_code":"{}","verification_uri":"https://x"}}"#, "A".repeat(65));
        assert!(Code::read(long.as_bytes(), NOW).is_err());
    }

    #[test]
    fn what_an_answer_means_while_polling() {
        let word = |error: &str, code: u32| {
            let json = if code == 0 {
                format!(r#"{{"error":"{error}"}}"#)
            } else {
                format!(r#"{{"error":"{error}","error_codes":[{code}]}}"#)
            };
            match judge(Failure::Entra(serde_json::from_str(&json).expect("an error"))) {
                Next::Poll => "poll",
                Next::Slower => "slower",
                Next::Later(_) => "later",
                Next::Over(_, advice) => advice.cause,
            }
        };
        assert_eq!((word("authorization_pending", 70016), word("authorization_pending", 0)), ("poll", "poll"));
        assert_eq!((word("slow_down", 0), word("temporarily_unavailable", 90033)), ("slower", "later"));
        for (error, code) in [("authorization_declined", 65004), ("authorization_declined", 0), ("access_denied", 0)] {
            assert_eq!(word(error, code), DECLINED, "{error} {code}");
        }
        for (error, code) in [("expired_token", 70019), ("expired_token", 70020), ("expired_token", 0), ("code_expired", 0)] {
            assert_eq!(word(error, code), RAN_OUT, "{error} {code}");
        }
        let blocked = aadsts::find_by_code(53003).expect("known");
        assert!(blocked.cause.contains("device code flow"), "{}", blocked.cause);
        assert_eq!((word("access_denied", 53003), word("invalid_grant", 53003)), (blocked.cause, blocked.cause));
        assert!(word("bad_verification_code", 70018).contains("not known") && word("invalid_request", 90120).contains("used"));
        assert!(word("invalid_grant", 50105).contains("not assigned") && word("invalid_grant", 65001).contains("consent"));
        assert!(matches!(judge(Failure::Useless(String::new())), Next::Later(_)));
        assert_eq!((slower(5_000), slower(299_000)), (10_000, 300_000));
    }
}
