//! The vocabulary of Cumulet: what a service, an operation, a call, a value, an error and a name
//! are, who gives time and chance, and the one dispatcher. It knows no wire format, no socket and
//! no service by name.

pub mod access_key;
pub mod authorization_message;
pub mod body;
pub mod cloud;
pub mod codec;
pub mod cx;
pub mod dispatch;
pub mod dynamic;
pub mod error;
pub mod ids;
pub mod model;
pub mod name;
pub mod outbound;
pub mod paging;
pub mod service;
pub mod tags;
pub mod time;
pub mod value;
pub mod world;

pub use body::Body;
pub use cloud::{Cloud, Snapshot};
pub use codec::{Blob, Decode, Empty, Encode, Message, ReadError, Reader, Schema, Writer};
pub use cx::{Cx, Origin, Principal};
pub use dispatch::dispatch;
pub use error::AwsError;
pub use ids::Ids;
pub use model::{Model, Protocol};
pub use name::{AccountId, Arn, Region};
pub use outbound::Outbound;
pub use service::{
    AccessKey, Description, DueWork, Kept, Keys, Operation, Resource, Route, Run, Service,
    SigningFacts, State, Verdict,
};
pub use time::{Clock, Timestamp};
pub use value::Value;
pub use world::{BoxFuture, Scope, World, WorldId, spawn};
