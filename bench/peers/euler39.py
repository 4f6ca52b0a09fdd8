"""Project Euler, problem 39, under Numba: the function of euler39.hpc compiled."""
import time

import numba

N = 1000


@numba.njit
def find_num_solutions(p):
    n = 0
    for a in range(1, p // 2):
        for b in range(a, p):
            c = p - a - b
            if c > 0:
                if a * a + b * b == c * c:
                    n = n + 1
    return n


nmax = 0
imax = 0
find_num_solutions(1)
start = time.process_time()
for i in range(1, N):
    print(i)
    nsols = find_num_solutions(i)
    if nsols > nmax:
        nmax = nsols
        imax = i
seconds = time.process_time() - start

print("maximum p, number of solutions", imax, nmax)
print("seconds", seconds)
