// What is received while it sounds: streams, buses, loops, a clock.
+ EarEngine {
	// Receives what matches the pattern, at most so many times a second; action gets message and time.
	subscribe { |pattern, rate = 30, action|
		var made = EarSubscription(this, EarEngine.address(pattern), rate, action);
		subscriptions.add(made);
		routes.clear;
		this.prSubscribe(made.pattern);
		^made
	}

	// Receives a stream of many values whole: action gets the values, their loop and frame.
	subscribeWhole { |address, rate = 30, action| ^this.subscribe(address, rate, EarSubscription.whole(action)) }

	unsubscribe { |pattern|
		pattern = EarEngine.address(pattern);
		subscriptions.copy.do { |each| if(each.pattern == pattern) { each.free } }
	}

	subscriptions { ^subscriptions.asArray }

	prFree { |subscription|
		if(subscriptions.remove(subscription).isNil) { ^this };
		routes.clear;
		if(subscriptions.any { |each| each.pattern == subscription.pattern }) {
			this.prSubscribe(subscription.pattern)
		} {
			this.send('/ear/stream/unsubscribe', subscription.pattern.asString)
		}
	}

	prPatterns { ^subscriptions.collectAs(_.pattern, IdentitySet) }

	prSubscribe { |pattern|
		var rate = subscriptions.select { |each| each.pattern == pattern }.collect(_.rate).maxItem;
		this.send('/ear/stream/subscribe', pattern.asString, rate.asFloat, "list", 0, 10.0);
	}

	prRoute { |address|
		var found = routes[address];
		if(found.isNil) {
			found = subscriptions.select(_.matches(address)).asArray;
			routes[address] = found;
		};
		^found
	}

	// Called with each new loop (an EarLoop), before it sounds, its buffer loaded if the server runs.
	onLoop { |action| ^loops.add(action) }

	loop { ^loops.newest }

	loops { ^loops }

	// A control bus that a stream is written to.
	bus { |address, rate = 30, server|
		var key;
		address = EarEngine.address(address);
		server = server ? Server.default;
		key = [address, server.name];
		buses[key] = buses[key] ?? { EarBus(this, address, rate, server) };
		^buses[key]
	}

	mean { |rate = 30, server| ^this.bus('/ear/summary/mean', rate, server) }

	max { |rate = 30, server| ^this.bus('/ear/summary/max', rate, server) }

	activation { |layer, rate = 30, server| ^this.bus("/ear/activation/" ++ layer, rate, server) }

	// The same as shares of the time in music that each neuron spends below, 0..1.
	rank { |layer, rate = 30, server| ^this.bus("/ear/rank/" ++ layer, rate, server) }

	// Three channels: phase 0..1, beat, loop.
	playhead { |rate = 60, server| ^this.bus('/ear/playhead', rate, server) }

	// A TempoClock that follows the playhead; events that are sent with the server's latency sound on the beat.
	clock { |lead| ^EarClock(this, lead ?? { Server.default.latency ? 0 }) }

	layerNames { ^layers.collect(_.at(0)) }

	layerIndex { |name|
		var index = this.layerNames.indexOf(name.asSymbol);
		if(index.isNil) { this.say("there is no layer" + name) };
		^index
	}

	// How many values a stream has, nil if that is not known yet.
	sizeOf { |address|
		var name;
		address = address.asString;
		if(address == "/ear/playhead") { ^3 };
		if(address == "/ear/objective") { ^1 };
		if(layers.isEmpty) { ^nil };
		if(address.beginsWith("/ear/summary/")) { ^layers.size };
		if(EarSubscription.isPieces(address).not) { ^nil };
		name = address.split($/).last.asSymbol;
		if(name == 'all') { ^layers.sum { |row| row[1] * row[2] } };
		^layers.detect { |row| row[0] == name } !? { |row| row[1] * row[2] }
	}

	prForgetBus { |bus| buses.keysValuesDo { |key, each| if(each === bus) { buses.removeAt(key) } } }

	prClocks { ^clocks }
}
