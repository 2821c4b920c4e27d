// One parameter of the engine: what it takes, and how a value is sent and read.
EarParameter {
	var <name, <kind, <default, <low, <high, <unit, <curve, <clip, <zero, <choices, <implied, <isList, <text;

	*new { |name, kind, default, low, high, unit, curve, clip, zero, choices, implied, isList, text|
		^super.newCopyArgs(name, kind, default, low, high, unit, curve, clip, zero, choices, implied, isList, text).init
	}

	init { default = this.read(default) }

	address { ^("/ear/" ++ name).asSymbol }

	isNumber { ^(kind == 'float') or: { kind == 'int' } }

	spec {
		if(this.isNumber.not) { ^nil };
		^ControlSpec(low, high, if(curve == 'log') { \exp } { \lin }, if(kind == 'int') { 1 } { 0 }, default, unit)
	}

	// What is wrong with a value, as words; nil if nothing is.
	problem { |value|
		if(kind == 'text') {
			if(value.isKindOf(String) or: { value.isKindOf(Symbol) }) { ^nil };
			if(isList and: { value.isNumber or: { value.isSequenceableCollection } }) { ^nil };
			^"takes text"
		};
		if(kind == 'choice') {
			if(choices.includes(value.asSymbol)) { ^nil };
			^("takes one of" + choices.join(", "))
		};
		if(value.isKindOf(Boolean)) { ^nil };
		if(value.isKindOf(SimpleNumber).not or: { value.isNaN } or: { value.abs == inf }) { ^"takes a number" };
		if(this.isNumber.not or: { value == zero }) { ^nil };
		if((value < low) and: { [\both, \low].includes(clip).not }) { ^("is not below" + low) };
		if((value > high) and: { [\both, \high].includes(clip).not }) { ^("is not above" + high) };
		^nil
	}

	// A value as the engine will have it: of the right type, clipped to the range.
	coerce { |value|
		if(kind == 'text') {
			if(value.isNumber) { ^value.asInteger.asString };
			if(value.isString.not and: { value.isKindOf(Symbol).not }) { ^value.collect(_.asInteger).join(", ") };
			^value.asString
		};
		if(kind == 'choice') { ^value.asSymbol };
		if(value.isKindOf(Boolean)) { value = value.binaryValue };
		if(this.isNumber.not) { ^value != 0 };
		if(value != zero) { value = value.clip(low, high) };
		^if(kind == 'int') { value.round.asInteger } { value.asFloat }
	}

	// A value as OSC has it, which has no booleans here, and text as strings.
	wire { |value|
		if((kind == 'text') or: { kind == 'choice' }) { ^value.asString };
		if(value.isKindOf(Boolean)) { ^value.binaryValue };
		^value
	}

	// A value as it came by OSC.
	read { |value|
		if(value.isNil) { ^nil };
		^this.coerce(value)
	}

	printOn { |stream| stream << "EarParameter(" << name << ")" }
}
