"""Word count: split text, strip punctuation, count in a dict, sort by count; strings as keys."""
from _harness import run

SYLLABLES = "ka lo mi ne ru sa to ve zi po da fu".split()
ENDINGS = [" ", " ", " ", " ", ", ", ". ", "! ", "\n"]


def make_text(words, seed):
    pieces = []
    for _ in range(words):
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        rank = (seed >> 16) % 1000
        rank = rank * rank // 1000         # low ranks are common words
        word = SYLLABLES[rank % 12] + SYLLABLES[rank // 12 % 12] + SYLLABLES[rank // 144]
        if seed >> 8 & 15 == 0:
            word = word.capitalize()
        pieces.append(word)
        pieces.append(ENDINGS[seed >> 20 & 7])
    return "".join(pieces)


def count_words(text, counts, followers):
    """Add the words of the text to counts, and the pairs of neighboring words to followers."""
    previous = None
    for line in text.split("\n"):
        for word in line.split():
            word = word.strip(".,!").lower()
            if word in counts:
                counts[word] += 1
            else:
                counts[word] = 1
            if previous is not None:
                pair = (previous, word)
                followers[pair] = followers.get(pair, 0) + 1
            previous = word


def main(n):
    counts, followers = {}, {}
    for chapter in range(n):
        count_words(make_text(2000, chapter * 7919), counts, followers)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    twice = sum(1 for times in followers.values() if times > 1)
    return "%s:%d/%s:%d/%d/%d" % (ranked[0] + ranked[-1] + (len(counts), twice))


if __name__ == "__main__":
    run("word_count", main, full=480, small=2)
