/** One small matrix for every group that occurs, all on one scale. */
import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { count, plural } from "../../draw/format";
import { Door } from "../../draw/parts";
import { cellsByGroup, cellsFrom, rowsWhere, totalsByGroup, type Judged } from "../../state/counting";
import type { Grouping } from "../../state/groups";
import type { Mask } from "../../state/masks";
import type { Context } from "../component";
import { pickRows } from "../use-judged";
import { CellMap } from "./cell-map";
import type { Axis } from "./levels";
import { Matrix, type Place, type Style } from "./matrix";

const AT_ONCE = 12;
const MOST = 200;
const SIDE = 200;

interface Group {
  group: number;
  title: string;
  matrix: Matrix;
}

function groupsOf(judged: Judged, mask: Mask | null, grouping: Grouping, axis: Axis, style: Style, shown: number): { groups: Group[]; occurring: number } {
  const total = totalsByGroup(judged, grouping.codes, grouping.size, mask);
  const order = Array.from(total, (n, group) => ({ n, group })).filter(({ n }) => n > 0).sort((a, b) => b.n - a.n || a.group - b.group);
  const wanted = order.slice(0, shown);
  const slot = new Int32Array(grouping.size).fill(-1);
  wanted.forEach(({ group }, place) => (slot[group] = place));
  const cells = cellsByGroup(judged, mask, grouping.codes.map((code) => slot[code] as number), wanted.length);
  const groups = wanted.map(({ group }, place) => ({ group, title: grouping.values(group).join(" · "), matrix: new Matrix(cells[place] ?? cellsFrom([]), axis, style) }));
  const most = Math.max(0, ...groups.map(({ matrix }) => matrix.most));
  for (const { matrix } of groups) matrix.most = most;
  return { groups, occurring: order.length };
}

export function Multiples(props: { ctx: Context; judged: Judged; mask: Mask | null; grouping: Grouping; axis: Axis; style: Style; clear: () => void; turn: (at: number, open: boolean) => void }) {
  const { ctx, judged, mask, grouping, axis, style, clear, turn } = props;
  const shown = useSignal(AT_ONCE);
  const { groups, occurring } = useMemo(
    () => groupsOf(judged, mask, grouping, axis, { share: style.share, hideDiagonal: style.hideDiagonal, log: style.log, against: null }, shown.value),
    [judged, mask, grouping, axis, style.share, style.hideDiagonal, style.log, shown.value],
  );
  const columns = grouping.divisions.map(({ column }) => column).join(" and ");
  const pick = ({ group, title }: Group, test: (label: number, prediction: number) => boolean, words: string) => {
    const rows = rowsWhere(mask, judged.length, (row) => {
      const [label, prediction] = [judged.label[row] as number, judged.prediction[row] as number];
      return grouping.codes[row] === group && label !== -1 && prediction !== -1 && test(label, prediction);
    });
    pickRows(ctx, rows, `${words} where ${columns} is ${title}`);
  };
  const open = (one: Group, place: Place, filter: boolean) => {
    if (filter) ctx.data.filter.set(ctx.id, grouping.expr(one.group));
    else pick(one, (label, prediction) => (place.row < 0 || axis.position[label] === place.row) && (place.column < 0 || axis.position[prediction] === place.column), one.matrix.sentence(place).replace(/^\S+ /, ""));
  };
  return (
    <section class="multiples" aria-label={`By ${columns}`}>
      <h3>By {columns} <span class="muted small">one scale for all · Shift and click filters by the group</span></h3>
      <ul>
        {groups.map((one) => (
          <li key={one.group}>
            <h4>
              <span class="title" title={one.title}>{one.title}</span>{" "}
              <Door leads={`show what is wrong where ${columns} is ${one.title}`} open={() => pick(one, (label, prediction) => label !== prediction, "wrong")}>{`${count(one.matrix.wrong)} of ${count(one.matrix.total)}`}</Door>
            </h4>
            <CellMap ctx={ctx} matrix={one.matrix} widest={SIDE} name={one.title} open={(place, filter) => open(one, place, filter)} clear={clear} turn={turn} selected={null} />
          </li>
        ))}
      </ul>
      {occurring > groups.length && (groups.length < MOST
        ? <button type="button" class="button" onClick={() => (shown.value = Math.min(MOST, shown.value + AT_ONCE))}>Show {plural(Math.min(AT_ONCE, occurring - groups.length), "more group")} of {count(occurring - groups.length)}</button>
        : <p class="muted small">and {plural(occurring - groups.length, "smaller group")} more; filter to see them</p>)}
    </section>
  );
}
