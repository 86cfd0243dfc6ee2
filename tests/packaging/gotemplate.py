"""As much of Go's templates and of Helm's functions as docker/chart uses, for machines without helm. What it does
not know it refuses."""

import json
import re

import yaml

TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|\(|\)|\||[^\s()|]+)')


def is_true(value):
    return value not in (None, False, 0, "", [], {}, ())


def go_string(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


FUNCTIONS = {
    "and": lambda *values: next((v for v in values if not is_true(v)), values[-1]),
    "contains": lambda part, whole: part in whole,
    "default": lambda other, value=None: value if is_true(value) else other,
    "join": lambda between, items: between.join(map(go_string, items)),
    "nindent": lambda count, text: "\n" + "\n".join(" " * count + line for line in text.split("\n")),
    "not": lambda value: not is_true(value),
    "printf": lambda form, *values: form % values,
    "quote": lambda value: json.dumps(go_string(value)),
    "toYaml": lambda value: yaml.safe_dump(value, default_flow_style=False).rstrip("\n"),
    "trimSuffix": lambda suffix, text: text.removesuffix(suffix),
    "trunc": lambda length, text: text[:length],
}


class Scope:
    def __init__(self, root, templates):
        self.root, self.templates, self.variables = root, templates, {}

    def word(self, word):
        if word.startswith('"'):
            return json.loads(word)
        if re.fullmatch(r"-?\d+", word):
            return int(word)
        if word.startswith("$"):
            return self.variables[word]
        if word.startswith("."):
            value = self.root
            for name in filter(None, word.split(".")):
                value = (value or {}).get(name)
            return value
        raise SyntaxError(f"unknown word {word}")

    def call(self, words, piped):
        """One command of a pipeline; its words are values already, but for the first."""
        name, rest = words[0], [*words[1:], *piped]
        if name == "include":
            return render(self.templates[rest[0]], rest[1], self.templates)
        if isinstance(name, str) and name in FUNCTIONS:
            return FUNCTIONS[name](*rest)
        if rest:
            raise SyntaxError(f"unknown function {name}")
        return name

    def value(self, tokens):
        """A pipeline up to its end or to the bracket that closes it."""
        words, piped = [], []
        while True:
            token = tokens.pop(0) if tokens else None
            if token in (None, ")", "|"):
                piped = [self.call(words, piped)]
                if token != "|":
                    return piped[0]
                words = []
            elif token == "(":
                words.append(self.value(tokens))
            elif not words and (token in FUNCTIONS or token == "include"):
                words.append(token)
            else:
                words.append(self.word(token))

    def evaluate(self, text):
        return self.value(TOKEN.findall(text))


def pieces(text):
    """Text and actions by turns, white space trimmed where an action says so."""
    text = re.sub(r"\s*\{\{- ", "{{ ", text)
    text = re.sub(r" -\}\}\s*", " }}", text)
    return re.split(r"\{\{(.*?)\}\}", text, flags=re.S)


def parse(parts, at=0):
    """Nodes up to the `end` or `else` that closes them."""
    nodes = []
    while at < len(parts):
        part = parts[at].strip() if at % 2 else parts[at]
        at += 1
        if at % 2 == 1:
            nodes.append(("text", part))
        elif part in ("end", "else"):
            return nodes, part, at
        elif part.split()[0] in ("if", "range", "define"):
            word, _, rest = part.partition(" ")
            inner, closed_by, at = parse(parts, at)
            other = []
            if closed_by == "else":
                other, _, at = parse(parts, at)
            nodes.append((word, rest, inner, other))
        else:
            nodes.append(("value", part))
    return nodes, None, at


def run(nodes, scope):
    out = []
    for kind, *rest in nodes:
        if kind == "text":
            out.append(rest[0])
        elif kind == "value":
            out.append(go_string(scope.evaluate(rest[0])))
        elif kind == "if":
            out.append(run(rest[1] if is_true(scope.evaluate(rest[0])) else rest[2], scope))
        elif kind == "range":
            names, items = rest[0].split(":=")
            for pair in sorted((scope.evaluate(items) or {}).items()):
                scope.variables.update(zip(re.findall(r"\$\w+", names), pair))
                out.append(run(rest[1], scope))
    return "".join(out)


def defined(text):
    """The templates that a file defines, by name."""
    nodes, _, _ = parse(pieces(text))
    return {json.loads(node[1]): node[2] for node in nodes if node[0] == "define"}


def render(template, root, templates):
    """`template` is a file's text, or what `defined` made of one."""
    nodes = parse(pieces(template))[0] if isinstance(template, str) else template
    return run(nodes, Scope(root, templates))
