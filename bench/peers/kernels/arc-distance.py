"""Arc distance under Numba: in loops, as its users write them."""
import math

import numba
import numpy as np


@numba.njit
def arc_distance(theta_1, phi_1, theta_2, phi_2):
    result = np.empty_like(theta_1)
    for i in range(len(theta_1)):
        temp = (
            math.sin((theta_2[i] - theta_1[i]) / 2) ** 2
            + math.cos(theta_1[i]) * math.cos(theta_2[i]) * math.sin((phi_2[i] - phi_1[i]) / 2) ** 2
        )
        result[i] = 2 * math.atan2(math.sqrt(temp), math.sqrt(1 - temp))
    return result
