import { group } from "d3-array";
import { count, plural } from "../../draw/format";
import { Door } from "../../draw/parts";
import { parted, type Grouping } from "../../state/groups";
import { has, type Mask } from "../../state/masks";
import { whyNotDecide } from "../../state/deeds";
import type { Context } from "../component";
import { labelText } from "../grid/card";
import { showRows, Strip, type Known } from "../samples-strip";
import type { Group } from "./groups";
import { DROP, KEEP, mark, markOf } from "./marks";
import { acrossWords, listed, tierWords } from "./words";

/** Groups of more samples than this take the whole width. */
const FEW = 3;

export interface Part {
  /** null: the members are listed together. */
  name: string | null;
  samples: readonly number[];
}

/** The members by what the page is grouped by, by split, or together; only groups that hold some make a part. */
export function partsOf(members: readonly number[], list: string, grouping: Grouping | null, splitOf: (sample: number) => string): Part[] {
  if (list === "together") return [{ name: null, samples: members }];
  if (list === "split" || !grouping) return Array.from(group(members, splitOf), ([name, samples]) => ({ name, samples }));
  return parted(Uint32Array.from(members), grouping).parts.map((part) => ({ name: grouping.values(part.group).join(", "), samples: Array.from(part.rows) }));
}

function Marks({ ctx, sample }: { ctx: Context; sample: number }) {
  const now = markOf(ctx.data, sample);
  const why = whyNotDecide(ctx.data);
  if (why !== null) return now === null ? null : <div class="muted">{now === DROP ? "to drop" : "to keep"}</div>;
  return (
    <span class="marks" role="group" aria-label="Keep or drop">
      {[KEEP, DROP].map((tag) => (
        <button key={tag} type="button" aria-pressed={now === tag} class={tag} onClick={() => void mark(ctx.data, [sample], now === tag ? null : tag === KEEP ? KEEP : DROP)}>
          {tag === KEEP ? "Keep" : "Drop"}
        </button>
      ))}
    </span>
  );
}

function labelsIn(ctx: Context, members: readonly number[], known: Known | null): string {
  const { classes } = ctx.store.recording.value;
  const names = members.map((sample) => (known ? labelText(known.facts(sample), classes) : null)).filter((name) => name !== null);
  const each = [...new Set(names)];
  return each.length > 4 ? `${each.slice(0, 3).join(", ")} and ${count(each.length - 3)} more` : listed(each);
}

export function GroupRow(props: { ctx: Context; group: Group; known: Known | null; list: string; grouping: Grouping | null; mask: Mask | null; train: string | null }) {
  const { ctx, group, known, train } = props;
  const members = Array.from(group.members);
  const parts = partsOf(members, props.list, props.grouping, (sample) => known?.split(sample) ?? "no split");
  const across = group.splits.length > 1;
  const likeness = tierWords(group);
  const open = (samples: readonly number[], words: string) => showRows(ctx, samples, words);
  const inTrain = across && train !== null && group.splits.includes(train) ? members.filter((sample) => known?.split(sample) === train) : [];
  const surplus = inTrain.length > 0 ? inTrain : members.slice(1);
  const act = inTrain.length > 0 ? `Drop ${count(surplus.length)} in ${train}` : `Drop ${count(surplus.length)}`;
  const acts = inTrain.length > 0 ? `Mark the ${plural(surplus.length, "copy", "copies")} in ${train} to drop` : `Mark all but the first to drop`;
  return (
    <article class={members.length > FEW ? "group many" : "group"} aria-label={`Group ${group.number}`}>
      <header>
        <h3 class="num">{`Group ${count(group.number)}`}</h3>
        <Door leads="show its members among the samples" open={() => open(members, `in group ${group.number} of duplicates`)}>{plural(members.length, "sample")}</Door>
        {across && <span class="badge bad">{acrossWords(group.splits)}</span>}
        {group.conflict && <span class="badge warn" title={labelsIn(ctx, members, known)}>{`labels differ: ${labelsIn(ctx, members, known)}`}</span>}
      </header>
      <p class="how">
        {likeness !== null && <span class="muted small">{likeness}</span>}
        {whyNotDecide(ctx.data) === null && (
          <button type="button" class="button quiet act" title={acts} onClick={() => void mark(ctx.data, surplus, DROP)}>{act}</button>
        )}
      </p>
      <div class="parts">
        {parts.map((part) => (
          <div key={part.name ?? ""} class="part">
            {part.name !== null && (
              <h4><Door leads={`show these among the samples`} open={() => open(part.samples, `of group ${group.number} in ${part.name}`)}>{part.samples.length > 1 ? `${part.name}: ${count(part.samples.length)}` : part.name}</Door></h4>
            )}
            <Strip ctx={ctx} samples={part.samples} known={known} label={part.name === null ? `Members of group ${group.number}` : `Members of group ${group.number} in ${part.name}`}
              aside={(sample) => (part.name === null ? (known?.split(sample) ?? "") : undefined)}
              faded={(sample) => props.mask !== null && !has(props.mask, sample)}
              under={(sample) => <Marks ctx={ctx} sample={sample} />}
              all={() => open(part.samples, `of group ${group.number}`)} />
          </div>
        ))}
      </div>
    </article>
  );
}
