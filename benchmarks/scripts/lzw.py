"""LZW compression of bytes with a dict of bytes."""
def compress(data):
    d = {bytes([i]): i for i in range(256)}
    w = b''
    out = []
    for b in data:
        c = w + bytes([b])
        if c in d:
            w = c
        else:
            out.append(d[w])
            d[c] = len(d)
            w = bytes([b])
    if w:
        out.append(d[w])
    return out

def decompress(codes):
    d = {i: bytes([i]) for i in range(256)}
    w = d[codes[0]]
    out = [w]
    for k in codes[1:]:
        if k in d:
            e = d[k]
        else:
            e = w + w[:1]
        out.append(e)
        d[len(d)] = w + e[:1]
        w = e
    return b''.join(out)
s = 1
buf = bytearray()
for i in range(260000):
    s = s * 1103515245 + 12345 & 2147483647
    buf.append(97 + (s >> 16) % 4)
data = bytes(buf)
for k in range(18):
    c = compress(data)
    assert decompress(c) == data
print(len(c))
