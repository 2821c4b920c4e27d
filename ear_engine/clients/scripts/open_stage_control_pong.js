var ear = globals.ear || {}
ear.id = value[0]
ear.version = value[1]
ear.heard = Date.now()
