// Written by `python -m ear_engine.clients.quark` from the engine's parameter table; changes here are lost.
EarEngineParameters {
	*table {
		^#[
			['dream/run', 'bool', true, nil, nil, "", 'linear', 'both', nil, nil, nil, false, "Let the dream go on; off, the last loop plays on unchanged."],
			['dream/rate', 'float', -18.0, -60, -6, "dB", 'linear', 'both', nil, nil, nil, false, "Change of the loop in one beat, relative to its loudness."],
			['dream/pull', 'float', 6.0, 0.25, 256, "beats", 'log', 'both', 0.0, nil, nil, false, "Half-life of the pull back to the source; 0 is no pull."],
			['dream/autopilot', 'bool', false, nil, nil, "", 'linear', 'both', nil, nil, nil, false, "Let the engine play by itself: clips, targets, morphs on the bar; touching a target ends it."],
			['source/clip', 'text', "beat", nil, nil, "", 'linear', 'both', nil, nil, nil, false, "Loop to dream from: the name of a clip."],
			['source/fit', 'choice', "clip_tempo", nil, nil, "", 'linear', 'both', nil, ['clip_tempo', 'stretch', 'crop'], nil, false, "How a clip meets the loop: the loop takes the clip's length, the clip is resampled to tempo and beats (its pitch follows), or each of its beats is laid on one of the loop's, cut or followed by a rest."],
			['source/record', 'trigger', nil, nil, nil, "", 'linear', 'both', nil, nil, nil, false, "Record one loop of the live input from the next bar on; it becomes the source. Again, while it waits or records: no."],
			['source/reset', 'trigger', nil, nil, nil, "", 'linear', 'both', nil, nil, nil, false, "Go back to the source at once."],
			['target/by', 'choice', "layer", nil, nil, "", 'linear', 'both', nil, ['layer', 'depth', 'map', 'neurons', 'name', 'imprint', 'objective', 'morph'], nil, false, "What decides the target: a layer, a depth, a disc on the map, neurons, a name, a clip, an expression, or the way between the stored a and b. Setting one of those chooses it."],
			['target/layer', 'text', "encoder_3_conv1", nil, nil, "", 'linear', 'both', nil, nil, ['target/by', "layer"], false, "Layer of the ear that shall fire."],
			['target/depth', 'float', 0.5, 0.0, 1.0, "", 'linear', 'both', nil, nil, ['target/by', "depth"], false, "How deep in the ear, from its first layer to its last; between two layers both fire."],
			['target/channel', 'float', 0.5, 0.0, 1.0, "", 'linear', 'both', nil, nil, nil, false, "Center of the target's channels in the layer."],
			['target/channel_width', 'float', 0.1, 0.0, 1.0, "", 'linear', 'both', nil, nil, nil, false, "Share of the layer's channels in the target; at least one."],
			['target/freq_low', 'float', 20.0, 20, 20000, "Hz", 'log', 'both', nil, nil, nil, false, "Lowest frequency of the target."],
			['target/freq_high', 'float', 20000.0, 20, 20000, "Hz", 'log', 'both', nil, nil, nil, false, "Highest frequency of the target."],
			['target/start', 'float', 0.0, 0, 64, "beats", 'linear', 'both', nil, nil, nil, false, "Where in the loop the target begins."],
			['target/length', 'float', 0.0, 0, 64, "beats", 'linear', 'both', nil, nil, nil, false, "How long the target lasts; 0 is the whole loop."],
			['target/x', 'float', 0.5, 0.0, 1.0, "", 'linear', 'both', nil, nil, ['target/by', "map"], false, "Center of the target on the map, left to right."],
			['target/y', 'float', 0.5, 0.0, 1.0, "", 'linear', 'both', nil, nil, ['target/by', "map"], false, "Center of the target on the map, bottom to top."],
			['target/radius', 'float', 0.1, 0.005, 1.0, "", 'log', 'both', nil, nil, ['target/by', "map"], false, "Radius of the target on the map, whose sides are 1."],
			['target/neurons', 'text', "", nil, nil, "", 'linear', 'both', nil, nil, ['target/by', "neurons"], true, "Numbers of the neurons that shall fire, and ranges of them: 12-40, 77."],
			['target/name', 'text', "", nil, nil, "", 'linear', 'both', nil, nil, ['target/by', "name"], false, "Words for what shall be heard: bright hats, low tones, 220 Hz."],
			['target/imprint', 'text', "", nil, nil, "", 'linear', 'both', nil, nil, ['target/by', "imprint"], false, "Clip that the ear shall believe to hear: a name, now, source or input."],
			['target/objective', 'text', "", nil, nil, "", 'linear', 'both', nil, nil, ['target/by', "objective"], false, "What shall rise, as an expression: 0.7*channel(encoder_4_conv2, 12) - 0.3*surprise()."],
			['target/a', 'trigger', nil, nil, nil, "", 'linear', 'both', nil, nil, nil, false, "Store the current target as a."],
			['target/b', 'trigger', nil, nil, nil, "", 'linear', 'both', nil, nil, nil, false, "Store the current target as b."],
			['target/morph', 'float', 0.0, 0.0, 1.0, "", 'linear', 'both', nil, nil, ['target/by', "morph"], false, "From the stored target a (0) to b (1)."],
			['target/weight', 'float', 1.0, -2, 2, "", 'linear', 'both', nil, nil, nil, false, "Strength of this target among the kept ones; below 0 it is silenced."],
			['target/keep', 'trigger', nil, nil, nil, "", 'linear', 'both', nil, nil, nil, false, "Keep the current target while others are chosen."],
			['target/clear', 'trigger', nil, nil, nil, "", 'linear', 'both', nil, nil, nil, false, "Forget all kept targets."],
			['tone/tilt', 'float', -4.5, -12, 12, "dB/oct", 'linear', 'both', nil, nil, nil, false, "Spectral tilt of every change: below 0 darker, above 0 brighter."],
			['tone/reshape', 'float', 0.8, 0.0, 1.0, "", 'linear', 'both', nil, nil, nil, false, "Where change goes: from new sound in silent places (0) to what sounds already (1)."],
			['tone/low', 'float', 0.0, -24, 24, "dB", 'linear', 'both', nil, nil, nil, false, "Change of low sounds, more or less than the tilt gives."],
			['tone/mid', 'float', 0.0, -24, 24, "dB", 'linear', 'both', nil, nil, nil, false, "Change of middle sounds."],
			['tone/high', 'float', 0.0, -24, 24, "dB", 'linear', 'both', nil, nil, nil, false, "Change of high sounds."],
			['tone/tonal', 'float', 0.0, -1, 1, "", 'linear', 'both', nil, nil, nil, false, "Change of noise and hits only (-1) to change of tones only (1)."],
			['tone/scale', 'choice', "minor", nil, nil, "", 'linear', 'both', nil, ['major', 'minor', 'harmonic_minor', 'dorian', 'phrygian', 'lydian', 'mixolydian', 'pentatonic', 'minor_pentatonic', 'whole_tone', 'octaves', 'fifths'], nil, false, "Scale that tone/scale_lock holds to."],
			['tone/root', 'choice', "a", nil, nil, "", 'linear', 'both', nil, ['c', 'c_sharp', 'd', 'd_sharp', 'e', 'f', 'f_sharp', 'g', 'g_sharp', 'a', 'a_sharp', 'b'], nil, false, "Root of that scale."],
			['tone/scale_lock', 'float', 0.0, 0.0, 1.0, "", 'linear', 'both', nil, nil, nil, false, "How strictly change keeps to the scale."],
			['rhythm/grid', 'choice', "off", nil, nil, "", 'linear', 'both', nil, ['off', 'bar', 'beat', 'half', 'triplet', 'quarter'], nil, false, "Pulses that change comes in."],
			['rhythm/density', 'float', 1.0, 0.0, 1.0, "", 'linear', 'both', nil, nil, nil, false, "Share of the grid's pulses that are open."],
			['rhythm/lock', 'float', 0.0, 0.0, 1.0, "", 'linear', 'both', nil, nil, nil, false, "How strictly change follows the source's own onsets."],
			['memory/hold', 'bool', false, nil, nil, "", 'linear', 'both', nil, nil, nil, false, "Hold what is heard as it is: the dream rests, and goes on from there when it is let go."],
			['memory/keep', 'trigger', nil, nil, nil, "", 'linear', 'both', nil, nil, nil, false, "Keep the loop that is heard, however many others come."],
			['memory/back', 'trigger', nil, nil, nil, "", 'linear', 'both', nil, nil, nil, false, "Back to the loop that was heard before, and again, to the one before that."],
			['memory/dice', 'trigger', nil, nil, nil, "", 'linear', 'both', nil, nil, nil, false, "Throw dice: what is played moves from where it is. /ear/control/undo takes it back."],
			['memory/amount', 'float', 0.2, 0.0, 1.0, "", 'linear', 'both', nil, nil, nil, false, "How far dice move things, as a share of their ranges."],
			['memory/locked', 'text', "", nil, nil, "", 'linear', 'both', nil, nil, nil, false, "What dice leave as it is: names of parameters, with commas between them."],
			['transform/time_shift', 'float', 1.0, 0.0, 1.0, "", 'linear', 'both', nil, nil, nil, false, "Random circular shift of what the ear hears, as a share of the loop."],
			['transform/pitch_shift', 'float', 0.0, 0, 2, "semitones", 'linear', 'both', nil, nil, nil, false, "Largest random change of pitch of what the ear hears, up or down."],
			['transform/loudness', 'float', 0.0, 0, 24, "dB", 'linear', 'both', nil, nil, nil, false, "Largest random change of loudness of what the ear hears, up or down."],
			['transform/time_mask', 'float', 0.1, 0.0, 1.0, "", 'linear', 'both', nil, nil, nil, false, "Longest random stretch of time hidden from the ear, as a share of the loop."],
			['transform/freq_mask', 'float', 0.1, 0.0, 1.0, "", 'linear', 'both', nil, nil, nil, false, "Widest random band hidden from the ear, as a share of its bins."],
			['transform/gradient_noise', 'float', 0.0, 0.0, 1.0, "", 'linear', 'both', nil, nil, nil, false, "Noise in every change, as a share of it."],
			['transform/denoise', 'float', 0.0, 0.0, 1.0, "", 'linear', 'both', nil, nil, nil, false, "How strongly faint noise between the sounds is taken away."],
			['penalty/activation', 'float', 0.0, 0.0, 1.0, "", 'linear', 'both', nil, nil, nil, false, "Cost of everything that fires besides the target."],
			['penalty/noise', 'float', 0.0, 0.0, 1.0, "", 'linear', 'both', nil, nil, nil, false, "Cost of noise."],
			['penalty/high_frequency', 'float', 0.0, 0.0, 1.0, "", 'linear', 'both', nil, nil, nil, false, "Cost of high frequencies."],
			['penalty/total_variation', 'float', 0.0, 0.0, 1.0, "", 'linear', 'both', nil, nil, nil, false, "Cost of restless spectra."],
			['optimizer/method', 'choice', "normalized", nil, nil, "", 'linear', 'both', nil, ['normalized', 'momentum', 'adam', 'sign'], nil, false, "How the gradient becomes a step."],
			['optimizer/parametrization', 'choice', "waveform", nil, nil, "", 'linear', 'both', nil, ['waveform', 'fourier', 'constant_q', 'phase'], nil, false, "What the steps are taken in: samples, Fourier coefficients, constant-Q coefficients, or phases with the spectrum held."],
			['optimizer/batch_size', 'int', 1, 1, 16, "", 'linear', 'both', nil, nil, nil, false, "Shifted and masked copies heard in one step."],
			['optimizer/steps_per_loop', 'int', 0, 1, 4096, "steps", 'log', 'both', 0.0, nil, nil, false, "Most steps in one loop; 0 is as many as the machine makes."],
			['model/ear', 'text', "", nil, nil, "", 'linear', 'both', nil, nil, nil, false, "Ear that listens: a name that /ear/ears/list lists."],
			['model/device', 'choice', "auto", nil, nil, "", 'linear', 'both', nil, ['auto', 'cpu', 'cuda', 'mps'], nil, false, "What the ear runs on."],
			['map/motion', 'choice', "auto", nil, nil, "", 'linear', 'both', nil, ['auto', 'live', 'frozen', 'still'], nil, false, "Whether the map of neurons moves by what the ear hears, stays where it is (frozen) or lies still as it is stored; auto moves it with a GPU."],
			['map/share', 'float', 0.25, 0.02, 1.0, "", 'log', 'both', nil, nil, nil, false, "Share of one processor core that a moving map may take; a GPU is not held back."],
			['map/follow', 'float', 1.0, 0, 4, "", 'linear', 'both', nil, nil, nil, false, "How much more room neurons take on a moving map while they fire."],
			['view/palette', 'choice', "paper", nil, nil, "", 'linear', 'both', nil, ['paper', 'safe', 'depth', 'stage', 'ink'], nil, false, "Colors of the viewer: the paper's four, safe for color-blind people, by depth, for projectors, ink on white."],
			['view/latency_ms', 'float', 0.0, -500, 500, "ms", 'linear', 'both', nil, nil, nil, false, "How much earlier the viewer shows what is heard, for projectors that are late."],
			['view/light', 'float', 1.0, 0.0, 1.0, "", 'linear', 'both', nil, nil, nil, false, "Brightness of all that the viewer shows of the ear."],
			['view/links', 'float', 1.0, 0.0, 1.0, "", 'linear', 'both', nil, nil, nil, false, "Share of the links between groups of neurons that the viewer draws."],
			['view/glow', 'bool', true, nil, nil, "", 'linear', 'both', nil, nil, nil, false, "Halos around bright neurons in the viewer."],
			['view/blackout', 'bool', false, nil, nil, "", 'linear', 'both', nil, nil, nil, false, "Let the viewer fade to black."],
			['view/share', 'float', 0.35, 0.05, 1.0, "", 'log', 'both', nil, nil, nil, false, "Share of the processor that the viewer may take where no graphics card draws."],
			['view/output_size', 'choice', "1280x720", nil, nil, "", 'linear', 'both', nil, ['640x360', '1280x720', '1920x1080', '1080x1080', '1080x1920'], nil, false, "Pixels of the picture that the viewer gives to other programs."],
			['view/output_rate', 'float', 30.0, 1, 60, "Hz", 'linear', 'both', nil, nil, nil, false, "Pictures a second that the viewer gives to other programs, at most."],
			['view/output_quality', 'int', 80, 20, 95, "%", 'linear', 'both', nil, nil, nil, false, "How faithful pictures are that are compressed for other programs."],
			['playback/wet', 'float', 1.0, 0.0, 1.0, "", 'linear', 'both', nil, nil, nil, false, "From the source (0) to the dream (1)."],
			['playback/gain', 'float', 0.0, -60, 12, "dB", 'linear', 'both', nil, nil, nil, false, "Loudness."],
			['playback/mute', 'bool', false, nil, nil, "", 'linear', 'both', nil, nil, nil, false, "Silence, while everything else goes on."],
			['playback/panic', 'trigger', nil, nil, nil, "", 'linear', 'both', nil, nil, ['playback/mute', true], false, "Fade out in 30 ms: mutes the hall, ends the cue and any excerpt; playback/mute off brings the sound back."],
			['playback/limit', 'float', -1.0, -24, 24, "dB", 'linear', 'both', nil, nil, nil, false, "No sample goes out above this; what stays below is untouched. At 24 the limiter never acts."],
			['playback/offset', 'float', 0.0, -500, 500, "ms", 'linear', 'both', nil, nil, nil, false, "How much earlier playhead, lights and beats are told than they are heard; below 0 later. The sound stays where it is."],
			['playback/run', 'bool', true, nil, nil, "", 'linear', 'both', nil, nil, nil, false, "Play; off, the sound stops at once, and on, the loop begins with its first beat."],
			['playback/tap', 'trigger', nil, nil, nil, "", 'linear', 'both', nil, nil, nil, false, "Tap the tempo: from the fourth tap on it is that of the last taps; two seconds without one begin anew."],
			['playback/link', 'bool', false, nil, nil, "", 'linear', 'both', nil, nil, nil, false, "Play in time with other programs by Ableton Link: tempo, bars, start and stop."],
			['playback/tempo', 'float', 120.0, 20, 300, "BPM", 'linear', 'both', nil, nil, nil, false, "Tempo of the loop from the next bar on; follows the clip if source/fit is clip_tempo."],
			['playback/beats', 'int', 8, 1, 64, "beats", 'linear', 'both', nil, nil, nil, false, "Length of the loop from the next bar on; follows the clip if source/fit is clip_tempo."],
			['playback/quantize', 'choice', "beat", nil, nil, "", 'linear', 'both', nil, ['half', 'beat', 'bar', 'loop'], nil, false, "Where a new version of the loop may enter."],
			['playback/crossfade', 'float', 20.0, 1, 500, "ms", 'log', 'both', nil, nil, nil, false, "Crossfade from one version of the loop to the next."],
			['listen/run', 'bool', false, nil, nil, "", 'linear', 'both', nil, nil, nil, false, "Let the ear hear the live input all the time and tell what it makes of it."],
			['listen/delay', 'float', 100.0, 20, 1200, "ms", 'log', 'both', nil, nil, nil, false, "How long the ear waits for what follows a moment of the live input before it tells; longer is closer to what it makes of a loop, in the lowest octaves."],
			['audition/level', 'float', 0.0, -40, 12, "dB", 'linear', 'both', nil, nil, nil, false, "Loudness of an excerpt of music that is auditioned, as against the loop."],
			['audition/duck', 'float', -20.0, -60, 0, "dB", 'linear', 'both', nil, nil, nil, false, "How much softer the loop is meanwhile."],
			['audition/seconds', 'float', 4.0, 1, 12, "s", 'linear', 'both', nil, nil, nil, false, "Length of an excerpt."],
			['audition/stop', 'trigger', nil, nil, nil, "", 'linear', 'both', nil, nil, nil, false, "End the excerpt that sounds."],
			['cue/source', 'choice', "off", nil, nil, "", 'linear', 'both', nil, ['off', 'next', 'source'], nil, false, "What the second pair of outputs carries: nothing, the newest dream before it is heard in the hall (next), or the source. Excerpts are always heard there."],
			['cue/level', 'float', 0.0, -60, 12, "dB", 'linear', 'both', nil, nil, nil, false, "Loudness of the cue."],
			['midi/clock_in', 'bool', false, nil, nil, "", 'linear', 'both', nil, nil, nil, false, "Follow a MIDI clock: its tempo, its bars, start and stop."],
			['midi/clock_out', 'bool', false, nil, nil, "", 'linear', 'both', nil, nil, nil, false, "Send MIDI clock: 24 ticks a beat where the beat is heard, with start, stop and position."],
			['midi/clock_from', 'text', "", nil, nil, "", 'linear', 'both', nil, nil, nil, false, "Part of the name of the MIDI port whose clock is followed; the first that ticks if it is empty."],
			['midi/clock_to', 'text', "", nil, nil, "", 'linear', 'both', nil, nil, nil, false, "Part of the names of the MIDI ports that get the clock; all if it is empty."],
		]
	}

	// An EarParameter for each, in the table's order.
	*rows { ^this.table.collect { |row| EarParameter(*row) } }

	// Address patterns that mean all of them, and nothing else.
	*patterns { ^['/ear/{dream,source,target,tone,rhythm,memory,transform,penalty,optimizer,model,view,playback,listen,audition,cue,midi}/*', '/ear/map/{motion,share,follow}'] }

	dreamRun { ^this.at('dream/run') }
	dreamRun_ { |value| this.set('dream/run', value) }
	dreamRate { ^this.at('dream/rate') }
	dreamRate_ { |value| this.set('dream/rate', value) }
	dreamPull { ^this.at('dream/pull') }
	dreamPull_ { |value| this.set('dream/pull', value) }
	dreamAutopilot { ^this.at('dream/autopilot') }
	dreamAutopilot_ { |value| this.set('dream/autopilot', value) }
	sourceClip { ^this.at('source/clip') }
	sourceClip_ { |value| this.set('source/clip', value) }
	sourceFit { ^this.at('source/fit') }
	sourceFit_ { |value| this.set('source/fit', value) }
	sourceRecord { this.fire('source/record') }
	sourceReset { this.fire('source/reset') }
	targetBy { ^this.at('target/by') }
	targetBy_ { |value| this.set('target/by', value) }
	targetLayer { ^this.at('target/layer') }
	targetLayer_ { |value| this.set('target/layer', value) }
	targetDepth { ^this.at('target/depth') }
	targetDepth_ { |value| this.set('target/depth', value) }
	targetChannel { ^this.at('target/channel') }
	targetChannel_ { |value| this.set('target/channel', value) }
	targetChannelWidth { ^this.at('target/channel_width') }
	targetChannelWidth_ { |value| this.set('target/channel_width', value) }
	targetFreqLow { ^this.at('target/freq_low') }
	targetFreqLow_ { |value| this.set('target/freq_low', value) }
	targetFreqHigh { ^this.at('target/freq_high') }
	targetFreqHigh_ { |value| this.set('target/freq_high', value) }
	targetStart { ^this.at('target/start') }
	targetStart_ { |value| this.set('target/start', value) }
	targetLength { ^this.at('target/length') }
	targetLength_ { |value| this.set('target/length', value) }
	targetX { ^this.at('target/x') }
	targetX_ { |value| this.set('target/x', value) }
	targetY { ^this.at('target/y') }
	targetY_ { |value| this.set('target/y', value) }
	targetRadius { ^this.at('target/radius') }
	targetRadius_ { |value| this.set('target/radius', value) }
	targetNeurons { ^this.at('target/neurons') }
	targetNeurons_ { |value| this.set('target/neurons', value) }
	targetName { ^this.at('target/name') }
	targetName_ { |value| this.set('target/name', value) }
	targetImprint { ^this.at('target/imprint') }
	targetImprint_ { |value| this.set('target/imprint', value) }
	targetObjective { ^this.at('target/objective') }
	targetObjective_ { |value| this.set('target/objective', value) }
	targetA { this.fire('target/a') }
	targetB { this.fire('target/b') }
	targetMorph { ^this.at('target/morph') }
	targetMorph_ { |value| this.set('target/morph', value) }
	targetWeight { ^this.at('target/weight') }
	targetWeight_ { |value| this.set('target/weight', value) }
	targetKeep { this.fire('target/keep') }
	targetClear { this.fire('target/clear') }
	toneTilt { ^this.at('tone/tilt') }
	toneTilt_ { |value| this.set('tone/tilt', value) }
	toneReshape { ^this.at('tone/reshape') }
	toneReshape_ { |value| this.set('tone/reshape', value) }
	toneLow { ^this.at('tone/low') }
	toneLow_ { |value| this.set('tone/low', value) }
	toneMid { ^this.at('tone/mid') }
	toneMid_ { |value| this.set('tone/mid', value) }
	toneHigh { ^this.at('tone/high') }
	toneHigh_ { |value| this.set('tone/high', value) }
	toneTonal { ^this.at('tone/tonal') }
	toneTonal_ { |value| this.set('tone/tonal', value) }
	toneScale { ^this.at('tone/scale') }
	toneScale_ { |value| this.set('tone/scale', value) }
	toneRoot { ^this.at('tone/root') }
	toneRoot_ { |value| this.set('tone/root', value) }
	toneScaleLock { ^this.at('tone/scale_lock') }
	toneScaleLock_ { |value| this.set('tone/scale_lock', value) }
	rhythmGrid { ^this.at('rhythm/grid') }
	rhythmGrid_ { |value| this.set('rhythm/grid', value) }
	rhythmDensity { ^this.at('rhythm/density') }
	rhythmDensity_ { |value| this.set('rhythm/density', value) }
	rhythmLock { ^this.at('rhythm/lock') }
	rhythmLock_ { |value| this.set('rhythm/lock', value) }
	memoryHold { ^this.at('memory/hold') }
	memoryHold_ { |value| this.set('memory/hold', value) }
	memoryKeep { this.fire('memory/keep') }
	memoryBack { this.fire('memory/back') }
	memoryDice { this.fire('memory/dice') }
	memoryAmount { ^this.at('memory/amount') }
	memoryAmount_ { |value| this.set('memory/amount', value) }
	memoryLocked { ^this.at('memory/locked') }
	memoryLocked_ { |value| this.set('memory/locked', value) }
	transformTimeShift { ^this.at('transform/time_shift') }
	transformTimeShift_ { |value| this.set('transform/time_shift', value) }
	transformPitchShift { ^this.at('transform/pitch_shift') }
	transformPitchShift_ { |value| this.set('transform/pitch_shift', value) }
	transformLoudness { ^this.at('transform/loudness') }
	transformLoudness_ { |value| this.set('transform/loudness', value) }
	transformTimeMask { ^this.at('transform/time_mask') }
	transformTimeMask_ { |value| this.set('transform/time_mask', value) }
	transformFreqMask { ^this.at('transform/freq_mask') }
	transformFreqMask_ { |value| this.set('transform/freq_mask', value) }
	transformGradientNoise { ^this.at('transform/gradient_noise') }
	transformGradientNoise_ { |value| this.set('transform/gradient_noise', value) }
	transformDenoise { ^this.at('transform/denoise') }
	transformDenoise_ { |value| this.set('transform/denoise', value) }
	penaltyActivation { ^this.at('penalty/activation') }
	penaltyActivation_ { |value| this.set('penalty/activation', value) }
	penaltyNoise { ^this.at('penalty/noise') }
	penaltyNoise_ { |value| this.set('penalty/noise', value) }
	penaltyHighFrequency { ^this.at('penalty/high_frequency') }
	penaltyHighFrequency_ { |value| this.set('penalty/high_frequency', value) }
	penaltyTotalVariation { ^this.at('penalty/total_variation') }
	penaltyTotalVariation_ { |value| this.set('penalty/total_variation', value) }
	optimizerMethod { ^this.at('optimizer/method') }
	optimizerMethod_ { |value| this.set('optimizer/method', value) }
	optimizerParametrization { ^this.at('optimizer/parametrization') }
	optimizerParametrization_ { |value| this.set('optimizer/parametrization', value) }
	optimizerBatchSize { ^this.at('optimizer/batch_size') }
	optimizerBatchSize_ { |value| this.set('optimizer/batch_size', value) }
	optimizerStepsPerLoop { ^this.at('optimizer/steps_per_loop') }
	optimizerStepsPerLoop_ { |value| this.set('optimizer/steps_per_loop', value) }
	modelEar { ^this.at('model/ear') }
	modelEar_ { |value| this.set('model/ear', value) }
	modelDevice { ^this.at('model/device') }
	modelDevice_ { |value| this.set('model/device', value) }
	mapMotion { ^this.at('map/motion') }
	mapMotion_ { |value| this.set('map/motion', value) }
	mapShare { ^this.at('map/share') }
	mapShare_ { |value| this.set('map/share', value) }
	mapFollow { ^this.at('map/follow') }
	mapFollow_ { |value| this.set('map/follow', value) }
	viewPalette { ^this.at('view/palette') }
	viewPalette_ { |value| this.set('view/palette', value) }
	viewLatencyMs { ^this.at('view/latency_ms') }
	viewLatencyMs_ { |value| this.set('view/latency_ms', value) }
	viewLight { ^this.at('view/light') }
	viewLight_ { |value| this.set('view/light', value) }
	viewLinks { ^this.at('view/links') }
	viewLinks_ { |value| this.set('view/links', value) }
	viewGlow { ^this.at('view/glow') }
	viewGlow_ { |value| this.set('view/glow', value) }
	viewBlackout { ^this.at('view/blackout') }
	viewBlackout_ { |value| this.set('view/blackout', value) }
	viewShare { ^this.at('view/share') }
	viewShare_ { |value| this.set('view/share', value) }
	viewOutputSize { ^this.at('view/output_size') }
	viewOutputSize_ { |value| this.set('view/output_size', value) }
	viewOutputRate { ^this.at('view/output_rate') }
	viewOutputRate_ { |value| this.set('view/output_rate', value) }
	viewOutputQuality { ^this.at('view/output_quality') }
	viewOutputQuality_ { |value| this.set('view/output_quality', value) }
	playbackWet { ^this.at('playback/wet') }
	playbackWet_ { |value| this.set('playback/wet', value) }
	playbackGain { ^this.at('playback/gain') }
	playbackGain_ { |value| this.set('playback/gain', value) }
	playbackMute { ^this.at('playback/mute') }
	playbackMute_ { |value| this.set('playback/mute', value) }
	playbackPanic { this.fire('playback/panic') }
	playbackLimit { ^this.at('playback/limit') }
	playbackLimit_ { |value| this.set('playback/limit', value) }
	playbackOffset { ^this.at('playback/offset') }
	playbackOffset_ { |value| this.set('playback/offset', value) }
	playbackRun { ^this.at('playback/run') }
	playbackRun_ { |value| this.set('playback/run', value) }
	playbackTap { this.fire('playback/tap') }
	playbackLink { ^this.at('playback/link') }
	playbackLink_ { |value| this.set('playback/link', value) }
	playbackTempo { ^this.at('playback/tempo') }
	playbackTempo_ { |value| this.set('playback/tempo', value) }
	playbackBeats { ^this.at('playback/beats') }
	playbackBeats_ { |value| this.set('playback/beats', value) }
	playbackQuantize { ^this.at('playback/quantize') }
	playbackQuantize_ { |value| this.set('playback/quantize', value) }
	playbackCrossfade { ^this.at('playback/crossfade') }
	playbackCrossfade_ { |value| this.set('playback/crossfade', value) }
	listenRun { ^this.at('listen/run') }
	listenRun_ { |value| this.set('listen/run', value) }
	listenDelay { ^this.at('listen/delay') }
	listenDelay_ { |value| this.set('listen/delay', value) }
	auditionLevel { ^this.at('audition/level') }
	auditionLevel_ { |value| this.set('audition/level', value) }
	auditionDuck { ^this.at('audition/duck') }
	auditionDuck_ { |value| this.set('audition/duck', value) }
	auditionSeconds { ^this.at('audition/seconds') }
	auditionSeconds_ { |value| this.set('audition/seconds', value) }
	auditionStop { this.fire('audition/stop') }
	cueSource { ^this.at('cue/source') }
	cueSource_ { |value| this.set('cue/source', value) }
	cueLevel { ^this.at('cue/level') }
	cueLevel_ { |value| this.set('cue/level', value) }
	midiClockIn { ^this.at('midi/clock_in') }
	midiClockIn_ { |value| this.set('midi/clock_in', value) }
	midiClockOut { ^this.at('midi/clock_out') }
	midiClockOut_ { |value| this.set('midi/clock_out', value) }
	midiClockFrom { ^this.at('midi/clock_from') }
	midiClockFrom_ { |value| this.set('midi/clock_from', value) }
	midiClockTo { ^this.at('midi/clock_to') }
	midiClockTo_ { |value| this.set('midi/clock_to', value) }
}
