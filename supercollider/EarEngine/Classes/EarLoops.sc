// The engine's loops as they are announced: files, and buffers if the server runs.
EarLoop {
	var <number, <path, <seconds, <sampleRate, <beats, <tempo, <>buffer, <>isDownloaded = false, <>arrived = 0;

	*new { |number, path, seconds, sampleRate, beats, tempo|
		^super.newCopyArgs(number, path, seconds, sampleRate, beats, tempo)
	}

	at { |path| ^EarLoop(number, path, seconds, sampleRate, beats, tempo).isDownloaded_(true) }

	free {
		if(buffer.notNil) { buffer.free; buffer = nil };
		if(isDownloaded and: { File.exists(path) }) { File.delete(path) };
	}

	printOn { |stream| stream << "EarLoop(" << number << ", " << beats << " beats, " << seconds.round(0.01) << " s)" }
}

EarLoops {
	var <engine, <>keep = 4, <>linger = 2, <>server, <>remote, <newest, loaded, actions, subscription, fetching = false, waiting;

	*new { |engine| ^super.newCopyArgs(engine).init }

	init { loaded = List.new; actions = List.new }

	add { |action|
		actions.add(action);
		if(subscription.isNil) { subscription = engine.subscribe('/ear/loop', 30, { |message| this.prAnnounced(message) }) };
		^action
	}

	remove { |action|
		actions.remove(action);
		if(actions.isEmpty) { subscription.free; subscription = nil };
	}

	all { ^loaded.asArray }

	// Whether files are fetched over HTTP: as `remote` says, or if the engine's own are not to be seen from here.
	isRemote { |path| ^remote ?? { engine.isLocal.not or: { File.exists(path).not } } }

	free {
		loaded.do(_.free);
		loaded.clear;
		actions.clear;
		subscription.free;
		subscription = nil;
	}

	prAnnounced { |message|
		var loop = EarLoop(message[1], message[2].asString, *message[3..6]);
		if(this.isRemote(loop.path)) { this.prFetch(loop) } { this.prLoad(loop) };
	}

	// One at a time; of those that come meanwhile only the newest is fetched.
	prFetch { |loop|
		var to, done;
		if(engine.httpPort.isNil) { ^engine.whenReady({ this.prFetch(loop) }) };
		if(fetching) { waiting = loop; ^this };
		fetching = true;
		to = Platform.defaultTempDir +/+ "ear-engine-loop-" ++ Date.getDate.stamp ++ "-" ++ 1e6.rand.asInteger ++ ".wav";
		done = { fetching = false; waiting !? { loop = waiting; waiting = nil; this.prFetch(loop) } };
		EarDownload.fetch(
			"http://%:%/loops/%.wav".format(engine.addr.hostname, engine.httpPort, loop.number), to,
			{ this.prLoad(loop.at(to)); done.value },
			{ |why| engine.say("loop" + loop.number + why); done.value }
		)
	}

	prLoad { |loop|
		var to = server ? Server.default, late = true;
		if(to.serverRunning.not) { ^this.prReady(loop) };
		Buffer.read(to, loop.path, action: { |buffer| late = false; loop.buffer = buffer; this.prReady(loop) });
		AppClock.sched(5, { if(late) { engine.say("loop % was not read by the server: %".format(loop.number, loop.path)) } });
	}

	prReady { |loop|
		newest = loop;
		loop.arrived = Main.elapsedTime;
		loaded.add(loop);
		// A loop that somebody plays to its end, begun until the next one came, is still there.
		while { loaded.size > keep.max(1) and: { Main.elapsedTime - loaded[0].arrived >= (linger * loaded[0].seconds) } } { loaded.removeAt(0).free };
		actions.do { |action| action.value(loop) };
	}
}

// Fetches a file by HTTP, with curl, or with the class Download where sclang has it.
EarDownload {
	classvar <>curl;

	*findCurl {
		var name = if(thisProcess.platform.name == \windows) { "curl.exe" } { "curl" };
		var separator = if(thisProcess.platform.name == \windows) { $; } { $: };
		curl = curl ?? {
			("PATH".getenv ? "").split(separator).collect(_ +/+ name).add("/usr/bin/curl").detect { |path| File.exists(path) } ? ""
		};
		^if(curl == "") { nil } { curl }
	}

	*fetch { |url, path, action, onFail, seconds = 20|
		var curl = this.findCurl;
		var done = { |whole, why|
			if(whole) { action.value(path) } {
				if(File.exists(path)) { File.delete(path) };
				onFail.value("was not fetched from" + url ++ ":" + why)
			}
		};
		if(curl.notNil) {
			^[curl, "--silent", "--fail", "--max-time", seconds.asString, "--output", path, url].unixCmd({ |code|
				done.value(code == 0, "curl ended with" + code)
			}, false)
		};
		if('Download'.asClass.notNil) {
			^'Download'.asClass.new(url, path, { done.value(true) }, { done.value(false, "there was no answer") })
		};
		done.value(false, "there is no curl");
	}
}
