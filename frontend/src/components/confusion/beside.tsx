/** What stands beside the matrix: the most frequent mistakes, and with two classes the usual figures. */
import { count, percent, plural } from "../../draw/format";
import { Door, Swatch, Whisker } from "../../draw/parts";
import { wilson } from "../../state/intervals";
import type { Matrix, Place } from "./matrix";

const WORST = 12;

interface BesideProps {
  matrix: Matrix;
  open: (place: Place, filter: boolean) => void;
  selected: Place | null;
}

export function WorstPairs({ matrix, open, selected }: BesideProps) {
  const worst = matrix.worst(WORST);
  const most = Math.abs(worst[0]?.value ?? 1);
  const { against, share } = matrix.style;
  if (worst.length === 0) {
    return <p class="none muted">{against ? `No mistake is more or less frequent than ${against.name}.` : matrix.wrong === 0 ? "Nothing is wrong here: every labelled sample is called what it is." : "Every mistake is within a closed group."}</p>;
  }
  const figure = (value: number) => (share === "counts" ? count(value) : percent(value));
  const told = (value: number) => (against ? `${value > 0 ? "+" : "−"}${figure(Math.abs(value))}` : figure(value));
  return (
    <div class="worst">
      <h3>{against ? "Changed most" : "Most often confused"}</h3>
      <ol aria-label={against ? "Pairs that changed most" : "Most often confused pairs"}>
        {worst.map(({ row, column, value }) => (
          <li key={`${row} ${column}`} class={selected?.row === row && selected.column === column ? "on" : ""}>
            <button type="button" class="pair" aria-label={matrix.sentence({ row, column })} title={`${matrix.sentence({ row, column })}: ${percent(matrix.at(row, column) / (matrix.rows[row] || 1))} of all ${matrix.name(row)}`}
              onClick={(event) => open({ row, column }, event.shiftKey)}>
              <span class="num">{told(value)}</span>
              <span class="names">
                <Swatch of={matrix.items[row]?.of ?? null} /> <span class="name">{matrix.short(row)}</span> <span class="muted">called</span> <Swatch of={matrix.items[column]?.of ?? null} /> <span class="name">{matrix.short(column)}</span>
              </span>
              <span class="bar" aria-hidden="true"><i class={against && value > 0 ? "worse" : ""} style={{ width: `${(Math.abs(value) / most) * 100}%` }} /></span>
            </button>
          </li>
        ))}
      </ol>
      {matrix.pairs > worst.length && <p class="muted small">and {plural(matrix.pairs - worst.length, "pair")} more, each {against ? "changed less" : "rarer"}</p>}
    </div>
  );
}

/** Two classes: share right, and precision and recall of each. */
export function Binary({ matrix, open, wrong }: BesideProps & { wrong: () => void }) {
  const figures = [
    { name: "Accuracy", of: wilson(matrix.total - matrix.wrong, matrix.total), words: "show every mistake", go: wrong, why: "No labelled sample here" },
    ...[1, 0].flatMap((k) => {
      const hits = matrix.at(k, k);
      const name = matrix.name(k);
      return [
        { name: `Precision of ${name}`, of: wilson(hits, matrix.columns[k] ?? 0), words: `show what is wrongly called ${name}`, go: () => open({ row: 1 - k, column: k }, false), why: "Never predicted here" },
        { name: `Recall of ${name}`, of: wilson(hits, matrix.rows[k] ?? 0), words: `show the ${name} it misses`, go: () => open({ row: k, column: 1 - k }, false), why: "No sample here" },
      ];
    }),
  ];
  return (
    <table class="binary" aria-label="Accuracy, precision and recall">
      <tbody>
        {figures.map(({ name, of, words, go, why }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td class="numeric">{of.value === null ? <span class="muted" title={why}>— <span class="small">{why.toLowerCase()}</span></span> : <span class="estimate"><Whisker of={of} from={0} to={1} /><Door leads={words} open={go}>{percent(of.value)}</Door></span>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
