"""SHA-256 by hand."""
def rotr(x, n):
    return (x >> n | x << 32 - n) & 4294967295
K = []

def primes(n):
    out = []
    c = 2
    while len(out) < n:
        if all((c % p for p in out)):
            out.append(c)
        c += 1
    return out
for p in primes(64):
    K.append(int(p ** (1 / 3) % 1 * (1 << 32)))
H0 = [int(p ** 0.5 % 1 * (1 << 32)) for p in primes(8)]

def sha(data):
    ml = len(data) * 8
    data += b'\x80'
    while len(data) % 64 != 56:
        data += b'\x00'
    data += ml.to_bytes(8, 'big')
    h = list(H0)
    for off in range(0, len(data), 64):
        w = [int.from_bytes(data[off + i:off + i + 4], 'big') for i in range(0, 64, 4)]
        for i in range(16, 64):
            s0 = rotr(w[i - 15], 7) ^ rotr(w[i - 15], 18) ^ w[i - 15] >> 3
            s1 = rotr(w[i - 2], 17) ^ rotr(w[i - 2], 19) ^ w[i - 2] >> 10
            w.append(w[i - 16] + s0 + w[i - 7] + s1 & 4294967295)
        a, b, c, d, e, f, g, hh = h
        for i in range(64):
            S1 = rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)
            ch = e & f ^ ~e & g
            t1 = hh + S1 + ch + K[i] + w[i] & 4294967295
            S0 = rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)
            maj = a & b ^ a & c ^ b & c
            t2 = S0 + maj & 4294967295
            hh, g, f, e, d, c, b, a = (g, f, e, d + t1 & 4294967295, c, b, a, t1 + t2 & 4294967295)
        h = [x + y & 4294967295 for x, y in zip(h, (a, b, c, d, e, f, g, hh))]
    return ''.join(('%08x' % x for x in h))

def main():
    r = ''
    for i in range(600):
        r = sha((r + str(i)).encode() * 20)
    print(r)
main()
