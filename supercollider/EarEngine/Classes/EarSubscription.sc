// What one caller wants of the engine's streams; `free` ends it.
EarSubscription {
	var <engine, <pattern, <rate, <>action, <lost = 0, values, expected = 0, mark;

	*new { |engine, pattern, rate, action| ^super.newCopyArgs(engine, pattern.asSymbol, rate, action) }

	matches { |address| ^(address == pattern) or: { address.matchOSCAddressPattern(pattern) } }

	free { engine.prFree(this) }

	// An action for streams that come in pieces: it is called with all values of a frame, its loop and its frame.
	// A frame of which a piece is missing is left out and counted.
	*whole { |action|
		^{ |message, time, subscription| subscription.prPiece(message, time, action) }
	}

	*isPieces { |address|
		address = address.asString;
		^address.beginsWith("/ear/activation/") or: { address.beginsWith("/ear/rank/") }
	}

	prPiece { |message, time, action|
		var loop, frame, offset, total, size;
		if(EarSubscription.isPieces(message[0]).not) { ^action.value(message[1..], nil, nil, time) };
		#loop, frame, offset, total = message[1..4];
		size = message.size - 5;
		if(values.size != total) { values = Array.fill(total, 0.0); expected = 0 };
		if(offset == 0) {
			if(expected != 0) { lost = lost + 1 };
			mark = [loop, frame];
			expected = 0;
		};
		if((offset != expected) or: { mark != [loop, frame] }) {
			if(expected != -1) { lost = lost + 1 };
			expected = -1; // until the next frame begins
			^this
		};
		size.do { |index| values[offset + index] = message[5 + index] };
		expected = offset + size;
		if(expected >= total) { expected = 0; action.value(values.copy, loop, frame, time) };
	}
}
