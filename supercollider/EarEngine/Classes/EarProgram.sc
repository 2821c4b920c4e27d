// The program `ear-engine` on this machine: where it is, and starting it.
EarProgram {
	var <path, <pid, <log, <running = false;

	// Folder of this Quark.
	*folder { ^this.filenameSymbol.asString.dirname.dirname }

	*fileName { ^if(thisProcess.platform.name == \windows) { "ear-engine.exe" } { "ear-engine" } }

	// Where it may be, the likeliest first; `given` is the only place if there is one.
	*places { |given|
		var name = this.fileName, bin, noted, separator;
		if(given.notNil) { ^[given.asString.standardizePath] };
		#bin, separator = if(thisProcess.platform.name == \windows) { ["Scripts", $;] } { ["bin", $:] };
		noted = this.folder +/+ "engine_path.txt";
		^[
			EarEngine.program,
			"EAR_ENGINE".getenv,
			if(File.exists(noted)) { File.use(noted, "r", { |file| file.readAllString }).stripWhiteSpace },
			this.folder.dirname.dirname +/+ ".venv" +/+ bin +/+ name,
		].reject(_.isNil)
		++ ("PATH".getenv ? "").split(separator).reject(_.isEmpty).collect(_ +/+ name)
		++ ["~/.local/bin".standardizePath +/+ name, "/usr/local/bin" +/+ name, "/opt/homebrew/bin" +/+ name]
	}

	// Path of the program; nil if it is in none of its places.
	*find { |given|
		^this.places(given).detect { |path| File.exists(path) and: { File.type(path) == \regular } }
	}

	*new { |path| ^super.newCopyArgs(path) }

	// Starts `ear-engine serve` with these options; onEnd gets the exit code and the last line that was said.
	start { |options, onEnd|
		var command = [path, "serve"] ++ options.collect(_.asString);
		var ended = { |code| running = false; onEnd.value(code, this.lastLine) };
		if(thisProcess.platform.name == \windows) {
			pid = command.unixCmd(ended)
		} {
			log = Platform.defaultTempDir +/+ "ear-engine-" ++ Date.getDate.stamp ++ "-" ++ 1e6.rand.asInteger ++ ".log";
			pid = ("exec" + command.collect(_.shellQuote).join(" ") + ">" + log.shellQuote + "2>&1").unixCmd(ended, false)
		};
		running = true;
	}

	// The last line that it has said; nothing where there is no log.
	lastLine {
		var lines;
		if(log.isNil or: { File.exists(log).not }) { ^"" };
		lines = File.use(log, "r", { |file| file.readAllString }).split($\n).reject(_.isEmpty);
		^lines.last ? ""
	}

	removeLog { if(log.notNil and: { File.exists(log) }) { File.delete(log) } }
}
