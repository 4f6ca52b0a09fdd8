"""Vadv under Numba: in loops, as its users write them."""
import numba
import numpy as np


@numba.njit
def vadv(utens_stage, u_stage, wcon, u_pos, utens, dtr_stage):
    nx, ny, nz = utens_stage.shape
    ccol = np.empty((nx, ny, nz))
    dcol = np.empty((nx, ny, nz))
    for i in range(nx):
        for j in range(ny):
            for k in range(nz):
                gav = -0.25 * (wcon[i + 1, j, k] + wcon[i, j, k]) if k > 0 else 0.0
                gcv = 0.25 * (wcon[i + 1, j, k + 1] + wcon[i, j, k + 1]) if k < nz - 1 else 0.0
                acol = gav * BET_P
                ccol[i, j, k] = gcv * BET_P
                bcol = dtr_stage - acol - ccol[i, j, k]
                correction = 0.0
                if k > 0:
                    correction -= gav * BET_M * (u_stage[i, j, k - 1] - u_stage[i, j, k])
                if k < nz - 1:
                    correction -= gcv * BET_M * (u_stage[i, j, k + 1] - u_stage[i, j, k])
                dcol[i, j, k] = dtr_stage * u_pos[i, j, k] + utens[i, j, k] + utens_stage[i, j, k] + correction
                if k > 0:
                    divided = 1.0 / (bcol - ccol[i, j, k - 1] * acol)
                    dcol[i, j, k] = (dcol[i, j, k] - dcol[i, j, k - 1] * acol) * divided
                else:
                    divided = 1.0 / bcol
                    dcol[i, j, k] *= divided
                ccol[i, j, k] *= divided
            last = 0.0
            for k in range(nz - 1, -1, -1):
                last = dcol[i, j, k] - (ccol[i, j, k] * last if k < nz - 1 else 0.0)
                utens_stage[i, j, k] = dtr_stage * (last - u_pos[i, j, k])
