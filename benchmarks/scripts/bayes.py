"""Naive Bayes spam filter and k-nearest neighbours, plain dicts and lists."""
import math
import random
from collections import defaultdict

random.seed(11)
SPAM = 'win money now free offer click prize cash winner urgent limited deal buy cheap pills'.split()
HAM = 'meeting tomorrow project report lunch team schedule review please attached notes budget call family dinner'.split()
COMMON = 'the a to and you of in is for on with this that we it'.split()

def message(spam):
    n = random.randint(8, 25)
    words = []
    for _ in range(n):
        r = random.random()
        if r < 0.5:
            words.append(random.choice(COMMON))
        elif r < 0.85:
            words.append(random.choice(SPAM if spam else HAM))
        else:
            words.append(random.choice(HAM if spam else SPAM))
    return ' '.join(words)

class NaiveBayes:
    def __init__(self, alpha=1.0):
        self.alpha = alpha
        self.word_counts = {True: defaultdict(int), False: defaultdict(int)}
        self.message_counts = {True: 0, False: 0}
        self.tokens = set()

    def tokenize(self, text):
        return {w for w in text.lower().split() if len(w) > 1}

    def train(self, messages):
        for text, is_spam in messages:
            self.message_counts[is_spam] += 1
            for token in self.tokenize(text):
                self.tokens.add(token)
                self.word_counts[is_spam][token] += 1

    def probability(self, token, is_spam):
        return (self.word_counts[is_spam][token] + self.alpha) / (self.message_counts[is_spam] + 2 * self.alpha)

    def predict(self, text):
        words = self.tokenize(text)
        log_spam = log_ham = 0.0
        for token in self.tokens:
            p_spam, p_ham = self.probability(token, True), self.probability(token, False)
            if token in words:
                log_spam += math.log(p_spam)
                log_ham += math.log(p_ham)
            else:
                log_spam += math.log(1.0 - p_spam)
                log_ham += math.log(1.0 - p_ham)
        return 1.0 / (1.0 + math.exp(log_ham - log_spam))

messages = [(message(i % 3 == 0), i % 3 == 0) for i in range(12000)]
model = NaiveBayes()
model.train(messages[:4000])
confusion = defaultdict(int)
for text, is_spam in messages[4000:]:
    confusion[is_spam, model.predict(text) > 0.5] += 1
print(sorted(confusion.items()))
best = sorted(model.tokens, key=lambda t: model.probability(t, True) / model.probability(t, False))
print(best[:4], best[-4:])

def euclid(a, b):
    return math.sqrt(sum((x - y) ** 2 for x, y in zip(a, b)))

def knn(train, point, k=5):
    near = sorted(train, key=lambda row: euclid(row[0], point))[:k]
    votes = {}
    for _, label in near:
        votes[label] = votes.get(label, 0) + 1
    return max(votes, key=lambda label: (votes[label], label))

points = [([random.gauss(c, 1.2), random.gauss(-c, 1.0), random.gauss(c * 0.5, 1.5)], c) for c in (0, 2, 4) for _ in range(160)]
random.shuffle(points)
train, test = points[:280], points[280:]
print(sum(knn(train, p) == label for p, label in test), len(test))
