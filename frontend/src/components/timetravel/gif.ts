/** Moving pictures as GIF, which opens wherever pictures do: one palette for all frames, and of each frame only what changed. */

/** The last index stands for "as in the frame before". */
const SAME = 255;
const MOST_COLOURS = 255;
/** Colours are counted to so many bits a channel. */
const BITS = 5;
const CODES = 1 << (3 * BITS);
const LZW_BITS = 8;
const MOST_CODES = 4096;
const LONGEST_BLOCK = 255;

/** Grows as it is written to. */
class Bytes {
  private kept = new Uint8Array(1 << 16);
  private length = 0;

  push(...values: readonly number[]): void {
    for (const value of values) {
      if (this.length === this.kept.length) {
        const more = new Uint8Array(2 * this.kept.length);
        more.set(this.kept);
        this.kept = more;
      }
      this.kept[this.length++] = value;
    }
  }

  short(value: number): void {
    this.push(value & 255, value >> 8);
  }

  text(value: string): void {
    this.push(...[...value].map((letter) => letter.charCodeAt(0)));
  }

  get all(): Uint8Array<ArrayBuffer> {
    return this.kept.slice(0, this.length);
  }
}

function codeOf(pixels: Uint8ClampedArray, at: number): number {
  const channel = (k: number) => (pixels[at + k] ?? 0) >> (8 - BITS);
  return (channel(0) << (2 * BITS)) | (channel(1) << BITS) | channel(2);
}

interface Box {
  codes: number[];
  axis: number;
  /** How much is gained by dividing it: how many pixels it holds times how far apart they are. */
  worth: number;
}

const SHIFTS = [2 * BITS, BITS, 0] as const;
const LEVELS = (1 << BITS) - 1;

function channelOf(code: number, axis: number): number {
  return (code >> (SHIFTS[axis] ?? 0)) & LEVELS;
}

function boxOf(codes: number[], counts: Float64Array): Box {
  const spans = SHIFTS.map((_, axis) => {
    const values = codes.map((code) => channelOf(code, axis));
    return values.reduce((a, b) => Math.max(a, b), 0) - values.reduce((a, b) => Math.min(a, b), LEVELS);
  });
  const axis = spans.indexOf(Math.max(...spans));
  const weight = codes.reduce((sum, code) => sum + (counts[code] ?? 0), 0);
  // The root, so that few but bright dots are not lost in a wide pale ground.
  return { codes, axis, worth: codes.length < 2 ? 0 : Math.sqrt(weight) * (spans[axis] ?? 0) };
}

function halves({ codes, axis }: Box, counts: Float64Array): [number[], number[]] {
  const ordered = [...codes].sort((a, b) => channelOf(a, axis) - channelOf(b, axis) || a - b);
  const half = ordered.reduce((sum, code) => sum + (counts[code] ?? 0), 0) / 2;
  let sum = 0;
  let cut = 0;
  while (cut < ordered.length - 1 && (cut === 0 || sum < half)) sum += counts[ordered[cut++] ?? 0] ?? 0;
  return [ordered.slice(0, cut), ordered.slice(cut)];
}

/** Up to 255 colours, r g b r g b …, that stand for those of some pictures: their boxes are divided where it matters most. */
export function paletteOf(pictures: readonly Uint8ClampedArray[]): Uint8Array {
  const counts = new Float64Array(CODES);
  const sums = new Float64Array(3 * CODES);
  for (const pixels of pictures) {
    for (let at = 0; at < pixels.length; at += 4) {
      const code = codeOf(pixels, at);
      counts[code] = (counts[code] ?? 0) + 1;
      for (let k = 0; k < 3; k++) sums[3 * code + k] = (sums[3 * code + k] ?? 0) + (pixels[at + k] ?? 0);
    }
  }
  const used = Array.from(counts.keys()).filter((code) => (counts[code] ?? 0) > 0);
  const boxes = [boxOf(used, counts)];
  while (boxes.length < MOST_COLOURS) {
    const best = boxes.reduce((most, box, place) => (box.worth > (boxes[most]?.worth ?? 0) ? place : most), 0);
    const box = boxes[best];
    if (!box || box.worth === 0) break;
    boxes.splice(best, 1, ...halves(box, counts).map((codes) => boxOf(codes, counts)));
  }
  return Uint8Array.from(boxes.flatMap(({ codes }) => {
    const total = codes.reduce((sum, code) => sum + (counts[code] ?? 0), 0);
    return [0, 1, 2].map((k) => Math.round(codes.reduce((sum, code) => sum + (sums[3 * code + k] ?? 0), 0) / Math.max(1, total)));
  }));
}

function nearestIn(palette: Uint8Array, code: number): number {
  const middle = (axis: number) => (channelOf(code, axis) + 0.5) * (256 / (LEVELS + 1));
  const [r, g, b] = [middle(0), middle(1), middle(2)];
  let [best, least] = [0, Infinity];
  for (let k = 0; 3 * k < palette.length; k++) {
    const away = ((palette[3 * k] ?? 0) - r) ** 2 + ((palette[3 * k + 1] ?? 0) - g) ** 2 + ((palette[3 * k + 2] ?? 0) - b) ** 2;
    if (away < least) [best, least] = [k, away];
  }
  return best;
}

/** Bits in the blocks of at most 255 bytes that GIF puts data in, lowest bit first. */
class Blocks {
  private held = 0;
  private bits = 0;
  private block: number[] = [];

  constructor(private readonly out: Bytes) {}

  write(code: number, width: number): void {
    this.held |= code << this.bits;
    for (this.bits += width; this.bits >= 8; this.bits -= 8, this.held >>>= 8) this.byte(this.held & 255);
  }

  end(): void {
    if (this.bits > 0) this.byte(this.held & 255);
    this.flush();
    this.out.push(0);
  }

  private byte(value: number): void {
    if (this.block.push(value) === LONGEST_BLOCK) this.flush();
  }

  private flush(): void {
    if (this.block.length > 0) this.out.push(this.block.length, ...this.block);
    this.block = [];
  }
}

/** Indices as GIF packs them: a code for the longest run seen so far, wider as there are more of them. */
function packed(out: Bytes, indices: Uint8Array): void {
  const [clear, end] = [1 << LZW_BITS, (1 << LZW_BITS) + 1];
  /** By a run and the index after it: the code of both; 0 where there is none. */
  const longer = new Uint16Array(MOST_CODES << LZW_BITS);
  let [width, free] = [LZW_BITS + 1, end + 1];
  out.push(LZW_BITS);
  const blocks = new Blocks(out);
  blocks.write(clear, width);
  let run = indices[0] ?? 0;
  for (let k = 1; k < indices.length; k++) {
    const index = indices[k] ?? 0;
    const key = (run << LZW_BITS) | index;
    const known = longer[key] ?? 0;
    if (known !== 0) {
      run = known;
      continue;
    }
    blocks.write(run, width);
    run = index;
    if (free === MOST_CODES) {
      blocks.write(clear, width);
      longer.fill(0);
      [width, free] = [LZW_BITS + 1, end + 1];
      continue;
    }
    if (free >= 1 << width) width++;
    longer[key] = free++;
  }
  blocks.write(run, width);
  blocks.write(end, width);
  blocks.end();
}

export class Gif {
  private readonly out = new Bytes();
  private readonly codes = new Int16Array(CODES).fill(-1);
  private before: Uint8Array | null = null;

  constructor(
    private readonly width: number,
    private readonly height: number,
    private readonly palette: Uint8Array,
  ) {
    const { out } = this;
    out.text("GIF89a");
    out.short(width);
    out.short(height);
    // A palette of 256 colours for all frames, eight bits a channel.
    out.push(0xf7, 0, 0, ...palette, ...new Uint8Array(3 * (MOST_COLOURS + 1) - palette.length));
    out.push(0x21, 0xff, 11);
    out.text("NETSCAPE2.0");
    // Again and again.
    out.push(3, 1, 0, 0, 0);
  }

  /** Another frame, r g b a r g b a …, that stands so many hundredths of a second. */
  add(pixels: Uint8ClampedArray, hundredths: number): void {
    const { out, before } = this;
    const indices = this.indices(pixels);
    const shown = before ? indices.map((index, i) => (index === before[i] ? SAME : index)) : indices;
    this.before = indices;
    // What is there stays, and one index is seen through.
    out.push(0x21, 0xf9, 4, before ? 5 : 4);
    out.short(hundredths);
    out.push(SAME, 0, 0x2c);
    for (const value of [0, 0, this.width, this.height]) out.short(value);
    out.push(0);
    packed(out, shown);
  }

  done(): Uint8Array<ArrayBuffer> {
    this.out.push(0x3b);
    return this.out.all;
  }

  private indices(pixels: Uint8ClampedArray): Uint8Array {
    const { codes, palette } = this;
    const out = new Uint8Array(this.width * this.height);
    for (let i = 0; i < out.length; i++) {
      const code = codeOf(pixels, 4 * i);
      let index = codes[code] ?? -1;
      if (index < 0) codes[code] = index = nearestIn(palette, code);
      out[i] = index;
    }
    return out;
  }
}
