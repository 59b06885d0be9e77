/** The programs that run on the GPU. */

/** Both position sets arrive as 0 … 1; `u_a` and `u_b` bring them to the screen (scale x, scale y, offset x, offset y). */
export const POINTS_VERTEX = `#version 300 es
precision highp float;
precision highp int;
layout(location = 0) in vec2 a_from;
layout(location = 1) in vec2 a_to;
layout(location = 2) in uint a_code;
layout(location = 3) in uint a_flags;
layout(location = 4) in uint a_rim;
uniform vec4 u_a, u_b;
uniform float u_t, u_size, u_opacity, u_ring, u_selected, u_rim, u_rimmed;
uniform vec4 u_grey, u_missing;
uniform int u_ramp, u_raised, u_only;
uniform highp sampler2D u_palette;
flat out vec4 v_colour;
flat out vec4 v_rim;
flat out vec2 v_shape;
void main() {
  v_rim = vec4(0.0);
  bool filtered = (a_flags & 1u) != 0u;
  bool selected = (a_flags & 2u) != 0u;
  bool focused = (a_flags & 4u) != 0u;
  if ((a_flags & 8u) != 0u || (u_only == 1 && !selected && !focused) || (u_only == 2 && filtered)) {
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    gl_PointSize = 1.0;
    v_colour = vec4(0.0);
    v_shape = vec2(0.0);
    return;
  }
  int place = u_ramp == 1 ? int(a_code >> 8) : int(a_code);
  vec4 colour = a_code == 65535u ? u_missing : texelFetch(u_palette, ivec2(place & 255, place >> 8), 0);
  float depth = filtered ? 0.8 : (int(a_code) == u_raised ? 0.3 : 0.5);
  float alpha = u_opacity;
  uint level = a_flags >> 4;
  float size = u_size * (level == 0u ? 1.0 : 0.4 + 0.2 * float(level));
  float ring = 0.0;
  if (filtered) {
    colour = u_grey;
    alpha *= 0.6;
  }
  if (u_rim > 0.0 && a_rim != 65535u && !filtered && !selected) {
    v_rim = vec4(texelFetch(u_palette, ivec2(int(a_rim) & 255, int(a_rim) >> 8), 0).rgb, u_rim);
    size = max(size, u_rimmed) + 2.0 * u_rim;
  }
  if (selected) {
    depth = filtered ? 0.7 : 0.1;
    ring = u_ring;
    size = max(size, u_selected) + 2.0 * u_ring;
    if (!filtered) alpha = 1.0;
  }
  if (focused) depth = -0.5;
  gl_Position = vec4(mix(a_from * u_a.xy + u_a.zw, a_to * u_b.xy + u_b.zw, u_t), depth, 1.0);
  gl_PointSize = size;
  v_colour = vec4(colour.rgb, alpha);
  v_shape = vec2(size, ring);
}`;

export const POINTS_FRAGMENT = `#version 300 es
precision highp float;
uniform vec4 u_ink;
flat in vec4 v_colour;
flat in vec4 v_rim;
flat in vec2 v_shape;
out vec4 o_colour;
void main() {
  vec3 colour = v_colour.rgb;
  float cover = 1.0;
  if (v_shape.x > 2.5) {
    float r = length(gl_PointCoord - 0.5) * v_shape.x;
    cover = clamp(v_shape.x * 0.5 - r + 0.5, 0.0, 1.0);
    if (cover <= 0.0) discard;
    if (v_shape.y > 0.0) colour = mix(colour, u_ink.rgb, clamp(r - (v_shape.x * 0.5 - v_shape.y) + 0.5, 0.0, 1.0));
    else if (v_rim.a > 0.0) colour = mix(colour, v_rim.rgb, clamp(r - (v_shape.x * 0.5 - v_rim.a) + 0.5, 0.0, 1.0));
  }
  float alpha = v_colour.a * cover;
  o_colour = vec4(colour * alpha, alpha);
}`;

/** Each point adds its colour and a one: the sum is the cloud. */
export const COUNT_FRAGMENT = `#version 300 es
precision highp float;
flat in vec4 v_colour;
flat in vec2 v_shape;
out vec4 o_sum;
void main() {
  o_sum = vec4(v_colour.rgb, 1.0);
}`;

export const SCREEN_VERTEX = `#version 300 es
precision highp float;
out vec2 v_at;
void main() {
  vec2 corner = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
  v_at = corner;
  gl_Position = vec4(corner, 0.95, 1.0);
}`;

/** Two pictures behind the points, cross-faded; outside its edges a picture is clear. */
export const PICTURE_FRAGMENT = `#version 300 es
precision highp float;
in vec2 v_at;
uniform sampler2D u_first, u_second;
uniform vec4 u_a, u_b;
uniform float u_mix, u_opacity;
out vec4 o_colour;
vec4 look(sampler2D image, vec2 at) {
  bool within = all(greaterThanEqual(at, vec2(0.0))) && all(lessThanEqual(at, vec2(1.0)));
  return within ? texture(image, at) : vec4(0.0);
}
void main() {
  o_colour = mix(look(u_first, v_at * u_a.xy + u_a.zw), look(u_second, v_at * u_b.xy + u_b.zw), u_mix) * u_opacity;
}`;

/** The cloud on screen: smoothed by a cubic B-spline, strength by the logarithm of the count. */
export const TONE_FRAGMENT = `#version 300 es
precision highp float;
in vec2 v_at;
uniform highp sampler2D u_sums;
uniform vec2 u_cells;
uniform float u_full, u_strength;
out vec4 o_colour;
vec4 weights(float f) {
  float g = 1.0 - f;
  return vec4(g * g * g, 4.0 - 6.0 * f * f + 3.0 * f * f * f, 4.0 - 6.0 * g * g + 3.0 * g * g * g, f * f * f) / 6.0;
}
void main() {
  vec2 at = (v_at * 0.5 + 0.5) * u_cells - 0.5;
  ivec2 cell = ivec2(floor(at));
  vec4 wx = weights(at.x - float(cell.x));
  vec4 wy = weights(at.y - float(cell.y));
  ivec2 last = ivec2(u_cells) - 1;
  vec4 sum = vec4(0.0);
  for (int j = 0; j < 4; j++)
    for (int i = 0; i < 4; i++)
      sum += texelFetch(u_sums, clamp(cell + ivec2(i - 1, j - 1), ivec2(0), last), 0) * wx[i] * wy[j];
  if (sum.a <= 0.001) discard;
  float alpha = u_strength * min(1.0, log(1.0 + sum.a) / log(1.0 + u_full));
  o_colour = vec4(sum.rgb / sum.a * alpha, alpha);
}`;
