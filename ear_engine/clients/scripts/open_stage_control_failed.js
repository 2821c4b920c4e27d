// What was refused is not what there is: ask for all of it.
set('engine', value[2])
if (value[0].startsWith('/ear/norm/') && globals.ear) globals.ear.greeted = ''
