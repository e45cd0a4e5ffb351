"""Bits counted, CRC-32, xorshift and Gray codes."""
def popcount(x):
    c = 0
    while x:
        x &= x - 1
        c += 1
    return c

def crc32(data):
    crc = 4294967295
    for b in data:
        crc ^= b
        for _ in range(8):
            crc = crc >> 1 ^ 3988292384 if crc & 1 else crc >> 1
    return crc ^ 4294967295

def xorshift(s):
    s ^= s << 13 & 4294967295
    s ^= s >> 17
    s ^= s << 5 & 4294967295
    return s
s = 12345
t = 0
for i in range(250000):
    s = xorshift(s)
    t += popcount(s & 65535)
print(t, hex(crc32(bytes(range(256)) * 200)))

def gray(n):
    return n ^ n >> 1
print(sum((gray(i) for i in range(500000))) & 16777215)
