// Commands and their answers.
+ EarEngine {
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
}
