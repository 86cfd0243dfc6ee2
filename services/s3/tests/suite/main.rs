//! S3 as its callers see it, in process: one file per kind of resource.

#[cfg(test)]
mod attached;
#[cfg(test)]
mod buckets;
#[cfg(test)]
mod calls;
#[cfg(test)]
mod conditions;
#[cfg(test)]
mod configurations;
#[cfg(test)]
mod copies;
#[cfg(test)]
mod encryption;
#[cfg(test)]
mod forms;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod listings;
#[cfg(test)]
mod locks;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod multipart;
#[cfg(test)]
mod objects;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod replication;
#[cfg(test)]
mod versions;
