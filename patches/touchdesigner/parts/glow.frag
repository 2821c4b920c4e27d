// The color of every neuron at this moment: a texel each, where ``positions`` has its place. Read from the loop that is
// heard (inputs 0 and 1 hold two of them) or from the live input (2). TouchDesigner declares the inputs, vUV and
// uTDOutputInfo.

uniform vec4 uPlay; // phase 0..1, number of the loop (below 0: live), gain, contrast

out vec4 fragColor;

const int MAGIC = 0xEA12;

struct Loop {
    bool there, flipped;
    int height, kept, rows, neurons, number, frames, stride;
};

ivec4 texel(int slot, ivec2 at) {
    vec4 value = slot == 0 ? texelFetch(sTD2DInputs[0], at, 0)
        : slot == 1 ? texelFetch(sTD2DInputs[1], at, 0) : texelFetch(sTD2DInputs[2], at, 0);
    return ivec4(value * 65535.0 + 0.5);
}

int heightOf(int slot) {
    return slot == 0 ? textureSize(sTD2DInputs[0], 0).y
        : slot == 1 ? textureSize(sTD2DInputs[1], 0).y : textureSize(sTD2DInputs[2], 0).y;
}

ivec4 row(int slot, Loop loop, int x, int y) { // y counts from the row that says what is there
    return texel(slot, ivec2(x, loop.flipped ? loop.height - 1 - y : y));
}

Loop look(int slot) {
    Loop loop;
    loop.height = heightOf(slot);
    loop.flipped = texel(slot, ivec2(0, 0)).r != MAGIC;
    ivec4 a = row(slot, loop, 0, 0), b = row(slot, loop, 1, 0);
    loop.there = a.r == MAGIC;
    loop.kept = a.g;
    loop.rows = a.b;
    loop.neurons = a.a + 65536 * b.r;
    loop.number = b.g + 65536 * b.b;
    loop.frames = b.a;
    loop.stride = max(row(slot, loop, 2, 0).r, 1);
    return loop;
}

float rank(int slot, Loop loop, int width, int neuron, int frame) {
    ivec4 four = row(slot, loop, neuron % width, 1 + frame / 8 * loop.rows + neuron / width);
    int channel = frame % 8 / 2;
    int pair = channel == 0 ? four.r : channel == 1 ? four.g : channel == 2 ? four.b : four.a;
    return float(frame % 2 == 0 ? pair % 256 : pair / 256) / 255.0;
}

vec3 palette(float depth) { // from the sound (blue) to the music (red)
    vec3 low = vec3(0.20, 0.45, 1.00), middle = vec3(0.35, 0.95, 0.65), high = vec3(1.00, 0.35, 0.20);
    return depth < 0.5 ? mix(low, middle, depth * 2.0) : mix(middle, high, depth * 2.0 - 1.0);
}

void main() {
    ivec2 size = ivec2(uTDOutputInfo.res.zw + 0.5);
    ivec2 here = ivec2(vUV.st * vec2(size));
    int neuron = (size.y - 1 - here.y) * size.x + here.x; // the first one is at the left of the top row
    int wanted = int(floor(uPlay.y + 0.5)), slot = 2;
    Loop loop;
    if (wanted < 0) {
        loop = look(2);
    } else {
        Loop one = look(0), two = look(1);
        bool second = two.there && two.number != one.number
            && (two.number == wanted || (one.number != wanted && two.number > one.number) || !one.there);
        slot = second ? 1 : 0;
        loop = second ? two : one;
    }
    fragColor = TDOutputSwizzle(vec4(0.0));
    if (!loop.there || neuron >= loop.neurons)
        return;
    int width = slot == 0 ? textureSize(sTD2DInputs[0], 0).x
        : slot == 1 ? textureSize(sTD2DInputs[1], 0).x : textureSize(sTD2DInputs[2], 0).x;
    float at = fract(uPlay.x) * float(loop.frames) / float(loop.stride);
    int first = min(int(at), loop.kept - 1);
    float now = rank(slot, loop, width, neuron, first);
    float next = rank(slot, loop, width, neuron, (first + 1) % loop.kept);
    float light = mix(now, next, clamp(at - float(first), 0.0, 1.0));
    float shine = pow(light, uPlay.w) * uPlay.z;
    float depth = float(neuron) / float(max(loop.neurons - 1, 1));
    fragColor = TDOutputSwizzle(vec4(palette(depth) * shine, light));
}
