"""First vector math: replaced by vector_math."""
import math
import numpy as np
from fastnn.kernels.jit.functions.graph import REAL, INTEGER, TRUTH

def fma(a, b, c):
    g = next(x.graph for x in (a, b, c) if hasattr(x, "graph"))
    return g.node("fma", REAL, *(g.operand(x, REAL) for x in (a, b, c)))
def rint(a): return a.graph.node("rint", REAL, a)
def to_int(a): return a.graph.node("to_integer", INTEGER, a)
def to_real(a): return a.graph.node("to_real", REAL, a)
def bits(a): return a.graph.node("bits", INTEGER, a)
def of_bits(a): return a.graph.node("of_bits", REAL, a)
def copysign(a, b): return b.graph.node("copysign", REAL, b.graph.operand(a, REAL), b)
def sel(c, a, b): return c.graph.select(c, a, b)

def exp(x):
    if x.graph.dtype == np.float32:
        y = sel(x > -87.3, x, -87.3); y = sel(y < 88.72, y, 88.72)
        k = rint(y * 1.44269504088896341)
        r = y - k * 0.693359375
        r = r - k * -2.12194440e-4
        p = 1.9875691500e-4
        for c in (1.3981999507e-3,8.3334519073e-3,4.1665795894e-2,1.6666665459e-1,5.0000001201e-1): p = p * r + c
        e = (p * (r * r) + r) + 1.0
        e = e * of_bits((to_int(k) + 127) << 23)
    else:
        y = sel(x > -708.0, x, -708.0); y = sel(y < 709.5, y, 709.5)
        k = rint(y * 1.44269504088896341)
        r = (y - k * 0.6931471803691238) - k * 1.9082149292705877e-10
        p = 1/math.factorial(13)
        for j in range(12, 1, -1): p = p * r + 1/math.factorial(j)
        e = (p * (r * r) + r) + 1.0
        e = e * of_bits((to_int(k) + 1023) << 52)
    return sel(x == x, e, x)

def _sincos(x, half):
    k = rint(x * (1/math.pi) - half) if half else rint(x * (1/math.pi))
    h = k + half if half else k
    f32 = x.graph.dtype == np.float32
    parts = (3.140625, 0.0009670257568359375, 6.2771141529083251953e-7) if f32 else (3.1415926218032837, 3.178650954705639e-08, 1.2246467864107189e-16)
    r = x
    for p in parts: r = r - h * p
    q = r * r
    if f32: cs = (2.6083159809786593541503e-06,-0.0001981069071916863322258,0.00833307858556509017944336,-0.166666597127914428710938)
    else: cs = tuple((-1)**j / math.factorial(2*j+1) for j in range(9, 0, -1))
    u = cs[0]
    for c in cs[1:]: u = u * q + c
    u = u * (q * r) + r
    odd = (to_int(k) & 1) != 0
    return odd, u
def sin(x):
    odd, u = _sincos(x, 0)
    return sel(odd, -u, u)
def cos(x):
    odd, u = _sincos(x, 0.5)
    return sel(odd, u, -u)

def log(x):
    f32 = x.graph.dtype == np.float32
    b = bits(x)
    if f32:
        e = to_real((b >> 23) - 126); m = of_bits((b & 0x007fffff) | 0x3f000000)
    else:
        e = to_real((b >> 52) - 1022); m = of_bits((b & 0x000fffffffffffff) | 0x3fe0000000000000)
    small = m < 0.707106781186547524
    e = sel(small, e - 1.0, e); m = sel(small, m + m - 1.0, m - 1.0)
    s = m / (m + 2.0); q = s * s
    p = 0.0
    n = 9 if f32 else 21
    for j in range(n, 1, -2): p = p * q + 2 / j
    y = s * q * p
    r = (2.0 * s) + (y + e * 0.6931471805599453)
    return sel(x > 0.0, sel(x == math.inf, x, r), sel(x == 0.0, -math.inf, math.nan))
def log1p(x):
    u = x + 1.0
    c = (x - (u - 1.0)) / u
    return sel(u == math.inf, u, log(u) + c)
