import { useMemo, useState } from "preact/hooks";
import { count, measure, plural } from "../../draw/format";
import { Door, Failure, Heading } from "../../draw/parts";
import { splitText } from "../../draw/where";
import type { Json } from "../../hosts/host";
import type { Recording } from "../../hosts/recording";
import { whyNotDecide } from "../../state/deeds";
import { has } from "../../state/masks";
import { ALL } from "../../state/selection";
import { Offer, useAnalysis, useColumn, type Asked, type Used } from "../analysis";
import type { Context } from "../component";
import { showRows, useKnown, type Known } from "../samples-strip";
import { useGrouping } from "../use-grouping";
import { useCounted } from "../use-judged";
import { columnsOf, layerParams } from "./columns";
import { GroupRow } from "./group";
import { clustersAt, clustersIn, groupsOf, readFound, sorted, TIERS, usualTiers, type Found, type Group, type Order, type Tier } from "./groups";
import { DROP, mark } from "./marks";
import { coverageWords, distanceWords, finding, listed, thing, TIER_WORDS } from "./words";
import css from "./duplicates.css?inline";
import strip from "../samples-strip.css?inline";

export const styles = `${strip}\n${css}`;

const PER_PAGE = 20;
const FARTHEST = 2;
const ONLY = { all: "All", across: "Across splits", differ: "Labels differ" } as const;
type Only = keyof typeof ONLY;

function test(only: Only): (group: Group) => boolean {
  return only === "across" ? ({ splits }) => splits.length > 1 : only === "differ" ? ({ conflict }) => conflict : () => true;
}

function choice<T extends string>(value: Json | undefined, known: readonly T[], fallback: T): T {
  return known.find((one) => one === value) ?? fallback;
}

/** The layers that may stand for the embedding, by their exact names; the usual one needs no name. */
export function LayerChoice({ ctx, label }: { ctx: Context; label: string }) {
  const { layers } = ctx.store.recording.value;
  const chosen = ctx.options.value["layer"];
  const usual = layers.find(({ role }) => role === "embedding")?.name;
  if (layers.length < 2) return null;
  return (
    <label>{label}
      <select value={typeof chosen === "string" ? chosen : (usual ?? "")} onChange={(event) => ctx.set({ layer: event.currentTarget.value === usual ? null : event.currentTarget.value })}>
        {layers.map(({ name, role }) => <option key={name} value={name}>{role === "embedding" ? `${name} (embedding)` : name}</option>)}
      </select>
    </label>
  );
}

/** Split that training copies are dropped from. */
function trainSplit(recording: Recording): string | null {
  const names = recording.splits.map(({ name }) => name);
  return names.find((name) => /^train/i.test(name)) ?? null;
}

function chosenTiers(ctx: Context, found: Found): Tier[] {
  const given = ctx.options.value["tiers"];
  const wanted = Array.isArray(given) ? TIERS.filter((tier) => given.includes(tier)) : [];
  return wanted.length > 0 ? wanted : usualTiers(found);
}

function upToOf(ctx: Context): number {
  const given = ctx.options.value["up_to"];
  return typeof given === "number" ? Math.min(FARTHEST, Math.max(0, given)) : 1;
}

function Alike({ ctx, found }: { ctx: Context; found: Found }) {
  const tiers = chosenTiers(ctx, found);
  const upTo = upToOf(ctx);
  const known = found.coverage.filter(({ reason }) => reason === null);
  const shown = known.filter(({ tier, cut }) => tiers.includes(tier) && tier !== "exact" && cut !== null);
  const words = shown.map(({ tier, cut }) => distanceWords(tier, (cut ?? 0) * (tier === "embedding" ? Math.min(1, upTo) : upTo))).join(", ");
  const toggle = (tier: Tier) => {
    const next = tiers.includes(tier) ? tiers.filter((one) => one !== tier) : TIERS.filter((one) => one === tier || tiers.includes(one));
    const usual = usualTiers(found);
    if (next.length > 0) ctx.set({ tiers: next.length === usual.length && usual.every((one) => next.includes(one)) ? null : next });
  };
  const far = upTo === 0 ? "no distance" : `${words}${upTo === 1 ? "" : ` (${measure(upTo)}× the usual)`}`;
  return (
    <details class="alikeness">
      <summary>{`The same: ${listed(tiers.map((tier) => TIER_WORDS[tier]))}${shown.length > 0 ? `, at most ${far} apart` : ""}`}</summary>
      <div class="filters">
        <fieldset aria-label="What counts as the same">
          {known.map(({ tier, pairs }) => (
            <label key={tier}><input type="checkbox" checked={tiers.includes(tier)} disabled={tiers.length === 1 && tiers.includes(tier)} onChange={() => toggle(tier)} />{` ${TIER_WORDS[tier]} (${plural(pairs, "pair")})`}</label>
          ))}
        </fieldset>
        {shown.length > 0 && (
          <label>How far apart at most
            <input type="range" min={0} max={FARTHEST} step={0.05} value={upTo} aria-valuetext={upTo === 0 ? "no distance" : words} onInput={(event) => ctx.set({ up_to: event.currentTarget.valueAsNumber === 1 ? null : event.currentTarget.valueAsNumber })} />
            <span class="alike num">{far}</span>
          </label>
        )}
        <LayerChoice ctx={ctx} label="Embedding" />
      </div>
    </details>
  );
}

/** What was asked of the groups: their source, and the groups themselves once they are there. */
function useGroups(ctx: Context, known: Known | null): { groups: Group[] | null; found: Found | null; used: Used; asked: Asked; column: string | null; failed: string | null } {
  const recording = ctx.store.recording.value;
  const names = columnsOf(recording);
  const given = ctx.options.value["source"];
  const column = names.find((name) => name === given) ?? (given === "analysis" ? null : (names[0] ?? null));
  const params = layerParams(ctx);
  const asked: Asked = {
    analysis: "duplicates",
    params,
    tables: { pairs: ["a", "b", "tier", "distance", "in_cuts"], samples: ["cluster", "readable"], coverage: ["tier", "reason", "compared", "skipped", "cut", "pairs", "grouped"] },
    title: "Looking for duplicates",
  };
  const used = useAnalysis(ctx, column === null ? asked : null, Object.keys(params).length > 0);
  const found = useMemo(() => (used.tables ? readFound(used.tables) : null), [used.tables]);
  const { column: named, failed } = useColumn(ctx, column);
  const tiers = found ? chosenTiers(ctx, found) : [];
  const upTo = upToOf(ctx);
  const groups = useMemo(() => {
    if (!known) return null;
    if (column !== null) return named ? groupsOf(clustersIn(named), known.truth, null) : null;
    if (!found || found.own.length !== known.truth.length) return null;
    return groupsOf(clustersAt(found, tiers, upTo), known.truth, { pairs: found.pairs, tiers, upTo });
  }, [found, known?.truth, named, column, tiers.join(), upTo]);
  return { groups, found, used, asked, column, failed };
}

function Leaks({ ctx, groups, known }: { ctx: Context; groups: readonly Group[]; known: Known | null }) {
  const across = groups.filter(test("across"));
  const train = trainSplit(ctx.store.recording.value);
  if (across.length === 0) return null;
  const members = across.flatMap((group) => Array.from(group.members));
  const leaked = train === null ? [] : members.filter((sample) => known?.split(sample) === train);
  const dropped = leaked.filter((sample) => !ctx.data.tags.of(sample).includes(DROP));
  return (
    <p class="acts">
      <button type="button" class="button" onClick={() => showRows(ctx, members, "in groups across splits")}>{`Select all ${plural(members.length, "sample")} across splits`}</button>
      {leaked.length > 0 && leaked.length < members.length && whyNotDecide(ctx.data) === null && (
        <button type="button" class="button" disabled={dropped.length === 0} onClick={() => void mark(ctx.data, dropped, DROP)}>{dropped.length > 0 ? `Mark ${plural(dropped.length, "copy", "copies")} in ${train} to drop` : `✓ Copies in ${train} are marked to drop`}</button>
      )}
    </p>
  );
}

function Marked({ ctx }: { ctx: Context }) {
  const rows = ctx.data.tags.rows.value.get(DROP);
  if (!rows || rows.length === 0) return null;
  return <p class="foot small"><Door leads="show them among the samples" open={() => showRows(ctx, rows, "marked to drop")}>{count(rows.length)}</Door> marked to drop.</p>;
}

function Pager({ page, pages, total, go }: { page: number; pages: number; total: number; go: (page: number) => void }) {
  if (pages <= 1) return null;
  return (
    <nav class="pager" aria-label="Pages of groups">
      <button type="button" class="button" disabled={page === 0} onClick={() => go(page - 1)}>← Previous</button>
      <span class="num">{`${count(page * PER_PAGE + 1)}–${count(Math.min(total, (page + 1) * PER_PAGE))} of ${plural(total, "group")}`}</span>
      <button type="button" class="button" disabled={page >= pages - 1} onClick={() => go(page + 1)}>Next →</button>
    </nav>
  );
}

function List({ ctx, groups, known, from }: { ctx: Context; groups: readonly Group[]; known: Known | null; from: readonly Group[] }) {
  const { store, data, options } = ctx;
  const only = choice(options.value["only"], ["all", "across", "differ"], "all");
  const order: Order = choice(options.value["order"], ["worst", "largest", "nearest"], "worst");
  const list = choice(options.value["list"], ["auto", "together", "split"], "auto");
  const shown = useMemo(() => sorted(groups.filter(test(only)), order), [groups, only, order]);
  const pages = Math.max(1, Math.ceil(shown.length / PER_PAGE));
  const [wanted, go] = useState(0);
  const page = Math.min(wanted, pages - 1);
  const grouped = store.groupBy.value;
  const { grouping } = useGrouping(ctx, grouped);
  return (
    <>
      <div class="filters">
        <span class="segments" role="group" aria-label="Which groups">
          {(["all", "across", "differ"] as const).map((one) => (
            <button key={one} type="button" aria-pressed={only === one} onClick={() => {
              ctx.set({ only: one === "all" ? null : one });
              go(0);
            }}>{`${ONLY[one]} ${count(groups.filter(test(one)).length)}`}</button>
          ))}
        </span>
        <label>Order <select value={order} onChange={(event) => ctx.set({ order: event.currentTarget.value === "worst" ? null : event.currentTarget.value })}>
          <option value="worst">Worst first</option><option value="largest">Largest first</option><option value="nearest">Nearest first</option>
        </select></label>
        <label>List members <select value={list} onChange={(event) => ctx.set({ list: event.currentTarget.value === "auto" ? null : event.currentTarget.value })}>
          <option value="auto">{`by ${grouped.length > 0 ? grouped.join(", ") : "split"}`}</option>
          {grouped.length > 0 && <option value="split">by split</option>}
          <option value="together">together</option>
        </select></label>
      </div>
      <Leaks ctx={ctx} groups={groups} known={known} />
      {groups.length < from.length && (
        <p class="foot muted small">
          {`${plural(from.length - groups.length, "more group")} ${from.length - groups.length === 1 ? "has" : "have"} no member that passes${store.split.value === ALL ? "" : ` in ${splitText(store.split.value)}`}. `}
          {store.split.value !== ALL && <button type="button" class="button quiet" onClick={() => (store.split.value = ALL)}>Show all splits</button>}
        </p>
      )}
      <div class="groups">
        {shown.slice(page * PER_PAGE, (page + 1) * PER_PAGE).map((group) => (
          <GroupRow key={group.members[0]} ctx={ctx} group={group} known={known} list={list} grouping={grouping} mask={data.filter.mask(ctx.id)} train={trainSplit(store.recording.value)} />
        ))}
      </div>
      {shown.length === 0 && <p class="none muted">{groups.length === 0 ? "No group has a member that passes the filter." : "None of the groups is so."}</p>}
      <Pager page={page} pages={pages} total={shown.length} go={go} />
    </>
  );
}

export function View({ ctx }: { ctx: Context }) {
  const { store } = ctx;
  const recording = store.recording.value;
  const known = useKnown(ctx);
  const { groups, found, used, asked, column, failed } = useGroups(ctx, known);
  const { mask } = useCounted(ctx);
  const visible = useMemo(() => groups?.filter((group) => mask === null || group.members.some((sample) => has(mask, sample))) ?? [], [groups, mask]);
  const what = thing(recording, column !== null);
  const told = finding(visible, what);
  const columns = columnsOf(recording);
  const small = groups === null ? "" : `${splitText(store.split.value)}${column === null ? "" : ` · by column ${column}`}`;
  const title = groups === null ? "Which samples are there twice?" : groups.length === 0 ? `No ${what} is there twice` : told.count === 0 ? `No ${what} is there twice among these` : (
    <><Door leads="show the samples in these groups" open={() => showRows(ctx, told.before.flatMap((group) => Array.from(group.members)), `in ${told.words}`)}>{count(told.count)}</Door> {told.words}</>
  );
  return (
    <section aria-label="Which samples are there twice?">
      <Heading title={title} small={small}>
        {columns.length > 0 && (
          <select aria-label="Groups from" value={column ?? ""} onChange={(event) => ctx.set({ source: event.currentTarget.value || "analysis" })}>
            {columns.map((name) => <option key={name} value={name}>{`Column ${name}`}</option>)}
            <option value="">Compared by Bathyscope</option>
          </select>
        )}
      </Heading>
      {failed !== null && <Failure what={`Column ${column} did not arrive.`} why={failed} />}
      {column === null && <Offer ctx={ctx} used={used} asked={asked} what="Which samples are there twice" verb="Look for duplicates" />}
      {column === null && found && <Alike ctx={ctx} found={found} />}
      {groups !== null && groups.length > 0 && <List ctx={ctx} groups={visible} known={known} from={groups} />}
      <Marked ctx={ctx} />
      {column === null && found && (
        <p class="foot muted small">
          {found.coverage.map(coverageWords).join(" ")}
          {upToOf(ctx) > 1 && " Beyond the usual distance, groups may be chains of pairs: look before you drop."}
        </p>
      )}
    </section>
  );
}
