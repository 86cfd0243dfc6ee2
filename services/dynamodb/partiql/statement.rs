//! The statements that DynamoDB has: SELECT, INSERT, UPDATE, DELETE, and EXISTS. They are read with
//! their parameters into the trees that expressions are made of.

use super::parser::{Parser, malformed};
use super::token::Token;
use crate::expression::{Action, Condition, Path, Source, Step, Update};
use crate::value::{AttributeValue, Item};

/// A statement, its parameters put in.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Statement {
    Select(Select),
    Insert {
        table: String,
        item: Item,
    },
    Update {
        table: String,
        update: Update,
        condition: Condition,
        returning: Option<Returning>,
    },
    Delete {
        table: String,
        condition: Condition,
        returning: Option<Returning>,
    },
    /// In transactions only.
    Exists(Select),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Select {
    pub(super) table: String,
    pub(super) index: Option<String>,
    /// All attributes where it is `None`.
    pub(super) paths: Option<Vec<Path>>,
    pub(super) condition: Option<Condition>,
    pub(super) order: Option<Order>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) by: String,
    pub(super) backward: bool,
}

/// What a write answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Returning {
    AllOld,
    ModifiedOld,
    AllNew,
    ModifiedNew,
}

impl Returning {
    fn words(self) -> &'static str {
        match self {
            Self::AllOld => "ALL OLD",
            Self::ModifiedOld => "MODIFIED OLD",
            Self::AllNew => "ALL NEW",
            Self::ModifiedNew => "MODIFIED NEW",
        }
    }
}

impl Statement {
    pub(super) fn parse(text: &str, parameters: &[AttributeValue]) -> Result<Self, String> {
        parameters.iter().try_for_each(AttributeValue::check)?;
        let mut p = Parser::new(text, parameters)?;
        let statement = if p.word("SELECT") {
            Self::Select(select(&mut p)?)
        } else if p.word("INSERT") {
            insert(&mut p)?
        } else if p.word("UPDATE") {
            update(&mut p)?
        } else if p.word("FROM") {
            from_first(&mut p)?
        } else if p.word("DELETE") {
            delete(&mut p)?
        } else if p.word("EXISTS") {
            exists(&mut p)?
        } else {
            return Err(malformed("Unexpected term"));
        };
        p.symbol(";");
        if p.peek() != &Token::End {
            return Err(malformed("Unexpected token after expression"));
        }
        if p.has_more_parameters() {
            return Err("Number of parameters in request and statement don't match.".to_owned());
        }
        Ok(statement)
    }

    pub(super) fn returns(&self) -> bool {
        match self {
            Self::Update { returning, .. } | Self::Delete { returning, .. } => returning.is_some(),
            _ => false,
        }
    }

    pub(super) fn table(&self) -> &str {
        match self {
            Self::Select(select) | Self::Exists(select) => &select.table,
            Self::Insert { table, .. }
            | Self::Update { table, .. }
            | Self::Delete { table, .. } => table,
        }
    }
}

fn select(p: &mut Parser<'_>) -> Result<Select, String> {
    let paths = if p.symbol("*") {
        None
    } else {
        let mut paths = Vec::new();
        loop {
            if p.is_call() {
                return Err(format!("Unexpected path component at {}", p.at()));
            }
            paths.push(p.path()?);
            if !p.symbol(",") {
                break;
            }
        }
        Some(paths)
    };
    p.expect_word("FROM")?;
    let table = p.name()?;
    let index = if p.symbol(".") { Some(p.name()?) } else { None };
    if p.symbol(".") {
        return Err("A path may contain at most 2 components in the FROM clause".to_owned());
    }
    if table.is_empty() || index.as_deref() == Some("") {
        return Err("Path component cannot be an empty string".to_owned());
    }
    refuse_alias(p, &["WHERE", "ORDER"])?;
    let condition = if p.word("WHERE") { Some(p.condition()?) } else { None };
    let order = if p.word("ORDER") {
        p.expect_word("BY")?;
        let by = p.name()?;
        let backward = p.word("DESC");
        if !backward {
            p.word("ASC");
        }
        Some(Order { by, backward })
    } else {
        None
    };
    Ok(Select { table, index, paths, condition, order })
}

fn refuse_alias(p: &Parser<'_>, allowed: &[&str]) -> Result<(), String> {
    let is_alias = match p.peek() {
        Token::Word(word) => !allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(word)),
        Token::Quoted(_) => true,
        _ => false,
    };
    if is_alias { Err("Aliasing is not supported".to_owned()) } else { Ok(()) }
}

fn insert(p: &mut Parser<'_>) -> Result<Statement, String> {
    p.expect_word("INTO")?;
    let table = p.name()?;
    if !p.word("VALUE") {
        return Err(malformed("Unexpected token after expression"));
    }
    match p.value("root")? {
        AttributeValue::M(item) => Ok(Statement::Insert { table, item }),
        _ => Err(malformed("Expected a struct")),
    }
}

fn delete(p: &mut Parser<'_>) -> Result<Statement, String> {
    p.expect_word("FROM")?;
    let table = p.name()?;
    refuse_alias(p, &["WHERE", "RETURNING"])?;
    let condition = where_clause(p)?;
    let returning = returning(p)?;
    if let Some(other) = returning.filter(|returning| *returning != Returning::AllOld) {
        return Err(format!(
            "Invalid returning clause: RETURNING {} *. Only RETURNING ALL OLD * is allowed in \
             DELETE statements.",
            other.words()
        ));
    }
    Ok(Statement::Delete { table, condition, returning })
}

fn where_clause(p: &mut Parser<'_>) -> Result<Condition, String> {
    if p.word("WHERE") {
        return p.condition();
    }
    Err("Where clause does not contain a mandatory equality on all key attributes".to_owned())
}

fn returning(p: &mut Parser<'_>) -> Result<Option<Returning>, String> {
    if !p.word("RETURNING") {
        return Ok(None);
    }
    let all = p.word("ALL");
    if !all {
        p.expect_word("MODIFIED")?;
    }
    let old = p.word("OLD");
    if !old {
        p.expect_word("NEW")?;
    }
    p.expect("*")?;
    Ok(Some(match (all, old) {
        (true, true) => Returning::AllOld,
        (true, false) => Returning::AllNew,
        (false, true) => Returning::ModifiedOld,
        (false, false) => Returning::ModifiedNew,
    }))
}

fn update(p: &mut Parser<'_>) -> Result<Statement, String> {
    let table = p.name()?;
    refuse_alias(p, &["SET", "REMOVE", "WHERE", "RETURNING"])?;
    let update = changes(p)?;
    let condition = where_clause(p)?;
    let returning = returning(p)?;
    Ok(Statement::Update { table, update, condition, returning })
}

/// An UPDATE whose WHERE comes first.
fn from_first(p: &mut Parser<'_>) -> Result<Statement, String> {
    let table = p.name()?;
    refuse_alias(p, &["SET", "REMOVE", "WHERE"])?;
    let condition = where_clause(p)?;
    let update = changes(p)?;
    let returning = returning(p)?;
    Ok(Statement::Update { table, update, condition, returning })
}

/// All SET and REMOVE.
fn changes(p: &mut Parser<'_>) -> Result<Update, String> {
    let mut actions = Vec::new();
    loop {
        let is_set = p.word("SET");
        if !is_set && !p.word("REMOVE") {
            break;
        }
        loop {
            let path = p.path()?;
            actions.push(if is_set { assignment(p, path)? } else { Action::Remove(path) });
            if !p.symbol(",") {
                break;
            }
        }
    }
    if actions.is_empty() {
        return Err(malformed("Unexpected term"));
    }
    Update::new(actions)
}

fn assignment(p: &mut Parser<'_>, path: Path) -> Result<Action, String> {
    p.expect("=")?;
    if p.is_call()
        && let Token::Word(name) = p.peek()
        && matches!(name.to_ascii_uppercase().as_str(), "SET_ADD" | "SET_DELETE")
    {
        let name = name.to_ascii_uppercase();
        return set_function(p, path, &name);
    }
    let first = source(p)?;
    let both: fn(Box<[Source; 2]>) -> Source = if p.symbol("+") {
        Source::Plus
    } else if p.symbol("-") {
        Source::Minus
    } else {
        return Ok(Action::Set(path, first));
    };
    Ok(Action::Set(path, both(Box::new([first, source(p)?]))))
}

fn source(p: &mut Parser<'_>) -> Result<Source, String> {
    if p.is_call() {
        let at = p.at();
        let name = p.name()?;
        p.expect("(")?;
        let first = source(p)?;
        p.expect(",")?;
        let second = source(p)?;
        p.expect(")")?;
        return match (name.to_ascii_lowercase().as_str(), first) {
            ("list_append", first) => Ok(Source::ListAppend(Box::new([first, second]))),
            ("if_not_exists", Source::Path(path)) => {
                Ok(Source::IfNotExists(path, Box::new(second)))
            }
            (other, _) => Err(format!("Unrecognized function: {other} at {at}")),
        };
    }
    if p.is_value() { p.value("root").map(Source::Value) } else { p.path().map(Source::Path) }
}

fn set_function(p: &mut Parser<'_>, path: Path, name: &str) -> Result<Action, String> {
    let at = p.at();
    p.name()?;
    p.expect("(")?;
    let first_at = p.at();
    let mut arguments = vec![source(p)?];
    while p.symbol(",") {
        arguments.push(source(p)?);
    }
    p.expect(")")?;
    let Ok([first, second]) = <[Source; 2]>::try_from(arguments) else {
        return Err(format!("{name} must have exactly two arguments at {at}"));
    };
    if first != Source::Path(path.clone()) {
        return Err(format!(
            "The first argument to {name} must equal the assignment value at {at}"
        ));
    }
    match second {
        Source::Value(
            value @ (AttributeValue::Ss(_) | AttributeValue::Ns(_) | AttributeValue::Bs(_)),
        ) => Ok(if name == "SET_ADD" {
            Action::Add(path, value)
        } else {
            Action::Delete(path, value)
        }),
        _ => Err(format!(
            "The second argument to {name} must be a value with type SET at {first_at}"
        )),
    }
}

fn exists(p: &mut Parser<'_>) -> Result<Statement, String> {
    p.expect("(")?;
    p.expect_word("SELECT")?;
    let select = select(p)?;
    p.expect(")")?;
    Ok(Statement::Exists(select))
}

/// What the value of a path is called in an answer.
pub(super) fn shown_name(path: &Path) -> String {
    let mut name = path.root.clone();
    for step in &path.steps {
        match step {
            Step::Key(key) => name.clone_from(key),
            Step::Index(index) => name.extend(["[", &index.to_string(), "]"]),
        }
    }
    name
}
