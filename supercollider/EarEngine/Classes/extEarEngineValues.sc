// Values of parameters: told, set and asked for.
+ EarEngine {
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
}
