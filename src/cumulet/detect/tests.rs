//! Which service a request is for, as a table of requests.
