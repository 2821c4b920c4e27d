TestEarParameter : UnitTest {
	row { |name| ^EarEngineParameters.rows.detect { |row| row.name == name } }

	test_every_row_has_methods_of_its_name {
		EarEngineParameters.rows.do { |row|
			var words = row.name.asString.replace("/", "_").split($_);
			var name = words[0] ++ words[1..].collect { |word| word[0].toUpper ++ word[1..] }.join;
			this.assert(EarEngine.findRespondingMethodFor(name.asSymbol).notNil, "% is read".format(name), false);
			if(row.kind != 'trigger') {
				this.assert(EarEngine.findRespondingMethodFor((name ++ "_").asSymbol).notNil, "% is set".format(name), false);
				this.assert(row.problem(row.default).isNil, "% takes its default".format(name), false);
				this.assertEquals(row.coerce(row.default), row.default, "the default of % has its type".format(name), false);
			}
		}
	}

	test_numbers_are_clipped_and_have_their_type {
		this.assertEquals(this.row('dream/rate').coerce(10), -6.0);
		this.assertEquals(this.row('dream/rate').coerce(-20).class, Float);
		this.assertEquals(this.row('playback/beats').coerce(7.6), 8);
		this.assertEquals(this.row('playback/beats').coerce(7.6).class, Integer);
		this.assertEquals(this.row('dream/pull').coerce(0), 0.0, "0 is off, below the range");
		this.assertEquals(this.row('dream/pull').coerce(0.1), 0.25);
	}

	test_what_is_not_taken_is_said {
		this.assertEquals(this.row('dream/rate').problem("fast"), "takes a number");
		this.assertEquals(this.row('dream/rate').problem(0 / 0), "takes a number");
		this.assertEquals(this.row('dream/rate').problem(inf), "takes a number");
		this.assertEquals(this.row('target/name').problem(3), "takes text");
		this.assert(this.row('source/fit').problem("nope").contains("crop"));
		this.assert(this.row('source/fit').problem("crop").isNil);
	}

	test_words_booleans_and_lists {
		this.assertEquals(this.row('source/fit').coerce("crop"), 'crop');
		this.assertEquals(this.row('playback/mute').coerce(1), true);
		this.assertEquals(this.row('playback/mute').coerce(false), false);
		this.assertEquals(this.row('playback/mute').wire(true), 1);
		this.assertEquals(this.row('target/neurons').coerce([3, 4, 9]), "3, 4, 9");
		this.assertEquals(this.row('target/neurons').coerce(7), "7");
	}

	test_specs_have_range_curve_and_step {
		var spec = this.row('target/freq_low').spec;
		this.assertEquals([spec.minval, spec.maxval, spec.units], [20, 20000, "Hz"]);
		this.assertFloatEquals(spec.map(0.5), (20 * 20000).sqrt, "the middle of a logarithmic range", 0.01);
		this.assertEquals(this.row('playback/beats').spec.step, 1);
		this.assertEquals(this.row('source/clip').spec, nil);
	}

	test_a_program_that_is_given_is_the_only_place {
		this.assertEquals(EarProgram.places("/nowhere/ear-engine"), ["/nowhere/ear-engine"]);
		this.assertEquals(EarProgram.find("/nowhere/ear-engine"), nil);
	}
}
