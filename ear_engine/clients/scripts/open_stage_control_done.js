// Nobody is told what he has done himself, and a preset has changed much at once: ask for all of it.
if (value[0] === '/ear/preset/recall' && globals.ear) globals.ear.greeted = ''
