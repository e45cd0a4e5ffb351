"""JSON in pure Python: a recursive-descent parser and an encoder, round trips of a nested document."""
from _harness import run

ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", '"': '"', "\\": "\\", "/": "/"}
UNESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f", '"': '\\"', "\\": "\\\\"}
WORDS = {"t": ("true", True), "f": ("false", False), "n": ("null", None)}


class Parser:
    def __init__(self, text):
        self.text = text
        self.position = 0

    def skip(self):
        text, position = self.text, self.position
        while text[position] in " \n\t\r":
            position += 1
        self.position = position
        return text[position]

    def expect(self, character):
        if self.skip() != character:
            raise ValueError("expected %r at %d" % (character, self.position))
        self.position += 1

    def value(self):
        character = self.skip()
        if character == "{":
            return self.object()
        if character == "[":
            return self.array()
        if character == '"':
            return self.string()
        if character in WORDS:
            word, value = WORDS[character]
            if not self.text.startswith(word, self.position):
                raise ValueError("bad word at %d" % self.position)
            self.position += len(word)
            return value
        return self.number()

    def object(self):
        result = {}
        self.position += 1
        if self.skip() == "}":
            self.position += 1
            return result
        while True:
            self.skip()
            key = self.string()
            self.expect(":")
            result[key] = self.value()
            if self.skip() == "}":
                self.position += 1
                return result
            self.expect(",")

    def array(self):
        result = []
        self.position += 1
        if self.skip() == "]":
            self.position += 1
            return result
        while True:
            result.append(self.value())
            if self.skip() == "]":
                self.position += 1
                return result
            self.expect(",")

    def string(self):
        text = self.text
        pieces = []
        start = position = self.position + 1
        while True:
            character = text[position]
            if character == '"':
                pieces.append(text[start:position])
                self.position = position + 1
                return "".join(pieces)
            if character != "\\":
                position += 1
                continue
            pieces.append(text[start:position])
            escape = text[position + 1]
            if escape == "u":
                pieces.append(chr(int(text[position + 2:position + 6], 16)))
                position += 6
            else:
                pieces.append(ESCAPES[escape])
                position += 2
            start = position

    def number(self):
        text = self.text
        start = position = self.position
        is_float = False
        while position < len(text):
            character = text[position]
            if character in ".eE":
                is_float = True
            elif not (character.isdigit() or character in "+-"):
                break
            position += 1
        self.position = position
        digits = text[start:position]
        return float(digits) if is_float else int(digits)


def quote(text):
    pieces = ['"']
    for character in text:
        if character in UNESCAPES:
            pieces.append(UNESCAPES[character])
        elif character < " " or character > "~":
            pieces.append("\\u%04x" % ord(character))
        else:
            pieces.append(character)
    pieces.append('"')
    return "".join(pieces)


def encode(value):
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, dict):
        return "{" + ", ".join(quote(key) + ": " + encode(item) for key, item in value.items()) + "}"
    return "[" + ", ".join([encode(item) for item in value]) + "]"


def document(n):
    people = []
    for i in range(n):
        people.append({
            "id": i,
            "name": "Person \"%d\"\n" % i,
            "city": "Z\u00fcrich" if i % 3 else "Oslo",
            "score": i * 0.25 - 3.5,
            "active": i % 2 == 0,
            "manager": None if i % 5 else {"id": i // 5, "path": "a\\b/c"},
            "tags": ["t%d" % (i % 7), "u%d" % (i % 11), []],
        })
    return {"version": 1, "people": people}


def main(n):
    original = document(n)
    text = encode(original)
    decoded = Parser(text).value()
    if decoded != original:
        raise AssertionError("the round trip lost something")
    return "%d/%d" % (len(text), sum(ord(character) for character in encode(decoded)) % 1000000007)


if __name__ == "__main__":
    run("json_codec", main, full=28000, small=40)
