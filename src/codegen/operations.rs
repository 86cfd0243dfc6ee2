//! Finds the operations that a service's table names. The table is a macro call that Rust reads
//! too; here its text is enough: every word before a `=>` inside `operations! { … }`.

use crate::Error;

/// The operations of the table in this source text.
pub(crate) fn names(source: &str) -> Result<Vec<String>, Error> {
    let code: Vec<&str> = source.lines().filter_map(|line| line.split("//").next()).collect();
    let code = code.join("\n");
    let (_, rest) = code.split_once("operations!").ok_or("no operations! table")?;
    let rows: Vec<&str> = table(rest).split("=>").collect();
    let (_, rows) = rows.split_last().ok_or("an empty operations! table")?;
    Ok(rows.iter().map(|row| last_word(row).to_owned()).collect())
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
    use super::names;

    #[test]
    fn names_stand_before_the_arrows() {
        let source = "//! operations! { Old => no }
            use x as operations_of_old; // A => b
            operations! { Sqs:
                CreateQueue => queue::create_queue,
                // Later => not::yet,
                SendMessageBatch => message::send_batch, action \"SendMessage\", resource queue_arn,
            }
            fn queue_arn(x: u8) { match x { 0 => a, _ => b } }";
        assert_eq!(names(source).unwrap(), ["CreateQueue", "SendMessageBatch"]);
    }

    #[test]
    fn a_file_without_a_table_is_an_error() {
        assert!(names("fn main() {}").is_err());
    }
}
