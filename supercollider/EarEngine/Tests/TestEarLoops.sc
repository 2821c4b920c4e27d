TestEarLoops : EarEngineTest {
	// The samples of a file, in turns of its channels.
	samples { |path|
		var file = SoundFile.openRead(path), data = FloatArray.newClear(file.numFrames * file.numChannels);
		file.readData(data);
		file.close;
		^data
	}

	// A loop whose buffer holds what is in its file, by assertions.
	check { |loop|
		var data = this.samples(loop.path), held;
		this.assert(loop.buffer.notNil, "it has a buffer");
		this.assertEquals(loop.buffer.numChannels, 2);
		this.assertEquals(loop.buffer.numFrames, (loop.seconds * loop.sampleRate).round.asInteger);
		held = this.answer { |action| loop.buffer.loadToFloatArray(action: action) };
		this.assertEquals(held.size, data.size, "all samples");
		this.assert(held == data, "samples are the engine's");
		this.assert(data.any { |sample| sample.abs > 0.01 }, "there is sound");
		^data
	}

	test_loops_are_buffers_with_the_engines_samples {
		var loop, server = this.server;
		engine.onLoop { |each| loop = loop ? each };
		this.until({ loop.notNil }, "a loop", 20);
		this.assert(loop.isDownloaded.not, "read where it lies");
		this.check(loop);
	}

	test_loops_of_another_machine_are_fetched {
		var loops = List.new, server = this.server, downloaded;
		engine.loops.remote = true;
		engine.onLoop { |each| loops.add(each) };
		this.until({ loops.size > 1 }, "loops are fetched", 30);
		downloaded = loops.last;
		this.assert(downloaded.isDownloaded);
		this.check(downloaded);
		downloaded.free;
		this.assert(File.exists(downloaded.path).not, "nothing is left behind");
	}

	test_without_curl_the_class_download_fetches {
		var path = Platform.defaultTempDir +/+ "ear-engine-test-" ++ 1e6.rand.asInteger ++ ".wav", got, kept = EarDownload.curl;
		if('Download'.asClass.notNil) {
			EarDownload.curl = "";
			EarDownload.fetch("http://127.0.0.1:%/loops".format(engine.httpPort), path, { got = true }, { |why| got = why });
			this.until({ got.notNil }, "it ends", 20);
			this.assertEquals(got, true);
			this.assert(File.fileSize(path) > 10, "the file is there");
			File.delete(path);
			EarDownload.curl = kept;
		}
	}

	test_what_is_not_there_is_said {
		var why;
		EarDownload.fetch("http://127.0.0.1:%/loops/999999.wav".format(engine.httpPort), Platform.defaultTempDir +/+ "none.wav",
			nil, { |text| why = text });
		this.until({ why.notNil }, "it ends", 20);
		this.assert(why.contains("/loops/999999.wav"));
	}

	test_only_the_newest_are_kept {
		var server = this.server, first;
		engine.loops.keep = 2;
		engine.loops.linger = 0;
		engine.onLoop { |each| first = first ? each };
		this.until({ engine.loops.all.size == 2 and: { engine.loops.all.includes(first).not } }, "the first has gone", 40);
		this.assert(first.buffer.isNil, "its buffer is free");
	}

	test_a_buffer_that_is_played_is_not_freed {
		var server = this.server, first;
		engine.loops.keep = 1;
		engine.onLoop { |each| first = first ? each };
		this.until({ engine.loops.all.size > 2 }, "two more have come", 40);
		this.assert(Main.elapsedTime - first.arrived < (2 * first.seconds), "soon enough");
		this.assert(first.buffer.notNil, "it is still there");
	}

	test_without_a_server_loops_are_files {
		var loop, nobody = Server(\nobody, NetAddr("127.0.0.1", 57999));
		engine.loops.server = nobody;
		engine.onLoop { |each| loop = loop ? each };
		this.until({ loop.notNil }, "a loop", 20);
		this.assert(loop.buffer.isNil and: { File.exists(loop.path) });
		nobody.remove;
	}
}
