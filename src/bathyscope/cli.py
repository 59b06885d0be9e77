"""The command line. It parses, calls and prints; everything else is in the package."""

from __future__ import annotations

import dataclasses
import importlib
import json
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from typer.core import TyperGroup

from bathyscope import cli_patch
from bathyscope._version import __version__
from bathyscope.errors import BathyscopeError, ParameterError, require

if TYPE_CHECKING:
    from bathyscope.recording import Recording
    from bathyscope.workbench import Hub


class Commands(TyperGroup):
    """Commands of one word or two: `export DATA OUT`, and `export labels RUN OUT`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The longer name first."""
        two = " ".join(args[:2])
        if two in self.commands:
            return two, self.commands[two], args[2:]
        return super().resolve_command(ctx, args)


out = Console()
err = Console(stderr=True)
app = typer.Typer(
    cls=Commands,
    help="Look below the surface of a deep classifier: record a training run once, see what happened to every sample.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Run = Annotated[Path, typer.Argument(help="Folder of a recording.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]
Port = Annotated[int | None, typer.Option(help="Port to take; the first free one from 8400 unless given.")]
Data = Annotated[
    Path,
    typer.Argument(
        help="Folder of a recording, or a table: .parquet, .csv, .tsv, .jsonl, .json, .arrow or .feather.",
        show_default=False,
    ),
]
Label = Annotated[str | None, typer.Option(help="Column of a table with the true classes.")]
Prediction = Annotated[str | None, typer.Option(help="Column with the predicted classes.")]
Split = Annotated[str | None, typer.Option(help="Column with the splits, such as train and test.")]
SampleId = Annotated[str | None, typer.Option("--id", help="Column with a distinct id for each sample.")]
ImageColumn = Annotated[str | None, typer.Option("--image", help="Column with pictures, or with names of their files.")]
MediaRoot = Annotated[
    Path | None,
    typer.Option(help="Folder that holds the pictures, and outside of which none is read; a table's own unless given."),
]
X = Annotated[str | None, typer.Option("--x", help="Column with a coordinate for the map.")]
Y = Annotated[str | None, typer.Option("--y", help="Column with the other coordinate.")]
Hidden = Annotated[
    list[str] | None, typer.Option("--hide", help="Column that nobody is shown, in any way; may be repeated.")
]
LayoutFile = Annotated[
    Path | None, typer.Option("--layout", help="Layout file: its pages and tiles instead of those the page chooses.")
]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Only print the address.")]


def main() -> None:
    """Entry point: our own errors are one sentence and exit status 1, not a traceback."""
    try:
        app()
    except BathyscopeError as error:
        err.print(f"[bold red]bathyscope:[/] {_plain(_message(error))}", highlight=False, soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        err.print("Stopped. Everything that was finished is kept.")
        sys.exit(130)


@app.callback(invoke_without_command=True)
def common(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    """Options that belong to no command."""
    if version:
        out.print(f"bathyscope {__version__}", highlight=False)
        raise typer.Exit


@app.command(epilog="Example: bathyscope demo --epochs 5")
def demo(
    *,
    path: Annotated[Path, typer.Option(help="Where to record.")] = Path("runs/demo"),
    epochs: Annotated[int, typer.Option(min=1, help="How long to train.")] = 12,
    seed: Annotated[int, typer.Option(help="Seed of the data's faults and of the training.")] = 0,
    port: Port = None,
    no_browser: NoBrowser = False,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Stop after the summary.")] = False,
) -> None:
    """Train a small network on real images with planted faults, record it, and look at it."""
    require("torch", extra="torch", purpose="Training the demo's network")
    from bathyscope.demo.run import summary, train_and_record

    with _progress() as step:
        recording = train_and_record(path, epochs=epochs, seed=seed, progress=lambda done, text: step(done, text))
    _run_everything(recording)
    out.print()
    for line in summary(recording):
        out.print(f"  {line}", highlight=False, markup=False)
    out.print()
    if not no_serve:
        _serve(recording, port=port, browser=not no_browser)


@app.command(
    epilog="Example: bathyscope record photos/ runs/photos --model my_project.models:resnet --weights best.safetensors"
    " --size 224"
)
def record(
    data: Annotated[Path, typer.Argument(help="Folder of images (a folder per class), Parquet, or a saved dataset.")],
    path: Annotated[Path, typer.Argument(help="Folder to record into.")],
    *,
    model: Annotated[str, typer.Option(help="package.module:function that returns the model, or a .pt2 file.")],
    weights: Annotated[Path | None, typer.Option(help="Weights for it: .safetensors, or a state dict (.pt).")] = None,
    classes: Annotated[Path | None, typer.Option(help="Class names in the model's order, one a line.")] = None,
    layers: Annotated[
        list[str] | None, typer.Option("--layer", help="Further layer to record; may be repeated.")
    ] = None,
    size: Annotated[int | None, typer.Option(help="Resize and crop images to this many pixels.")] = None,
    mean: Annotated[str | None, typer.Option(help="Mean per channel, e.g. 0.485,0.456,0.406.")] = None,
    std: Annotated[str | None, typer.Option(help="Standard deviation per channel.")] = None,
    grey: Annotated[bool, typer.Option("--grey", help="Give the model one channel instead of three.")] = False,
    batch_size: Annotated[int, typer.Option(min=1, help="Samples in one forward pass.")] = 64,
    export: Annotated[bool, typer.Option("--export", help="Also keep the exported program (model.pt2).")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a recording that stands there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Record a finished model on a data set: its outputs, embedding and decision layer."""
    from bathyscope.capture import ImageTransform
    from bathyscope.capture import record as record_model
    from bathyscope.capture.models import load_model

    options: dict[str, Any] = {"batch_size": batch_size, "export": export, "overwrite": overwrite}
    if classes is not None:
        options["classes"] = classes.read_text(encoding="utf-8").splitlines()
    if size is not None or mean or std or grey:
        options["transform"] = ImageTransform(
            size, _numbers("--mean", mean, 0.0), _numbers("--std", std, 1.0), "L" if grey else "RGB"
        )
    with _progress(quiet=as_json) as step:
        recording = record_model(
            load_model(model, weights),
            data,
            path,
            layers=layers or (),
            progress=lambda done: step(done, "recording"),
            **options,
        )
    _print_info(recording, as_json=as_json)


@app.command("import", epilog="Example: bathyscope import timevis/cifar10 runs/cifar10")
def import_(
    folder: Annotated[Path, typer.Argument(help="Folder in the layout of DeepVisualInsight, TimeVis, DeepDebugger.")],
    path: Annotated[Path, typer.Argument(help="Folder to record into.")],
    *,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a recording that stands there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Record a run that another visualiser stored; only arrays and weights are read, nothing of it is run."""
    from bathyscope.capture.published import import_published

    _print_info(import_published(folder, path, overwrite=overwrite), as_json=as_json)


@app.command("open", epilog="Example: bathyscope open predictions.parquet --label species --prediction guess")
def open_(
    data: Data,
    *,
    label: Label = None,
    prediction: Prediction = None,
    split: Split = None,
    sample_id: SampleId = None,
    image: ImageColumn = None,
    media_root: MediaRoot = None,
    x: X = None,
    y: Y = None,
    hidden: Hidden = None,
    host: Annotated[
        str, typer.Option(help="Address to bind. Anything but loopback opens it to other machines.")
    ] = "127.0.0.1",
    port: Port = None,
    token: Annotated[
        str | None, typer.Option(envvar="BATHYSCOPE_TOKEN", help="Token to ask for; random unless given.")
    ] = None,
    read_only: Annotated[bool, typer.Option("--read-only", help="Everybody looks, nobody changes anything.")] = False,
    layout: LayoutFile = None,
    no_browser: NoBrowser = False,
) -> None:
    """Open a recording or a table in the browser; a recording may still be growing."""
    columns = {
        "label": label,
        "prediction": prediction,
        "split": split,
        "id": sample_id,
        "image": image,
        "x": x,
        "y": y,
    }
    with _hub(data, columns, media_root=media_root, hidden=hidden) as hub:
        options = {**hub.host_options(), "host": host, "port": port, "token": token, "read_only": read_only}
        options["layout"] = layout
        _serve(hub.recording, browser=not no_browser, **options)


@app.command(epilog="Example: bathyscope export runs/demo demo.html")
def export(
    data: Data,
    out_path: Annotated[
        Path, typer.Argument(metavar="OUT", help="A file ending in .html, or a folder.", show_default=False)
    ],
    *,
    label: Label = None,
    prediction: Prediction = None,
    split: Split = None,
    sample_id: SampleId = None,
    image: ImageColumn = None,
    media_root: MediaRoot = None,
    x: X = None,
    y: Y = None,
    hidden: Hidden = None,
    media: Annotated[str, typer.Option(help="thumbs: small pictures, or texts; none: neither.")] = "thumbs",
    included: Annotated[
        list[str] | None,
        typer.Option("--column", help="Metadata column to include; all unless given; may be repeated."),
    ] = None,
    layout: LayoutFile = None,
    max_mb: Annotated[
        float | None, typer.Option(min=0, help="Largest size in MB; 25 for a file, 150 for a folder.")
    ] = None,
    run_shown: Annotated[
        bool, typer.Option("--run", help="Run the analyses that the pages show and that were never run.")
    ] = False,
) -> None:
    """Write a report: one page to mail, or a folder for a web server. Opening it needs no Bathyscope."""
    columns = {
        "label": label,
        "prediction": prediction,
        "split": split,
        "id": sample_id,
        "image": image,
        "x": x,
        "y": y,
    }
    max_bytes = None if max_mb is None else int(max_mb * 1_000_000)
    with _hub(data, columns, media_root=media_root, hidden=hidden) as hub, _progress() as step:
        options: dict[str, Any] = {"media": media, "columns": included, "max_bytes": max_bytes, "layout": layout}
        report = hub.export(out_path, progress=step, run=run_shown, **options)
    never = (
        [f"Never run, so empty in the report: {', '.join(report.not_run)}. --run runs them."] if report.not_run else []
    )
    for line in (f"{report.path}: {report.n_bytes / 1e6:.1f} MB", *report.notes, *never):
        out.print(_plain(line), highlight=False, soft_wrap=True)


@app.command("export labels", epilog="Example: bathyscope export labels runs/demo corrected.csv")
def export_labels(
    path: Run,
    out_path: Annotated[
        Path, typer.Argument(metavar="OUT", help="A .csv, .parquet or .jsonl file, or a folder.", show_default=False)
    ],
    *,
    form: Annotated[
        str | None, typer.Option("--format", help="csv, parquet, log, huggingface, cleanlab or fiftyone.")
    ] = None,
    policy: Annotated[str, typer.Option(help="Whose decision counts: last or majority.")] = "last",
    least_votes: Annotated[int, typer.Option(min=1, help="People who must have decided about a sample.")] = 1,
) -> None:
    """Write the labels as people corrected them; the recording stays as it is."""
    from bathyscope.analyses.labels import exporting

    given: dict[str, Any] = {"format": form, "policy": policy, "least_votes": least_votes}
    written = exporting.export_labels(_load(path), out_path, **given)
    decided = f"{written.n_samples:,} samples decided, {written.n_changed:,} labels changed"
    for line in (f"{written.path}: {decided}", *written.unmatched):
        out.print(_plain(line), highlight=False, soft_wrap=True)


@app.command("import labels", epilog="Example: bathyscope import labels runs/demo corrected.csv --author ana")
def import_labels(
    path: Run,
    corrections: Annotated[Path, typer.Argument(help="CSV or Parquet with sample_id and label_new.")],
    *,
    author: Annotated[str, typer.Option(help="Who decided.")] = "import",
) -> None:
    """Take in labels that were corrected elsewhere, each as a decision; nothing if any of them does not fit."""
    from bathyscope.analyses.labels import exporting

    taken = exporting.import_labels(_load(path), corrections, author=author)
    out.print(f"{taken:,} samples decided", highlight=False)


@app.command(epilog="Example: bathyscope info runs/demo --json")
def info(path: Run, as_json: AsJson = False) -> None:
    """Say what a recording holds."""
    _print_info(_load(path), as_json=as_json)


@app.command(epilog="""Example: bathyscope run performance runs/demo -p 'slices=["batch"]'""")
def run(
    analysis: Annotated[str, typer.Argument(help="Name of the analysis; an unknown one lists them all.")],
    path: Run,
    parameters: Annotated[
        list[str] | None, typer.Option("--param", "-p", help="name=value; lists as JSON. May be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run an analysis on a recording; its result is kept there."""
    from bathyscope import analyses

    recording = _load(path)
    built = analyses.build(analysis, _parameters(parameters or []))
    with _progress(quiet=as_json) as step:
        recording.run(built, step)
    key = recording.result_key(built)
    files = recording.result_tables(analysis, key)
    if as_json:
        _print_json({"analysis": analysis, "key": key, "tables": {name: str(file) for name, file in files.items()}})
        return
    out.print(f"{analysis}: {built.question}", highlight=False, markup=False)
    for name, file in files.items():
        out.print(f"  {name}: {file}", highlight=False, markup=False, soft_wrap=True)
    for note in _notes(files):
        out.print(note, highlight=False, markup=False, soft_wrap=True)


@app.command("new-component", epilog="Example: bathyscope new-component loss-by-hour")
def new_component(
    name: Annotated[str, typer.Argument(help="Its name, in small letters with dashes.", show_default=False)],
    *,
    folder: Annotated[Path, typer.Option(help="Where its folder is written.")] = Path(),
) -> None:
    """Begin a view of your own: a folder with a module, a table to look at it with, and tests."""
    from bathyscope.workbench.new_component import new_component as write

    files = write(name, folder)
    out.print(_plain(f"{files[0].parent}: {', '.join(file.name for file in files)}"), highlight=False, soft_wrap=True)
    out.print(_plain(f"See it: python {files[0].parent / 'look.py'}"), highlight=False, soft_wrap=True)


def _run_everything(recording: Recording) -> None:
    from bathyscope import analyses
    from bathyscope.recording.results import missing

    with _progress() as step:
        for name in analyses.names():
            built = analyses.build(name, {})
            if not missing(recording, built.needs):
                recording.run(built, lambda done, message="", name=name: step(done, name))


def _serve(recording: Recording, *, browser: bool, **options: Any) -> None:
    from bathyscope.workbench import serve

    def ready(url: str) -> None:
        out.print(f"{recording.name} is open at [bold]{_plain(url)}[/]", highlight=False, soft_wrap=True)
        out.print("Stop with Ctrl-C.")

    serve(recording, on_ready=ready, open_browser=browser, **options)


def _hub(data: Path, columns: dict[str, str | None], *, media_root: Path | None, hidden: list[str] | None) -> Hub:
    """The data ready to be shown; what was guessed and changed on the way is told."""
    # The server and the analyses take most of a second to import; meanwhile Arrow reads and writes the table.
    threading.Thread(target=importlib.import_module, args=("bathyscope.workbench.server",), daemon=True).start()
    from bathyscope.workbench import Hub

    hub = Hub(data, **columns, media_root=media_root, hidden=hidden or ())  # type: ignore[arg-type]
    for note in hub.notes:
        err.print(_plain(note), highlight=False, soft_wrap=True, style="dim")
    return hub


def _load(path: Path) -> Recording:
    from bathyscope.recording import load

    return load(path)


def _print_info(recording: Recording, *, as_json: bool) -> None:
    if as_json:
        checkpoints = [dataclasses.asdict(checkpoint) for checkpoint in recording.checkpoints]
        _print_json({**dataclasses.asdict(recording.info), "writing": recording.writing, "checkpoints": checkpoints})
        return
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="dim")
    table.add_column()
    splits = ", ".join(f"{name} {count:,}" for name, count in recording.info.splits.items())
    rows = [
        ("recording", f"{recording.path}{' (still being written)' if recording.writing else ''}"),
        (
            "samples",
            f"{len(recording):,} {recording.kind or 'samples without content'}" + (f" ({splits})" if splits else ""),
        ),
        ("task", f"{recording.task}, {len(recording.classes):,} classes"),
        ("missing labels", f"{recording.info.n_missing_labels:,}"),
        ("layers", ", ".join(f"{layer.name} {layer.shape}" for layer in recording.layers.values()) or "none"),
        ("checkpoints", _checkpoints_in_words(recording)),
        ("made by", ", ".join(f"{key} {value}" for key, value in recording.info.provenance.items())),
    ]
    for name, value in rows:
        table.add_row(name, _plain(value))
    out.print(table)


def _checkpoints_in_words(recording: Recording) -> str:
    checkpoints = recording.checkpoints
    if not checkpoints:
        return "none yet"
    first, last = checkpoints[0], checkpoints[-1]
    return f"{len(checkpoints):,} (step {first.step} to {last.step}), the last at {last.wall_time}"


def _parameters(given: list[str]) -> dict[str, Any]:
    parameters: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise ParameterError(f"A parameter was given as {text!r}. Write it as name=value, for instance -p bins=10.")
        try:
            parameters[name] = json.loads(value)
        except ValueError:
            parameters[name] = value
    return parameters


def _numbers(option: str, text: str | None, default: float) -> tuple[float, ...] | float:
    try:
        return default if text is None else tuple(map(float, text.split(",")))
    except ValueError as error:
        raise ParameterError(f"{option} was given as {text!r}. Give numbers with commas, like 0.5,0.5,0.5.") from error


def _message(error: BathyscopeError) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


def _notes(files: Mapping[str, Path]) -> list[str]:
    """What a result says in sentences, if it does."""
    from bathyscope.recording.results import read_table

    return read_table(files["notes"])["text"].to_pylist() if "notes" in files else []


def _print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")


def _plain(text: str) -> str:
    """Text for the terminal: names from data must not work as markup or as escape sequences."""
    from rich.markup import escape

    return escape("".join(character if character.isprintable() else "\ufffd" for character in text))


@contextmanager
def _progress(*, quiet: bool = False) -> Iterator[Any]:
    """A bar on standard error; yields a function (done in [0, 1], what is being done)."""
    columns = (
        TextColumn("{task.description:<36}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, disable=quiet, transient=not err.is_terminal) as bar:
        task = bar.add_task("", total=1.0)

        def step(done: float, message: str = "") -> None:
            bar.update(task, completed=done, description=_plain(message) or None)

        yield step


cli_patch.add_to(app, lambda text: out.print(_plain(text), highlight=False, soft_wrap=True))

if __name__ == "__main__":
    main()
