// What comes in, and whether the engine is there.
+ EarEngine {
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
			{ '/ear/system/pong' } { this.prMet(message[1], message[2]) }
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
		if((message[1] == '/ear/stream/renew') and: { message[3] < this.prPatterns.size }) {
			this.prResubscribe;
			this.send('/ear/system/ping') // it may be another one, which has started sooner than we have noticed
		};
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

	prMet { |name, its|
		version = its;
		if(id != name) { id = name; httpPort = nil; this.prLayers };
		this.prAsk;
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
}
