"""Tokenizer without regular expressions: a source text scanned character by character into token tuples."""
from _harness import run

KEYWORDS = {"def", "return", "if", "else", "while", "for", "in", "not", "and", "or"}
DOUBLE = {"==", "!=", "<=", ">=", "+=", "-=", "**", "//", "->"}

SOURCE = '''
def area(width, height_2):  # a comment to skip
    total += width * height_2 ** 2 // 0x1F
    if total >= 10.25e3 and not (name == "a \\"quoted\\" word"):
        return [total, 'x', 3.5] -> other
    while i != 100: i += 1
    return {"k": v, 17: w[i - 1]}
'''


def tokenize(text):
    tokens = []
    position, end, line = 0, len(text), 1
    while position < end:
        character = text[position]
        if character == "\n":
            tokens.append(("newline", "\n", line))
            line += 1
            position += 1
        elif character == " ":
            position += 1
        elif character == "#":
            while position < end and text[position] != "\n":
                position += 1
        elif character.isalpha() or character == "_":
            start = position
            while position < end and (text[position].isalnum() or text[position] == "_"):
                position += 1
            word = text[start:position]
            tokens.append(("keyword" if word in KEYWORDS else "name", word, line))
        elif character.isdigit():
            start = position
            while position < end and (text[position].isalnum() or text[position] == "."):
                position += 1
            tokens.append(("number", text[start:position], line))
        elif character == '"' or character == "'":
            start = position
            position += 1
            while text[position] != character:
                position += 2 if text[position] == "\\" else 1
            position += 1
            tokens.append(("string", text[start:position], line))
        else:
            size = 2 if text[position:position + 2] in DOUBLE else 1
            tokens.append(("operator", text[position:position + size], line))
            position += size
    return tokens


def main(n):
    source = SOURCE * 20
    kinds = {}
    checksum = 0
    for _ in range(n):
        for kind, text, line in tokenize(source):
            kinds[kind] = kinds.get(kind, 0) + 1
            checksum = (checksum * 31 + len(text) * line) % 1000000007
    counts = ",".join("%s=%d" % item for item in sorted(kinds.items()))
    return "%d/%s" % (checksum, counts)


if __name__ == "__main__":
    run("tokenizer", main, full=1600, small=2)
