// Finds the engine, asks for what shall move the widgets, and keeps the lease; all of it goes to the server's target.
// Only a script that runs by itself may send, so what is heard is answered at the next turn.
globals.ear = {id: '', version: '', heard: 0, greeted: ''}
setVar('layers', 'choices', /*LAYERS*/)
setVar('clips', 'choices', /*CLIPS*/)
set('engine', 'looking for ear-engine')

var turn = () => {
    var ear = globals.ear, now = Date.now()
    send('/ear/system/ping', {type: 'i', value: 1})
    if (now - ear.heard > 6500) {
        if (ear.id !== '') set('engine', 'ear-engine is not there')
        ear.id = ear.greeted = ''
    }
    if (ear.id === ear.greeted) return
    ear.greeted = ear.id
    set('engine', 'ear-engine ' + ear.version)
    send('/ear/layers/list')
    send('/ear/clips/list')
    for (var pattern of /*PATTERNS*/) {
        send('/ear/stream/subscribe', pattern, 20, 'list', {type: 'i', value: 0}, 30)
    }
}
turn()
setInterval('ear', turn, 2000)
