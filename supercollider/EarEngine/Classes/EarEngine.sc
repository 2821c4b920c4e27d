// A running ear-engine: found or started, its parameters set and known, its streams received.
EarEngine : EarEngineParameters {
	classvar <>program, <>default, <all;
	var <addr, <process, <alive = false, <version, <httpPort, <layers, <lastFail, <>onFail, <>verbose = true;
	var parameters, values, subscriptions, routes, pending, loops, buses, clocks;
	var receiver, keeper, seen = 0, id, gets, sets, doubts, syncs = 0, ticks = 0, early, whenReady, told = false;

	*initClass { all = IdentitySet.new; ShutDown.add { all.copy.do(_.prLeave) } }

	// Talks to the engine at host and port; nothing is started, and it need not be there yet.
	*new { |host = "127.0.0.1", port = 9000|
		var made = super.new.init(host, port);
		default = default ? made;
		^made
	}

	// Finds the engine at this port of this machine, or starts one there.
	*boot { |port = 9000, options, program, action, onFail, seconds = 90|
		^this.new("127.0.0.1", port).boot(options, program, action, onFail, seconds)
	}

	init { |host, port|
		addr = NetAddr(host, port);
		parameters = IdentityDictionary.new;
		EarEngineParameters.rows.do { |row| parameters[row.address] = row };
		values = IdentityDictionary.new;
		subscriptions = List.new;
		routes = IdentityDictionary.new;
		pending = IdentityDictionary.new;
		early = List.new;
		gets = IdentityDictionary.new;
		sets = IdentityDictionary.new;
		doubts = IdentitySet.new;
		layers = [];
		buses = Dictionary.new;
		clocks = List.new;
		whenReady = List.new;
		loops = EarLoops(this);
		receiver = { |message, time, sender| this.prReceived(message, time, sender) };
		thisProcess.addOSCRecvFunc(receiver);
		keeper = SkipJack({ this.prKeep }, 1, clock: AppClock, name: this.class.name);
		EarEngineParameters.patterns.do { |pattern| this.subscribe(pattern, 30, { }) };
		all.add(this);
		this.send('/ear/system/ping');
	}

	boot { |options, program, action, onFail, seconds = 90|
		this.connect(action, { this.prStart(options, program, action, onFail, seconds) }, 0.6, false)
	}

	prStart { |options, given, action, onFail, seconds|
		var path = EarProgram.find(given), attempt, fail;
		fail = { |line| this.say(line); onFail.value(this, line) };
		if(path.isNil) {
			^fail.value(if(given.notNil) { "there is no program" + given } {
				"ear-engine is not found; set EarEngine.program to its path, or run `ear-engine clients install supercollider`"
			})
		};
		attempt = this.connect(action, { fail.value(this.prNoAnswer) }, seconds, false);
		process = EarProgram(path);
		process.start(["--osc-port", addr.port] ++ (options ? []), { |code, line|
			if(attempt.isOver.not) {
				attempt.cancel;
				fail.value("ear-engine ended with" + code ++ if(line.isEmpty) { "" } { ":" + line });
			};
			process.removeLog;
			process = nil;
			this.prAway;
		});
	}

	// Calls action as soon as the engine answers and is known; onFail if that takes longer than these seconds.
	connect { |action, onFail, seconds = 5, say = true|
		^EarAttempt(this, action, { if(say) { this.say(this.prNoAnswer) }; onFail.value(this) }, seconds)
	}

	// In a Routine: goes on when the engine is ready; returns whether it is.
	connectSync { |seconds = 5|
		var condition = Condition.new, good = true;
		this.connect({ condition.unhang }, { good = false; condition.unhang }, seconds);
		condition.hang;
		^good
	}

	isReady { ^alive and: { version.notNil } and: { httpPort.notNil } and: { layers.notEmpty } and: { values.notEmpty } }

	// Calls action when the engine is ready: at once if it is.
	whenReady { |action| if(this.isReady) { action.value(this) } { whenReady.add(action) } }

	prNoLonger { |waiting| whenReady.remove(waiting) }

	isLocal { ^["127.0.0.1", "localhost"].includesEqual(addr.hostname) }

	// Ends the engine, wherever it runs.
	quit { this.send('/ear/system/quit') }

	// Forgets the engine; one that was started here is ended.
	free {
		this.prLeave;
		keeper.stop;
		thisProcess.removeOSCRecvFunc(receiver);
		clocks.copy.do(_.stop);
		buses.copy.do(_.free);
		loops.free;
		all.remove(this);
		if(default === this) { default = nil };
	}

	// All that is done when sclang ends: it stops clocks itself, and would stumble over one that is being stopped.
	prLeave { if(process.notNil) { this.quit } { this.send('/ear/stream/unsubscribe') } }

	place { ^addr.hostname ++ ":" ++ addr.port }

	prNoAnswer { ^"no engine answers at % (UDP); start one with EarEngine.boot or `ear-engine serve`".format(this.place) }

	// One line in the post window.
	say { |line| if(verbose) { ("EarEngine:" + line).postln } }

	printOn { |stream| stream << this.class.name << "(" << this.place << ")" }
}
