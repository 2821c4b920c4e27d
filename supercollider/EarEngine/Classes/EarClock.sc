// A TempoClock that follows the engine's playhead: its beats modulo the loop's are the beats that are heard.
//
// The least delayed message of the last half second says where the playhead is; the clock's tempo is bent, by at most
// 5 %, until it is there. Where it is more than `jump` seconds away, as at the start, it is set.
EarClock : TempoClock {
	var <engine, <>lead, <>jump = 0.05, <>window = 0.5, <loopBeats = 0, <loopTempo = 2, <error = 0, <isLocked = false;
	var waiting, subscription, seen, lastBend = 0, loopSubscription, tempos;

	*new { |engine, lead = 0| ^super.new(2, 0, nil, 4096).follow(engine, lead) }

	follow { |argEngine, argLead|
		engine = argEngine;
		lead = argLead;
		seen = List.new;
		waiting = List.new;
		tempos = IdentityDictionary.new;
		this.permanent = true; // Cmd-Period clears it, but does not end it
		engine.prClocks.add(this);
		loopSubscription = engine.subscribe('/ear/loop', 30, { |message| tempos[message[1]] = [message[5], message[5] / message[3]] });
		subscription = engine.subscribe('/ear/playhead', 50, { |message| this.prHeard(message[1], message[4]) });
	}

	stop {
		subscription.free;
		loopSubscription.free;
		engine.prClocks.remove(this);
		^super.stop
	}

	// Calls action when the clock is where the loop is: at once if it is.
	whenLocked { |action| if(isLocked) { action.value(this) } { waiting.add(action) } }

	prLocked {
		var actions = waiting;
		isLocked = true;
		waiting = List.new;
		actions.do(_.value(this));
	}

	// Plays a thing at the start of the loop.
	playNextLoop { |task| ^this.play(task, this.loopQuant) }

	loopQuant { ^if(loopBeats > 0) { loopBeats } { beatsPerBar } }

	prHeard { |loop, beat|
		var now = Main.elapsedTime, here = this.prBeatsAt(now), beats, tempo, there, away;
		#beats, tempo = tempos[loop] ?? { [engine.at('playback/beats'), engine.at('playback/tempo') / 60] };
		tempos.keys.copy.do { |number| if(number < (loop - 32)) { tempos.removeAt(number) } };
		if((beats != loopBeats) or: { tempo != loopTempo }) {
			loopBeats = beats;
			loopTempo = tempo;
			seen.clear;
			lastBend = 0;
		};
		beat = beat + (lead * tempo);
		there = beat + (here - beat).round(beats); // nearest to where the clock is
		seen.add([now, (there / tempo) - now]);
		seen.removeAllSuchThat { |pair| now - pair[0] > window };
		away = seen.collect(_.at(1)).maxItem + now - (here / tempo);
		error = away;
		if(away.abs > jump) {
			this.beats = here + (away * tempo);
			this.prBend(tempo, now);
			seen.clear;
			isLocked = false;
			^this
		};
		if(isLocked.not and: { away.abs < 0.005 } and: { seen.size > 10 }) { this.prLocked };
		if(now - lastBend < 0.1) { ^this };
		lastBend = now;
		this.prBend(tempo * (1 + (away / 0.5).clip(-0.05, 0.05)), now);
	}

	prBeatsAt { |seconds| ^this.secs2beats(seconds) }

	prBend { |tempo, now| this.setTempoAtSec(tempo, now) }
}
