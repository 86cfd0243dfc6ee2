//! What the store promises, one behaviour at a time.

#[cfg(test)]
mod cloud;
#[cfg(test)]
mod section;
#[cfg(test)]
mod table;
