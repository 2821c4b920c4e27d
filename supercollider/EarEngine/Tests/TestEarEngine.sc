TestEarEngine : EarEngineTest {
	test_it_knows_the_engine {
		this.assert(engine.isReady);
		this.assert(engine.version.asString.contains("."));
		this.assert(engine.httpPort > 0);
		this.assert(engine.layers.size > 1);
		this.assertEquals(engine.layerIndex(engine.layerNames.last), engine.layers.size - 1);
	}

	test_setters_reach_the_engine_and_getters_know {
		engine.dreamRate = -31.5;
		this.assertEquals(engine.dreamRate, -31.5);
		this.assertFloatEquals(this.answer { |action| engine.get('dream/rate', action) }, -31.5);
		engine['dream/rate'] = 100;
		this.assertFloatEquals(this.answer { |action| engine.get('dream/rate', action) }, -6, "clipped as here");
		this.assertEquals(engine['dream/rate'], -6.0);
		engine.playbackMute = true;
		this.assertEquals(this.answer { |action| engine.get('playback/mute', action) }, true);
		engine.playbackMute = false;
		engine.toneScale = \dorian;
		this.assertEquals(this.answer { |action| engine.get('tone/scale', action) }, 'dorian');
		engine.toneScale = 'minor';
		engine.targetName = "low tones";
		this.assertEquals(this.answer { |action| engine.get('target/name', action) }, "low tones");
		this.assertEquals(engine.targetBy, 'name', "what a setter implies is known");
		engine.targetBy = 'layer';
		engine.dreamRate = -18;
	}

	test_what_is_set_before_it_is_ready_is_not_lost {
		var early = EarEngine(engine.addr.hostname, engine.addr.port);
		early.toneTilt = -7;
		early.toneTilt = -8;
		this.assertEquals(early.toneTilt, -8.0);
		this.until({ early.isReady }, "it is ready");
		this.assertFloatEquals(this.answer { |action| engine.get('tone/tilt', action) }, -8, "the engine has it");
		this.assertFloatEquals(early.toneTilt, -8, "and it is known");
		early.toneTilt = -4.5;
		early.free;
	}

	test_a_position_sets_the_value_in_the_range {
		engine.setNorm('playback/wet', 0.25);
		this.until({ (engine.playbackWet - 0.25).abs < 1e-6 }, "the value is told");
		engine.playbackWet = 1;
	}

	test_changes_by_others_arrive {
		var told = Set.new, watcher = { |who, what, name| if(what == \value) { told.add(name) } };
		engine.sourceClip = "beat";
		this.until({ engine.playbackTempo == 120 }, "the clip's tempo");
		engine.addDependant(watcher);
		engine.sourceClip = "break_138";
		this.until({ (engine.playbackTempo - 138).abs < 0.1 }, "the engine has followed the clip, and says so");
		this.assert(told.includes('playback/tempo'), "dependants are told");
		engine.removeDependant(watcher);
		engine.sourceClip = "beat";
		this.until({ engine.playbackTempo == 120 }, "and back");
	}

	test_triggers_fire {
		var terms = { this.answer { |action| engine.ask('target/describe', nil, { |got| action.value(got[1]) }) } };
		engine.targetClear;
		engine.targetBy = 'layer';
		this.assertEquals(terms.value, 1);
		engine.targetKeep;
		engine.targetLayer = "encoder_5_conv1";
		this.assertEquals(terms.value, 2, "one is kept");
		engine.targetClear;
		this.assertEquals(terms.value, 1, "none is kept");
	}

	test_refusals_are_one_line_and_the_value_stays {
		var told;
		engine.onFail = { |address, code, text| told = [address, code, text] };
		engine.targetLayer = "encoder_3_conv1";
		this.answer { |action| engine.sync(action) };
		engine.targetLayer = "nothing";
		this.until({ told.notNil }, "a refusal is told");
		this.assertEquals(told[0], '/ear/target/layer');
		this.assertEquals(engine.lastFail, told);
		this.assert(told[2].contains("nothing") and: { told[2].contains("\n").not });
		this.until({ engine.targetLayer == "encoder_3_conv1" }, "the value before is told again");
	}

	test_commands_answer {
		var clips, code;
		clips = this.answer { |action| engine.list('clips/list', nil, action) };
		this.assert(clips.collect(_.first).includes('beat'));
		this.answer { |action| engine.ask('preset/recall', ["nix"], nil, { |what| code = what; action.value(what) }) };
		this.assertEquals(code, 'unknown_preset');
		this.answer { |action| engine.recall("drone", action) };
		this.until({ engine.dreamRate != -18.0 }, "what a preset has set is known");
		engine.recall("bloom");
	}

	test_streams_arrive_at_their_rate_until_freed {
		// The playhead's counter counts turns, also those that a busy engine leaves out.
		var turns = List.new, at, rate, stream = engine.subscribe('/ear/playhead', 40, { |message|
			turns.add([Main.elapsedTime, message[5]])
		});
		this.until({ turns.size > 1 and: { (turns.last[0] - turns[0][0]) > 2 } }, "for two seconds");
		rate = (turns.last[1] - turns[0][1]) / (turns.last[0] - turns[0][0]);
		this.assertFloatEquals(rate, 40, "turns a second", 4);
		stream.free;
		0.3.wait;
		at = turns.size;
		0.5.wait;
		this.assertEquals(turns.size, at, "freed");
	}

	test_summaries_have_a_value_a_layer {
		var size, stream = engine.subscribe('/ear/summary/mean', 10, { |message| size = message.size - 1 });
		this.until({ size.notNil }, "at once");
		this.assertEquals(size, engine.layers.size);
		stream.free;
	}

	test_two_subscriptions_of_one_stream_both_get_it {
		var first = 0, second = 0, a, b;
		a = engine.subscribe('/ear/objective', 10, { first = first + 1 });
		b = engine.subscribe("objective", 40, { second = second + 1 });
		this.until({ (first > 5) and: { second > 5 } }, "both");
		b.free;
		first = 0;
		this.until({ first > 3 }, "the other goes on");
		a.free;
	}

	test_a_pattern_and_whole_layers {
		var layer = engine.layers.detect { |row| (row[1] * row[2]) > 600 }, size = layer[1] * layer[2], values, loop, addresses = Set.new;
		var whole = engine.subscribeWhole("/ear/activation/" ++ layer[0], 30, { |all, number| values = all; loop = number });
		var each = engine.subscribe('/ear/summary/*', 20, { |message| addresses.add(message[0]) });
		this.until({ values.notNil and: { loop > 0 } }, "a frame in pieces, of a loop that was dreamed");
		this.assertEquals(values.size, size);
		this.assert(values.any(_ > 0), "something fires");
		this.until({ addresses.includes('/ear/summary/mean') and: { addresses.includes('/ear/summary/max') } }, "all that match");
		whole.free;
		each.free;
	}

	test_the_whole_network_is_one_array {
		var values, stream = engine.subscribeWhole('/ear/rank/all', 4, { |all| values = all });
		this.until({ values.notNil and: { values.any(_ > 0) } }, "a frame of all layers");
		this.assertEquals(values.size, engine.sizeOf('/ear/rank/all'));
		this.assertEquals(values.size, engine.layers.sum { |row| row[1] * row[2] });
		this.assert(values.every { |rank| (rank >= 0) and: { rank <= 1 } }, "ranks");
		stream.free;
	}

	test_no_engine_is_one_line {
		var none = EarEngine("127.0.0.1", 1), good;
		good = none.connectSync(0.5);
		this.assertEquals(good, false);
		none.free;
	}

	test_no_program_is_one_line {
		var none = EarEngine("127.0.0.1", 1), line;
		none.boot(nil, "/nowhere/ear-engine", nil, { |who, why| line = why });
		this.until({ line.notNil }, "it is said");
		this.assertEquals(line, "there is no program /nowhere/ear-engine");
		none.free;
	}
}
