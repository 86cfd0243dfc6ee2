//! What STS stores: sessions by the id of their access key, for the whole partition, because a key
//! says which session it belongs to, wherever it is used.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use cumulet_core::{AccountId, AwsError, Cx, Timestamp};
use cumulet_store::{Table, indexes, tables};

use crate::Sts;
use crate::api::Credentials;
use crate::caller::Identity;
use crate::errors;
use crate::policy::Limits;
use crate::tags::SessionTags;

/// An expired session is remembered for so long, to be told from one that never was.
const REMEMBERED: Duration = Duration::from_secs(24 * 3600);
/// Bytes of a session token. AWS's have no fixed size.
const TOKEN_SIZE: usize = 356;
/// Bytes of the longest session token; the model's limit for `MinimumSessionTokenSize`.
const TOKEN_MAX: usize = 4096;
/// Characters of secrets and session tokens.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

tables! {
    /// All of STS.
    pub(crate) struct Tables {
        /// By access key id.
        pub(crate) sessions: Table<String, Arc<Session>, SessionIndexes>,
    }
    next_due = |t| t.sessions.by().forgotten.first().map(|(at, _)| *at);
}

indexes! {
    /// Which session is to be forgotten next.
    pub(crate) struct SessionIndexes of String => Arc<Session> {
        forgotten: Timestamp = |_key, session| Some(session.expires.plus(REMEMBERED));
    }
}

/// What stands behind temporary credentials: whose they are, what proves it, and what limits them.
#[derive(Clone, Debug)]
pub struct Session {
    /// Who their holder is.
    pub identity: Identity,
    /// How they came about.
    pub kind: Kind,
    /// The ARN of the role that was assumed.
    pub role: Option<String>,
    /// The secret access key.
    pub secret: String,
    /// The session token.
    pub token: String,
    /// Until when they are good.
    pub expires: Timestamp,
    /// Session policies.
    pub limits: Limits,
    /// Session tags.
    pub tags: SessionTags,
    /// Who stands behind all sessions of a chain of roles.
    pub source_identity: Option<String>,
    /// `sts:ExternalId` as the caller gave it.
    pub external_id: Option<String>,
    /// The MFA device that the caller named.
    pub mfa: Option<String>,
    /// Context assertions: provider and assertion.
    pub contexts: Vec<(String, String)>,
}

/// How a session came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A role was assumed.
    Role,
    /// Another account's root user was.
    Root,
    /// A principal's access was delegated: `GetDelegatedAccessToken`.
    Delegated,
    /// `GetFederationToken`.
    Federated,
    /// `GetSessionToken`.
    User,
}

impl Session {
    /// A session without any limits, tags and conditions; [`Sts::issue`] gives it its secrets.
    pub(crate) fn new(identity: Identity, kind: Kind) -> Self {
        Self {
            identity,
            kind,
            role: None,
            secret: String::new(),
            token: String::new(),
            expires: Timestamp::default(),
            limits: Limits::default(),
            tags: SessionTags::default(),
            source_identity: None,
            external_id: None,
            mfa: None,
            contexts: Vec::new(),
        }
    }
}

/// How long a session is asked to be good, and how long its token to be.
pub(crate) struct Asked {
    pub(crate) seconds: i32,
    pub(crate) token_size: Option<i32>,
}

/// Credentials of a new session, and the figures of their token.
pub(crate) struct Issued {
    pub(crate) credentials: Option<Credentials>,
    pub(crate) token_size: Option<i32>,
    pub(crate) token_utilization: Option<i32>,
}

impl Sts {
    /// The session of an access key, also after it has expired.
    pub fn session(&self, cx: &Cx, key: &str) -> Option<Arc<Session>> {
        let scope = cx.global_scope(AccountId::DEFAULT);
        self.store.read(cx, scope, |t| t.sessions.get(key).cloned())
    }

    /// Gives a session its key, secret, token and end, and stores it.
    pub(crate) fn issue(&self, cx: &Cx, asked: &Asked, mut session: Session) -> Issued {
        let minimum = asked.token_size.and_then(|size| usize::try_from(size).ok()).unwrap_or(0);
        let size = minimum.clamp(TOKEN_SIZE, TOKEN_MAX);
        session.secret = cx.ids().text(40, ALPHABET);
        session.token = cx.ids().text(size, ALPHABET);
        let length = Duration::from_secs(u64::try_from(asked.seconds).unwrap_or(0));
        // AWS's times have no fraction.
        session.expires = Timestamp::from_secs(cx.now().plus(length).secs());
        let key = session.identity.account.new_access_key(self.prefix, cx.ids());
        let credentials = Credentials {
            access_key_id: Some(key.clone()),
            secret_access_key: Some(session.secret.clone()),
            session_token: Some(session.token.clone()),
            expiration: Some(session.expires),
        };
        let Ok(()) = self.store.write(cx, cx.global_scope(AccountId::DEFAULT), |tx| {
            tx.sessions.insert(key, Arc::new(session));
            Ok::<_, Infallible>(())
        });
        Issued {
            credentials: Some(credentials),
            token_size: i32::try_from(size).ok(),
            token_utilization: i32::try_from((size * 100).div_ceil(TOKEN_MAX)).ok(),
        }
    }

    /// Forgets sessions that expired long ago.
    pub(crate) fn forget(&self, cx: &Cx) {
        let Ok(()) = self.store.write(cx, cx.global_scope(AccountId::DEFAULT), |tx| {
            let due = tx.sessions.by().forgotten.range(..=cx.now()).map(|(_, key)| key.clone());
            let due: Vec<String> = due.collect();
            for key in &due {
                tx.sessions.remove(key);
            }
            Ok::<_, Infallible>(())
        });
    }
}

/// An MFA device and its code come together. The code is any: there is no device to ask.
pub(crate) fn mfa(
    serial: Option<String>,
    code: Option<&String>,
) -> Result<Option<String>, AwsError> {
    if serial.is_some() == code.is_some() { Ok(serial) } else { Err(errors::mfa_incomplete()) }
}
