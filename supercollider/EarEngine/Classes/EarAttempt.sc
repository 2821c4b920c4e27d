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
