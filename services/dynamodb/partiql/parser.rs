//! What all statements are made of: names, paths, literals and conditions.

use super::token::{At, Token, tokens};
use crate::expression::{Comparison, Condition, Operand, Path, Step, check_clause};
use crate::number::Number;
use crate::value::{AttributeValue, Item};

/// How deep conditions and literals may be inside each other.
const DEPTH: usize = 100;

/// What AWS says of a statement that cannot be read.
pub(super) fn malformed(detail: &str) -> String {
    format!("Statement wasn't well formed, can't be processed: {detail}")
}

/// Stands before a token.
pub(super) struct Parser<'a> {
    tokens: Vec<(Token, At)>,
    next: usize,
    parameters: std::slice::Iter<'a, AttributeValue>,
    depth: usize,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &str, parameters: &'a [AttributeValue]) -> Result<Self, String> {
        let tokens = tokens(text).ok_or_else(|| malformed(""))?;
        Ok(Self { tokens, next: 0, parameters: parameters.iter(), depth: 0 })
    }

    pub(super) fn has_more_parameters(&self) -> bool {
        self.parameters.len() > 0
    }

    fn token(&self, ahead: usize) -> &Token {
        self.tokens.get(self.next + ahead).map_or(&Token::End, |(token, _)| token)
    }

    pub(super) fn peek(&self) -> &Token {
        self.token(0)
    }

    /// Where the next token is.
    pub(super) fn at(&self) -> At {
        self.tokens.get(self.next).map_or_else(At::default, |(_, at)| *at)
    }

    /// Is the next token the name of a function that is called?
    pub(super) fn is_call(&self) -> bool {
        matches!(self.peek(), Token::Word(_)) && *self.token(1) == Token::Symbol("(")
    }

    /// Takes a keyword if it comes next.
    pub(super) fn word(&mut self, wanted: &str) -> bool {
        let found = matches!(self.peek(), Token::Word(word) if word.eq_ignore_ascii_case(wanted));
        self.next += usize::from(found);
        found
    }

    /// Takes a symbol if it comes next.
    pub(super) fn symbol(&mut self, wanted: &str) -> bool {
        let found = matches!(self.peek(), Token::Symbol(symbol) if *symbol == wanted);
        self.next += usize::from(found);
        found
    }

    pub(super) fn expect_word(&mut self, wanted: &str) -> Result<(), String> {
        if self.word(wanted) { Ok(()) } else { Err(malformed(&format!("Expected {wanted}"))) }
    }

    pub(super) fn expect(&mut self, wanted: &str) -> Result<(), String> {
        if self.symbol(wanted) { Ok(()) } else { Err(malformed(&format!("Expected '{wanted}'"))) }
    }

    /// A name, with or without quotation marks.
    pub(super) fn name(&mut self) -> Result<String, String> {
        let name = match self.peek() {
            Token::Word(name) | Token::Quoted(name) => name.clone(),
            _ => return Err(malformed("Unexpected term")),
        };
        self.next += 1;
        Ok(name)
    }

    /// A document path; names inside it may be texts too.
    pub(super) fn path(&mut self) -> Result<Path, String> {
        let mut path = Path::top(self.name()?);
        loop {
            if self.symbol(".") {
                path.steps.push(Step::Key(self.name()?));
            } else if self.symbol("[") {
                let step = match self.peek() {
                    Token::Number(text) => text.parse().ok().map(Step::Index),
                    Token::Text(key) => Some(Step::Key(key.clone())),
                    _ => None,
                };
                path.steps.push(step.ok_or_else(|| malformed("Unexpected term"))?);
                self.next += 1;
                self.expect("]")?;
            } else {
                return Ok(path);
            }
        }
    }

    fn nested<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, String>,
    ) -> Result<T, String> {
        if self.depth == DEPTH {
            return Err(malformed("Nested too deeply"));
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    /// Does a literal or a parameter come next?
    pub(super) fn is_value(&self) -> bool {
        match self.peek() {
            Token::Text(_) | Token::Number(_) | Token::Parameter => true,
            Token::Symbol(symbol) => matches!(*symbol, "[" | "{" | "<<" | "-" | "+"),
            Token::Word(word) => {
                ["TRUE", "FALSE", "NULL"].iter().any(|known| known.eq_ignore_ascii_case(word))
            }
            _ => false,
        }
    }

    /// A literal or a parameter. `place` is where it is inside of its attribute.
    pub(super) fn value(&mut self, place: &str) -> Result<AttributeValue, String> {
        let at = self.at();
        let token = self.peek().clone();
        self.next += 1;
        match token {
            Token::Text(text) => Ok(AttributeValue::S(text)),
            Token::Number(text) => number(&text, place),
            Token::Symbol(sign @ ("-" | "+")) => {
                let Token::Number(text) = self.peek() else {
                    return Err(malformed("Unexpected term"));
                };
                let text = format!("{sign}{text}");
                self.next += 1;
                number(&text, place)
            }
            Token::Parameter => self.parameters.next().cloned().ok_or_else(|| {
                "Number of parameters in request and statement don't match.".to_owned()
            }),
            Token::Symbol("[") => self.nested(|p| p.list(place)),
            Token::Symbol("<<") => self.nested(|p| p.set(place)),
            Token::Symbol("{") => self.nested(|p| p.map(place)),
            Token::Word(word) if *self.peek() == Token::Symbol("(") => {
                let word = word.to_ascii_lowercase();
                Err(format!("Unsupported data type: {word} under key root at {at}"))
            }
            Token::Word(word) if word.eq_ignore_ascii_case("true") => {
                Ok(AttributeValue::Bool(true))
            }
            Token::Word(word) if word.eq_ignore_ascii_case("false") => {
                Ok(AttributeValue::Bool(false))
            }
            Token::Word(word) if word.eq_ignore_ascii_case("null") => Ok(AttributeValue::Null),
            _ => Err(malformed("Unexpected term")),
        }
    }

    /// Values with commas between them, up to a closing symbol.
    fn values(&mut self, close: &str, place: &str) -> Result<Vec<AttributeValue>, String> {
        let mut all = Vec::new();
        while !self.symbol(close) {
            if !all.is_empty() {
                self.expect(",")?;
            }
            all.push(self.value(&format!("{place}[{}]", all.len()))?);
        }
        Ok(all)
    }

    fn list(&mut self, place: &str) -> Result<AttributeValue, String> {
        self.values("]", place).map(AttributeValue::L)
    }

    fn set(&mut self, place: &str) -> Result<AttributeValue, String> {
        let members = self.values(">>", place)?;
        if members.is_empty() {
            return Err("Empty bags are not supported".to_owned());
        }
        let set = AttributeValue::set_of(members)
            .ok_or_else(|| "Bag members must be of one type: S, N or B".to_owned())?;
        set.check()?;
        Ok(set)
    }

    fn map(&mut self, place: &str) -> Result<AttributeValue, String> {
        let mut map = Item::new();
        while !self.symbol("}") {
            if !map.is_empty() {
                self.expect(",")?;
            }
            let (Token::Text(key) | Token::Quoted(key)) = self.peek().clone() else {
                return Err(malformed("Unexpected term"));
            };
            self.next += 1;
            self.expect(":")?;
            // An item's attributes are roots themselves.
            let top = place == "root" && self.depth == 1;
            let inside = if top { place.to_owned() } else { format!("{place}.{key}") };
            map.insert(key, self.value(&inside)?);
        }
        Ok(AttributeValue::M(map))
    }

    /// What follows WHERE.
    pub(super) fn condition(&mut self) -> Result<Condition, String> {
        let mut left = self.conjunction()?;
        while self.word("OR") {
            left = Condition::Or(Box::new([left, self.conjunction()?]));
        }
        Ok(left)
    }

    fn conjunction(&mut self) -> Result<Condition, String> {
        let mut left = self.negation()?;
        while self.word("AND") {
            left = Condition::And(Box::new([left, self.negation()?]));
        }
        Ok(left)
    }

    fn negation(&mut self) -> Result<Condition, String> {
        if self.word("NOT") {
            return self.nested(|p| Ok(Condition::Not(Box::new(p.negation()?))));
        }
        if self.symbol("(") {
            return self.nested(|p| {
                let inner = p.condition()?;
                p.expect(")")?;
                Ok(inner)
            });
        }
        if self.is_call()
            && let Token::Word(name) = self.peek()
            && !name.eq_ignore_ascii_case("size")
        {
            let name = name.to_ascii_lowercase();
            return self.function(&name);
        }
        self.comparison()
    }

    fn function(&mut self, name: &str) -> Result<Condition, String> {
        let at = self.at();
        self.next += 1;
        self.expect("(")?;
        if !is_function(name) {
            return Err(format!("Unrecognized function: {name} at {at}"));
        }
        let operands = self.operands(")")?;
        let condition = Condition::function(name, operands)?;
        // A comparison of it with a truth value says it once more, or its opposite.
        if self.symbol("=") {
            return match self.value("root")? {
                AttributeValue::Bool(true) => Ok(condition),
                AttributeValue::Bool(false) => Ok(Condition::Not(Box::new(condition))),
                _ => Err(malformed("Unexpected term")),
            };
        }
        Ok(condition)
    }

    fn operands(&mut self, close: &str) -> Result<Vec<Operand>, String> {
        let mut all = Vec::new();
        while !self.symbol(close) {
            if !all.is_empty() {
                self.expect(",")?;
            }
            all.push(self.operand()?);
        }
        Ok(all)
    }

    fn operand(&mut self) -> Result<Operand, String> {
        if self.is_call() {
            let at = self.at();
            let name = self.name()?.to_ascii_lowercase();
            if name != "size" {
                return Err(format!("Unrecognized function: {name} at {at}"));
            }
            self.expect("(")?;
            let inner = self.nested(Self::operand)?;
            self.expect(")")?;
            return Ok(Operand::Size(Box::new(inner)));
        }
        if self.is_value() {
            return self.value("root").map(Operand::Value);
        }
        self.path().map(Operand::Path)
    }

    fn comparison(&mut self) -> Result<Condition, String> {
        let left = self.operand()?;
        if self.word("BETWEEN") {
            let low = self.operand()?;
            self.expect_word("AND")?;
            let condition = Condition::Between(Box::new([left, low, self.operand()?]));
            return check_clause("BETWEEN", condition);
        }
        if self.word("IS") {
            let not = self.word("NOT");
            let is = self.is_type(left)?;
            return Ok(if not { Condition::Not(Box::new(is)) } else { is });
        }
        let not = self.word("NOT");
        if self.word("IN") {
            let list = self.list_of_operands()?;
            let is_in = Condition::In(left, list);
            return Ok(if not { Condition::Not(Box::new(is_in)) } else { is_in });
        }
        let symbol = match self.peek() {
            Token::Symbol("!=") => "<>",
            Token::Symbol(symbol @ ("=" | "<>" | "<" | "<=" | ">" | ">=")) => symbol,
            _ => return Err(malformed("Unexpected term")),
        };
        self.next += 1;
        let operands = Box::new([left, self.operand()?]);
        check_clause(symbol, Condition::Compare(Comparison::parse(symbol), operands))
    }

    fn list_of_operands(&mut self) -> Result<Vec<Operand>, String> {
        if self.symbol("[") {
            return self.operands("]");
        }
        if self.symbol("(") {
            return self.operands(")");
        }
        match self.value("root")? {
            AttributeValue::L(list) => Ok(list.into_iter().map(Operand::Value).collect()),
            _ => Err(malformed("Unexpected term")),
        }
    }

    /// What comes after IS: MISSING, NULL, or the name of a type.
    fn is_type(&mut self, operand: Operand) -> Result<Condition, String> {
        let name = self.name()?.to_ascii_uppercase();
        let is = |name: &str| {
            Condition::Type(operand.clone(), Operand::Value(AttributeValue::S(name.to_owned())))
        };
        let kind = match name.as_str() {
            "MISSING" => return Ok(Condition::NotExists(operand)),
            "NULL" => "NULL",
            "BOOL" | "BOOLEAN" => "BOOL",
            "STRING" | "VARCHAR" | "CHAR" | "SYMBOL" | "S" => "S",
            "INT" | "INTEGER" | "SMALLINT" | "FLOAT" | "DECIMAL" | "NUMERIC" | "NUMBER" | "N" => {
                "N"
            }
            "BLOB" | "BINARY" | "CLOB" | "B" => "B",
            "LIST" | "L" => "L",
            "STRUCT" | "TUPLE" | "MAP" | "M" => "M",
            "SS" => "SS",
            "NS" => "NS",
            "BS" => "BS",
            "BAG" => {
                let (first, rest) = (is("SS"), Condition::Or(Box::new([is("NS"), is("BS")])));
                return Ok(Condition::Or(Box::new([first, rest])));
            }
            _ => return Err(malformed("Unexpected term")),
        };
        Ok(is(kind))
    }
}

fn is_function(name: &str) -> bool {
    matches!(
        name,
        "attribute_exists" | "attribute_not_exists" | "attribute_type" | "begins_with" | "contains"
    )
}

fn number(text: &str, place: &str) -> Result<AttributeValue, String> {
    // AWS reads literals as Java does: an exponent beyond 32 bits is none.
    let power = text.split(['e', 'E']).nth(1).map_or(Ok(0), str::parse::<i32>);
    if power.is_err() {
        return Err(malformed(""));
    }
    Number::parse(text).map(AttributeValue::N).map_err(|error| format!("{error} under {place}"))
}
