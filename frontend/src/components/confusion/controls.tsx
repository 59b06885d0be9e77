/** How the matrix is shown: order, shares, diagonal, strength, what it is compared with, and which groups of classes are open. */
import { count } from "../../draw/format";
import type { Options } from "../../state/layout";
import type { Context } from "../component";
import { columnSource, predictionColumns, sourceText } from "../use-judged";
import type { Level } from "./levels";

function Choose(props: { label: string; value: string; of: readonly (readonly [string, string])[]; choose: (value: string) => void }) {
  return (
    <select aria-label={props.label} value={props.value} onChange={(event) => props.choose(event.currentTarget.value)}>
      {props.of.map(([value, words]) => <option key={value} value={value}>{words}</option>)}
    </select>
  );
}

function Flag(props: { words: string; title: string; on: boolean; turn: () => void }) {
  return <button type="button" class="button quiet flag" aria-pressed={props.on} title={props.title} onClick={props.turn}>{props.on ? "✓ " : ""}{props.words}</button>;
}

export function Controls({ ctx, options, checkpoint }: { ctx: Context; options: Options; checkpoint: string | null }) {
  const recording = ctx.store.recording.value;
  // A default is taken back rather than written down, so that the address stays short.
  const set = (name: string, value: string | boolean, otherwise: string | boolean) => ctx.set({ [name]: value === otherwise ? null : value });
  const others = [
    ...recording.checkpoints.filter(({ name }) => name !== checkpoint).map(({ name }) => name),
    ...(checkpoint === null ? [] : predictionColumns(recording).map(columnSource)),
  ];
  return (
    <div class="controls" role="group" aria-label="How it is shown">
      <Choose label="Order of the classes" value={String(options["order"])} choose={(value) => set("order", value, "given")}
        of={[["given", "In given order"], ["name", "By name"], ["size", "By size"], ["similar", "Confused ones together"]]} />
      <Choose label="Numbers" value={String(options["share"])} choose={(value) => set("share", value, "counts")}
        of={[["counts", "Counts"], ["label", "% of each label"], ["prediction", "% of each prediction"]]} />
      {others.length > 0 && (
        <Choose label="Compare with" value={typeof options["against"] === "string" ? options["against"] : ""} choose={(value) => ctx.set({ against: value || null })}
          of={[["", "Compare with…"], ...others.map((source) => [source, `against ${sourceText(recording, source)}`] as const)]} />
      )}
      <Flag words="Hide diagonal" title="Leave the right answers out" on={options["diagonal"] === false} turn={() => set("diagonal", options["diagonal"] === false, true)} />
      <Flag words="Log colour" title="Colour by orders of magnitude, so that rare mistakes are seen beside frequent ones" on={options["log"] === true} turn={() => set("log", options["log"] !== true, false)} />
    </div>
  );
}

/** The groups of classes, to open and close. */
export function Levels({ levels, turn, all }: { levels: readonly Level[]; turn: (key: string, open: boolean) => void; all: (open: boolean) => void }) {
  if (levels.length === 0) return null;
  return (
    <div class="levels" role="group" aria-label="Groups of classes">
      <button type="button" class="button quiet" onClick={() => all(false)}>Close all</button>
      <button type="button" class="button quiet" onClick={() => all(true)}>Open all</button>
      <ul>
        {levels.map(({ key, name, depth, size, open }) => (
          <li key={key} style={{ marginLeft: `${depth * 12}px` }}>
            <button type="button" class="level" aria-expanded={open} onClick={() => turn(key, !open)}>{open ? "▾" : "▸"} {name} <span class="num muted">{count(size)}</span></button>
          </li>
        ))}
      </ul>
    </div>
  );
}
