"""Text: build a report with f-strings, % and join, then take it apart with split, find, slices and int()."""
from _harness import run

NAMES = ["ash", "birch", "cedar", "dogwood", "elm", "fir", "ginkgo", "hazel"]


def build(start, stop):
    lines = ["id;name;price;tags"]
    for i in range(start, stop):
        name = NAMES[i & 7]
        price = (i * 7919) % 10007 / 100
        tags = ",".join(["t%d" % (i % k) for k in (2, 3, 5)])
        lines.append(f"{i:06d};{name.upper()}-{i % 13:x};{price:.2f};[{tags}]")
    return "\n".join(lines)


def parse(text):
    rows = []
    for line in text.split("\n")[1:]:
        number, name, price, tags = line.split(";")
        dash = name.find("-")
        kind, grade = name[:dash].lower(), int(name[dash + 1:], 16)
        whole, cents = price.split(".")
        rows.append((int(number), kind, grade, int(whole) * 100 + int(cents), tags[1:-1].split(",")))
    return rows


def shout(text):
    """Rewrite character by character: the slow way that programs do use."""
    out = ""
    upper = True
    for character in text:
        if character == ";":
            out += " | "
            upper = True
        elif upper and character.isalpha():
            out += character.title()
            upper = False
        else:
            out += character
    return out


def main(n):
    size = cents = grades = tags = words = 0
    per_kind = {}
    for page in range(n):
        text = build(page * 400, page * 400 + 400)
        size += len(text)
        for number, kind, grade, price, labels in parse(text):
            cents += price
            grades += grade
            tags += sum(len(label) for label in labels if label.startswith("t"))
            per_kind[kind] = per_kind.get(kind, 0) + 1
        words += len(shout(text[:8000]).replace("|", " ").split())
    kinds = ",".join("%s=%d" % item for item in sorted(per_kind.items()))
    return "%d/%d/%d/%d/%d/%s" % (size, cents, grades, tags, words, kinds)


if __name__ == "__main__":
    run("text_build", main, full=750, small=2)
