//! Finds the operations that a service's table names. The table is a macro call that Rust reads
//! too; here its text is enough: every word before a `=>` inside `operations! { … }`, and whether the
//! row says `is dynamic`.

use crate::Error;

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) name: String,
    /// What stands behind `is dynamic`, if it is: input and output are `Value`s. A shape in
    /// parentheses has a type all the same.
    pub(crate) dynamic: Option<String>,
}

/// The operations of the table in this source text.
pub(crate) fn rows(source: &str) -> Result<Vec<Row>, Error> {
    let code: Vec<&str> = source.lines().filter_map(|line| line.split("//").next()).collect();
    let code = code.join("\n");
    let (_, rest) = code.split_once("operations!").ok_or("no operations! table")?;
    let parts: Vec<&str> = table(rest).split("=>").collect();
    if parts.len() < 2 {
        return Err("an empty operations! table".into());
    }
    // A name ends a part, what its row says begins the next.
    let dynamic = |after: &str| {
        let (_, dynamic) = after.split(';').next()?.split_once("is dynamic")?;
        let shape = dynamic.strip_prefix('(').and_then(|rest| rest.split_once(')'));
        Some(shape.map_or("", |(shape, _)| shape).to_owned())
    };
    let row = |[before, after]: &[&str; 2]| Row {
        name: last_word(before).to_owned(),
        dynamic: dynamic(after),
    };
    Ok(parts.array_windows().map(row).collect())
}

fn last_word(row: &str) -> &str {
    row.trim_end().rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default()
}

/// What stands between the first brace and the one that closes it.
fn table(rest: &str) -> &str {
    let mut depth = 0;
    let end = rest.find(|c| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == '}' && depth == 0
    });
    end.and_then(|end| rest.get(..end)).unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::rows;

    #[test]
    fn names_stand_before_the_arrows() {
        let source = "//! operations! { Old => no }
            use x as operations_of_old; // A => b
            operations! { Sqs:
                CreateQueue => queue::create_queue,
                // Later => not::yet,
                GetQueueUrl => queue::url, is dynamic(Url), action \"X\";
                SendMessageBatch => message::send_batch, action \"SendMessage\", resource queue_arn;
            }
            fn queue_arn(x: u8) { match x { 0 => a, _ => b } }";
        let rows = rows(source).unwrap();
        let rows: Vec<_> = rows.iter().map(|row| (&*row.name, row.dynamic.as_deref())).collect();
        let expected =
            [("CreateQueue", None), ("GetQueueUrl", Some("Url")), ("SendMessageBatch", None)];
        assert_eq!(rows, expected);
    }

    #[test]
    fn a_file_without_a_table_is_an_error() {
        assert!(rows("fn main() {}").is_err());
        assert!(rows("operations! { Sqs: }").is_err());
    }
}
