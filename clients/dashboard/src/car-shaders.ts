/**
 * A car is one instance of a square of two triangles; its shape is a distance field, so that it stays sharp at every
 * size. `u_matrix` already holds the local origin, so that float32 offsets suffice for centimetres.
 */
export const vertexShader = `#version 300 es
uniform mat4 u_matrix;
uniform vec2 u_pixelsToClip;
uniform float u_now;
uniform float u_radius;
uniform int u_selected;

in vec2 a_corner;
in vec4 a_fromTo;
in vec2 a_courses;
in vec2 a_glide;
in vec2 a_look;

out vec2 v_point;
flat out int v_state;
flat out int v_flags;
flat out float v_pixel;
flat out int v_isSelected;

void main() {
  float amount = a_glide.y <= 0.0 ? 1.0 : clamp((u_now - a_glide.x) / a_glide.y, 0.0, 1.0);
  vec2 place = mix(a_fromTo.xy, a_fromTo.zw, amount);
  float course = radians(mix(a_courses.x, a_courses.y, amount));

  v_isSelected = gl_InstanceID == u_selected ? 1 : 0;
  // Room around the shape for its outline, and for the ring of the selected car.
  float reach = v_isSelected == 1 ? 2.6 : 1.35;
  float radius = v_isSelected == 1 ? u_radius * 1.25 : u_radius;
  v_point = a_corner * reach;
  v_pixel = 1.0 / radius;
  v_state = int(a_look.x);
  v_flags = int(a_look.y);

  vec2 turned = vec2(
    a_corner.x * cos(course) + a_corner.y * sin(course),
    -a_corner.x * sin(course) + a_corner.y * cos(course));
  vec4 center = u_matrix * vec4(place, 0.0, 1.0);
  gl_Position = vec4(center.xy + turned * reach * radius * u_pixelsToClip * center.w, 0.0, center.w);
}`;

export const fragmentShader = `#version 300 es
precision highp float;
uniform vec3 u_palette[6];

in vec2 v_point;
flat in int v_state;
flat in int v_flags;
flat in float v_pixel;
flat in int v_isSelected;

out vec4 color;

float segment(vec2 p, vec2 a, vec2 b) {
  vec2 pa = p - a, ba = b - a;
  return length(pa - ba * clamp(dot(pa, ba) / dot(ba, ba), 0.0, 1.0));
}

float side(vec2 p, vec2 a, vec2 b) {
  return (b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x);
}

// A chevron that points up; its halves mirror each other.
float chevron(vec2 p) {
  p.x = abs(p.x);
  vec2 tip = vec2(0.0, 1.0), wing = vec2(0.76, -0.86), notch = vec2(0.0, -0.46);
  float distance = min(segment(p, tip, wing), segment(p, wing, notch));
  bool isInside = side(p, tip, wing) < 0.0 && side(p, wing, notch) < 0.0;
  return isInside ? -distance : distance;
}

void main() {
  bool hasCourse = (v_flags & 1) != 0;
  bool isLost = (v_flags & 2) != 0;
  vec2 p = v_point;
  float distance = hasCourse ? chevron(p) : length(p) - 0.62;
  float body = clamp(0.5 - distance / v_pixel, 0.0, 1.0);
  float outline = clamp(0.5 - (distance - 1.6 * v_pixel) / v_pixel, 0.0, 1.0);
  vec3 fill = u_palette[v_state];
  float fillAlpha = 1.0;
  if (isLost) {
    // Hollow: only a rim is left of the car.
    float rim = clamp((distance + 1.7 * v_pixel) / v_pixel + 0.5, 0.0, 1.0);
    fillAlpha = mix(0.12, 0.85, rim);
  }
  vec4 shape = vec4(fill, 1.0) * body * fillAlpha;
  vec4 under = vec4(0.02, 0.03, 0.05, 1.0) * outline * 0.85;
  color = shape + under * (1.0 - shape.a);
  if (v_isSelected == 1) {
    float ring = abs(length(p) - 1.95) - 1.1 * v_pixel;
    float glow = clamp(1.0 - length(p) / 2.5, 0.0, 1.0) * 0.35;
    float ringAlpha = clamp(0.5 - ring / v_pixel, 0.0, 1.0);
    vec4 halo = vec4(vec3(1.0), 1.0) * ringAlpha * 0.95 + vec4(fill, 1.0) * glow;
    color = color + halo * (1.0 - color.a);
  }
  if (color.a < 0.01) discard;
}`;
