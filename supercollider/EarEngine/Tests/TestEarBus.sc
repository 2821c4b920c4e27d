TestEarBus : EarEngineTest {
	test_layer_means_are_on_a_bus {
		var server = this.server, bus = engine.mean(30), on;
		this.assert(bus.isReady, "its size is known before anything comes");
		this.assertEquals(bus.numChannels, engine.layers.size);
		this.until({ bus.values.any(_ > 0) }, "values come");
		engine.dreamRun = false;
		on = this.answer { |action| bus.bus.getn(bus.numChannels, action) };
		this.assert(on.any(_ > 0), "the server has them");
		this.assertEquals(on.size, engine.layers.size);
		engine.dreamRun = true;
		this.assertEquals(engine.mean, bus, "there is one of each");
		bus.free;
		this.assertEquals(bus.index, nil);
	}

	test_a_bus_has_what_came_last {
		var server = this.server, bus = engine.activation(engine.layerNames[2], 10), on;
		this.until({ bus.values.any(_ > 0) }, "values come");
		this.assert(bus.numChannels > 256, "more than one message holds");
		// Writes go on meanwhile: the server's values must be those of one of a few moments.
		this.until({
			var before = bus.values.copy;
			on = this.answer { |action| bus.bus.getn(64, action) };
			(before[..63] - on).abs.maxItem < 1e-5
		}, "the server's values are those received");
		bus.free;
	}

	test_the_playhead_is_on_a_bus {
		var server = this.server, bus = engine.playhead, phases = List.new;
		this.until({ bus.value(2) > 0 }, "a loop");
		this.until({ phases.add(bus.value(0)); phases.asArray.differentiate.drop(1).count(_ > 0) > 20 }, "the phase runs");
		this.assert(phases.every { |phase| (phase >= 0) and: { phase < 1 } }, "from 0 to 1");
		bus.free;
	}

	test_a_synth_reads_a_bus {
		var server = this.server, bus = engine.mean(30), out = Bus.control(server, 1), synth, value;
		this.until({ bus.values.any(_ > 0) }, "values come");
		synth = { |in = 0| Out.kr(out.index, in) }.play(server, args: [\in, bus.asMap(2)]);
		this.until({ value = this.answer { |action| out.get(action) }; value > 0 }, "it is heard");
		synth.free;
		bus.free;
		out.free;
	}

	test_levels_are_shares_of_the_largest_lately {
		var bus = engine.mean(30), pattern = bus.pattern(engine.layerNames[2], 0.1, 0.5).asStream, values;
		this.until({ bus.values.any(_ > 0) }, "values come, server or not");
		values = Array.fill(20, { 0.03.wait; pattern.next(()) });
		this.assert(values.every { |value| (value >= 0.1) and: { value <= 0.5 } }, "in the range");
		this.assert(values.asSet.size > 3, "it moves");
		bus.free;
	}
}
