TestEarClock : EarEngineTest {
	test_it_runs_with_the_loop {
		var clock = engine.clock(0), beat, away = List.new, stream;
		this.until({ clock.isLocked }, "it locks", 15);
		this.assertEquals(clock.loopBeats, engine.playbackBeats);
		this.assertFloatEquals(clock.tempo, engine.playbackTempo / 60, "the loop's tempo, bent by little", 0.12);
		stream = engine.subscribe('/ear/playhead', 50, { |message|
			var gap = (clock.elapsedBeats - message[4]) % clock.loopBeats;
			away.add(min(gap, clock.loopBeats - gap) / clock.tempo)
		});
		this.until({ away.size > 100 }, "messages");
		this.assert(away.asArray.sort[(away.size * 0.5).asInteger] < 0.01, "half of the time within 10 ms of what is told");
		stream.free;
		clock.stop;
	}

	test_a_lead_is_a_lead {
		var clock = engine.clock(0), ahead = engine.clock(0.2), gap;
		this.until({ clock.isLocked and: { ahead.isLocked } }, "both lock", 15);
		gap = (ahead.elapsedBeats - clock.elapsedBeats) % clock.loopBeats;
		this.assertFloatEquals(gap / clock.loopTempo, 0.2, "seconds ahead", 0.02);
		clock.stop;
		ahead.stop;
	}

	test_patterns_play_on_it_at_the_start_of_the_loop {
		var clock = engine.clock(0), beats = List.new, player;
		this.until({ clock.isLocked }, "it locks", 15);
		player = Pbind(\dur, 0.5, \type, \rest, \note, Pfunc { beats.add(clock.beats); 0 }).play(clock, quant: clock.loopQuant);
		this.until({ beats.size > 3 }, "it plays", 12);
		this.assertFloatEquals(beats[0] % clock.loopBeats, 0, "from the loop's start", 1e-6);
		this.assertFloatEquals(beats[1] - beats[0], 0.5, "in beats", 1e-6);
		player.stop;
		clock.stop;
	}
}
