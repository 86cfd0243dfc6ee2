//! Expressions as tokens, and where the parser stands in them. What is no token of the language is
//! one of a single character, for the parser to refuse.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A keyword, an attribute's name or a function's.
    Word,
    /// `#name`.
    Name,
    /// `:value`.
    Value,
    /// Digits.
    Integer,
    /// All else.
    Symbol,
    End,
}

#[derive(Clone, Copy, Debug)]
struct Token {
    kind: Kind,
    start: usize,
    end: usize,
}

/// Inside each other at most: parentheses, functions and `NOT`. Far more than 300 operators allow,
/// and little enough for the stack.
const DEPTH: usize = 150;
/// Operators and functions at most.
const OPERATORS: usize = 300;

/// The tokens of a text.
pub(crate) struct Tokens<'a> {
    text: &'a str,
    all: Vec<Token>,
    at: usize,
    depth: usize,
    operators: usize,
}

impl<'a> Tokens<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let mut all = Vec::new();
        let mut start = 0;
        while let Some(rest) = text.get(start..) {
            let Some(first) = rest.chars().next() else { break };
            let (kind, length) = if first.is_whitespace() {
                start += first.len_utf8();
                continue;
            } else {
                token(rest, first)
            };
            all.push(Token { kind, start, end: start + length });
            start += length;
        }
        Self { text, all, at: 0, depth: 0, operators: 0 }
    }

    fn text_of(&self, token: Option<&Token>) -> &'a str {
        token.and_then(|t| self.text.get(t.start..t.end)).unwrap_or("")
    }

    /// The token that comes next.
    pub(crate) fn peek(&self) -> (Kind, &'a str) {
        let token = self.all.get(self.at);
        (token.map_or(Kind::End, |t| t.kind), self.text_of(token))
    }

    /// Does an opening parenthesis come after the next token?
    pub(crate) fn is_call(&self) -> bool {
        self.text_of(self.all.get(self.at + 1)) == "("
    }

    pub(crate) fn skip(&mut self) {
        self.at += 1;
    }

    /// Takes the symbol if it comes next.
    pub(crate) fn symbol(&mut self, symbol: &str) -> bool {
        let found = self.peek() == (Kind::Symbol, symbol);
        self.at += usize::from(found);
        found
    }

    /// Takes the keyword if it comes next, in whatever case.
    pub(crate) fn keyword(&mut self, word: &str) -> bool {
        let (kind, text) = self.peek();
        let found = kind == Kind::Word && text.eq_ignore_ascii_case(word);
        self.at += usize::from(found);
        found
    }

    /// Takes the symbol or refuses what comes next.
    pub(crate) fn expect(&mut self, symbol: &str) -> Result<(), String> {
        if self.symbol(symbol) { Ok(()) } else { Err(self.syntax_error()) }
    }

    /// Refuses whatever is left.
    pub(crate) fn finish(&self) -> Result<(), String> {
        if self.peek().0 == Kind::End { Ok(()) } else { Err(self.syntax_error()) }
    }

    /// Refuses what comes next: it is shown between its neighbours, the end behind its own.
    pub(crate) fn syntax_error(&self) -> String {
        let before = self.at.checked_sub(1).and_then(|at| self.all.get(at));
        let here = self.all.get(self.at);
        let after = here.and(self.all.get(self.at + 1));
        let shown = here.map_or("<EOF>", |_| self.text_of(here));
        let start = before.or(here).map_or(0, |t| t.start);
        let end = after.or(here).or(before).map_or(0, |t| t.end);
        let near = self.text.get(start..end).unwrap_or("");
        format!("Syntax error; token: \"{shown}\", near: \"{near}\"")
    }

    /// Counts an operator or a function.
    pub(crate) fn operator(&mut self) -> Result<(), String> {
        self.operators += 1;
        if self.operators > OPERATORS { Err(too_many_operators()) } else { Ok(()) }
    }

    /// One level deeper.
    pub(crate) fn nested<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, String>,
    ) -> Result<T, String> {
        if self.depth == DEPTH {
            return Err(too_many_operators());
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }
}

fn too_many_operators() -> String {
    // DynamoDB stops counting at the first one that is too many.
    format!("The expression contains too many operators; operator count: {}", OPERATORS + 1)
}

fn token(rest: &str, first: char) -> (Kind, usize) {
    let word =
        |from: &str| from.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
    match first {
        'a'..='z' | 'A'..='Z' => (Kind::Word, word(rest)),
        '0'..='9' => (Kind::Integer, rest.bytes().take_while(u8::is_ascii_digit).count()),
        '#' | ':' => match word(rest.get(1..).unwrap_or("")) {
            0 => (Kind::Symbol, 1),
            length if first == '#' => (Kind::Name, 1 + length),
            length => (Kind::Value, 1 + length),
        },
        _ if ["<>", "<=", ">="].iter().any(|two| rest.starts_with(two)) => (Kind::Symbol, 2),
        _ => (Kind::Symbol, first.len_utf8()),
    }
}
