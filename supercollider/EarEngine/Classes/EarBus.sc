// A control bus that a stream is written to: one message to the server for each that comes, no Synth.
EarBus {
	var <engine, <address, <rate, <server, <bus, <values, peaks, subscription, booted, quitted;

	*new { |engine, address, rate, server| ^super.newCopyArgs(engine, address, rate, server).init }

	init {
		values = [];
		peaks = [];
		booted = { this.prAlloc(values.size) };
		quitted = { bus = nil };
		ServerBoot.add(booted, server);
		ServerQuit.add(quitted, server);
		engine.sizeOf(address) !? { |size| this.prAlloc(size) };
		subscription = engine.subscribe(address, rate, { |message| this.prWrite(message) });
	}

	numChannels { ^bus !? { bus.numChannels } }

	index { ^bus !? { bus.index } }

	isReady { ^bus.notNil }

	// For SynthDefs; all channels, or one.
	kr { |channel|
		if(bus.isNil) { ^this.prNone(0) };
		^if(channel.isNil) { In.kr(bus.index, bus.numChannels) } { In.kr(bus.index + this.channel(channel)) }
	}

	// For arguments of Synths: "c12".
	asMap { |channel = 0| ^if(bus.isNil) { this.prNone(0) } { "c" ++ (bus.index + this.channel(channel)) } }

	// One channel as a Bus of its own, which must not be freed.
	subBus { |channel = 0, size = 1| ^if(bus.isNil) { this.prNone(nil) } { Bus(\control, bus.index + this.channel(channel), size, server) } }

	// Number of a channel, which may be given by a layer's name where channels are layers.
	channel { |channel| ^if(channel.isNumber) { channel.asInteger } { engine.layerIndex(channel) ? 0 } }

	// Newest value; no server is needed.
	value { |channel = 0| ^values[this.channel(channel)] ? 0 }

	// Newest value as a share of the largest lately, 0..1.
	level { |channel = 0|
		var index = this.channel(channel), peak = peaks[index] ? 0;
		^if(peak > 0) { (values[index] / peak).clip(0, 1) } { 0 }
	}

	mean { ^if(values.isEmpty) { 0 } { values.mean } }

	// A pattern of levels, from low to high.
	pattern { |channel = 0, low = 0, high = 1, curve = 0| ^Pfunc { this.level(channel).lincurve(0, 1, low, high, curve) } }

	free {
		subscription.free;
		ServerBoot.remove(booted, server);
		ServerQuit.remove(quitted, server);
		if(bus.notNil) { bus.free; bus = nil };
		engine.prForgetBus(this);
	}

	prNone { |instead|
		engine.say("% has no bus yet: boot the server and wait for the engine".format(address));
		^instead
	}

	prAlloc { |size|
		if((size < 1) or: { server.serverRunning.not }) { ^this };
		if(bus.notNil) { bus.free };
		bus = Bus.control(server, size);
		if(bus.isNil) {
			engine.say("% needs % control buses; raise numControlBusChannels in the server's options".format(address, size))
		};
	}

	prWrite { |message|
		var first = 1, offset = 0, total, decay = 0.5 ** (20 * rate).reciprocal;
		if(EarSubscription.isPieces(address)) { first = 5; offset = message[3]; total = message[4] };
		message = if(address == '/ear/playhead') { [message[2], message[4], message[1]] } { message[first..] };
		total = total ? message.size;
		if(total != values.size) {
			values = Array.fill(total, 0.0);
			peaks = Array.fill(total, 0.0);
			if(bus.notNil and: { bus.numChannels != total }) { bus.free; bus = nil };
		};
		if(bus.isNil) { this.prAlloc(total) };
		message.do { |value, index|
			values[offset + index] = value;
			peaks[offset + index] = value.max(peaks[offset + index] * decay);
		};
		if(bus.notNil) { server.sendMsg("/c_setn", bus.index + offset, message.size, *message) };
	}

	printOn { |stream| stream << "EarBus(" << address << ", " << (this.index ? "no bus") << ")" }
}
