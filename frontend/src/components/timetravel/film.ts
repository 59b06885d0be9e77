/** The whole way as a film: as the browser can record it, or as a GIF, which opens wherever pictures do. */
import type { Clock } from "./clock";
import { Gif, paletteOf } from "./gif";
import type { Pen } from "./plane";

const FILMS = [["video/mp4;codecs=avc1.42E01F", "mp4"], ["video/mp4", "mp4"], ["video/webm;codecs=vp9", "webm"], ["video/webm", "webm"]] as const;

/** What this browser can film in; null where it cannot. */
export function filmKind(): { type: string; ending: string } | null {
  if (typeof MediaRecorder === "undefined" || !("captureStream" in HTMLCanvasElement.prototype)) return null;
  const found = FILMS.find(([type]) => MediaRecorder.isTypeSupported(type));
  return found ? { type: found[0], ending: found[1] } : null;
}

export interface Filming {
  pen: Pen;
  clock: Clock;
  /** Fetches what a place shows. */
  ready: (place: number) => Promise<unknown>;
  caption: (place: number) => string;
  signal: AbortSignal;
  told: (share: number) => void;
}

const FILM_FPS = 25;
/** In a film a checkpoint lasts so long, and the last one a second more. */
const FILM_MS = 800;
/** A GIF has fewer frames than a film, so that it stays small. */
const GIF_FPS = 10;
const MOST_GIF_FRAMES = 300;
const MOST_GIF_WIDTH = 800;

/** The canvas that is filmed, and how a place gets on it. */
function studio({ pen, clock, caption }: Filming, most: number): { film: HTMLCanvasElement; paint: CanvasRenderingContext2D; shoot: (at: number) => void } {
  const first = pen.canvas.picture(1);
  const film = document.createElement("canvas");
  const scale = Math.min(1, most / first.width);
  // Codecs want even sides.
  [film.width, film.height] = [Math.max(2, Math.round(first.width * scale) & ~1), Math.max(2, Math.round(first.height * scale) & ~1)];
  const paint = film.getContext("2d", { willReadFrequently: true });
  if (!paint) throw new Error("The browser gave no canvas to film from.");
  const font = getComputedStyle(document.body).fontFamily || "sans-serif";
  const shoot = (at: number) => {
    clock.at.value = at;
    paint.drawImage(pen.canvas.picture(1), 0, 0, film.width, film.height);
    const words = caption(Math.round(at));
    paint.font = `600 13px ${font}`;
    paint.lineWidth = 3;
    paint.strokeStyle = "#fff";
    paint.strokeText(words, 12, film.height - 14);
    paint.fillStyle = "#16202a";
    paint.fillText(words, 12, film.height - 14);
  };
  return { film, paint, shoot };
}

function goOn({ signal }: Filming): void {
  if (signal.aborted) throw new DOMException("The film was stopped; nothing of it is kept.", "AbortError");
}

/** Time stands still for a film, all of it is fetched first, and afterwards time is where it was. */
async function filming<T>(asked: Filming, work: () => Promise<T>): Promise<T> {
  const { clock, ready } = asked;
  const before = clock.at.peek();
  clock.pause();
  try {
    for (let place = 0; place <= clock.end; place++) {
      goOn(asked);
      await ready(place);
    }
    return await work();
  } finally {
    clock.set(before);
  }
}

function turn(): Promise<unknown> {
  return new Promise((resolve) => requestAnimationFrame(resolve));
}

/** Play from the first checkpoint to the last at an even pace, whatever the machine needs, and film it. */
export async function filmed(asked: Filming): Promise<Blob> {
  const kind = filmKind();
  if (!kind) throw new Error("This browser cannot record films. Save a GIF instead, or open the page in a current Chrome, Firefox or Safari.");
  const { film, shoot } = studio(asked, Infinity);
  const stream = film.captureStream(FILM_FPS);
  const recorder = new MediaRecorder(stream, { mimeType: kind.type, videoBitsPerSecond: 6e6 });
  const parts: Blob[] = [];
  recorder.ondataavailable = ({ data }) => data.size > 0 && parts.push(data);
  const ended = new Promise<void>((resolve, reject) => {
    recorder.onstop = () => resolve();
    recorder.onerror = () => reject(new Error("The browser stopped filming."));
  });
  try {
    await filming(asked, async () => {
      recorder.start();
      const { end } = asked.clock;
      const length = end * FILM_MS + 1000;
      const since = performance.now();
      for (let passed = 0; passed < length; passed = performance.now() - since) {
        goOn(asked);
        shoot(Math.min(end, passed / FILM_MS));
        asked.told(Math.min(1, passed / length));
        await turn();
      }
      recorder.stop();
      await ended;
    });
  } finally {
    if (recorder.state !== "inactive") recorder.stop();
    for (const track of stream.getTracks()) track.stop();
  }
  return new Blob(parts, { type: kind.type.split(";")[0] ?? kind.type });
}

/** Where time stands in each frame of a GIF, and for how many hundredths of a second. */
export function gifTimes(end: number): { at: number; hundredths: number }[] {
  const perPlace = Math.max(1, Math.min(Math.round((GIF_FPS * FILM_MS) / 1000), Math.floor(MOST_GIF_FRAMES / Math.max(1, end))));
  const hundredths = Math.round(FILM_MS / 10 / perPlace);
  return Array.from({ length: end * perPlace + 1 }, (_, k) => ({ at: k / perPlace, hundredths: k === end * perPlace ? hundredths + 100 : hundredths }));
}

/** The same as a GIF, picture by picture, however long each takes. */
export async function gifOf(asked: Filming): Promise<Blob> {
  const { film, paint, shoot } = studio(asked, MOST_GIF_WIDTH);
  const pixels = (at: number) => {
    shoot(at);
    return paint.getImageData(0, 0, film.width, film.height).data;
  };
  return filming(asked, async () => {
    const { end } = asked.clock;
    const gif = new Gif(film.width, film.height, paletteOf([0, end / 2, end].map((at) => pixels(Math.round(at)))));
    const times = gifTimes(end);
    for (const [k, { at, hundredths }] of times.entries()) {
      goOn(asked);
      gif.add(pixels(at), hundredths);
      asked.told((k + 1) / times.length);
      await turn();
    }
    return new Blob([gif.done()], { type: "image/gif" });
  });
}
