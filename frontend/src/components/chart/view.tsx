import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useSize } from "../../draw/axes";
import { classColour } from "../../draw/colour";
import { plural } from "../../draw/format";
import { Failure, Heading, Waiting } from "../../draw/parts";
import { fileName, saveAs } from "../../draw/save";
import { splitText } from "../../draw/where";
import type { Column } from "../../hosts/arrow";
import type { Json } from "../../hosts/host";
import { textOf } from "../../state/clause-text";
import { sentenceOf } from "../../state/clauses";
import { fieldsOf, type Field } from "../../state/fields";
import { and, every, rowsOf } from "../../state/masks";
import type { Context } from "../component";
import { exprOf, sampleOf } from "./door";
import { coloursAt, draw, type Datum, type Picture } from "./draw";
import { AsText, Form } from "./form";
import { Figures } from "./figures";
import { library } from "./library";
import { firstChart, questionOf, simpleOf, specOf } from "./simple";
import { columnsRead, complaint, completed, described, isObject, takesHeight, type Palettes, type Spec } from "./spec";
import { linesOf, Tip, type Tipped } from "./tip";
import { reason } from "../../hosts/reason";
import css from "./chart.css?inline";

export const styles = css;

/** Categories with more values than this are not given colours of their own. */
const MOST_COLOURS = 100;
/** Where the tile has no height of its own. */
const USUAL_HEIGHT = 260;

/** The columns a chart reads; undefined while one is on its way. */
function useColumns(ctx: Context, names: readonly string[]): { columns: ReadonlyMap<string, Column> | null; failed: string | null } {
  const [failed, setFailed] = useState<string | null>(null);
  const { filter } = ctx.data;
  const found = names.map((name) => filter.at(name));
  useEffect(() => {
    setFailed(null);
    for (const name of names) filter.column(name).catch((error: unknown) => setFailed(reason(error)));
  }, [names.join("\n")]);
  const columns = useMemo(
    () => (found.every((column) => column !== undefined) ? new Map(names.map((name, i) => [name, found[i] as Column])) : null),
    [names.join("\n"), found.length, ...found.slice(0, 8)],
  );
  return { columns, failed };
}

/** Samples of the chosen split that pass the filters of all others. */
function useSamples(ctx: Context): Uint32Array {
  const { filter, store } = ctx.data;
  const [mask, within] = [filter.mask(ctx.id), filter.within.value];
  const n = store.recording.value.nSamples;
  return useMemo(() => rowsOf(mask && within ? and(mask.slice(), within) : (mask ?? within ?? every(n))), [mask, within, n]);
}

/** A class or category keeps the colour it has everywhere. */
function palettesOf(columns: ReadonlyMap<string, Column>, at: HTMLElement): Palettes {
  const out = new Map<string, { domain: readonly Json[]; range: readonly string[] }>();
  for (const [name, column] of columns) {
    if (name === "correct" && column.kind === "bool") out.set(name, { domain: [true, false], range: coloursAt(["var(--ink-3)", "var(--bad)"], at) });
    if (column.kind !== "category" || column.values.length > MOST_COLOURS) continue;
    const missing = column.valid?.includes(0) === true;
    const range = coloursAt([...column.values.map((_, code) => classColour(code)), ...(missing ? [classColour(null)] : [])], at);
    out.set(name, { domain: [...column.values, ...(missing ? [null] : [])], range });
  }
  return out;
}

/** Draws whenever what is drawn changes, one drawing at a time. */
function usePicture(ctx: Context, spec: Spec | null, fields: readonly Field[], columns: ReadonlyMap<string, Column> | null, on: { tell: (value: unknown, event: MouseEvent) => void; click: (datum: Datum) => void }) {
  const [box, { width, height: room }] = useSize<HTMLDivElement>();
  const height = spec && takesHeight(spec) && room > 0 ? room : USUAL_HEIGHT;
  const at = useRef<HTMLDivElement>(null);
  const [picture, setPicture] = useState<Picture | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const [turn, setTurn] = useState(0);
  const samples = useSamples(ctx);
  const theme = ctx.store.theme.value;
  const text = JSON.stringify(spec);
  useEffect(() => {
    const el = at.current;
    if (!spec || !columns || !el || width === 0) return;
    let gone = false;
    let made: Picture | null = null;
    const sheet = document.createElement("div");
    sheet.hidden = true;
    const paint = async () => {
      try {
        const found = await library(ctx.data);
        if (gone) return;
        const asked = { spec: completed(spec, fields, palettesOf(columns, el)), samples, columns, width: Math.max(120, width - 24), height, ...on };
        el.append(sheet);
        made = await draw(found, asked, sheet);
        if (gone) return made.stop();
        // The picture before stays until this one stands, so that nothing blinks.
        sheet.hidden = false;
        el.replaceChildren(sheet);
        setPicture(made);
        setFailed(null);
      } catch (error) {
        if (gone) return;
        el.replaceChildren();
        setPicture(null);
        setFailed(reason(error));
      }
    };
    void paint();
    return () => {
      gone = true;
      made?.stop();
      if (sheet.hidden) sheet.remove();
    };
  }, [text, columns, samples, width, height, theme, turn]);
  return { box, at, picture, failed, samples, retry: () => setTurn(turn + 1) };
}

function OwnFilter({ ctx }: { ctx: Context }) {
  const own = ctx.data.filter.clause(ctx.id);
  if (!own?.enabled) return null;
  return <button type="button" class="button" title="Take this chart's filter away" onClick={() => ctx.data.filter.set(ctx.id, null)}>{sentenceOf(own.expr)} ×</button>;
}

export function View({ ctx }: { ctx: Context }) {
  const { store, data, id } = ctx;
  const recording = store.recording.value;
  const fields = useMemo(() => fieldsOf(recording), [recording]);
  const { spec: given, title } = ctx.options.value as { spec: Json; title: string | null };
  const spec = useMemo(() => (isObject(given) ? given : specOf(firstChart(fields), fields)), [given, fields]);
  const wrong = complaint(spec, fields);
  const { columns, failed: missing } = useColumns(ctx, wrong === null ? columnsRead(spec, fields) : []);
  const [tip, setTip] = useState<Tipped | null>(null);
  const open = (datum: Datum) => {
    const sample = sampleOf(datum);
    const expr = sample === null && columns ? exprOf(datum, columns) : null;
    const own = data.filter.clause(id);
    if (sample !== null) store.focus.value = sample;
    else if (expr) data.filter.set(id, own?.enabled && textOf(own.expr) === textOf(expr) ? null : expr);
  };
  const tell = (value: unknown, event: MouseEvent) => setTip(linesOf(value).length > 0 ? { lines: linesOf(value), x: event.clientX, y: event.clientY } : null);
  const { box, at, picture, failed, samples, retry } = usePicture(ctx, wrong === null ? spec : null, fields, columns, { tell, click: open });
  const set = (next: Spec) => ctx.set({ spec: next });
  const simple = simpleOf(spec, fields);
  const words = simple ? questionOf(simple) : described(spec);
  const why = wrong ?? missing ?? failed;
  const saved = async (kind: "png" | "svg") => {
    if (!picture) return;
    const name = fileName([recording.name, id], kind);
    if (kind === "svg") return saveAs(new Blob([await picture.view.toSVG()], { type: "image/svg+xml" }), name);
    (await picture.view.toCanvas(2)).toBlob((blob) => blob && saveAs(blob, name));
  };
  const named = title ?? (typeof spec["title"] === "string" ? spec["title"] : words);
  return (
    <section class="filling" aria-label={named}>
      <Heading title={named} small={`${plural(samples.length, "sample")} · ${splitText(store.split.value)}`}>
        <OwnFilter ctx={ctx} />
        <button type="button" class="button" title="Save the picture as PNG" disabled={!picture} onClick={() => void saved("png")}>PNG</button>
        <button type="button" class="button" title="Save the picture as SVG" disabled={!picture} onClick={() => void saved("svg")}>SVG</button>
      </Heading>
      {simple && <Form simple={simple} fields={fields} set={set} />}
      {why !== null && <Failure what="This chart cannot be drawn." why={why} {...(failed === null ? {} : { retry })} />}
      <div class={`picture ${takesHeight(spec) ? "fills" : ""}`} style={{ "--usual": `${USUAL_HEIGHT}px` }} ref={box} hidden={why !== null} tabIndex={0} role="group" aria-label="Picture" onMouseLeave={() => setTip(null)}>
        {!picture && <Waiting what="Drawing the chart" height={200} />}
        <div class="plot" ref={at} role="img" aria-label={`${words}; ${plural(samples.length, "sample")}`} />
        {tip && <Tip tip={tip} within={box.current} />}
      </div>
      {why === null && picture?.notes.map((note) => <p key={note} class="notes">{note}</p>)}
      {why === null && picture && columns && <Figures picture={picture} columns={columns} open={open} />}
      <AsText key={JSON.stringify(given)} spec={spec} fields={fields} set={set} />
    </section>
  );
}
