"""How fast a recording's arrays are written and read, beside numpy.save and Parquet, and how memory grows.

Prints two tables: speed for 60,000 × 512 float16, and peak memory at three sizes of N and of T.
"""

import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bathyscope.recording import LayerInfo, Recording, RecordingWriter

N, D, BATCH = 60_000, 512, 512
REPEATS = 5


def timed(action) -> float:
    """Median wall seconds of a few runs."""
    seconds = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - started)
    return sorted(seconds)[REPEATS // 2]


def new_recording(folder: Path, n: int) -> RecordingWriter:
    writer = RecordingWriter.create(folder, classes=["a", "b"], overwrite=True)
    with writer.samples() as samples:
        for start in range(0, n, 50_000):
            samples.write([f"{index:07d}" for index in range(start, min(start + 50_000, n))])
    writer.set_layers([LayerInfo("embedding", (D,), role="embedding")])
    return writer


def write_checkpoint(writer: RecordingWriter, step: int, values: np.ndarray, n: int) -> None:
    logits = np.zeros((BATCH, 2), np.float32)
    with writer.checkpoint(step) as checkpoint:
        for start in range(0, n, BATCH):
            indices = np.arange(start, min(start + BATCH, n))
            checkpoint.write_outputs(indices, logits[: len(indices)])
            here = slice(start, start + len(indices)) if n == len(values) else slice(len(indices))
            checkpoint.write_activations("embedding", indices, values[here])


def speed(folder: Path) -> None:
    values = np.random.default_rng(0).normal(size=(N, D)).astype(np.float16)
    megabytes = values.nbytes / 1e6

    def numpy_save() -> None:
        with (folder / "plain.npy").open("wb") as file:
            np.save(file, values)
            file.flush()
            os.fsync(file.fileno())

    def parquet() -> None:
        rows = pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), D)
        pq.write_table(pa.table({"activation": rows}), folder / "x.parquet", compression="none", use_dictionary=False)

    writer = new_recording(folder / "run", N)
    steps = iter(range(100))
    # The two are written in turn, so that a disk that gets slower slows both.
    pairs = [
        (timed_once(numpy_save), timed_once(lambda: write_checkpoint(writer, next(steps), values, N))) for _ in range(7)
    ]
    plain, ours = (sorted(column)[3] for column in zip(*pairs, strict=True))
    reader = Recording(folder / "run")
    last = reader.checkpoints[-1]
    read = timed(lambda: reader.activations("embedding", last))
    one = timed(lambda: reader.activations("embedding", last, rows=[N // 2]))
    print(f"{N:,} × {D} float16 ({megabytes:.0f} MB)")
    print(f"{'':34}{'MB/s':>8}  ratio to numpy.save")
    print(f"{'numpy.save + fsync':34}{megabytes / plain:8.0f}")
    print(f"{'recording: write a checkpoint':34}{megabytes / ours:8.0f}  {plain / ours:.2f}  (target 0.50)")
    print(f"{'Parquet lists, no fsync':34}{megabytes / (slow := timed_once(parquet)):8.0f}  {plain / slow:.2f}")
    print(f"{'recording: read an embedding':34}{megabytes / read:8.0f}  (target 200)")
    print(f"{'recording: read one row':34}{one * 1e3:8.2f} ms")
    writer.close()


def timed_once(action) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def memory_of(job: str, n: int, t: int, folder: Path) -> float:
    """Peak resident memory in MB of a fresh process that does the job."""
    command = [sys.executable, __file__, job, str(n), str(t), str(folder)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def do_job(job: str, n: int, t: int, folder: Path) -> None:
    if job == "write":
        values = np.random.default_rng(0).normal(size=(BATCH, D)).astype(np.float16)
        with new_recording(folder, n) as writer:
            for step in range(t):
                write_checkpoint(writer, step, values, n)
    else:
        recording = Recording(folder)
        for checkpoint in recording.checkpoints:
            for _, batch in recording.activation_batches("embedding", checkpoint):
                batch.max()
    # Not getrusage: its peak is inherited from the process that started this one.
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    print(int(status["VmHWM"].split()[0]) / 1024)


def memory(folder: Path) -> None:
    print(f"\npeak memory, D = {D} float16\n{'N':>9}{'T':>5}{'array MB':>10}{'writer MB':>11}{'reader MB':>11}")
    for n, t in ((60_000, 1), (240_000, 1), (960_000, 1), (60_000, 4), (60_000, 16)):
        place = folder / f"{n}-{t}"
        written, read = (memory_of(job, n, t, place) for job in ("write", "read"))
        print(f"{n:9,}{t:5}{n * D * 2 / 1e6:10.0f}{written:11.0f}{read:11.0f}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        do_job(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
    else:
        print(f"{platform.machine()}, {os.cpu_count()} cores, pyarrow {pa.__version__}")
        with tempfile.TemporaryDirectory(dir=".") as place:
            speed(Path(place))
            memory(Path(place))
