// A running ear-engine: found or started, its parameters set and known, its streams received.
EarEngine : EarEngineParameters {
	classvar <>program, <>default, <all;
	var <addr, <process, <alive = false, <version, <httpPort, <layers, <lastFail, <>onFail, <>verbose = true;
	var parameters, values, subscriptions, routes, pending, loops, buses, clocks;
	var receiver, keeper, seen = 0, gets, sets, doubts, syncs = 0, ticks = 0, early, whenReady, told = false;

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

	// Start and end ---------------------------------------------------------------------------------------------

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

	// Values ----------------------------------------------------------------------------------------------------

	send { |address ... arguments| addr.sendMsg(EarEngine.address(address), *arguments) }

	*address { |name|
		name = name.asString;
		^if(name.beginsWith("/")) { name } { "/ear/" ++ name }.asSymbol
	}

	parameter { |name| ^parameters[EarEngine.address(name)] }

	parameters { ^EarEngineParameters.rows.collect { |row| parameters[row.address] } }

	// The value of a parameter, as the engine has last told.
	at { |name|
		var row = this.prRow(name) ?? { ^nil };
		^values[row.address] ? row.default
	}

	// Sets a parameter; what it does not take is said in one line and not sent.
	set { |name, value|
		var row = this.prRow(name) ?? { ^this }, wrong = row.problem(value);
		if(wrong.notNil) { ^this.say(row.name.asString + wrong ++ ", not" + value.cs) };
		value = row.coerce(value);
		if(this.isReady) { addr.sendMsg(row.address, row.wire(value)) } { this.prEarly(row, row.wire(value)) };
		if(row.kind == 'trigger') { ^this };
		sets[row.address] = Main.elapsedTime;
		this.prValue(row, value);
		if(row.implied.notNil) { this.prRow(row.implied[0]) !? { |other| this.prValue(other, other.coerce(row.implied[1])) } };
	}

	// What is set before the engine is ready is sent when it is, in the order it was set, each parameter once.
	prEarly { |row, wire|
		early.removeAllSuchThat { |each| each[0] == row.address };
		early.add([row.address, wire]);
	}

	put { |name, value| this.set(name, value) }

	// Sets a parameter by a position 0..1 in its range.
	setNorm { |name, position|
		var row = this.prRow(name) ?? { ^this };
		if(row.kind == 'text') { ^this.say(row.name.asString + "is text and has no 0..1 position") };
		if(position.isNumber.not) { ^this.say(row.name.asString + "takes a number, not" + position.cs) };
		addr.sendMsg("/ear/norm/" ++ row.name, position.asFloat);
		this.get(row.name);
	}

	fire { |name| this.prRow(name) !? { |row| addr.sendMsg(row.address) } }

	// Asks the engine for a value; action gets it.
	get { |name, action|
		var row = this.prRow(name) ?? { ^this }, answer = Ref(nil);
		gets[row.address] = gets[row.address].add(answer);
		addr.sendMsg(row.address);
		this.sync({ // what came last before this is the answer; changes that were on their way came before
			gets[row.address].remove(answer);
			if(answer.value.notNil) { this.prValue(row, row.read(answer.value)) };
			action.value(values[row.address])
		});
	}

	// Asks for all values again.
	refresh { EarEngineParameters.patterns.do { |pattern| addr.sendMsg(pattern) } }

	prRow { |name|
		^this.parameter(name) ?? { this.say("there is no parameter" + name); nil }
	}

	prValue { |row, value|
		if(values[row.address] != value) { values[row.address] = value; this.changed(\value, row.name, value) };
	}

	// Commands --------------------------------------------------------------------------------------------------

	// Sends a command; action gets the arguments of its answer, onFail the code and the text of a refusal.
	ask { |name, arguments, action, onFail|
		var address = EarEngine.address(name);
		this.prPend(address, { |message| action.value(message[1..]) }, onFail);
		addr.sendMsg(address, *arguments.asArray);
	}

	// Sends a command that answers with a message for each thing (index, total, …); action gets all as an array.
	list { |name, arguments, action|
		var rows = List.new, address = EarEngine.address(name), take;
		take = { |message|
			var index, total;
			#index, total = message[1..2];
			if(total > 0) { rows.add(message[3..]) };
			if(index >= (total - 1)) { action.value(rows.asArray) } { this.prPend(address, take) };
		};
		this.prPend(address, take);
		addr.sendMsg(address, *arguments.asArray);
	}

	// Makes a preset the sound.
	recall { |name, action|
		this.ask('preset/recall', [name.asString], { |answer| this.refresh; action.value(answer) });
	}

	// Calls action when the engine has done all that was sent before.
	sync { |action|
		var number = syncs = syncs + 1 % 8388608;
		this.prPend(number, action);
		this.send('/ear/system/sync', number)
	}

	prPend { |address, action, onFail|
		pending[address] = pending[address].add([action, onFail, Main.elapsedTime]);
	}

	prTake { |address|
		var queue = pending[address], first;
		if(queue.isNil or: { queue.isEmpty }) { ^nil };
		first = queue.removeAt(0);
		^first
	}

	// Streams ---------------------------------------------------------------------------------------------------

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

	// What comes in ---------------------------------------------------------------------------------------------

	prReceived { |message, time, sender|
		var address = message[0], row;
		if((sender.port != addr.port) or: { sender.addr != addr.addr }) { ^this };
		seen = Main.elapsedTime;
		if(alive.not) { this.prBack };
		row = parameters[address];
		if(row.notNil) { this.prTold(row, message[1]) };
		this.prRoute(address).do { |subscription| subscription.action.value(message, time, subscription) };
		if(row.notNil) { ^if((whenReady.notEmpty or: { early.notEmpty }) and: { this.isReady }) { this.prReady } };
		switch(address)
			{ '/ear/system/pong' } { version = message[2]; this.prAsk }
			{ '/ear/system/synced' } { this.prTake(message[1]) !? { |wish| wish[0].value } }
			{ '/ear/done' } { this.prDone(message) }
			{ '/ear/fail' } { this.prFail(message) }
			{ this.prTake(address) !? { |wish| wish[0].value(message) } };
		if((whenReady.notEmpty or: { early.notEmpty }) and: { this.isReady }) { this.prReady };
	}

	// A value has come. One that was on its way while another was set here is not believed, but asked for again.
	prTold { |row, raw|
		var value = row.read(raw), address = row.address;
		gets[address].do { |answer| answer.value = raw };
		if((Main.elapsedTime - (sets[address] ? 0) < 0.5) and: { value != values[address] }) {
			if(doubts.includes(address).not) {
				doubts.add(address);
				SystemClock.sched(0.6, { doubts.remove(address); this.get(row.name) });
			}
		} {
			this.prValue(row, value)
		}
	}

	prReady {
		var waiting = whenReady, sent = early;
		whenReady = List.new;
		early = List.new;
		sent.do { |each|
			var row = parameters[each[0]];
			addr.sendMsg(*each);
			if(row.kind != 'trigger') { sets[row.address] = Main.elapsedTime; this.prValue(row, row.read(each[1])) };
		};
		waiting.do(_.value(this));
	}

	// The answer of a command, without its request number.
	prDone { |message|
		if((message[1] == '/ear/stream/renew') and: { message[3] < this.prPatterns.size }) { this.prResubscribe };
		this.prTake(message[1]) !? { |wish| wish[0].value([message[1]] ++ message[3..]) };
	}

	prFail { |message|
		var address, code, text, wish, row;
		#address, code, text = message[1..3];
		lastFail = [address, code, text.asString];
		wish = this.prTake(address);
		this.say(text);
		row = parameters[address];
		if(row.notNil and: { row.kind != 'trigger' }) { this.get(row.name) }; // it has kept the value before
		wish !? { wish[1].value(code, text.asString) };
		onFail.value(address, code, text.asString);
	}

	// Once a second: renews leases, notices silence.
	prKeep {
		var now = Main.elapsedTime;
		pending.do { |queue| queue !? { queue.copy.do { |wish| if(now - wish[2] > 5) { queue.remove(wish) } } } };
		if(alive and: { now - seen > 5 }) { this.prAway; this.say(this.prNoAnswer) };
		this.send('/ear/stream/renew');
		ticks = ticks + 1;
		if(alive) { if(this.isReady) { if(ticks % 5 == 0) { this.prLayers } } { this.prAsk } }; // another ear has other layers
	}

	prAsk {
		if(version.isNil) { ^this.send('/ear/system/ping') };
		if(httpPort.isNil) {
			pending.removeAt('/ear/system/status');
			this.ask('system/status', nil, { |pairs| httpPort = pairs.as(IdentityDictionary)[\http_port] });
		};
		if(layers.isEmpty) { this.prLayers };
		if(values.isEmpty) { this.refresh };
	}

	prLayers {
		pending.removeAt('/ear/layers/list');
		this.list('layers/list', nil, { |rows|
			if(rows != layers) { layers = rows; this.changed(\layers, layers) }
		});
	}

	prAway { if(alive) { alive = false; version = httpPort = nil; told = true; this.changed(\alive, false) } }

	prBack {
		alive = true;
		if(told) { this.say("% answers again".format(this.place)); told = false };
		this.changed(\alive, true);
		this.prResubscribe;
		this.send('/ear/system/ping');
	}

	prResubscribe { this.prPatterns.do { |pattern| this.prSubscribe(pattern) } }

	place { ^addr.hostname ++ ":" ++ addr.port }

	prNoAnswer { ^"no engine answers at % (UDP); start one with EarEngine.boot or `ear-engine serve`".format(this.place) }

	// One line in the post window.
	say { |line| if(verbose) { ("EarEngine:" + line).postln } }

	printOn { |stream| stream << this.class.name << "(" << this.place << ")" }
}

// Waits for an engine until it is ready, or for so long.
EarAttempt {
	var <engine, action, onFail, <isOver = false, waiting, until;

	*new { |engine, action, onFail, seconds| ^super.newCopyArgs(engine, action, onFail).init(seconds) }

	init { |seconds|
		until = Main.elapsedTime + seconds;
		waiting = { if(isOver.not) { isOver = true; action.value(engine) } };
		engine.whenReady(waiting);
		SkipJack({ this.prLook }, 0.1, { isOver }, this.class.name, AppClock);
	}

	cancel { isOver = true; engine.prNoLonger(waiting) }

	prLook {
		if(isOver) { ^this };
		if(Main.elapsedTime > until) { this.cancel; onFail.value(engine) } { engine.prAsk };
	}
}
