//! The program: configuration, command line, server, gateway, admin endpoints and the registry of
//! services. It knows no service's operations and no wire format of AWS; `awslocal s3` does, as a client
//! (`cli/s3.rs`).

mod admin;
mod answer;
#[cfg(feature = "cli")]
mod aws;
mod browser;
mod catalog;
pub mod cli;
pub mod config;
mod detect;
#[cfg(feature = "dns")]
mod dns;
pub mod gateway;
mod identity;
pub mod init;
mod logger;
#[cfg(feature = "outbound")]
pub mod outbound;
pub mod server;
mod services;
mod signature;
mod spelling;
mod start;
mod stream;
#[cfg(test)]
mod testing;
#[cfg(feature = "tls")]
mod tls;
mod upload;
