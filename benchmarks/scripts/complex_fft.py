"""A recursive FFT over complex numbers, and the Mandelbrot set."""
import cmath, math

def fft(x):
    n = len(x)
    if n == 1:
        return x
    e = fft(x[::2])
    o = fft(x[1::2])
    t = [cmath.exp(-2j * cmath.pi * k / n) * o[k] for k in range(n // 2)]
    return [e[k] + t[k] for k in range(n // 2)] + [e[k] - t[k] for k in range(n // 2)]

def mandel(w, h, it):
    tot = 0
    for y in range(h):
        for x in range(w):
            c = complex(-2 + 3 * x / w, -1.5 + 3 * y / h)
            z = 0j
            for i in range(it):
                if abs(z) > 2:
                    break
                z = z * z + c
            tot += i
    return tot
for k in range(12):
    r = fft([complex(math.sin(i), 0) for i in range(8192)])
print('%.6f' % abs(r[5]), mandel(310, 310, 60))
