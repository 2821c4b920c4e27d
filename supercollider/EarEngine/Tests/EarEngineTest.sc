// What tests with a running engine share. The engine is that of port EAR_PORT, or of 9000, or is started there.
EarEngineTest : UnitTest {
	var engine;

	*port { ^("EAR_PORT".getenv ? "9000").asInteger }

	*program { ^"EAR_PROGRAM".getenv }

	setUp {
		var condition = Condition.new, good = true;
		engine = EarEngine("127.0.0.1", this.class.port);
		engine.boot(["--audio", "null"], this.class.program, { condition.unhang }, { good = false; condition.unhang });
		condition.hang;
		this.assert(good, "the engine answers", false);
	}

	// Lets the engine run on for the next test.
	tearDown { if(engine.process.isNil) { engine.free } }

	// Waits until test is true; that it becomes true is an assertion.
	until { |test, message, seconds = 10|
		var end = Main.elapsedTime + seconds;
		while { test.value.not and: { Main.elapsedTime < end } } { 0.02.wait };
		this.assert(test.value, message);
	}

	// The answer of an asynchronous method that takes an action last.
	answer { |function, seconds = 10|
		var got, done = false, end = Main.elapsedTime + seconds;
		function.value({ |value| got = value; done = true });
		while { done.not and: { Main.elapsedTime < end } } { 0.01.wait };
		this.assert(done, "there is an answer", false);
		^got
	}

	server {
		var server = Server.default;
		if(server.serverRunning.not) { server.bootSync };
		^server
	}
}
