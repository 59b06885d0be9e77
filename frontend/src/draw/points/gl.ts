/** Points on the GPU: one draw call, whatever their number, colour and state. */
import type { Rgba } from "./appearance";
import { STRENGTH, counted, fullAt, rasterSize } from "./density";
import { Program, texture } from "./gl-parts";
import type { Extent, Quantised } from "./quantise";
import { LEAST_RIMMED, RIM, RIMMED_SIZE, RING, SELECTED_SIZE, sized, type Frame, type Renderer } from "./renderer";
import { clean, type Picture, type Scene } from "./scene";
import { COUNT_FRAGMENT, PICTURE_FRAGMENT, POINTS_FRAGMENT, POINTS_VERTEX, SCREEN_VERTEX, TONE_FRAGMENT } from "./shaders";

type Four = [number, number, number, number];

/** From 0 … 1 of an extent to −1 … 1 of the screen. */
function toClip({ x0, y0, x1, y1 }: Extent, { view, size }: Frame): Four {
  const [sx, sy] = [(2 * view.kx) / size.width, (2 * view.ky) / size.height];
  return [(x1 - x0) * sx, (y1 - y0) * sy, (x0 - view.cx) * sx, (y0 - view.cy) * sy];
}

/** From −1 … 1 of the screen to 0 … 1 of a picture whose first row is on top. */
function toPicture(extent: Extent, frame: Frame): Four {
  const [sx, sy, ox, oy] = toClip(extent, frame);
  return [1 / sx, -1 / sy, -ox / sx, 1 + oy / sy];
}

const unit = ([r, g, b, a]: Rgba): Four => [r / 255, g / 255, b / 255, a / 255];

export class GlRenderer implements Renderer {
  readonly kind = "webgl2";
  private readonly points: Program;
  private readonly counts: Program;
  private readonly pictures: Program;
  private readonly toning: Program;
  private readonly vertices: WebGLVertexArrayObject;
  private readonly screen: WebGLVertexArrayObject;
  private readonly buffers: WebGLBuffer[];
  private readonly palette: WebGLTexture;
  private readonly behind: [WebGLTexture, WebGLTexture];
  private readonly sums: WebGLTexture;
  private readonly cloud: WebGLTexture;
  private readonly target: WebGLFramebuffer;
  /** The internal format sums can be blended in; null where the GPU has none. */
  private readonly summing: number | null;
  private flagged = 0;

  private constructor(
    readonly canvas: HTMLCanvasElement,
    private readonly gl: WebGL2RenderingContext,
  ) {
    this.points = new Program(gl, POINTS_VERTEX, POINTS_FRAGMENT);
    this.counts = new Program(gl, POINTS_VERTEX, COUNT_FRAGMENT);
    this.pictures = new Program(gl, SCREEN_VERTEX, PICTURE_FRAGMENT);
    this.toning = new Program(gl, SCREEN_VERTEX, TONE_FRAGMENT);
    this.vertices = gl.createVertexArray();
    this.screen = gl.createVertexArray();
    this.buffers = [gl.createBuffer(), gl.createBuffer(), gl.createBuffer(), gl.createBuffer(), gl.createBuffer()];
    this.palette = texture(gl, gl.NEAREST);
    this.behind = [texture(gl, gl.LINEAR), texture(gl, gl.LINEAR)];
    this.sums = texture(gl, gl.NEAREST);
    this.cloud = texture(gl, gl.LINEAR);
    this.target = gl.createFramebuffer();
    const whole = gl.getExtension("EXT_color_buffer_float") && gl.getExtension("EXT_float_blend");
    const half = gl.getExtension("EXT_color_buffer_float") ?? gl.getExtension("EXT_color_buffer_half_float");
    this.summing = whole ? gl.RGBA32F : half ? gl.RGBA16F : null;
    this.layOut();
  }

  /** null where the browser has no WebGL2 to give. */
  static on(canvas: HTMLCanvasElement): GlRenderer | null {
    const gl = canvas.getContext("webgl2", { alpha: true, antialias: false, depth: true, premultipliedAlpha: true });
    if (!gl || gl.isContextLost()) return null;
    try {
      return new GlRenderer(canvas, gl);
    } catch {
      return null; // a driver that cannot compile these programs is as good as none
    }
  }

  /** Is the GPU only imitated? Then blending pixels ourselves is several times quicker. */
  get imitated(): boolean {
    const { gl } = this;
    const names = gl.getExtension("WEBGL_debug_renderer_info");
    return /swiftshader|llvmpipe|softpipe|basic render|software/i.test(String(gl.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : gl.RENDERER)));
  }

  private layOut(): void {
    const { gl } = this;
    gl.bindVertexArray(this.vertices);
    this.buffers.forEach((buffer, location) => {
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.enableVertexAttribArray(location);
      if (location < 2) gl.vertexAttribPointer(location, 2, gl.UNSIGNED_SHORT, true, 0, 0);
      else gl.vertexAttribIPointer(location, 1, location === 3 ? gl.UNSIGNED_BYTE : gl.UNSIGNED_SHORT, 0, 0);
    });
    gl.bindVertexArray(null);
  }

  private fill(location: number, data: Uint16Array | Uint8Array): void {
    const { gl } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[location] ?? null);
    gl.bufferData(gl.ARRAY_BUFFER, data, location < 2 ? gl.STATIC_DRAW : gl.DYNAMIC_DRAW);
  }

  private upload(scene: Scene): void {
    const { gl } = this;
    const { dirty, moving } = scene;
    if (dirty.positions) {
      this.fill(0, moving.a.pairs);
      this.fill(1, (moving.b ?? moving.a).pairs);
    }
    if (dirty.colours) this.fill(2, scene.codes);
    if (dirty.rims) this.fill(4, scene.rims);
    if (this.flagged !== scene.n) this.fill(3, scene.flags);
    else if (dirty.flags.to > dirty.flags.from) {
      gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[3] ?? null);
      gl.bufferSubData(gl.ARRAY_BUFFER, dirty.flags.from, scene.flags, dirty.flags.from, dirty.flags.to - dirty.flags.from);
    }
    this.flagged = scene.n;
    if (dirty.palette) {
      gl.bindTexture(gl.TEXTURE_2D, this.palette);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, 256, scene.palette.length / 1024, 0, gl.RGBA, gl.UNSIGNED_BYTE, scene.palette);
    }
    if (dirty.background) [scene.background?.a, scene.background?.b].forEach((picture, k) => this.hang(picture ?? null, k as 0 | 1));
    scene.dirty = clean();
  }

  private hang(picture: Picture | null, k: 0 | 1): void {
    const { gl } = this;
    gl.bindTexture(gl.TEXTURE_2D, this.behind[k]);
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, true);
    if (picture) gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, picture.image);
    else gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, 1, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
  }

  draw(scene: Scene, frame: Frame): void {
    const { gl } = this;
    sized(this.canvas, frame);
    this.upload(scene);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clearDepth(1);
    gl.depthMask(true);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.disable(gl.DEPTH_TEST);
    this.drawPictures(scene, frame);
    if (scene.n === 0) return;
    if (frame.mode === "density") {
      if (this.summing !== null) this.drawCloud(scene, frame, this.summing);
      else this.drawCounted(scene, frame);
      if (scene.nSelected > 0 || scene.focus !== null) this.drawPoints(scene, frame, 1);
    } else this.drawPoints(scene, frame, 0);
  }

  private drawPictures(scene: Scene, frame: Frame): void {
    const { gl } = this;
    const { background, moving } = scene;
    if (!background || (!background.a && !background.b)) return;
    const extents = [background.a, background.b].map((picture) => picture?.extent ?? { x0: 0, y0: 0, x1: 1, y1: 1 });
    this.pictures.use({
      u_first: 0, u_second: 1, u_mix: background.b === undefined ? 0 : moving.t, u_opacity: background.opacity ?? 1,
      u_a: toPicture(extents[0] as Extent, frame), u_b: toPicture(extents[1] as Extent, frame),
    });
    this.behind.forEach((image, k) => {
      gl.activeTexture(gl.TEXTURE0 + k);
      gl.bindTexture(gl.TEXTURE_2D, image);
    });
    gl.activeTexture(gl.TEXTURE0);
    gl.bindVertexArray(this.screen);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  /** Everything a point's place and colour need; `only` 1: the selected and the focused, 2: all but the filtered. */
  private usePoints(program: Program, scene: Scene, frame: Frame, only: 0 | 1 | 2): void {
    const { gl } = this;
    const { moving, colours, theme } = scene;
    const clip = (set: Quantised) => toClip(set.extent, frame);
    program.use({
      u_a: clip(moving.a), u_b: clip(moving.b ?? moving.a), u_t: moving.b ? moving.t : 0,
      u_size: Math.max(1, frame.look.size * frame.ratio), u_opacity: frame.look.opacity, u_ring: RING * frame.ratio, u_selected: SELECTED_SIZE * frame.ratio, u_rim: frame.look.size < LEAST_RIMMED ? 0 : RIM * frame.ratio, u_rimmed: RIMMED_SIZE * frame.ratio,
      u_grey: unit(theme.grey), u_missing: unit(theme.missing), u_ink: unit(theme.ink),
      u_ramp: colours?.ramp ? 1 : 0, u_raised: colours?.raised ?? -1, u_only: only, u_palette: 0,
    });
    gl.bindTexture(gl.TEXTURE_2D, this.palette);
    gl.bindVertexArray(this.vertices);
  }

  private drawPoints(scene: Scene, frame: Frame, only: 0 | 1): void {
    const { gl } = this;
    // Which is above is told by depth, so that one call draws all layers; equals blend in the order of the samples.
    gl.enable(gl.DEPTH_TEST);
    gl.depthFunc(gl.LEQUAL);
    this.usePoints(this.points, scene, frame, only);
    gl.drawArrays(gl.POINTS, 0, scene.n);
    gl.disable(gl.DEPTH_TEST);
  }

  private drawCloud(scene: Scene, frame: Frame, format: number): void {
    const { gl } = this;
    const { width, height } = rasterSize(frame);
    gl.bindTexture(gl.TEXTURE_2D, this.sums);
    gl.texImage2D(gl.TEXTURE_2D, 0, format, width, height, 0, gl.RGBA, gl.FLOAT, null);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.target);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, this.sums, 0);
    gl.viewport(0, 0, width, height);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.blendFunc(gl.ONE, gl.ONE);
    this.usePoints(this.counts, scene, { ...frame, look: { size: 0, opacity: 1 }, ratio: 0 }, 2);
    gl.drawArrays(gl.POINTS, 0, scene.n);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    this.toning.use({ u_sums: 0, u_cells: [width, height], u_full: fullAt(scene, frame), u_strength: STRENGTH });
    gl.bindTexture(gl.TEXTURE_2D, this.sums);
    gl.bindVertexArray(this.screen);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  /** The same cloud counted on the CPU, where the GPU cannot add up in floats. */
  private drawCounted(scene: Scene, frame: Frame): void {
    const { gl } = this;
    const { width, height, pixels } = counted(scene, frame);
    gl.bindTexture(gl.TEXTURE_2D, this.cloud);
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, true);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, width, height, 0, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(pixels.buffer));
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
    this.pictures.use({ u_first: 0, u_second: 0, u_mix: 0, u_opacity: 1, u_a: [0.5, -0.5, 0.5, 0.5], u_b: [0.5, -0.5, 0.5, 0.5] });
    gl.bindVertexArray(this.screen);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  dispose(): void {
    const { gl } = this;
    for (const program of [this.points, this.counts, this.pictures, this.toning]) program.dispose();
    for (const buffer of this.buffers) gl.deleteBuffer(buffer);
    for (const image of [this.palette, ...this.behind, this.sums, this.cloud]) gl.deleteTexture(image);
    gl.deleteFramebuffer(this.target);
    gl.deleteVertexArray(this.vertices);
    gl.deleteVertexArray(this.screen);
    // Browsers keep few contexts; one that is let go at once leaves room for the next canvas.
    gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}
