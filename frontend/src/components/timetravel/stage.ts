/** Keeps the canvas where the clock stands: places, landscape and what lies above, from whatever frames are there. */
import type { PointCanvas } from "../../draw/points/point-canvas";
import { Places, type Quantised } from "../../draw/points/quantise";
import type { Picture } from "../../draw/points/scene";
import { between, type FrameInfo, type Frames, type Landscape } from "./frames";
import { painted, type LandscapeLook } from "./landscape";

export interface StageLook extends LandscapeLook {
  /** Move between frames, or show whole ones only. */
  smooth: boolean;
  territories: boolean;
}

interface Moment {
  a: number;
  b: number | null;
  t: number;
}

export class Stage {
  /** Where every sample is drawn now; null before the first frame. */
  now: Places | null = null;
  /** The moment that is drawn. */
  moment: Moment | null = null;
  private look: StageLook = { smooth: true, territories: true, strength: 1, boundaries: true, mask: true };
  private frameAt: (place: number) => number | null = () => null;
  private end = 0;
  private readonly pictures = new Map<Landscape, Picture | null>();
  private hung: readonly [Picture | null, Picture | null] | null = null;
  private shown: readonly [Quantised, Quantised | null] | null = null;

  constructor(
    private readonly canvas: PointCanvas,
    private readonly el: HTMLElement,
    private readonly frames: Frames,
    private readonly nClasses: number,
  ) {}

  /** Which frame each of the recording's checkpoints has. */
  follow(checkpoints: readonly { name: string }[]): void {
    const places = checkpoints.map(({ name }) => this.frames.frame(name));
    this.frameAt = (place) => places[place] ?? null;
    this.end = checkpoints.length - 1;
  }

  /** Whether a place can be shown at once; it is fetched if not. */
  ready(place: number): boolean {
    const frame = this.frameAt(place);
    if (frame === null || this.frames.places.get(frame)) return true;
    this.frames.places.want(frame).catch(() => undefined);
    return false;
  }

  dress(look: StageLook): void {
    this.look = look;
    this.pictures.clear();
    this.hung = null;
  }

  /** Draw the moment as far as its data are here, and ask for the rest. True when something was drawn. */
  show(at: number, playing: boolean): boolean {
    const found = between(this.frameAt, this.look.smooth ? at : Math.round(at), this.end);
    if (!found) return false;
    const moment: Moment = playing && found.b === null && this.look.smooth ? { ...found, b: this.frameAt(Math.floor(at) + 1) } : found;
    const a = this.frames.places.get(moment.a);
    const b = moment.b === null ? null : (this.frames.places.get(moment.b) ?? null);
    for (const frame of [moment.a, moment.b]) {
      if (frame !== null && !this.frames.places.get(frame)) this.frames.places.want(frame).catch(() => undefined);
    }
    if (!a) return false;
    const t = b ? moment.t : 0;
    const background = this.background(moment.a, b ? moment.b : null);
    if (this.shown?.[0] !== a || this.shown[1] !== b) {
      this.canvas.update({ positions: a, next: b, ...(b ? { t } : {}), ...background });
      this.shown = [a, b];
    } else this.canvas.update({ ...(b ? { t } : {}), ...background });
    this.moment = { a: moment.a, b: b ? moment.b : null, t };
    this.now = new Places({ a, b, t });
    return true;
  }

  /** What hangs behind, when it is another than before. */
  private background(a: number, b: number | null): { background?: { a: Picture | null; b?: Picture | null } | null } {
    const { look, frames } = this;
    if (!look.territories || !frames.hasLandscapes) {
      if (this.hung === null) return {};
      this.hung = null;
      return { background: null };
    }
    const pictures = [this.picture(a), b === null ? null : this.picture(b)] as const;
    if (this.hung && this.hung[0] === pictures[0] && this.hung[1] === pictures[1]) return {};
    this.hung = pictures;
    // Until the second one is here the first stands.
    return { background: { a: pictures[0], ...(pictures[1] ? { b: pictures[1] } : {}) } };
  }

  private picture(frame: number): Picture | null {
    const landscape = this.frames.landscapes.get(frame);
    if (!landscape) {
      this.frames.landscapes.want(frame).catch(() => undefined);
      return null;
    }
    let picture = this.pictures.get(landscape);
    if (picture === undefined) {
      picture = painted(landscape, this.frames.infos[frame] as FrameInfo, this.nClasses, this.look, this.el);
      this.pictures.set(landscape, picture);
      const [oldest] = this.pictures.keys();
      if (this.pictures.size > 24 && oldest) this.pictures.delete(oldest);
    }
    return picture;
  }
}
