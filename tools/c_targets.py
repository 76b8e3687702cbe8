"""Headers of `to_c` on other machines: as WebAssembly, whose answers node compares, and as code of microcontrollers.

The compiler is Zig's Clang, which `pip install ziglang` brings with the headers of its targets; node is on the PATH.
Prints the sizes, and the largest error and the time of a row in node; ends with an error where an answer is wrong.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from fastnn import Dense, Network, to_c

WIDTHS = (64, 32, 10)
ROWS = 200
CLOSE = 1e-6
CORES = ("cortex_m0plus", "cortex_m4", "cortex_m7")

PROGRAM = """\
#include "model.h"
static float x[MODEL_INPUTS], out[MODEL_OUTPUTS];
float *model_x(void);
float *model_out(void);
void run(void);
int self_test(void);
float *model_x(void) { return x; }
float *model_out(void) { return out; }
void run(void) { model_predict(x, out); }
int self_test(void) { return model_self_test(); }
"""
NODE = """\
import { readFileSync, writeFileSync } from "node:fs";
const { instance } = await WebAssembly.instantiate(readFileSync("model.wasm"), {});
const wasm = instance.exports;
wasm._initialize();
if (wasm.self_test() !== 1) throw new Error("the header's test of itself fails");
const at = (address, count) => new Float32Array(wasm.memory.buffer, address, count);
const [inputs, outputs, rows] = process.argv.slice(2).map(Number);
const read = readFileSync("x.bin");
const x = new Float32Array(read.buffer, read.byteOffset, rows * inputs), answers = new Float32Array(rows * outputs);
let best = Infinity;
for (let repeat = 0; repeat < 50; ++repeat) {
  const start = performance.now();
  for (let row = 0; row < rows; ++row) {
    at(wasm.model_x(), inputs).set(x.subarray(row * inputs, (row + 1) * inputs));
    wasm.run();
    answers.set(at(wasm.model_out(), outputs), row * outputs);
  }
  best = Math.min(best, performance.now() - start);
}
writeFileSync("out.bin", answers);
console.log((1000 * best / rows).toFixed(2));
"""


def zig(folder: Path, *words: str) -> None:
    """Compile the program as strictly as the tests do."""
    strict = ("-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror")
    subprocess.run([sys.executable, "-m", "ziglang", "cc", *strict, "program.c", *words], cwd=folder, check=True)


def in_node(folder: Path, network: Network) -> str:
    """What a row costs as WebAssembly; an error where an answer is another one than the network's."""
    exports = ",".join(f"--export={name}" for name in ("run", "model_x", "model_out", "self_test"))
    target = ("-target", "wasm32-wasi", "-mexec-model=reactor", "-msimd128")
    zig(folder, *target, "-O3", "-s", f"-Wl,{exports}", "-o", "model.wasm")
    x = np.random.default_rng(0).normal(size=(ROWS, WIDTHS[0])).astype(np.float32)
    (folder / "x.bin").write_bytes(x.tobytes())
    (folder / "run.mjs").write_text(NODE)
    node = shutil.which("node")
    if node is None:
        raise SystemExit("there is no node on the PATH")
    command = [node, "run.mjs", str(WIDTHS[0]), str(WIDTHS[-1]), str(ROWS)]
    microseconds = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()
    found = np.frombuffer((folder / "out.bin").read_bytes(), np.float32).reshape(ROWS, WIDTHS[-1])
    error = float(np.abs(found - network.predict(x)).max())
    if error > CLOSE:
        raise SystemExit(f"WebAssembly: the largest error is {error:.1e}, wanted {CLOSE}")
    size = (folder / "model.wasm").stat().st_size
    return f"WebAssembly in node: {size} bytes, {microseconds} us a row, largest error {error:.1e}"


def in_core(folder: Path, core: str) -> str:
    """How many bytes of flash the model takes in a core, its mathematics (expf) not counted."""
    zig(folder, "-target", "thumb-linux-musleabi", f"-mcpu={core}", "-Os", "-c", "-o", f"{core}.o")
    sizes = sections(folder / f"{core}.o")
    code = sum(size for name, size in sizes.items() if name.startswith(".text"))
    data = sum(size for name, size in sizes.items() if name.startswith(".rodata"))
    return f"{core}: {code} bytes of code, {data} bytes of weights and of the row that it tests itself with"


def sections(path: Path) -> dict[str, int]:
    """The sizes of the sections of a 32-bit ELF file, by their names."""
    content = path.read_bytes()
    (offset,) = struct.unpack_from("<I", content, 32)
    size, count, names = struct.unpack_from("<HHH", content, 46)
    rows = [struct.unpack_from("<10I", content, offset + place * size) for place in range(count)]
    text = content[rows[names][4] :]
    found: dict[str, int] = {}
    for row in rows:
        name = text[row[0] : text.index(b"\0", row[0])].decode()
        found[name] = found.get(name, 0) + row[5]
    return found


def main() -> None:
    """Print a line for every target."""
    layers = [*(Dense(width, "relu") for width in WIDTHS[1:-1]), Dense(WIDTHS[-1])]
    network = Network(layers, WIDTHS[0], "cross_entropy", random_state=0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        to_c(network, folder / "model.h", method="predict")
        (folder / "program.c").write_text(PROGRAM)
        print(f"{'-'.join(map(str, WIDTHS))}, {network.params.nbytes} bytes of weights")
        print(in_node(folder, network), flush=True)
        for core in CORES:
            print(in_core(folder, core), flush=True)


if __name__ == "__main__":
    main()
