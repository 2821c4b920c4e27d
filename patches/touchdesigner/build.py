"""ear-engine in TouchDesigner: paste all of this into a Text DAT and run it (right click, Run Script).

Generated from parts/ and the engine's table of parameters by ear_engine/clients/touchdesigner.py; do not
edit it here.
"""

PARAMETERS = [
    {'name': 'Active', 'style': 'Toggle', 'label': 'Active', 'page': 'Ear', 'help': 'Listen to the engine.', 'default': True},
    {'name': 'Connect', 'style': 'Pulse', 'label': 'Connect Again', 'page': 'Ear', 'help': 'Forget everything and ask again.'},
    {'name': 'Problem', 'style': 'Str', 'label': 'Problem', 'page': 'Ear', 'help': 'What was refused, or does not work.', 'default': ''},
    {'name': 'Address', 'style': 'Str', 'label': "Engine's Address", 'page': 'Ear', 'help': 'IP address of its machine.', 'default': '127.0.0.1'},
    {'name': 'Oscport', 'style': 'Int', 'label': "Engine's OSC Port", 'page': 'Ear', 'help': 'As it says when it starts.', 'default': 9000, 'low': 1, 'high': 65535},
    {'name': 'Streamport', 'style': 'Int', 'label': 'Port for Streams', 'page': 'Ear', 'help': 'Where the OSC In CHOP listens.', 'default': 7400, 'low': 1, 'high': 65535},
    {'name': 'Answerport', 'style': 'Int', 'label': 'Port for Answers', 'page': 'Ear', 'help': 'Where the OSC In DAT listens.', 'default': 7401, 'low': 1, 'high': 65535},
    {'name': 'Lead', 'style': 'Float', 'label': 'Lead [beats]', 'page': 'Ear', 'help': 'How much earlier than the sound, for late screens.', 'default': 0.0, 'low': 0, 'high': 1},
    {'name': 'Live', 'style': 'Toggle', 'label': 'Live Input', 'page': 'Ear', 'help': 'From the WebSocket instead of whole loops.', 'default': False},
    {'name': 'Gain', 'style': 'Float', 'label': 'Gain', 'page': 'Ear', 'help': 'How bright neurons shine.', 'default': 0.5, 'low': 0, 'high': 4},
    {'name': 'Contrast', 'style': 'Float', 'label': 'Contrast', 'page': 'Ear', 'help': 'How much brighter those are that fire strongly.', 'default': 3.0, 'low': 0.5, 'high': 8},
    {'name': 'Size', 'style': 'Float', 'label': 'Size', 'page': 'Ear', 'help': 'Of a point; the whole map is 1.', 'default': 0.006, 'low': 0.0005, 'high': 0.05},
    {'name': 'Limit', 'style': 'Int', 'label': 'Largest Texture', 'page': 'Ear', 'help': '1280 with the free license.', 'default': 1280, 'low': 256, 'high': 16384},
    {'name': 'Dreamrun', 'style': 'Toggle', 'label': 'Run', 'page': 'Dream', 'help': 'Let the dream go on; off, the last loop plays on unchanged.', 'default': True},
    {'name': 'Dreamrate', 'style': 'Float', 'label': 'Rate [dB]', 'page': 'Dream', 'help': 'Change of the loop in one beat, relative to its loudness.', 'default': -18.0, 'low': -60, 'high': -6},
    {'name': 'Dreampull', 'style': 'Float', 'label': 'Pull [beats]', 'page': 'Dream', 'help': 'Half-life of the pull back to the source; 0 is no pull.', 'default': 6.0, 'low': 0.0, 'high': 256},
    {'name': 'Dreamautopilot', 'style': 'Toggle', 'label': 'Autopilot', 'page': 'Dream', 'help': 'Let the engine play by itself: clips, targets, morphs on the bar; touching a target ends it.', 'default': False},
    {'name': 'Sourceclip', 'style': 'Str', 'label': 'Clip', 'page': 'Source', 'help': 'Loop to dream from: the name of a clip.', 'default': 'beat'},
    {'name': 'Sourcefit', 'style': 'Menu', 'label': 'Fit', 'page': 'Source', 'help': "How a clip meets the loop: the loop takes the clip's length, the clip is resampled to tempo and beats (its pitch follows), or each of its beats is laid on one of the loop's, cut or followed by a rest.", 'default': 'clip_tempo', 'choices': ['clip_tempo', 'stretch', 'crop']},
    {'name': 'Sourcerecord', 'style': 'Pulse', 'label': 'Record', 'page': 'Source', 'help': 'Record one loop of the live input from the next bar on; it becomes the source. Again, while it waits or records: no.'},
    {'name': 'Sourcereset', 'style': 'Pulse', 'label': 'Reset', 'page': 'Source', 'help': 'Go back to the source at once.'},
    {'name': 'Targetby', 'style': 'Menu', 'label': 'By', 'page': 'Target', 'help': 'What decides the target: a layer, a depth, a disc on the map, neurons, a name, a clip, an expression, or the way between the stored a and b. Setting one of those chooses it.', 'default': 'layer', 'choices': ['layer', 'depth', 'map', 'neurons', 'name', 'imprint', 'objective', 'morph']},
    {'name': 'Targetlayer', 'style': 'Str', 'label': 'Layer', 'page': 'Target', 'help': 'Layer of the ear that shall fire.', 'default': 'encoder_3_conv1'},
    {'name': 'Targetdepth', 'style': 'Float', 'label': 'Depth', 'page': 'Target', 'help': 'How deep in the ear, from its first layer to its last; between two layers both fire.', 'default': 0.5, 'low': 0.0, 'high': 1.0},
    {'name': 'Targetchannel', 'style': 'Float', 'label': 'Channel', 'page': 'Target', 'help': "Center of the target's channels in the layer.", 'default': 0.5, 'low': 0.0, 'high': 1.0},
    {'name': 'Targetchannelwidth', 'style': 'Float', 'label': 'Channel Width', 'page': 'Target', 'help': "Share of the layer's channels in the target; at least one.", 'default': 0.1, 'low': 0.0, 'high': 1.0},
    {'name': 'Targetfreqlow', 'style': 'Float', 'label': 'Freq Low [Hz]', 'page': 'Target', 'help': 'Lowest frequency of the target.', 'default': 20.0, 'low': 20, 'high': 20000},
    {'name': 'Targetfreqhigh', 'style': 'Float', 'label': 'Freq High [Hz]', 'page': 'Target', 'help': 'Highest frequency of the target.', 'default': 20000.0, 'low': 20, 'high': 20000},
    {'name': 'Targetstart', 'style': 'Float', 'label': 'Start [beats]', 'page': 'Target', 'help': 'Where in the loop the target begins.', 'default': 0.0, 'low': 0, 'high': 64},
    {'name': 'Targetlength', 'style': 'Float', 'label': 'Length [beats]', 'page': 'Target', 'help': 'How long the target lasts; 0 is the whole loop.', 'default': 0.0, 'low': 0, 'high': 64},
    {'name': 'Targetx', 'style': 'Float', 'label': 'X', 'page': 'Target', 'help': 'Center of the target on the map, left to right.', 'default': 0.5, 'low': 0.0, 'high': 1.0},
    {'name': 'Targety', 'style': 'Float', 'label': 'Y', 'page': 'Target', 'help': 'Center of the target on the map, bottom to top.', 'default': 0.5, 'low': 0.0, 'high': 1.0},
    {'name': 'Targetradius', 'style': 'Float', 'label': 'Radius', 'page': 'Target', 'help': 'Radius of the target on the map, whose sides are 1.', 'default': 0.1, 'low': 0.005, 'high': 1.0},
    {'name': 'Targetneurons', 'style': 'Str', 'label': 'Neurons', 'page': 'Target', 'help': 'Numbers of the neurons that shall fire, and ranges of them: 12-40, 77.', 'default': ''},
    {'name': 'Targetname', 'style': 'Str', 'label': 'Name', 'page': 'Target', 'help': 'Words for what shall be heard: bright hats, low tones, 220 Hz.', 'default': ''},
    {'name': 'Targetimprint', 'style': 'Str', 'label': 'Imprint', 'page': 'Target', 'help': 'Clip that the ear shall believe to hear: a name, now, source or input.', 'default': ''},
    {'name': 'Targetobjective', 'style': 'Str', 'label': 'Objective', 'page': 'Target', 'help': 'What shall rise, as an expression: 0.7*channel(encoder_4_conv2, 12) - 0.3*surprise().', 'default': ''},
    {'name': 'Targeta', 'style': 'Pulse', 'label': 'A', 'page': 'Target', 'help': 'Store the current target as a.'},
    {'name': 'Targetb', 'style': 'Pulse', 'label': 'B', 'page': 'Target', 'help': 'Store the current target as b.'},
    {'name': 'Targetmorph', 'style': 'Float', 'label': 'Morph', 'page': 'Target', 'help': 'From the stored target a (0) to b (1).', 'default': 0.0, 'low': 0.0, 'high': 1.0},
    {'name': 'Targetweight', 'style': 'Float', 'label': 'Weight', 'page': 'Target', 'help': 'Strength of this target among the kept ones; below 0 it is silenced.', 'default': 1.0, 'low': -2, 'high': 2},
    {'name': 'Targetkeep', 'style': 'Pulse', 'label': 'Keep', 'page': 'Target', 'help': 'Keep the current target while others are chosen.'},
    {'name': 'Targetclear', 'style': 'Pulse', 'label': 'Clear', 'page': 'Target', 'help': 'Forget all kept targets.'},
    {'name': 'Tonetilt', 'style': 'Float', 'label': 'Tilt [dB/oct]', 'page': 'Tone', 'help': 'Spectral tilt of every change: below 0 darker, above 0 brighter.', 'default': -4.5, 'low': -12, 'high': 12},
    {'name': 'Tonereshape', 'style': 'Float', 'label': 'Reshape', 'page': 'Tone', 'help': 'Where change goes: from new sound in silent places (0) to what sounds already (1).', 'default': 0.8, 'low': 0.0, 'high': 1.0},
    {'name': 'Tonelow', 'style': 'Float', 'label': 'Low [dB]', 'page': 'Tone', 'help': 'Change of low sounds, more or less than the tilt gives.', 'default': 0.0, 'low': -24, 'high': 24},
    {'name': 'Tonemid', 'style': 'Float', 'label': 'Mid [dB]', 'page': 'Tone', 'help': 'Change of middle sounds.', 'default': 0.0, 'low': -24, 'high': 24},
    {'name': 'Tonehigh', 'style': 'Float', 'label': 'High [dB]', 'page': 'Tone', 'help': 'Change of high sounds.', 'default': 0.0, 'low': -24, 'high': 24},
    {'name': 'Tonetonal', 'style': 'Float', 'label': 'Tonal', 'page': 'Tone', 'help': 'Change of noise and hits only (-1) to change of tones only (1).', 'default': 0.0, 'low': -1, 'high': 1},
    {'name': 'Tonescale', 'style': 'Menu', 'label': 'Scale', 'page': 'Tone', 'help': 'Scale that tone/scale_lock holds to.', 'default': 'minor', 'choices': ['major', 'minor', 'harmonic_minor', 'dorian', 'phrygian', 'lydian', 'mixolydian', 'pentatonic', 'minor_pentatonic', 'whole_tone', 'octaves', 'fifths']},
    {'name': 'Toneroot', 'style': 'Menu', 'label': 'Root', 'page': 'Tone', 'help': 'Root of that scale.', 'default': 'a', 'choices': ['c', 'c_sharp', 'd', 'd_sharp', 'e', 'f', 'f_sharp', 'g', 'g_sharp', 'a', 'a_sharp', 'b']},
    {'name': 'Tonescalelock', 'style': 'Float', 'label': 'Scale Lock', 'page': 'Tone', 'help': 'How strictly change keeps to the scale.', 'default': 0.0, 'low': 0.0, 'high': 1.0},
    {'name': 'Rhythmgrid', 'style': 'Menu', 'label': 'Grid', 'page': 'Rhythm', 'help': 'Pulses that change comes in.', 'default': 'off', 'choices': ['off', 'bar', 'beat', 'half', 'triplet', 'quarter']},
    {'name': 'Rhythmdensity', 'style': 'Float', 'label': 'Density', 'page': 'Rhythm', 'help': "Share of the grid's pulses that are open.", 'default': 1.0, 'low': 0.0, 'high': 1.0},
    {'name': 'Rhythmlock', 'style': 'Float', 'label': 'Lock', 'page': 'Rhythm', 'help': "How strictly change follows the source's own onsets.", 'default': 0.0, 'low': 0.0, 'high': 1.0},
    {'name': 'Memoryhold', 'style': 'Toggle', 'label': 'Hold', 'page': 'Memory', 'help': 'Hold what is heard as it is: the dream rests, and goes on from there when it is let go.', 'default': False},
    {'name': 'Memorykeep', 'style': 'Pulse', 'label': 'Keep', 'page': 'Memory', 'help': 'Keep the loop that is heard, however many others come.'},
    {'name': 'Memoryback', 'style': 'Pulse', 'label': 'Back', 'page': 'Memory', 'help': 'Back to the loop that was heard before, and again, to the one before that.'},
    {'name': 'Memorydice', 'style': 'Pulse', 'label': 'Dice', 'page': 'Memory', 'help': 'Throw dice: what is played moves from where it is. /ear/control/undo takes it back.'},
    {'name': 'Memoryamount', 'style': 'Float', 'label': 'Amount', 'page': 'Memory', 'help': 'How far dice move things, as a share of their ranges.', 'default': 0.2, 'low': 0.0, 'high': 1.0},
    {'name': 'Memorylocked', 'style': 'Str', 'label': 'Locked', 'page': 'Memory', 'help': 'What dice leave as it is: names of parameters, with commas between them.', 'default': ''},
    {'name': 'Transformtimeshift', 'style': 'Float', 'label': 'Time Shift', 'page': 'Transform', 'help': 'Random circular shift of what the ear hears, as a share of the loop.', 'default': 1.0, 'low': 0.0, 'high': 1.0},
    {'name': 'Transformpitchshift', 'style': 'Float', 'label': 'Pitch Shift [semitones]', 'page': 'Transform', 'help': 'Largest random change of pitch of what the ear hears, up or down.', 'default': 0.0, 'low': 0, 'high': 2},
    {'name': 'Transformloudness', 'style': 'Float', 'label': 'Loudness [dB]', 'page': 'Transform', 'help': 'Largest random change of loudness of what the ear hears, up or down.', 'default': 0.0, 'low': 0, 'high': 24},
    {'name': 'Transformtimemask', 'style': 'Float', 'label': 'Time Mask', 'page': 'Transform', 'help': 'Longest random stretch of time hidden from the ear, as a share of the loop.', 'default': 0.1, 'low': 0.0, 'high': 1.0},
    {'name': 'Transformfreqmask', 'style': 'Float', 'label': 'Freq Mask', 'page': 'Transform', 'help': 'Widest random band hidden from the ear, as a share of its bins.', 'default': 0.1, 'low': 0.0, 'high': 1.0},
    {'name': 'Transformgradientnoise', 'style': 'Float', 'label': 'Gradient Noise', 'page': 'Transform', 'help': 'Noise in every change, as a share of it.', 'default': 0.0, 'low': 0.0, 'high': 1.0},
    {'name': 'Transformdenoise', 'style': 'Float', 'label': 'Denoise', 'page': 'Transform', 'help': 'How strongly faint noise between the sounds is taken away.', 'default': 0.0, 'low': 0.0, 'high': 1.0},
    {'name': 'Penaltyactivation', 'style': 'Float', 'label': 'Activation', 'page': 'Penalty', 'help': 'Cost of everything that fires besides the target.', 'default': 0.0, 'low': 0.0, 'high': 1.0},
    {'name': 'Penaltynoise', 'style': 'Float', 'label': 'Noise', 'page': 'Penalty', 'help': 'Cost of noise.', 'default': 0.0, 'low': 0.0, 'high': 1.0},
    {'name': 'Penaltyhighfrequency', 'style': 'Float', 'label': 'High Frequency', 'page': 'Penalty', 'help': 'Cost of high frequencies.', 'default': 0.0, 'low': 0.0, 'high': 1.0},
    {'name': 'Penaltytotalvariation', 'style': 'Float', 'label': 'Total Variation', 'page': 'Penalty', 'help': 'Cost of restless spectra.', 'default': 0.0, 'low': 0.0, 'high': 1.0},
    {'name': 'Optimizermethod', 'style': 'Menu', 'label': 'Method', 'page': 'Optimizer', 'help': 'How the gradient becomes a step.', 'default': 'normalized', 'choices': ['normalized', 'momentum', 'adam', 'sign']},
    {'name': 'Optimizerparametrization', 'style': 'Menu', 'label': 'Parametrization', 'page': 'Optimizer', 'help': 'What the steps are taken in: samples, Fourier coefficients, constant-Q coefficients, or phases with the spectrum held.', 'default': 'waveform', 'choices': ['waveform', 'fourier', 'constant_q', 'phase']},
    {'name': 'Optimizerbatchsize', 'style': 'Int', 'label': 'Batch Size', 'page': 'Optimizer', 'help': 'Shifted and masked copies heard in one step.', 'default': 1, 'low': 1, 'high': 16},
    {'name': 'Optimizerstepsperloop', 'style': 'Int', 'label': 'Steps Per Loop [steps]', 'page': 'Optimizer', 'help': 'Most steps in one loop; 0 is as many as the machine makes.', 'default': 0, 'low': 0.0, 'high': 4096},
    {'name': 'Modelear', 'style': 'Str', 'label': 'Ear', 'page': 'Model', 'help': 'Ear that listens: a name that /ear/ears/list lists.', 'default': ''},
    {'name': 'Modeldevice', 'style': 'Menu', 'label': 'Device', 'page': 'Model', 'help': 'What the ear runs on.', 'default': 'auto', 'choices': ['auto', 'cpu', 'cuda', 'mps']},
    {'name': 'Mapmotion', 'style': 'Menu', 'label': 'Motion', 'page': 'Map', 'help': 'Whether the map of neurons moves by what the ear hears, stays where it is (frozen) or lies still as it is stored; auto moves it with a GPU.', 'default': 'auto', 'choices': ['auto', 'live', 'frozen', 'still']},
    {'name': 'Mapshare', 'style': 'Float', 'label': 'Share', 'page': 'Map', 'help': 'Share of one processor core that a moving map may take; a GPU is not held back.', 'default': 0.25, 'low': 0.02, 'high': 1.0},
    {'name': 'Mapfollow', 'style': 'Float', 'label': 'Follow', 'page': 'Map', 'help': 'How much more room neurons take on a moving map while they fire.', 'default': 1.0, 'low': 0, 'high': 4},
    {'name': 'Viewpalette', 'style': 'Menu', 'label': 'Palette', 'page': 'View', 'help': "Colors of the viewer: the paper's four, safe for color-blind people, by depth, for projectors, ink on white.", 'default': 'paper', 'choices': ['paper', 'safe', 'depth', 'stage', 'ink']},
    {'name': 'Viewlatencyms', 'style': 'Float', 'label': 'Latency Ms [ms]', 'page': 'View', 'help': 'How much earlier the viewer shows what is heard, for projectors that are late.', 'default': 0.0, 'low': -500, 'high': 500},
    {'name': 'Viewlight', 'style': 'Float', 'label': 'Light', 'page': 'View', 'help': 'Brightness of all that the viewer shows of the ear.', 'default': 1.0, 'low': 0.0, 'high': 1.0},
    {'name': 'Viewlinks', 'style': 'Float', 'label': 'Links', 'page': 'View', 'help': 'Share of the links between groups of neurons that the viewer draws.', 'default': 1.0, 'low': 0.0, 'high': 1.0},
    {'name': 'Viewglow', 'style': 'Toggle', 'label': 'Glow', 'page': 'View', 'help': 'Halos around bright neurons in the viewer.', 'default': True},
    {'name': 'Viewblackout', 'style': 'Toggle', 'label': 'Blackout', 'page': 'View', 'help': 'Let the viewer fade to black.', 'default': False},
    {'name': 'Viewshare', 'style': 'Float', 'label': 'Share', 'page': 'View', 'help': 'Share of the processor that the viewer may take where no graphics card draws.', 'default': 0.35, 'low': 0.05, 'high': 1.0},
    {'name': 'Viewoutputsize', 'style': 'Menu', 'label': 'Output Size', 'page': 'View', 'help': 'Pixels of the picture that the viewer gives to other programs.', 'default': '1280x720', 'choices': ['640x360', '1280x720', '1920x1080', '1080x1080', '1080x1920']},
    {'name': 'Viewoutputrate', 'style': 'Float', 'label': 'Output Rate [Hz]', 'page': 'View', 'help': 'Pictures a second that the viewer gives to other programs, at most.', 'default': 30.0, 'low': 1, 'high': 60},
    {'name': 'Viewoutputquality', 'style': 'Int', 'label': 'Output Quality [%]', 'page': 'View', 'help': 'How faithful pictures are that are compressed for other programs.', 'default': 80, 'low': 20, 'high': 95},
    {'name': 'Playbackwet', 'style': 'Float', 'label': 'Wet', 'page': 'Playback', 'help': 'From the source (0) to the dream (1).', 'default': 1.0, 'low': 0.0, 'high': 1.0},
    {'name': 'Playbackgain', 'style': 'Float', 'label': 'Gain [dB]', 'page': 'Playback', 'help': 'Loudness.', 'default': 0.0, 'low': -60, 'high': 12},
    {'name': 'Playbackmute', 'style': 'Toggle', 'label': 'Mute', 'page': 'Playback', 'help': 'Silence, while everything else goes on.', 'default': False},
    {'name': 'Playbackpanic', 'style': 'Pulse', 'label': 'Panic', 'page': 'Playback', 'help': 'Fade out in 30 ms: mutes the hall, ends the cue and any excerpt; playback/mute off brings the sound back.'},
    {'name': 'Playbacklimit', 'style': 'Float', 'label': 'Limit [dB]', 'page': 'Playback', 'help': 'No sample goes out above this; what stays below is untouched. At 24 the limiter never acts.', 'default': -1.0, 'low': -24, 'high': 24},
    {'name': 'Playbackoffset', 'style': 'Float', 'label': 'Offset [ms]', 'page': 'Playback', 'help': 'How much earlier playhead, lights and beats are told than they are heard; below 0 later. The sound stays where it is.', 'default': 0.0, 'low': -500, 'high': 500},
    {'name': 'Playbackrun', 'style': 'Toggle', 'label': 'Run', 'page': 'Playback', 'help': 'Play; off, the sound stops at once, and on, the loop begins with its first beat.', 'default': True},
    {'name': 'Playbacktap', 'style': 'Pulse', 'label': 'Tap', 'page': 'Playback', 'help': 'Tap the tempo: from the fourth tap on it is that of the last taps; two seconds without one begin anew.'},
    {'name': 'Playbacklink', 'style': 'Toggle', 'label': 'Link', 'page': 'Playback', 'help': 'Play in time with other programs by Ableton Link: tempo, bars, start and stop.', 'default': False},
    {'name': 'Playbacktempo', 'style': 'Float', 'label': 'Tempo [BPM]', 'page': 'Playback', 'help': 'Tempo of the loop from the next bar on; follows the clip if source/fit is clip_tempo.', 'default': 120.0, 'low': 20, 'high': 300},
    {'name': 'Playbackbeats', 'style': 'Int', 'label': 'Beats [beats]', 'page': 'Playback', 'help': 'Length of the loop from the next bar on; follows the clip if source/fit is clip_tempo.', 'default': 8, 'low': 1, 'high': 64},
    {'name': 'Playbackquantize', 'style': 'Menu', 'label': 'Quantize', 'page': 'Playback', 'help': 'Where a new version of the loop may enter.', 'default': 'beat', 'choices': ['half', 'beat', 'bar', 'loop']},
    {'name': 'Playbackcrossfade', 'style': 'Float', 'label': 'Crossfade [ms]', 'page': 'Playback', 'help': 'Crossfade from one version of the loop to the next.', 'default': 20.0, 'low': 1, 'high': 500},
    {'name': 'Listenrun', 'style': 'Toggle', 'label': 'Run', 'page': 'Listen', 'help': 'Let the ear hear the live input all the time and tell what it makes of it.', 'default': False},
    {'name': 'Listendelay', 'style': 'Float', 'label': 'Delay [ms]', 'page': 'Listen', 'help': 'How long the ear waits for what follows a moment of the live input before it tells; longer is closer to what it makes of a loop, in the lowest octaves.', 'default': 100.0, 'low': 20, 'high': 1200},
    {'name': 'Auditionlevel', 'style': 'Float', 'label': 'Level [dB]', 'page': 'Audition', 'help': 'Loudness of an excerpt of music that is auditioned, as against the loop.', 'default': 0.0, 'low': -40, 'high': 12},
    {'name': 'Auditionduck', 'style': 'Float', 'label': 'Duck [dB]', 'page': 'Audition', 'help': 'How much softer the loop is meanwhile.', 'default': -20.0, 'low': -60, 'high': 0},
    {'name': 'Auditionseconds', 'style': 'Float', 'label': 'Seconds [s]', 'page': 'Audition', 'help': 'Length of an excerpt.', 'default': 4.0, 'low': 1, 'high': 12},
    {'name': 'Auditionstop', 'style': 'Pulse', 'label': 'Stop', 'page': 'Audition', 'help': 'End the excerpt that sounds.'},
    {'name': 'Cuesource', 'style': 'Menu', 'label': 'Source', 'page': 'Cue', 'help': 'What the second pair of outputs carries: nothing, the newest dream before it is heard in the hall (next), or the source. Excerpts are always heard there.', 'default': 'off', 'choices': ['off', 'next', 'source']},
    {'name': 'Cuelevel', 'style': 'Float', 'label': 'Level [dB]', 'page': 'Cue', 'help': 'Loudness of the cue.', 'default': 0.0, 'low': -60, 'high': 12},
    {'name': 'Midiclockin', 'style': 'Toggle', 'label': 'Clock In', 'page': 'Midi', 'help': 'Follow a MIDI clock: its tempo, its bars, start and stop.', 'default': False},
    {'name': 'Midiclockout', 'style': 'Toggle', 'label': 'Clock Out', 'page': 'Midi', 'help': 'Send MIDI clock: 24 ticks a beat where the beat is heard, with start, stop and position.', 'default': False},
    {'name': 'Midiclockfrom', 'style': 'Str', 'label': 'Clock From', 'page': 'Midi', 'help': 'Part of the name of the MIDI port whose clock is followed; the first that ticks if it is empty.', 'default': ''},
    {'name': 'Midiclockto', 'style': 'Str', 'label': 'Clock To', 'page': 'Midi', 'help': 'Part of the names of the MIDI ports that get the clock; all if it is empty.', 'default': ''},
]

PARTS = {
    "ear_client": r'''"""Fetches loops and the map from the engine in a thread, and packs them for the graphics card.

The thread never touches an operator: what it has fetched waits in a queue until ``step`` takes it, once a frame, on
TouchDesigner's main thread. The latest wish wins; what nobody asked for any longer is not fetched.
"""

import json
import os
import queue
import tempfile
import threading
import urllib.error
import urllib.request

import numpy

MAGIC = 0xEA12
PER_TEXEL = 8  # frames: two bytes in each of four channels
LONGEST = 64 << 20  # bytes that an answer may have
PATIENCE = 5.0  # seconds
HEADER = ("loop", "frame", "sequence", "frames")  # of a message of the live input, little-endian uint32


def layout(neurons, frames, limit):
    """How a loop lies in a texture of at most ``limit`` by ``limit`` texels: (width, rows, groups, stride).

    A frame of the network takes ``rows`` rows; eight frames lie in one texel, so ``groups`` such blocks lie below each
    other, under one row that says all this. If they are too many, only every ``stride``-th frame is kept.
    """
    width = max(8, min(limit, neurons))
    rows = -(-neurons // width)
    most = (limit - 1) // rows
    if most < 1:
        raise ValueError(f"{neurons} neurons do not fit in a texture of {limit} by {limit}")
    stride = max(1, -(-frames // (most * PER_TEXEL)))
    kept = -(-frames // stride)
    return width, rows, -(-kept // PER_TEXEL), stride


def pack(ranks, loop, limit=1280):
    """A texture of uint16, (height, width, 4), that holds a loop's ranks; row 0 says what is in it.

    Texel (x, 1 + g * rows + y) has neuron ``y * width + x`` at frames ``8 g`` to ``8 g + 7`` (of those kept): red is
    the first plus 256 times the second, and so on.

    Args:
        ranks: (frames, neurons), uint8.
        loop: its number.
        limit: side of the largest texture; 1280 with the free license.
    """
    frames, neurons = ranks.shape
    width, rows, groups, stride = layout(neurons, frames, limit)
    kept = ranks[::stride]
    # groups of eight frames, each a block of rows by width texels, bytes of a texel next to each other
    texture = numpy.zeros((1 + rows * groups, width, 4), "<u2")
    padded = numpy.zeros((groups * PER_TEXEL, rows * width), numpy.uint8)
    padded[: len(kept), :neurons] = kept
    blocks = padded.reshape(groups, PER_TEXEL, rows, width).transpose(0, 2, 3, 1)
    texture[1:] = numpy.ascontiguousarray(blocks).view("<u2").reshape(groups * rows, width, 4)
    texture[0, 0] = MAGIC, len(kept), rows, neurons & 0xFFFF
    texture[0, 1] = neurons >> 16, loop & 0xFFFF, loop >> 16 & 0xFFFF, frames & 0xFFFF
    texture[0, 2] = stride, 0, 0, 0
    return texture


def read_block(data):
    """What an answer of ``/loops/N/activations`` says, and its array."""
    end = data.find(b"\n", 0, 1 << 16)
    about = json.loads(data[:end]) if end > 0 else None
    if not isinstance(about, dict) or about.get("dtype") != "uint8":
        raise ValueError("the engine sent something else than ranks")
    shape = about.get("shape")
    if not isinstance(shape, list) or len(shape) != 2 or any(type(n) is not int or n < 1 for n in shape):
        raise ValueError(f"ranks have the shape {shape}")
    if len(data) - end - 1 != shape[0] * shape[1]:
        raise ValueError("ranks are cut off")
    return about, numpy.frombuffer(data, numpy.uint8, offset=end + 1).reshape(shape)


class Client:
    """One engine's loops and map.

    Args:
        where: ``http://HOST:PORT``.
        limit: side of the largest texture.
    """

    def __init__(self, where, limit=1280):
        self.where = where
        self.limit = limit
        self.ready = queue.SimpleQueue()  # (what, value): ("loop", array), ("map", path), ("problem", text)
        self._wish = None
        self._map_wanted = False
        self._map_id = ""
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="ear-engine", daemon=True)
        self._thread.start()

    def want_loop(self, number):
        """Fetch a loop; one that was asked for before and has not begun is forgotten."""
        with self._changed:
            self._wish = int(number)
            self._changed.notify()

    def want_map(self):
        """Fetch the map, if it is another than before."""
        with self._changed:
            self._map_wanted = True
            self._changed.notify()

    def close(self):
        """End the thread, after what it fetches now."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _work(self):
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._wish is not None or self._map_wanted)
                if self._closed:
                    return
                wish, self._wish = self._wish, None
                wanted, self._map_wanted = self._map_wanted, False
            try:
                if wish is not None:
                    self._loop(wish)
                if wanted:
                    self._map()
            except urllib.error.HTTPError as error:
                if error.code not in (404, 503):  # a source has no ranks; the map is not known yet
                    self.ready.put(("problem", f"{error.url}: {error}"))
            except (OSError, ValueError) as error:
                self.ready.put(("problem", f"{self.where}: {error}"))

    def _loop(self, number):
        about, ranks = read_block(self._get(f"/loops/{number}/activations")[0])
        self.ready.put(("loop", pack(ranks, int(about["loop"]), self.limit)))

    def _map(self):
        data, headers = self._get("/map.exr")
        name = f"{headers.get('X-Map-Id', 'map')}-{headers.get('X-Map-Version', '0')}"
        if name == self._map_id or not name.replace("-", "").isalnum():
            return
        folder = os.path.join(tempfile.gettempdir(), "ear-engine-touchdesigner")
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, name + ".exr")
        with open(path + ".part", "wb") as file:
            file.write(data)
        os.replace(path + ".part", path)
        self._map_id = name
        self.ready.put(("map", path))

    def _get(self, path):
        with urllib.request.urlopen(self.where + path, timeout=PATIENCE) as answer:
            data = answer.read(LONGEST + 1)
            if len(data) > LONGEST:
                raise ValueError(f"{path} is too long")
            return data, answer.headers


def live_frame(contents, about, limit=1280):
    """A message of the live input as a texture of one frame; None before it was said what comes.

    Args:
        contents: the message.
        about: the JSON text that came before, as a dictionary, or None.
    """
    if not about:
        return None
    names = about.get("header", HEADER)
    size = 4 * len(names)
    neurons = int(about["neurons"])
    if len(contents) != size + neurons:
        return None
    head = dict(zip(names, numpy.frombuffer(bytes(contents[:size]), "<u4").tolist()))
    ranks = numpy.frombuffer(bytes(contents[size:]), numpy.uint8).reshape(1, neurons)
    return pack(ranks, head.get("loop", 0), limit)
''',
    "ear_state": r'''"""What the component knows, and what it does about messages, parameters and frames. All of it runs on the main thread.

``TABLE`` (parameter → how it is sent) and ``GROUPS`` come from the engine's own table, in the DAT ``ear_table``.
"""

import json
import time

TTL = 30.0  # seconds that a subscription lives without a sign of us
RENEW = 5.0  # seconds between two signs
FIRST = 3  # frame at which the engine is spoken to: by then somebody listens at our ports
MAP = 10.0  # seconds between two looks at the map
SLOTS = ("loop_a", "loop_b")
ENGINE = ("Address", "Oscport", "Streamport", "Answerport", "Lead", "Active", "Limit")
_NOTHING = object()
_states = {}  # by id of the component; gone with this DAT


class State:
    """Of one component."""

    def __init__(self):
        self.client = None
        self.textures = {}
        self.loops = {}
        self.loop = None
        self.received = {}  # what the engine has said a parameter is, so that it is not sent back
        self.about = None
        self.frames = 0
        self.renewed = 0.0
        self.mapped = -1e9


def state(comp):
    """The state of a component."""
    return _states.setdefault(comp.id, State())


def close(comp):
    """End the thread and forget everything: before the component is built anew."""
    old = _states.pop(comp.id, None)
    if old is not None and old.client is not None:
        old.client.close()


def subscriptions(comp):
    """What is asked for: (pattern, times a second, format, port, beats ahead)."""
    table = comp.op("ear_table").module
    streams, answers = int(comp.par.Streamport.eval()), int(comp.par.Answerport.eval())
    lead = float(comp.par.Lead.eval())
    return [
        ("/ear/playhead", 120.0, "channels", streams, lead),
        ("/ear/summary/mean", 60.0, "channels", streams, lead),
        ("/ear/objective", 10.0, "channels", streams, 0.0),
        ("/ear/heartbeat", 2.0, "channels", streams, 0.0),
        ("/ear/loop", 30.0, "list", answers, 0.0),
        ("/ear/event", 30.0, "list", answers, 0.0),
        *((pattern, 30.0, "list", answers, 0.0) for pattern in table.PATTERNS),
    ]


def connect(comp):
    """Say where we listen, and subscribe; the engine sends everything as it is now."""
    if not comp.par.Active.eval():
        return
    send = comp.op("osc_out").sendOSC
    _say_where(comp)
    for pattern, rate, format, port, lead in subscriptions(comp):
        send("/ear/stream/subscribe", [pattern, rate, format, port, TTL, lead])
    send("/ear/system/status", [])
    state(comp).renewed = time.monotonic()


def _say_where(comp):
    comp.op("osc_out").sendOSC("/ear/system/reply_port", [int(comp.par.Answerport.eval())])


def disconnect(comp):
    """Let the engine send nothing any more."""
    comp.op("osc_out").sendOSC("/ear/stream/unsubscribe", [])


def on_osc(comp, address, args):
    """A message has come at the port of answers."""
    mine, table = state(comp), comp.op("ear_table").module
    name = table.BY_ADDRESS.get(address)
    if name is not None and args:
        _follow(comp, name, table.TABLE[name], args[0])
    elif address == "/ear/loop" and args:
        mine.loop = int(args[0])
        if mine.client is not None:
            mine.client.want_loop(mine.loop)
    elif address == "/ear/done" and len(args) > 2 and args[0] == "/ear/stream/renew":
        if int(args[2]) < len(subscriptions(comp)):  # it has started again
            connect(comp)
    elif address == "/ear/system/status":
        _meet(comp, dict(zip(args[0::2], args[1::2])))
    elif address == "/ear/fail" and len(args) > 2:
        comp.par.Problem = str(args[2])


def _follow(comp, name, row, value):
    par = comp.par[name]
    value = row["type"](value)
    state(comp).received[name] = value
    if par.eval() == value:
        state(comp).received.pop(name)  # nothing will change
    else:
        par.val = value


def _meet(comp, facts):
    """The engine has said who it is: fetch from its HTTP port."""
    mine, port = state(comp), int(facts.get("http_port", 0))
    where = f"http://{comp.par.Address.eval()}:{port}"
    comp.par.Problem = "" if port else "this engine answers no HTTP"
    if not port or (mine.client is not None and mine.client.where == where):
        return
    if mine.client is not None:
        mine.client.close()
    comp.op("live_socket").par.port = port
    mine.client = comp.op("ear_client").module.Client(where, int(comp.par.Limit.eval()))
    mine.client.want_map()
    if mine.loop is not None:
        mine.client.want_loop(mine.loop)


def on_value(par):
    """Somebody has turned a parameter, or ``on_osc`` has."""
    comp, row = par.owner, par.owner.op("ear_table").module.TABLE.get(par.name)
    if row is not None:
        value = row["type"](par.eval())
        if state(comp).received.pop(par.name, _NOTHING) != value and comp.par.Active.eval():
            comp.op("osc_out").sendOSC(row["address"], [value])
    elif par.name == "Active" and not par.eval():
        disconnect(comp)
    elif par.name in ENGINE:
        close(comp)  # the next frames connect again


def on_pulse(par):
    """A button was pressed."""
    comp, row = par.owner, par.owner.op("ear_table").module.TABLE.get(par.name)
    if row is not None:
        comp.op("osc_out").sendOSC(row["address"], [1])
    elif par.name == "Connect":
        close(comp)


def step(comp):
    """Once a frame: take what was fetched, and give a sign of life now and then."""
    mine, now = state(comp), time.monotonic()
    mine.frames += 1
    if mine.frames == FIRST:
        connect(comp)
    elif mine.frames > FIRST and comp.par.Active.eval() and now - mine.renewed > RENEW:
        mine.renewed = now
        _say_where(comp)  # an engine that has started again does not know
        comp.op("osc_out").sendOSC("/ear/stream/renew", [])
        if mine.client is None:
            comp.op("osc_out").sendOSC("/ear/system/status", [])
    if mine.client is None:
        return
    if now - mine.mapped > MAP:
        mine.mapped = now
        mine.client.want_map()
    while not mine.client.ready.empty():
        what, value = mine.client.ready.get_nowait()
        if what == "loop":
            _show(comp, value)
        elif what == "map":
            comp.op("positions").par.file = value
            comp.op("positions").par.reloadpulse.pulse()
        else:
            comp.par.Problem = value


def _show(comp, texture):
    """Into the slot that is not heard."""
    mine = state(comp)
    heard = int(comp.op("streams")["ear/playhead/loop"] or 0)
    free = [slot for slot in SLOTS if mine.loops.get(slot) != heard] or list(SLOTS)
    slot = min(free, key=lambda name: mine.loops.get(name, -1))
    mine.loops[slot] = int(texture[0, 1, 1]) | int(texture[0, 1, 2]) << 16
    mine.textures[slot] = texture
    comp.op(slot).cook(force=True)


def texture(comp, name):
    """What a Script TOP shows; None if there is nothing yet."""
    return state(comp).textures.get(name)


def on_live_text(comp, message):
    """The live input says what it will send."""
    state(comp).about = json.loads(message)


def on_live_frame(comp, contents):
    """The live input has sent the whole network, as it is now."""
    mine = state(comp)
    frame = comp.op("ear_client").module.live_frame(contents, mine.about, int(comp.par.Limit.eval()))
    if frame is not None:
        mine.textures["live"] = frame
        comp.op("live").cook(force=True)
''',
    "answers_callbacks": r'''"""Of the OSC In DAT ``answers``."""


def onReceiveOSC(dat, rowIndex, message, byteData, timeStamp, address, args, peer):
    """A message has come."""
    dat.parent().op("ear_state").module.on_osc(dat.parent(), address, args)
''',
    "parameter_callbacks": r'''"""Of the Parameter Execute DAT."""


def onValueChange(par, prev):
    """A parameter of the component is another than before."""
    par.owner.op("ear_state").module.on_value(par)


def onPulse(par):
    """A button of the component was pressed."""
    par.owner.op("ear_state").module.on_pulse(par)
''',
    "frame_callbacks": r'''"""Of the Execute DAT."""


def onFrameStart(frame):
    """A frame begins."""
    comp = me.parent()  # TouchDesigner gives every DAT its own ``me``
    comp.op("ear_state").module.step(comp)
''',
    "texture_callbacks": r'''"""Of the Script TOPs: they copy what the thread has packed."""

import numpy

EMPTY = numpy.zeros((2, 8, 4), numpy.uint16)


def onCook(scriptOp):
    """Show the newest texture."""
    comp = scriptOp.parent()
    texture = comp.op("ear_state").module.texture(comp, scriptOp.name)
    scriptOp.copyNumpyArray(EMPTY if texture is None else texture)
''',
    "live_callbacks": r'''"""Of the WebSocket DAT."""


def onReceiveText(dat, rowIndex, message):
    """The engine says what it will send."""
    dat.parent().op("ear_state").module.on_live_text(dat.parent(), message)


def onReceiveBinary(dat, contents):
    """A frame of the network."""
    dat.parent().op("ear_state").module.on_live_frame(dat.parent(), contents)
''',
    "glow": r'''// The color of every neuron at this moment: a texel each, where ``positions`` has its place. Read from the loop that is
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
''',
    "ear_table": r'''"""Parameters of the engine; generated."""

TABLE = {
    "Dreamrun": {"address": "/ear/dream/run", "type": int},
    "Dreamrate": {"address": "/ear/dream/rate", "type": float},
    "Dreampull": {"address": "/ear/dream/pull", "type": float},
    "Dreamautopilot": {"address": "/ear/dream/autopilot", "type": int},
    "Sourceclip": {"address": "/ear/source/clip", "type": str},
    "Sourcefit": {"address": "/ear/source/fit", "type": str},
    "Sourcerecord": {"address": "/ear/source/record", "type": int},
    "Sourcereset": {"address": "/ear/source/reset", "type": int},
    "Targetby": {"address": "/ear/target/by", "type": str},
    "Targetlayer": {"address": "/ear/target/layer", "type": str},
    "Targetdepth": {"address": "/ear/target/depth", "type": float},
    "Targetchannel": {"address": "/ear/target/channel", "type": float},
    "Targetchannelwidth": {"address": "/ear/target/channel_width", "type": float},
    "Targetfreqlow": {"address": "/ear/target/freq_low", "type": float},
    "Targetfreqhigh": {"address": "/ear/target/freq_high", "type": float},
    "Targetstart": {"address": "/ear/target/start", "type": float},
    "Targetlength": {"address": "/ear/target/length", "type": float},
    "Targetx": {"address": "/ear/target/x", "type": float},
    "Targety": {"address": "/ear/target/y", "type": float},
    "Targetradius": {"address": "/ear/target/radius", "type": float},
    "Targetneurons": {"address": "/ear/target/neurons", "type": str},
    "Targetname": {"address": "/ear/target/name", "type": str},
    "Targetimprint": {"address": "/ear/target/imprint", "type": str},
    "Targetobjective": {"address": "/ear/target/objective", "type": str},
    "Targeta": {"address": "/ear/target/a", "type": int},
    "Targetb": {"address": "/ear/target/b", "type": int},
    "Targetmorph": {"address": "/ear/target/morph", "type": float},
    "Targetweight": {"address": "/ear/target/weight", "type": float},
    "Targetkeep": {"address": "/ear/target/keep", "type": int},
    "Targetclear": {"address": "/ear/target/clear", "type": int},
    "Tonetilt": {"address": "/ear/tone/tilt", "type": float},
    "Tonereshape": {"address": "/ear/tone/reshape", "type": float},
    "Tonelow": {"address": "/ear/tone/low", "type": float},
    "Tonemid": {"address": "/ear/tone/mid", "type": float},
    "Tonehigh": {"address": "/ear/tone/high", "type": float},
    "Tonetonal": {"address": "/ear/tone/tonal", "type": float},
    "Tonescale": {"address": "/ear/tone/scale", "type": str},
    "Toneroot": {"address": "/ear/tone/root", "type": str},
    "Tonescalelock": {"address": "/ear/tone/scale_lock", "type": float},
    "Rhythmgrid": {"address": "/ear/rhythm/grid", "type": str},
    "Rhythmdensity": {"address": "/ear/rhythm/density", "type": float},
    "Rhythmlock": {"address": "/ear/rhythm/lock", "type": float},
    "Memoryhold": {"address": "/ear/memory/hold", "type": int},
    "Memorykeep": {"address": "/ear/memory/keep", "type": int},
    "Memoryback": {"address": "/ear/memory/back", "type": int},
    "Memorydice": {"address": "/ear/memory/dice", "type": int},
    "Memoryamount": {"address": "/ear/memory/amount", "type": float},
    "Memorylocked": {"address": "/ear/memory/locked", "type": str},
    "Transformtimeshift": {"address": "/ear/transform/time_shift", "type": float},
    "Transformpitchshift": {"address": "/ear/transform/pitch_shift", "type": float},
    "Transformloudness": {"address": "/ear/transform/loudness", "type": float},
    "Transformtimemask": {"address": "/ear/transform/time_mask", "type": float},
    "Transformfreqmask": {"address": "/ear/transform/freq_mask", "type": float},
    "Transformgradientnoise": {"address": "/ear/transform/gradient_noise", "type": float},
    "Transformdenoise": {"address": "/ear/transform/denoise", "type": float},
    "Penaltyactivation": {"address": "/ear/penalty/activation", "type": float},
    "Penaltynoise": {"address": "/ear/penalty/noise", "type": float},
    "Penaltyhighfrequency": {"address": "/ear/penalty/high_frequency", "type": float},
    "Penaltytotalvariation": {"address": "/ear/penalty/total_variation", "type": float},
    "Optimizermethod": {"address": "/ear/optimizer/method", "type": str},
    "Optimizerparametrization": {"address": "/ear/optimizer/parametrization", "type": str},
    "Optimizerbatchsize": {"address": "/ear/optimizer/batch_size", "type": int},
    "Optimizerstepsperloop": {"address": "/ear/optimizer/steps_per_loop", "type": int},
    "Modelear": {"address": "/ear/model/ear", "type": str},
    "Modeldevice": {"address": "/ear/model/device", "type": str},
    "Mapmotion": {"address": "/ear/map/motion", "type": str},
    "Mapshare": {"address": "/ear/map/share", "type": float},
    "Mapfollow": {"address": "/ear/map/follow", "type": float},
    "Viewpalette": {"address": "/ear/view/palette", "type": str},
    "Viewlatencyms": {"address": "/ear/view/latency_ms", "type": float},
    "Viewlight": {"address": "/ear/view/light", "type": float},
    "Viewlinks": {"address": "/ear/view/links", "type": float},
    "Viewglow": {"address": "/ear/view/glow", "type": int},
    "Viewblackout": {"address": "/ear/view/blackout", "type": int},
    "Viewshare": {"address": "/ear/view/share", "type": float},
    "Viewoutputsize": {"address": "/ear/view/output_size", "type": str},
    "Viewoutputrate": {"address": "/ear/view/output_rate", "type": float},
    "Viewoutputquality": {"address": "/ear/view/output_quality", "type": int},
    "Playbackwet": {"address": "/ear/playback/wet", "type": float},
    "Playbackgain": {"address": "/ear/playback/gain", "type": float},
    "Playbackmute": {"address": "/ear/playback/mute", "type": int},
    "Playbackpanic": {"address": "/ear/playback/panic", "type": int},
    "Playbacklimit": {"address": "/ear/playback/limit", "type": float},
    "Playbackoffset": {"address": "/ear/playback/offset", "type": float},
    "Playbackrun": {"address": "/ear/playback/run", "type": int},
    "Playbacktap": {"address": "/ear/playback/tap", "type": int},
    "Playbacklink": {"address": "/ear/playback/link", "type": int},
    "Playbacktempo": {"address": "/ear/playback/tempo", "type": float},
    "Playbackbeats": {"address": "/ear/playback/beats", "type": int},
    "Playbackquantize": {"address": "/ear/playback/quantize", "type": str},
    "Playbackcrossfade": {"address": "/ear/playback/crossfade", "type": float},
    "Listenrun": {"address": "/ear/listen/run", "type": int},
    "Listendelay": {"address": "/ear/listen/delay", "type": float},
    "Auditionlevel": {"address": "/ear/audition/level", "type": float},
    "Auditionduck": {"address": "/ear/audition/duck", "type": float},
    "Auditionseconds": {"address": "/ear/audition/seconds", "type": float},
    "Auditionstop": {"address": "/ear/audition/stop", "type": int},
    "Cuesource": {"address": "/ear/cue/source", "type": str},
    "Cuelevel": {"address": "/ear/cue/level", "type": float},
    "Midiclockin": {"address": "/ear/midi/clock_in", "type": int},
    "Midiclockout": {"address": "/ear/midi/clock_out", "type": int},
    "Midiclockfrom": {"address": "/ear/midi/clock_from", "type": str},
    "Midiclockto": {"address": "/ear/midi/clock_to", "type": str},
}
BY_ADDRESS = {row["address"]: name for name, row in TABLE.items()}
PATTERNS = ["/ear/{audition,cue,dream,memory,midi,model,optimizer,penalty,playback,rhythm,target,tone,transform,view}/*", "/ear/listen/{run,delay}", "/ear/map/{motion,share,follow}", "/ear/source/{clip,fit,record,reset}"]
''',
}

# ---------------------------------------------------------------------------------------------------------------------
# Builds the component ``ear_engine`` next to this DAT. Run it again at any time: what is inside is made anew, what you
# have set stays. ``PARAMETERS`` and ``PARTS`` stand above.

import td

NAME = "ear_engine"


def build(where):
    """Make or renew the component in ``where``; returns it."""
    comp = where.op(NAME)
    if comp is None:
        comp = where.create(td.baseCOMP, NAME)
    old = comp.op("ear_state")
    if old is not None:
        old.module.close(comp)
    for child in list(comp.children):
        child.destroy()
    add_parameters(comp)
    add_texts(comp)
    add_network(comp)
    add_picture(comp)
    watch(comp)
    return comp


def add_parameters(comp):
    """Custom parameters; those that were there keep their values."""
    kept = {par.name: par.eval() for par in comp.customPars}
    pages = {page.name: page for page in comp.customPages}
    for row in PARAMETERS:
        page = pages.get(row["page"])
        if page is None:
            page = pages[row["page"]] = comp.appendCustomPage(row["page"])
        par = getattr(page, "append" + row["style"])(row["name"], label=row["label"])[0]
        if row["style"] == "Menu":
            par.menuNames = par.menuLabels = row["choices"]
        if row["style"] in ("Float", "Int"):
            par.min, par.max, par.normMin, par.normMax = row["low"], row["high"], row["low"], row["high"]
            par.clampMin = par.clampMax = True
        if hasattr(par, "help"):
            par.help = row["help"]
        if row["style"] != "Pulse":
            par.default = row["default"]
            value = kept.get(row["name"], row["default"])
            par.val = value if row["style"] != "Menu" or value in row["choices"] else row["default"]
    comp.par.Problem.readOnly = True


def add_texts(comp):
    """The scripts and the shader."""
    for column, (name, text) in enumerate(PARTS.items()):
        dat = make(comp, td.textDAT, name, column, 3)
        dat.text = text


def add_network(comp):
    """What hears and what speaks."""
    out = make(comp, td.oscoutDAT, "osc_out", 0, 0)
    out.par.address.expr = "parent().par.Address"
    out.par.port.expr = "parent().par.Oscport"
    answers = make(comp, td.oscinDAT, "answers", 1, 0)
    answers.par.port.expr = "parent().par.Answerport"
    answers.par.active.expr = "parent().par.Active"
    answers.par.splitbundle = True
    answers.par.callbacks = comp.op("answers_callbacks")
    streams = make(comp, td.oscinCHOP, "streams", 2, 0)
    streams.par.port.expr = "parent().par.Streamport"
    streams.par.active.expr = "parent().par.Active"
    for column, (name, channels) in enumerate((("playhead", "ear/playhead/*"), ("layers", "ear/summary/mean/*"))):
        select = make(comp, td.selectCHOP, name, 3 + column, 0)
        select.par.channames = channels
        select.inputConnectors[0].connect(streams)
    ends = make(comp, td.outCHOP, "out_streams", 5, 0)
    ends.inputConnectors[0].connect(streams)
    live = make(comp, td.websocketDAT, "live_socket", 6, 0)
    live.par.callbacks = comp.op("live_callbacks")
    live.par.netaddress.expr = "'ws://' + parent().par.Address.eval() + '/activations'"
    live.par.port.expr = "parent().par.Oscport"  # another, as soon as the engine says which
    live.par.active.expr = "parent().par.Live and parent().par.Active"


def add_picture(comp):
    """Textures, and quads that shine where the neurons lie."""
    textures = []
    for column, name in enumerate(("loop_a", "loop_b", "live")):
        top = make(comp, td.scriptTOP, name, column, 1)
        top.par.callbacks = comp.op("texture_callbacks")
        top.par.format = "rgba16fixed"
        top.par.filtertype = "nearest"
        textures.append(top)
    positions = make(comp, td.moviefileinTOP, "positions", 3, 1)
    put(positions, "inputcolorspace", "passthrough")  # numbers, not colors
    color = make(comp, td.glslTOP, "color", 4, 1)
    color.par.pixeldat = comp.op("glow")
    for number, top in enumerate(textures):
        color.inputConnectors[number].connect(top)
    color.par.outputresolution = "custom"
    color.par.resolutionw.expr = "max(1, op('positions').width)"
    color.par.resolutionh.expr = "max(1, op('positions').height)"
    color.par.format = "rgba16float"
    color.par.vec0name = "uPlay"
    color.par.vec0valuex.expr = "op('streams')['ear/playhead/phase'] or 0"
    color.par.vec0valuey.expr = "-1 if parent().par.Live else (op('streams')['ear/playhead/loop'] or 0)"
    color.par.vec0valuez.expr = "parent().par.Gain"
    color.par.vec0valuew.expr = "parent().par.Contrast"
    dot = make(comp, td.circleTOP, "dot", 0, 2)
    dot.par.outputresolution = "custom"
    dot.par.resolutionw = dot.par.resolutionh = 32
    dot.par.radiusx = dot.par.radiusy = 0.3
    dot.par.softness = 0.2
    material = make(comp, td.constantMAT, "additive", 1, 2)
    material.par.colormap = dot
    material.par.applypointcolor = True
    material.par.blending = True
    material.par.srcblend = "one"
    material.par.destblend = "one"
    material.par.depthtest = False
    material.par.depthwriting = False
    points = make(comp, td.geometryCOMP, "points", 2, 2)
    for child in list(points.children):
        child.destroy()
    quad = points.create(td.rectangleSOP, "quad")
    quad.par.sizex.expr = quad.par.sizey.expr = "parent(2).par.Size"
    quad.par.texture = "face"
    quad.render = quad.display = True
    points.par.material = material
    points.par.tx = points.par.ty = -0.5
    points.par.instancing = True
    points.par.instancecountmode = "oplength"
    points.par.instanceop = positions
    points.par.instancetx, points.par.instancety, points.par.instancetz = "r", "g", "b"
    points.par.instancecolorop = color
    points.par.instancecolormode = "replace"
    points.par.instancer, points.par.instanceg, points.par.instanceb = "r", "g", "b"
    camera = make(comp, td.cameraCOMP, "camera", 3, 2)
    camera.par.projection = "ortho"
    camera.par.orthowidth = 1.05
    camera.par.tz = 5
    render = make(comp, td.renderTOP, "render", 4, 2)
    render.par.camera, render.par.geometry = camera, points
    render.par.outputresolution = "custom"
    render.par.resolutionw = render.par.resolutionh = 1280
    render.par.format = "rgba16float"
    ends = make(comp, td.outTOP, "out_picture", 5, 2)
    ends.inputConnectors[0].connect(render)


def watch(comp):
    """Parameters that are turned, and frames that begin, which connect; last, so that nothing above sends anything."""
    changes = make(comp, td.parameterexecuteDAT, "changes", 7, 0)
    changes.text = PARTS["parameter_callbacks"]
    changes.par.op = comp
    changes.par.pars = "*"
    changes.par.custom = True
    changes.par.builtin = False
    changes.par.valuechange = True
    changes.par.onpulse = True
    frames = make(comp, td.executeDAT, "frames", 8, 0)
    frames.text = PARTS["frame_callbacks"]
    frames.par.framestart = True


def make(comp, kind, name, column, line):
    """An operator in its place."""
    made = comp.create(kind, name)
    made.nodeX, made.nodeY = 180 * column, -160 * line
    return made


def put(operator, name, value):
    """Set a parameter that older builds do not have."""
    if hasattr(operator.par, name):
        setattr(operator.par, name, value)


build(me.parent())  # the DAT that this is run from
