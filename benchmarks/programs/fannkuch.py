"""Fannkuch: over all permutations, the most prefix reversals until 1 stands first; small lists of ints."""
from _harness import run


def flips(permutation):
    """How many prefix reversals bring 0 to the front."""
    cards = permutation[:]
    count = 0
    first = cards[0]
    while first:
        low, high = 0, first
        while low < high:
            cards[low], cards[high] = cards[high], cards[low]
            low += 1
            high -= 1
        count += 1
        first = cards[0]
    return count


def main(n):
    permutation = list(range(n))
    turns = [0] * n                        # turns[k]: rotations done so far of the first k+1 cards
    most = checksum = 0
    even = True
    while True:
        if permutation[0]:
            count = flips(permutation)
            if count > most:
                most = count
            checksum += count if even else -count
        even = not even
        k = 1
        while k < n:
            first = permutation[0]
            for i in range(k):
                permutation[i] = permutation[i + 1]
            permutation[k] = first
            turns[k] += 1
            if turns[k] <= k:
                break
            turns[k] = 0
            k += 1
        else:
            return "%d/%d" % (checksum, most)


if __name__ == "__main__":
    run("fannkuch", main, full=9, small=6)
