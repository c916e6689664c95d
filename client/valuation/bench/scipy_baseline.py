"""One solver of SciPy (or plain power iteration) on one graph, in a process of its own.

usage: scipy_baseline.py METHOD FOLDER TOLERANCE SECONDS MEMORY_MIB
FOLDER holds indptr.i32, indices.i32, data.f64 (the rows of C) and p.f64. Prints one JSON object: seconds of the solve without reading
the files, peak resident memory of the process, and the 1-norm of p + C x - x over that of p.
"""

import json
import resource
import signal
import sys
import time

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as la

method, folder, tolerance, seconds, memory = sys.argv[1], sys.argv[2], *map(float, sys.argv[3:6])
limit = int(memory) << 20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def too_late(*_):
    raise TimeoutError(f"no answer within {seconds:.0f} s")


# The alarm interrupts Python; a solver that stays in native code is ended by the kernel's limit on CPU time.
signal.signal(signal.SIGALRM, too_late)
signal.alarm(int(seconds))
resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 5, int(seconds) + 10))

p = np.fromfile(f"{folder}/p.f64")
c = sp.csr_matrix(
    (np.fromfile(f"{folder}/data.f64"), np.fromfile(f"{folder}/indices.i32", np.int32), np.fromfile(f"{folder}/indptr.i32", np.int32)),
    shape=(p.size, p.size),
)
total = p.sum()
began = time.perf_counter()


class Reached(Exception):
    pass


def krylov(solve):
    """Runs a Krylov method until the 1-norm of the residual is within tolerance, the measure that all methods are held to."""
    a = (sp.identity(p.size, format="csr") - c).tocsr()
    x = np.zeros_like(p)
    # The methods stop by 2-norms: ask for a tenth of what the last one left, from there, until the 1-norm is right.
    for _ in range(60):
        residual = p + c @ x - x
        if np.abs(residual).sum() <= tolerance * total:
            return x
        target = tolerance * total / np.abs(residual).sum() * np.linalg.norm(residual)
        step, _ = solve(a, residual, max(target * 0.5, 1e-300))
        x = x + step
    return x


def run():
    if method == "spsolve":
        return la.spsolve((sp.identity(p.size, format="csc") - c.tocsc()).tocsc(), p)
    if method == "power":
        x = p.copy()
        while True:
            new = p + c @ x
            if np.abs(new - x).sum() <= tolerance * total:
                return new
            x = new
    if method == "bicgstab":
        return krylov(lambda a, b, atol: la.bicgstab(a, b, rtol=0, atol=atol, maxiter=2000))
    preconditioners = []

    def gmres(a, b, atol):
        if not preconditioners:
            ilu = la.spilu(a.tocsc(), drop_tol=1e-3, fill_factor=3)
            preconditioners.append(la.LinearOperator(a.shape, ilu.solve))
        return la.gmres(a, b, rtol=0, atol=atol, restart=20, maxiter=100, M=preconditioners[0])

    return krylov(gmres)


try:
    x = run()
    took = time.perf_counter() - began
    signal.alarm(0)
    result = {"seconds": took, "residual": float(np.abs(p + c @ x - x).sum() / total)}
except (TimeoutError, MemoryError, RuntimeError) as error:
    result = {"failed": str(error) or f"more than {memory:.0f} MiB"}
# Not ru_maxrss: that begins with what the starting process had in memory.
with open("/proc/self/status") as status:
    result["peak_mib"] = next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:"))
print(json.dumps(result))
