/** The ways of the samples that are picked or in focus, and the neighbours of the one in focus. */
import { useEffect, useState } from "preact/hooks";
import { classColour } from "../../draw/colour";
import { chosen } from "../../state/chosen";
import type { Context } from "../component";
import { neighboursIn } from "../inspector/neighbours";
import type { Trail } from "./above";
import type { Courses } from "./courses";
import type { Frames } from "./frames";
import { cursorOf } from "./marks";
import { reason } from "../../hosts/reason";

/** More ways than these are a tangle. */
export const MOST_TRAILS = 24;
const REST_MS = 60;

export function trailRows(ctx: Context): number[] {
  const picked = chosen(ctx.store);
  const some = picked.length <= MOST_TRAILS ? Array.from(picked) : [];
  const more = [ctx.store.focus.value, cursorOf(ctx.data).value].filter((row) => row !== null);
  return [...new Set([...some, ...more])];
}

export function useTrails(ctx: Context, frames: Frames | null, courses: Courses | null, wanted: boolean): readonly Trail[] {
  const [trails, set] = useState<readonly Trail[]>([]);
  const rows = wanted ? trailRows(ctx) : [];
  const key = rows.join(",");
  useEffect(() => {
    if (!frames || rows.length === 0) return set([]);
    let gone = false;
    const timer = setTimeout(() => {
      Promise.all([frames.paths(rows), courses?.of(rows).catch(() => null) ?? null]).then(
        ([paths, stories]) => {
          if (gone) return;
          set(rows.flatMap((sample) => {
            const path = paths.get(sample);
            const story = stories?.get(sample);
            const colours = frames.infos.map(({ checkpoint }) => {
              const frame = courses?.frame(checkpoint) ?? null;
              const prediction = frame === null ? null : (story?.prediction[frame] ?? null);
              return prediction === null ? null : classColour(prediction);
            });
            return path ? [{ sample, path, colours }] : [];
          }));
        },
        (error: unknown) => !gone && ctx.store.notice(`The ways of the samples could not be read. ${reason(error)}`),
      );
    }, REST_MS);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [frames, courses, key]);
  return trails;
}

/** The samples most alike to the one in focus in the last embedding; null where that was never worked out. */
export function useOriginal(ctx: Context, wanted: boolean): readonly number[] | null {
  const focus = ctx.store.focus.value;
  const [found, set] = useState<{ of: number; samples: readonly number[] | null } | null>(null);
  useEffect(() => {
    if (!wanted || focus === null) return;
    let gone = false;
    ctx.data.storedRows("familiarity", {}, "nearest", [focus]).then(
      (table) => !gone && set({ of: focus, samples: table && (neighboursIn(table)?.map(({ sample }) => sample) ?? null) }),
      () => !gone && set({ of: focus, samples: null }),
    );
    return () => {
      gone = true;
    };
  }, [wanted, focus]);
  return wanted && focus !== null && found?.of === focus ? found.samples : null;
}
