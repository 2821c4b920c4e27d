"""The shaders, GLSL 3.30.

All light is premultiplied: a neuron adds its color times its light to red, green and blue, and its light to alpha. So
the last shader knows how much light there is and of which color, and neither can make the other white.
"""

from __future__ import annotations

NEURONS = """
#version 330
// One vertex a neuron. Ranks are rows of a buffer that holds the whole loop: two of them a frame are bound.
// A neuron is a quiet point, and over it a firing one. QUIET and FIRING draw one of both, neither draws both.
uniform mat3x2 world;       // to clip coordinates
uniform float morph;        // from the place before to the place now
uniform vec4 response;      // power, what is steady, the dimmest, gain
uniform vec3 sizes;         // diameter of a quiet neuron, growth, least drawn; pixels, times, pixels
uniform vec4 target;        // color of the target, how dark the rest becomes
in vec2 place; in vec2 before; in vec4 color; in float focus;
#ifndef QUIET
uniform float share;        // from the first row to the second
in float first; in float second; in float least; in float most; // ranks, 0..255
#ifdef FADE
uniform float fade; uniform float share_before;
in float first_before; in float second_before; in float least_before; in float most_before;
#endif
const float NOTHING = 0.02; // what fires less is quiet

float shine(float a, float b, float share, float low, float high) {
    float rank = mix(a, b, share);
    float between = (rank - low) / max(high - low, 20.0);
    rank /= 255.0;
    return pow(rank * (response.y + (1.0 - response.y) * between), response.x);
}
#endif
flat out vec3 tint;
flat out vec2 light;        // of the quiet point, of the firing one
flat out float wider;       // the firing one's diameter over the quiet one's, squared

void main() {
    float size = sizes.x * (1.0 + 0.4 * focus);
    float drawn = clamp(size, sizes.z, 96.0);
    float rest = 1.0 - target.w * (1.0 - focus);
    float gain = response.w * color.a;
    tint = mix(color.rgb, target.rgb, focus);
    light = vec2(max(response.z * rest, 0.22 * focus) * gain * (size * size) / (drawn * drawn), 0.0);
    wider = 1.0;
    gl_Position = vec4(world * vec3(mix(before, place, morph), 1.0), 0.0, 1.0);
#ifndef QUIET
    float fires = shine(first, second, share, least, most);
#ifdef FADE
    fires = mix(shine(first_before, second_before, share_before, least_before, most_before), fires, fade);
#endif
    fires = max(fires - NOTHING, 0.0) / (1.0 - NOTHING);
    float large = size + sizes.x * sizes.y * fires;
    float grown = clamp(large, sizes.z, 96.0);
    light.y = fires * mix((1.0 - response.z) * rest, 0.78, focus) * gain * (large * large) / (grown * grown);
    wider = (grown * grown) / (drawn * drawn);
    drawn = grown;
#ifdef FIRING
    if (fires <= 0.0) gl_Position = vec4(0.0, 0.0, 2.0, 1.0); // not in view
#endif
#endif
    gl_PointSize = drawn;
}
"""

NEURON = """
#version 330
flat in vec3 tint; flat in vec2 light; flat in float wider;
out vec4 seen;

float soft(float light, float away) { // squared distance from the middle, 1 at the rim
    float near = max(1.0 - away, 0.0);
    near *= near;
    return light * (near + min(light, 1.5) * 2.0 * near * near);
}

void main() {
    vec2 at = gl_PointCoord * 2.0 - 1.0;
    float away = dot(at, at);
#ifdef QUIET
    float amount = soft(light.x, away);
#else
    float amount = soft(light.y, away);
#ifndef FIRING
    amount += soft(light.x, away * wider);
#endif
#endif
    seen = vec4(tint, 1.0) * amount;
}
"""

LINKS = """
#version 330
uniform mat3x2 world;
uniform sampler2D activity; // of groups, in one row
uniform vec4 link;          // color, light
in vec2 place; in vec3 ends; // source, target, how far between them, 0..255
out vec4 light;
void main() {
    float along = ends.z / 255.0;
    float source = texelFetch(activity, ivec2(int(ends.x), 0), 0).r;
    float sink = texelFetch(activity, ivec2(int(ends.y), 0), 0).r;
    float carried = mix(source, sink, along) * (source + sink);
    gl_Position = vec4(world * vec3(place, 1.0), 0.0, 1.0);
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
out vec2 at;
void main() {
    at = vec2((gl_VertexID << 1) & 2, gl_VertexID & 2);
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
    vec4 sum = texelFetch(points, ivec2(gl_FragCoord.xy), 0);
#ifdef SOFT
    sum += texture(glow, at);
#endif
    float amount = sum.a * level;
    vec3 color = sum.rgb / max(sum.a, 1e-4);
    float covered = amount / (amount + 0.6);
    float white = amount / (amount + 5.0);
    seen = vec4(mix(ground, mix(color, core, white * white * 1.2), covered), 1.0);
}
"""

RING = """
#version 330
uniform mat3x2 world; uniform vec2 where; uniform float size;
void main() { gl_Position = vec4(world * vec3(where, 1.0), 0.0, 1.0); gl_PointSize = size; }
"""

RING_PIXEL = """
#version 330
uniform vec3 color; uniform float size;
out vec4 seen;
void main() {
    float away = length(gl_PointCoord - 0.5) * size;
    float line = clamp(1.5 - abs(away - size * 0.5 + 2.0), 0.0, 1.0);
    seen = vec4(color, line);
}
"""


def with_defines(source: str, *names: str) -> str:
    """A shader with ``#define name`` for each name after its version."""
    head, _, body = source.strip().partition("\n")
    return "\n".join((head, *(f"#define {name}" for name in names), body))
