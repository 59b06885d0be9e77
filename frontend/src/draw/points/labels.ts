/** Labels on the data that do not cover each other. */

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

function overlaps(a: Box, b: Box, gap: number): boolean {
  return a.x < b.x + b.width + gap && b.x < a.x + a.width + gap && a.y < b.y + b.height + gap && b.y < a.y + a.height + gap;
}

/**
 * Where each label goes, in the order of their importance: on its spot, else a little above, below or beside it; null
 * where everything near is taken or off the picture. Greedy: an earlier label never yields to a later one.
 */
export function placed(wishes: readonly Box[], within: { width: number; height: number }, gap = 2): (Box | null)[] {
  const taken: Box[] = [];
  return wishes.map((wish) => {
    const { width, height } = wish;
    const shifts: [number, number][] = [[0, 0], [0, -height - gap], [0, height + gap], [width * 0.6, 0], [-width * 0.6, 0], [0, -2 * (height + gap)], [0, 2 * (height + gap)]];
    if (wish.x + width < 0 || wish.y + height < 0 || wish.x > within.width || wish.y > within.height) return null;
    for (const [dx, dy] of shifts) {
      const box = { x: Math.max(2, Math.min(within.width - width - 2, wish.x + dx)), y: Math.max(2, Math.min(within.height - height - 2, wish.y + dy)), width, height };
      if (taken.some((other) => overlaps(box, other, gap))) continue;
      taken.push(box);
      return box;
    }
    return null;
  });
}
