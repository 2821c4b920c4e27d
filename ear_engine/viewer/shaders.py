"""The shaders, GLSL 3.30.

All light is premultiplied: a neuron adds its color times its light to red, green and blue, and its light to alpha. So
the last shader knows how much light there is and of which color, and neither can make the other white.
"""

from __future__ import annotations

NEURONS = """
#version 330
// One vertex a neuron. Ranks are rows of a buffer that holds the whole loop: two of them a frame are bound.
// A neuron is a quiet point, and over it light while it fires. QUIET draws the one, FIRING the other, and with TOGETHER
// as one point that has the light of both.
uniform mat3x2 world;       // to clip coordinates
uniform float morph;        // from the place before to the place now
uniform vec4 response;      // power, what is steady, the dimmest, gain
uniform vec4 sizes;         // diameter of a quiet neuron, growth, least and most drawn; pixels, times, pixels
uniform float larger;       // growth of one of the target
uniform vec4 target;        // color of the target, how dark the rest becomes
in vec2 place; in vec2 before; in vec4 color; in float focus;
#ifdef FIRING
uniform float share;        // from the first row to the second
in float first; in float second; in float least; in float most; // ranks, 0..255
#ifdef FADE
uniform float fade; uniform float share_before;
in float first_before; in float second_before; in float least_before; in float most_before;
#endif
uniform float nothing;      // what fires less is quiet
uniform float least_range;  // ranks, 0..255

float shine(float a, float b, float share, float low, float high) {
    float rank = mix(a, b, share);
    float between = (rank - low) / max(high - low, least_range);
    rank /= 255.0;
    return pow(rank * (response.y + (1.0 - response.y) * between), response.x);
}
#endif
flat out vec4 light;

void main() {
    float still = sizes.x * (1.0 + larger * focus), size = still;
    float rest = 1.0 - target.w * (1.0 - focus);
    gl_Position = vec4(world * vec3(mix(before, place, morph), 1.0), 0.0, 1.0);
#ifdef FIRING
    float fires = shine(first, second, share, least, most);
#ifdef FADE
    fires = mix(shine(first_before, second_before, share_before, least_before, most_before), fires, fade);
#endif
    fires = max(fires - nothing, 0.0) / (1.0 - nothing);
#ifndef TOGETHER
    if (fires <= 0.0) gl_Position = vec4(0.0, 0.0, 2.0, 1.0); // not in view
#endif
    size += sizes.x * sizes.y * fires;
    float amount = fires * mix((1.0 - response.z) * rest, 0.78, focus);
#else
    float amount = 0.0;
#endif
#if defined(QUIET) || defined(TOGETHER)
    amount += max(response.z * rest, 0.22 * focus) * (still * still) / (size * size);
#endif
    float drawn = clamp(size, sizes.z, sizes.w);
    gl_PointSize = drawn;
    amount *= response.w * color.a * (size * size) / (drawn * drawn);
    light = vec4(mix(color.rgb, target.rgb, focus), 1.0) * amount;
}
"""

NEURON = """
#version 330
flat in vec4 light;
out vec4 seen;
void main() {
    vec2 away = gl_PointCoord * 2.0 - 1.0;
    float near = max(1.0 - dot(away, away), 0.0);
    near *= near;
    seen = light * (near + min(light.a, 1.5) * 2.0 * near * near);
}
"""

LINKS = """
#version 330
uniform mat3x2 world;
uniform float morph;        // from the place before to the place now
uniform sampler2D activity; // of groups, in one row
uniform vec4 link;          // color, light
in vec2 place; in vec2 before; in vec3 ends; // source, target, how far between them, 0..255
out vec4 light;
void main() {
    float along = ends.z / 255.0;
    float source = texelFetch(activity, ivec2(int(ends.x), 0), 0).r;
    float sink = texelFetch(activity, ivec2(int(ends.y), 0), 0).r;
    float carried = mix(source, sink, along) * (source + sink);
    gl_Position = vec4(world * vec3(mix(before, place, morph), 1.0), 0.0, 1.0);
    light = vec4(link.rgb, 1.0) * link.a * (0.12 + 2.5 * carried) * (0.35 + 2.6 * along * (1.0 - along));
}
"""

LINK = """
#version 330
in vec4 light;
out vec4 seen;
void main() { seen = light; }
"""

SCREEN = """
#version 330
in vec2 at_corner; // 0..1 from the bottom left
out vec2 at;
void main() {
    at = at_corner;
    gl_Position = vec4(at * 2.0 - 1.0, 0.0, 1.0);
}
"""

SHRINK = """
#version 330
// Four by four pixels to one, by four reads between pixels.
uniform sampler2D picture;
uniform vec2 texel;
in vec2 at;
out vec4 seen;
void main() {
    seen = 0.25 * (texture(picture, at + texel * vec2(-1.0, -1.0)) + texture(picture, at + texel * vec2(1.0, -1.0))
                 + texture(picture, at + texel * vec2(-1.0, 1.0)) + texture(picture, at + texel * vec2(1.0, 1.0)));
}
"""

BLUR = """
#version 330
// A Gaussian of nine pixels along one axis, by five reads.
uniform sampler2D picture;
uniform vec2 texel;
in vec2 at;
out vec4 seen;
void main() {
    vec4 sum = 0.2270270 * texture(picture, at);
    sum += 0.3162162 * (texture(picture, at + 1.3846154 * texel) + texture(picture, at - 1.3846154 * texel));
    sum += 0.0702703 * (texture(picture, at + 3.2307692 * texel) + texture(picture, at - 3.2307692 * texel));
    seen = sum;
}
"""

COPY = """
#version 330
uniform sampler2D picture;
uniform float gain;
in vec2 at;
out vec4 seen;
void main() { seen = gain * texture(picture, at); }
"""

EXPOSE = """
#version 330
// Light to color on the ground. Much light covers the ground with its own color, very much goes over to the core's.
uniform sampler2D points;
#ifdef SOFT
uniform sampler2D glow; // and links
#endif
uniform vec3 ground; uniform vec3 core; uniform float level;
in vec2 at;
out vec4 seen;
void main() {
    vec4 sum = texture(points, at); // by a sampler of the nearest
#ifdef SOFT
    sum += texture(glow, at);
#endif
    // Light covers amount / (amount + 0.6) of the ground, and amount / (amount + 5), in the square, of its color goes
    // over to the core.
    float amount = sum.a * level;
    float near = 1.0 / (amount + 0.6);
    float white = amount / (amount + 5.0);
    white *= 1.2 * white;
    seen = vec4(near * (0.6 * ground + mix(level * sum.rgb, amount * core, white)), 1.0);
}
"""

RING = """
#version 330
uniform mat3x2 world; uniform vec2 where; uniform float size;
void main() { gl_Position = vec4(world * vec3(where, 1.0), 0.0, 1.0); gl_PointSize = size; }
"""

RING_PIXEL = """
#version 330
// A line between two edges of the ground's color, so that it is seen over what shines as well as beside it.
uniform vec3 color; uniform vec3 edge; uniform float size; uniform float unit; // pixels
out vec4 seen;
void main() {
    float away = abs(length(gl_PointCoord - 0.5) * size - size * 0.5 + 3.0 * unit);
    float line = clamp(0.8 * unit + 0.5 - away, 0.0, 1.0);
    float whole = clamp(2.4 * unit + 0.5 - away, 0.0, 1.0);
    seen = vec4(mix(edge, color, line), max(line, 0.85 * whole));
}
"""


def with_defines(source: str, *names: str) -> str:
    """A shader with ``#define name`` for each name after its version."""
    head, _, body = source.strip().partition("\n")
    return "\n".join((head, *(f"#define {name}" for name in names), body))
