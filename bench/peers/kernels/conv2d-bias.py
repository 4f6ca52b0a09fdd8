"""Conv2d bias under Numba: in loops, as its users write them."""
import numba
import numpy as np


@numba.njit
def conv2d_bias(input, weights, bias):
    size, _, c_in, c_out = weights.shape
    count, h, w, _ = input.shape
    output = np.empty((count, h - size + 1, w - size + 1, c_out), dtype=np.float32)
    for n in range(count):
        for i in range(h - size + 1):
            for j in range(w - size + 1):
                for o in range(c_out):
                    output[n, i, j, o] = bias[o]
                for a in range(size):
                    for b in range(size):
                        for c in range(c_in):
                            for o in range(c_out):
                                output[n, i, j, o] += input[n, i + a, j + b, c] * weights[a, b, c, o]
    return output
