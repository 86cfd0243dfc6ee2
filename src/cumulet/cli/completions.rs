//! Completions for shells, from the table of commands.

use super::commands::COMMANDS;

/// Whom there are completions for.
pub(super) const SHELLS: [&str; 3] = ["bash", "zsh", "fish"];

/// What a shell has to read: `eval "$(cumulet completions bash)"`.
pub(super) fn of(shell: &str) -> String {
    let names = COMMANDS.map(|(name, _, _)| name).join(" ");
    let rows = |row: fn(&str, &str) -> String| {
        COMMANDS.iter().map(|(name, _, about)| row(name, about)).collect::<String>()
    };
    match shell {
        "bash" => format!("complete -W '{names}' cumulet\n"),
        "zsh" => {
            let rows = rows(|name, about| format!("  '{name}:{}'\n", about.replace(':', "\\:")));
            format!(
                "#compdef cumulet\n_cumulet() {{\n  local commands=(\n{rows}  )\n  _describe command commands\n}}\ncompdef _cumulet cumulet\n"
            )
        }
        _ => rows(|name, about| {
            format!("complete -c cumulet -f -n __fish_use_subcommand -a {name} -d '{about}'\n")
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_in_each() {
        for shell in SHELLS {
            for (name, _, about) in COMMANDS {
                assert!(of(shell).contains(name), "{shell}: {name}");
                assert!(!about.contains('\''), "{about}");
            }
        }
    }
}
