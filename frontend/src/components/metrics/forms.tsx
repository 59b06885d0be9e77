/** Figures of groups as a table, as dots along a line, and as one strip a figure. */
import { scaleLinear } from "d3-scale";
import { useSignal } from "@preact/signals";
import { useSize } from "../../draw/axes";
import { count, percent } from "../../draw/format";
import { Door, Whisker } from "../../draw/parts";
import { SortedTable, type TableColumn } from "../../draw/table";
import { FIGURE_HINTS, FIGURE_NAMES, clear, type GroupFigures } from "./figures";
import { FIGURES, type Figure } from "./options";
import { differenceWords, figureText, figureTitle, pointsText } from "./words";

export interface FormProps {
  rows: readonly GroupFigures[];
  overall: GroupFigures | null;
  /** The group in words. */
  name: (group: number) => string;
  /** What the groups are values of. */
  by: string;
  /** A group as a condition: "device is a and flash is yes". */
  where: (group: number) => string;
  /** Groups with fewer samples are marked. */
  least: number;
  figure: Figure;
  pick: (group: number, wrong: boolean, filter: boolean) => void;
  unfilter: () => void;
}

function Few({ support, least }: { support: number; least: number }) {
  return support < least ? <span class="badge warn" title={`Fewer than ${count(least)} samples: not enough data to tell`}>few</span> : null;
}

function Name({ props, row }: { props: FormProps; row: GroupFigures }) {
  const name = props.name(row.group);
  return (
    <button type="button" class="door name" title={`Show the samples where ${props.where(row.group)}. Shift: filter by it; twice: take the filter away`} onDblClick={props.unfilter}
      onClick={(event) => props.pick(row.group, false, event.shiftKey)}>{name}</button>
  );
}

/** Heads of a table with many columns. */
const SHORT: Partial<Record<Figure, string>> = { balanced: "Balanced", confidence: "Confidence" };

function figureColumn(figure: Figure): TableColumn<GroupFigures> {
  return {
    id: figure,
    name: SHORT[figure] ?? FIGURE_NAMES[figure],
    hint: FIGURE_HINTS[figure],
    numeric: true,
    key: (row) => row.of[figure].value,
    cell: (row) => <span class={row.of[figure].value === null ? "num muted" : "num"} title={figureTitle(figure, row.of[figure])}>{figureText(figure, row.of[figure])}</span>,
  };
}

function columnsOf(props: FormProps): TableColumn<GroupFigures>[] {
  const { by, name, least, pick, rows, where } = props;
  const looked = rows.filter(({ support }) => support >= least).length;
  return [
    { id: "value", name: by, key: (row) => name(row.group), cell: (row) => <Name props={props} row={row} /> },
    {
      id: "support", name: "Samples", numeric: true, first: "descending", key: (row) => row.support,
      cell: (row) => <><Few support={row.support} least={least} /> <Door leads={`show the samples where ${where(row.group)}`} open={(event) => pick(row.group, false, event.shiftKey)}>{count(row.support)}</Door></>,
    },
    {
      id: "wrong", name: "Wrong", numeric: true, first: "descending", key: (row) => row.wrong,
      cell: (row) => <Door leads={`show what is wrong where ${where(row.group)}`} open={() => pick(row.group, true, false)}>{count(row.wrong)}</Door>,
    },
    {
      id: "accuracy", name: FIGURE_NAMES.accuracy, hint: FIGURE_HINTS.accuracy, numeric: true, key: (row) => row.of.accuracy.value,
      cell: (row) => <span class="estimate" title={figureTitle("accuracy", row.of.accuracy)}><Whisker of={row.of.accuracy} from={0} to={1} /><span class="num">{percent(row.of.accuracy.value)}</span></span>,
    },
    {
      id: "difference", name: "To the rest", hint: "Points of share right more or less than all other groups together", numeric: true, key: (row) => row.difference,
      cell: (row) => {
        const told = row.support >= least && clear(row.chance, looked);
        return <span class="num" title={differenceWords(row, told)}>{told && <span class={row.difference !== null && row.difference < 0 ? "badge bad" : "badge good"}>{row.difference !== null && row.difference < 0 ? "worse" : "better"}</span>} <span class={told ? "" : "muted"}>{pointsText(row.difference)}</span></span>;
      },
    },
    ...FIGURES.filter((figure) => figure !== "accuracy").map(figureColumn),
  ];
}

export function TableForm(props: FormProps) {
  return <SortedTable name={`By ${props.by}`} rows={props.rows} columns={columnsOf(props)} initial={{ id: "accuracy", direction: "ascending" }} keyOf={(row) => row.group} />;
}

const PAD = 8;

function scaleOf(rows: readonly GroupFigures[], figure: Figure, width: number) {
  const values = rows.flatMap(({ of }) => [of[figure].low ?? of[figure].value ?? 1]);
  return scaleLinear([Math.max(0, Math.min(0.9, ...values)), 1], [PAD, Math.max(PAD, width - PAD)]).nice(4);
}

/** Groups by one figure, the weakest on top, over a line for all of them together. */
export function DotForm(props: FormProps) {
  const { rows, overall, figure, least, pick, by, where } = props;
  const [box, { width }] = useSize<HTMLDivElement>();
  const sorted = rows.toSorted((a, b) => (a.of[figure].value ?? 2) - (b.of[figure].value ?? 2) || a.group - b.group);
  // Names, counts, figures and the padding beside them.
  const track = Math.max(80, width - 270);
  const x = scaleOf(rows, figure, track);
  const mean = overall?.of[figure].value ?? null;
  return (
    <div class="dots" ref={box}>
      <ul aria-label={`${FIGURE_NAMES[figure]} by ${by}`}>
        {sorted.map((row) => {
          const told = row.of[figure];
          return (
            <li key={row.group} class={row.support < least ? "faded" : ""}>
              <Name props={props} row={row} />
              <span><Few support={row.support} least={least} /> <Door leads={`show the samples where ${where(row.group)}`} open={(event) => pick(row.group, false, event.shiftKey)}>{count(row.support)}</Door></span>
              <svg width={track} height={22} aria-hidden="true">
                <line x1={PAD} x2={track - PAD} y1={11} y2={11} stroke="var(--line)" />
                {mean !== null && <line x1={x(mean)} x2={x(mean)} y1={0} y2={22} stroke="var(--ink-3)" stroke-dasharray="2 2" />}
                {told.low !== null && told.high !== null && <line x1={x(told.low)} x2={x(told.high)} y1={11} y2={11} stroke="var(--ink-3)" stroke-width={3} stroke-linecap="round" />}
                {told.value !== null && <circle cx={x(told.value)} cy={11} r={4} fill="var(--ink)" />}
              </svg>
              <span class="num" title={figureTitle(figure, told)}>{figureText(figure, told)}</span>
            </li>
          );
        })}
      </ul>
      <p class="ends muted small"><span style={{ width: `${track}px` }}>{x.ticks(4).map((tick) => <i key={tick} style={{ left: `${x(tick)}px` }}>{percent(tick, 0)}</i>)}</span></p>
      {mean !== null && <p class="muted small foot">Dashed: all groups together, {figureText(figure, overall?.of[figure] ?? { value: null, low: null, high: null, why: null })}. Bands: 95 % intervals.</p>}
    </div>
  );
}

const GREY = { few: 0.35, most: 1 };

/** Every figure as a strip with a dot for each group; the larger the group, the darker. */
export function StripForm(props: FormProps) {
  const { rows, overall, pick, by, name, where, least } = props;
  const [box, { width }] = useSize<HTMLDivElement>();
  const hovered = useSignal<number | null>(null);
  const track = Math.max(80, width - 160);
  const most = Math.max(1, ...rows.map(({ support }) => support));
  const told = rows.find(({ group }) => group === hovered.value);
  return (
    <div class="strips" ref={box}>
      <ul>
        {FIGURES.map((figure) => {
          const known = rows.filter(({ of }) => of[figure].value !== null);
          const x = scaleLinear([Math.max(0, Math.min(0.9, ...rows.flatMap(({ of }) => of[figure].value ?? []))), 1], [PAD, Math.max(PAD, track - PAD)]).nice(4);
          const mean = overall?.of[figure].value ?? null;
          return (
            <li key={figure}>
              <span class="name" title={FIGURE_HINTS[figure]}>{FIGURE_NAMES[figure]}</span>
              <div class="strip" style={{ width: `${track}px` }} role="group" aria-label={`${FIGURE_NAMES[figure]} by ${by}`}>
                {mean !== null && <i class="mean" style={{ left: `${x(mean)}px` }} aria-hidden="true" />}
                {known.map((row) => (
                  <button key={row.group} type="button" class={`dot ${row.group === hovered.value ? "lit" : ""} ${row.support < least ? "few" : ""}`}
                    style={{ left: `${x(row.of[figure].value ?? 0)}px`, opacity: String(GREY.few + (GREY.most - GREY.few) * Math.sqrt(row.support / most)) }}
                    aria-label={`${name(row.group)}: ${figureText(figure, row.of[figure])}, ${count(row.support)} samples`} title={`${name(row.group)}: ${figureTitle(figure, row.of[figure])}, ${count(row.support)} samples`}
                    onPointerEnter={() => (hovered.value = row.group)} onPointerLeave={() => (hovered.value = null)} onFocus={() => (hovered.value = row.group)} onBlur={() => (hovered.value = null)}
                    onClick={(event) => pick(row.group, false, event.shiftKey)} />
                ))}
                {known.length === 0 && <span class="muted small">— {rows[0]?.of[figure].why}</span>}
                <span class="ends"><i>{percent(x.domain()[0] ?? 0, 0)}</i><i>{percent(1, 0)}</i></span>
              </div>
            </li>
          );
        })}
      </ul>
      <p class="muted small foot" aria-live="polite">{told ? `${where(told.group)}: ${FIGURES.map((figure) => `${FIGURE_NAMES[figure].toLowerCase()} ${figureText(figure, told.of[figure])}`).join(", ")}` : "A dot is a group, darker the more samples it has. Dashed: all groups together."}</p>
    </div>
  );
}
