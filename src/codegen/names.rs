//! The Rust names of the model's names. Types keep theirs; members become snake case.

/// A member's name as a field: `QueueUrl` is `queue_url`, `MD5OfBody` `md5_of_body`, `Type` `r#type`.
pub(crate) fn field(name: &str) -> String {
    let snake = snake(name);
    if matches!(snake.as_str(), "self" | "super" | "crate" | "_") {
        format!("{snake}_")
    } else if KEYWORDS.contains(&snake.as_str()) {
        format!("r#{snake}")
    } else if snake.starts_with(|c: char| c.is_ascii_digit()) {
        format!("_{snake}")
    } else {
        snake
    }
}

/// Keywords of the 2024 edition that a raw identifier can be.
const KEYWORDS: [&str; 48] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
    "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

/// A word starts at a capital after a small letter or digit, and at the last capital of a run that
/// a small letter follows; the `s` of `ARNs` and the `v` of `IPv6` start none.
fn snake(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (i, &c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|b| chars.get(b));
        let after = chars.get(i + 1);
        let starts = match before {
            Some(b) if c.is_ascii_uppercase() => {
                b.is_ascii_lowercase()
                    || b.is_ascii_digit()
                    || b.is_ascii_uppercase()
                        && after.is_some_and(char::is_ascii_lowercase)
                        && !trails(after, chars.get(i + 2))
            }
            _ => false,
        };
        if starts {
            out.push('_');
        }
        out.push(if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' });
    }
    out
}

/// Is this small letter part of the abbreviation in capitals before it?
fn trails(letter: Option<&char>, after: Option<&char>) -> bool {
    match letter {
        Some('s') => after.is_none_or(char::is_ascii_uppercase),
        Some('v') => after.is_some_and(char::is_ascii_digit),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn members_become_snake_case() {
        for (name, rust) in [
            ("QueueUrl", "queue_url"),
            ("tags", "tags"),
            ("MD5OfMessageBody", "md5_of_message_body"),
            ("QueueOwnerAWSAccountId", "queue_owner_aws_account_id"),
            ("ETag", "e_tag"),
            ("ChecksumCRC32C", "checksum_crc32_c"),
            ("SSECustomerKeyMD5", "sse_customer_key_md5"),
            ("TopicARNs", "topic_arns"),
            ("IPv6Addresses", "ipv6_addresses"),
            ("Ids", "ids"),
            ("s3Bucket", "s3_bucket"),
            ("x-amz-id", "x_amz_id"),
        ] {
            assert_eq!(field(name), rust, "{name}");
        }
    }

    #[test]
    fn keywords_stay_names() {
        assert_eq!(field("Type"), "r#type");
        assert_eq!(field("Self"), "self_");
        assert_eq!(field("2ndName"), "_2nd_name");
    }
}
