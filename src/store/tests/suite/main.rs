//! What the store promises, one behaviour at a time.

#[cfg(test)]
mod blobs;
#[cfg(test)]
mod cloud;
#[cfg(test)]
mod due;
#[cfg(test)]
mod section;
#[cfg(test)]
mod table;
#[cfg(test)]
mod waiters;
