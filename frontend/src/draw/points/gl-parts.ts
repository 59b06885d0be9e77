/** The small parts of WebGL everyone writes once: a program with its uniforms, a texture. */

type Uniform = number | readonly number[];

export class Program {
  private readonly program: WebGLProgram;
  private readonly uniforms = new Map<string, { at: WebGLUniformLocation; type: number }>();

  constructor(
    private readonly gl: WebGL2RenderingContext,
    vertex: string,
    fragment: string,
  ) {
    const program = (this.program = gl.createProgram());
    const shaders = ([[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]] as const).map(([kind, source]) => {
      const shader = gl.createShader(kind);
      if (!shader) throw new Error("This WebGL context makes no shaders; it is probably lost.");
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
      return shader;
    });
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
      const why = [gl.getProgramInfoLog(program), ...shaders.map((shader) => gl.getShaderInfoLog(shader))].filter(Boolean).join(" ");
      throw new Error(`A program for drawing points could not be made: ${why}`);
    }
    for (const shader of shaders) gl.deleteShader(shader);
    const n = Number(gl.getProgramParameter(program, gl.ACTIVE_UNIFORMS));
    for (let k = 0; k < n; k++) {
      const info = gl.getActiveUniform(program, k);
      const at = info && gl.getUniformLocation(program, info.name);
      if (info && at) this.uniforms.set(info.name, { at, type: info.type });
    }
  }

  /** Make it current and set its uniforms; those it does not have (the compiler drops unused ones) are passed over. */
  use(values: Readonly<Record<string, Uniform>>): void {
    const { gl } = this;
    gl.useProgram(this.program);
    for (const [name, value] of Object.entries(values)) {
      const uniform = this.uniforms.get(name);
      if (!uniform) continue;
      if (typeof value === "number") {
        if (uniform.type === gl.FLOAT) gl.uniform1f(uniform.at, value);
        else gl.uniform1i(uniform.at, value);
      } else if (value.length === 2) gl.uniform2fv(uniform.at, value);
      else gl.uniform4fv(uniform.at, value);
    }
  }

  dispose(): void {
    this.gl.deleteProgram(this.program);
  }
}

export function texture(gl: WebGL2RenderingContext, filter: number): WebGLTexture {
  const made = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, made);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, filter);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, filter);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, 1, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
  return made;
}
