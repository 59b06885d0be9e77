import { useEffect, useMemo, useState } from "preact/hooks";
import { count, percent, plural, valueText } from "../../draw/format";
import { Door, Failure, Heading, Waiting } from "../../draw/parts";
import { SortedTable, type TableColumn } from "../../draw/table";
import { splitText } from "../../draw/where";
import type { Column } from "../../hosts/arrow";
import type { Json } from "../../hosts/host";
import { sentenceOf, type Expr, type Scalar } from "../../state/clauses";
import { fieldsOf } from "../../state/fields";
import { statesOf } from "../overview/counts";
import type { Context } from "../component";
import { useCounted } from "../use-judged";
import { placeColumns, worthLooking } from "./columns";
import { counted, MOST_VALUES, sumsOf, valuesOf, type Area, type Counted, type Figures, type Stray } from "./counts";
import { library, type Library } from "./library";
import { PROJECTIONS, type Projection } from "./paths";
import { Picture, type Shown } from "./picture";
import type { Placed, Regions } from "./shapes";
import { finding, howMany, rightWords } from "./words";
import { reason } from "../../hosts/reason";
import css from "./datamap.css?inline";

export const styles = css;

const MOST_STRAYS = 40;

function optionsOf(ctx: Context) {
  const { column, show, form, least, map, object, id, names, projection } = ctx.options.value as { readonly [name: string]: Json };
  return {
    column: typeof column === "string" ? column : null,
    right: show === "right",
    form: form === "table" ? "table" as const : "map" as const,
    least: Math.max(1, Math.round(Number(least))),
    map: map ?? null,
    object: typeof object === "string" ? object : null,
    id: typeof id === "string" ? id : null,
    names: typeof names === "object" && names !== null && !Array.isArray(names) ? names : {},
    projection: PROJECTIONS.find((one) => one === projection) ?? "auto",
  };
}

type Chosen = ReturnType<typeof optionsOf>;

interface Ready {
  library: Library | null;
  regions: Regions | null;
  failed: string | null;
  retry: () => void;
}

/** The library and the map of the options, once they are there. */
function useRegions(ctx: Context, { map, object, id, projection }: Chosen): Ready {
  const [found, setFound] = useState<Library | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const load = () => {
    setFailed(null);
    library(ctx.data).then(setFound, (error: unknown) => setFailed(reason(error)));
  };
  useEffect(load, []);
  const made = useMemo((): { regions: Regions | null; wrong: string | null } => {
    try {
      return { regions: found && found.regionsOf(map, object, id, projection === "flat"), wrong: null };
    } catch (error) {
      return { regions: null, wrong: reason(error) };
    }
  }, [found, map, object, id, projection === "flat"]);
  return { library: found, regions: made.regions, failed: made.wrong ?? failed, retry: load };
}

/** Where each value belongs: as the option says, or as the map itself knows. */
function placer(regions: Regions, names: Chosen["names"]): (value: string) => Placed {
  return (value) => {
    const said = Object.hasOwn(names, value) ? (names as { readonly [value: string]: Json })[value] : undefined;
    return regions.place(said === undefined || said === null ? value : String(said));
  };
}

/** The first column that seems to hold regions; null where none does. */
export function guessed(ctx: Context, place: (value: string) => Placed): string | null {
  const recording = ctx.store.recording.value;
  const values = new Map(recording.columns.map((column) => [column.name, column.values ?? []] as const));
  const fits = placeColumns(recording).find((field) => {
    if (!worthLooking(field)) return false;
    const known = field.role === "label" ? recording.classes : (values.get(field.name) ?? []);
    return field.type === "category" ? known.length > 0 && 2 * known.filter((value) => typeof place(value) === "number").length >= known.length : true;
  });
  return fits?.name ?? null;
}

function useColumn(ctx: Context, name: string | null): { column: Column | undefined; failed: string | null } {
  const [failed, setFailed] = useState<string | null>(null);
  const { filter } = ctx.data;
  useEffect(() => {
    setFailed(null);
    if (name !== null) filter.column(name).catch((error: unknown) => setFailed(reason(error)));
  }, [name]);
  return { column: name === null ? undefined : filter.at(name), failed };
}

/** Filters others by values of the column: by these alone, or with those that are picked already. */
function picksOf(ctx: Context, column: string): { has: (values: readonly Scalar[]) => boolean; pick: (values: readonly Scalar[], add: boolean) => void } {
  const { filter } = ctx.data;
  const own = filter.clause(ctx.id);
  const expr = own?.enabled ? own.expr : null;
  const now: readonly Scalar[] = expr?.op === "in" && expr.column === column ? expr.values : [];
  const has = (values: readonly Scalar[]) => values.length > 0 && values.every((value) => now.includes(value));
  const pick = (values: readonly Scalar[], add: boolean) => {
    const alone = has(values) && now.length === values.length;
    const next = add ? (has(values) ? now.filter((value) => !values.includes(value)) : [...now, ...values.filter((value) => !now.includes(value))]) : alone ? [] : values;
    filter.set(ctx.id, next.length > 0 ? { op: "in", column, values: next } : null);
  };
  return { has, pick };
}

function Controls({ ctx, chosen, judged, column }: { ctx: Context; chosen: Chosen; judged: boolean; column: string | null }) {
  const candidates = placeColumns(ctx.store.recording.value);
  const segment = (name: string, value: string, label: string, standard: string) => {
    const now = ctx.options.value[name] === value;
    return <button type="button" aria-pressed={now} onClick={() => ctx.set({ [name]: value === standard ? null : value })}>{label}</button>;
  };
  return (
    <div class="controls" role="group" aria-label="How it is shown">
      <select aria-label="Column of regions" value={column ?? ""} onChange={(event) => ctx.set({ column: event.currentTarget.value === "" ? null : event.currentTarget.value })}>
        {column === null && <option value="">Column of regions…</option>}
        {candidates.map(({ name }) => <option key={name} value={name}>{name}</option>)}
      </select>
      <div class="segments" role="group" aria-label="Drawn as">{segment("form", "map", "Map", "map")}{segment("form", "table", "Table", "map")}</div>
      {judged && <div class="segments" role="group" aria-label="Figure">{segment("show", "samples", "Samples", "samples")}{segment("show", "right", "Share right", "samples")}</div>}
      {judged && chosen.right && (
        <label class="least">at least <input type="number" min={1} max={100000} aria-label="Fewest judged samples a region needs" value={chosen.least} onChange={(event) => {
          const next = Math.round(Number(event.currentTarget.value));
          if (next >= 1) ctx.set({ least: next });
        }} /> judged</label>
      )}
    </div>
  );
}

function AreasTable({ shown, column, total: { all, passing: total } }: { shown: Shown; column: string; total: Figures }) {
  const filtered = all !== total;
  const right = { id: "right", name: "Share right", numeric: true, key: (area: Area) => (area.judged < shown.least ? null : area.right.value), cell: (area: Area) => <span title={rightWords(area, shown.least)}>{area.judged < shown.least ? "too few" : percent(area.right.value)}</span> };
  const columns: TableColumn<Area>[] = [
    { id: "region", name: column, key: shown.name, cell: (area) => <button type="button" class="door" aria-pressed={shown.picked(area)} onClick={(event) => shown.pick(area, event.shiftKey || event.ctrlKey || event.metaKey)}>{shown.name(area)}</button> },
    { id: "passing", name: "Samples", numeric: true, first: "descending", key: ({ passing }) => passing, cell: (area) => <Door leads={`show only samples from ${shown.name(area)}`} open={(event) => shown.pick(area, event.shiftKey)}>{count(area.passing)}</Door> },
    ...(filtered ? [{ id: "all", name: "Before the filter", numeric: true, first: "descending" as const, key: ({ all }: Area) => all, cell: ({ all }: Area) => count(all) }] : []),
    { id: "share", name: "Of all", numeric: true, first: "descending", key: ({ passing }) => passing, cell: ({ passing }) => percent(total === 0 ? null : passing / total) },
    ...(shown.right ? [{ ...right, first: "ascending" as const }] : []),
  ];
  return <SortedTable name={`Samples by ${column}`} rows={[...shown.areas.values()]} columns={columns} initial={{ id: "passing", direction: "descending" }} keyOf={({ region }) => region} />;
}

/** What the map cannot show, each value with its samples. */
function Strays({ ctx, column, of, picks }: { ctx: Context; column: string; of: Counted; picks: ReturnType<typeof picksOf> }) {
  const [all, setAll] = useState(false);
  const { strays, missing } = of;
  if (strays.length === 0 && missing.all === 0) return null;
  const { filter } = ctx.data;
  const none: Expr = { op: "null", column };
  const lacking = filter.clause(ctx.id)?.expr.op === "null";
  const add = (key: "all" | "passing") => strays.reduce((sum, one) => sum + one[key], missing[key]);
  const sum = { all: add("all"), passing: add("passing") };
  const whole: Expr = missing.all === 0 ? { op: "in", column, values: strays.map(({ value }) => value) } : { op: "or", of: [...(strays.length > 0 ? [{ op: "in", column, values: strays.map(({ value }) => value) } as const] : []), none] };
  const line = (name: string, figures: Figures, why: string, pressed: boolean, open: () => void, leads: string) => (
    <li key={name} class={pressed ? "picked" : ""}><span class="name" title={name}>{name}</span><Door open={open} leads={leads}>{howMany(figures)}</Door><span class="muted small">{why}</span></li>
  );
  const shown: readonly Stray[] = all ? strays : strays.slice(0, MOST_STRAYS);
  return (
    <section class="strays" aria-label="Not on the map">
      <h3>Not on the map: <Door open={() => filter.set(ctx.id, whole, `${column} is not on the map`)} leads="show only these samples">{howMany(sum)}</Door></h3>
      <ul>
        {missing.all > 0 && line("missing", missing, `says no ${column}`, lacking, () => filter.set(ctx.id, lacking ? null : none), `show only samples where ${sentenceOf(none)}`)}
        {shown.map((stray) => line(valueText(stray.value) || "(empty text)", stray, stray.why, picks.has([stray.value]), () => picks.pick([stray.value], false), `show only samples where ${column} = ${valueText(stray.value)}`))}
      </ul>
      {strays.length > shown.length && <button type="button" class="button quiet" onClick={() => setAll(true)}>{plural(strays.length - shown.length, "more value")}</button>}
    </section>
  );
}

interface Body {
  ctx: Context;
  chosen: Chosen;
  library: Library;
  regions: Regions;
  column: string;
  shown: Shown;
  of: Counted;
  picks: ReturnType<typeof picksOf>;
}

function Drawn({ ctx, chosen, library: found, regions, column, shown, of, picks }: Body) {
  return (
    <>
      {of.total.all === 0 && <p class="none muted">No sample is in this split.</p>}
      {of.total.all > 0 && of.areas.size === 0 && <p class="none muted">{`No value of ${column} is a region of this map.`}</p>}
      {chosen.form === "table" ? of.areas.size > 0 && <AreasTable shown={shown} column={column} total={of.total} />
        : <Picture library={found} regions={regions} projection={chosen.projection as Projection} shown={shown} />}
      <Strays ctx={ctx} column={column} of={of} picks={picks} />
    </>
  );
}

export function View({ ctx }: { ctx: Context }) {
  const { store, data } = ctx;
  const recording = store.recording.value;
  const chosen = optionsOf(ctx);
  const { library: found, regions, failed, retry } = useRegions(ctx, chosen);
  const place = useMemo(() => regions && placer(regions, chosen.names), [regions, JSON.stringify(chosen.names)]);
  const fields = useMemo(() => fieldsOf(recording), [recording]);
  const asked = chosen.column;
  const name = useMemo(() => (asked !== null ? (placeColumns(recording).find((field) => field.name === asked)?.name ?? null) : place && guessed(ctx, place)), [asked, place, recording]);
  const { column, failed: missing } = useColumn(ctx, name);
  const judged = fields.some((field) => field.name === "correct");
  const correct = judged ? data.filter.at("correct") : undefined;
  const { mask, filtered } = useCounted(ctx);
  const within = data.filter.within.value;
  const values = useMemo(() => column && valuesOf(column), [column]);
  const placed = useMemo(() => (values && place ? values.scalars.map((value) => place(String(value))) : null), [values, place]);
  const of = useMemo(() => (values && placed ? counted(values, placed, sumsOf(values, correct ? statesOf(correct) : null, within, mask)) : null), [values, placed, correct, within, mask]);
  const picks = picksOf(ctx, name ?? "");
  const right = judged && chosen.right;
  const nameOf = (area: Area) => regions?.regions[area.region]?.name ?? "";
  const shown: Shown = { areas: of?.areas ?? new Map(), right, least: chosen.least, name: nameOf, picked: (area) => picks.has(area.values), pick: (area, add) => picks.pick(area.values, add) };
  const question = "Where do the samples come from?";
  const title = of && name !== null && of.areas.size > 0 ? finding(of, nameOf, name, { right, least: chosen.least }) : question;
  const own = data.filter.clause(ctx.id);
  const small = of ? `${filtered ? `${count(of.total.passing)} of ${plural(of.total.all, "sample")} pass the filter` : plural(of.total.all, "sample")} · ${splitText(store.split.value)}` : splitText(store.split.value);
  return (
    <section aria-label={question}>
      <Heading title={title} small={small}>
        {own?.enabled && <button type="button" class="button own" aria-label={`Take away the filter ${own.label ?? sentenceOf(own.expr)}`} onClick={() => data.filter.set(ctx.id, null)}><span class="text">{own.label ?? sentenceOf(own.expr)}</span> ×</button>}
      </Heading>
      <Controls ctx={ctx} chosen={chosen} judged={judged} column={name} />
      {failed !== null && <Failure what="The map cannot be drawn." why={failed} {...(found === null ? { retry } : {})} />}
      {missing !== null && <Failure what="The regions did not arrive." why={missing} />}
      {failed === null && !regions && <Waiting what="Loading the map" height={200} />}
      {regions && asked !== null && name === null && <p class="none muted">{`There is no column “${asked}” that can hold regions. Choose one above.`}</p>}
      {regions && asked === null && name === null && <p class="none muted">{`No column holds ${regions.world ? "countries: names in English, or ISO codes of two letters, three letters or three digits" : "regions of this map"}. Choose one above to see what it holds.`}</p>}
      {name !== null && regions && !column && missing === null && <Waiting what={`Fetching ${name}`} height={160} />}
      {values === null && <p class="none muted">{`${name ?? ""} has no values to place on a map, or more than ${count(MOST_VALUES)}.`}</p>}
      {of && found && regions && name !== null && <Drawn ctx={ctx} chosen={chosen} library={found} regions={regions} column={name} shown={shown} of={of} picks={picks} />}
    </section>
  );
}
