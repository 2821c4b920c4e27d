// One message a name: index, total, name; 0 0 while the engine does not know yet, so ask again at the next turn.
if (value[0] === 0) locals.names = value[1] ? [] : null
if (!value[1] && globals.ear) globals.ear.greeted = ''
if (locals.names) locals.names[value[0]] = value[2]
if (locals.names && locals.names.filter(name => name).length === value[1]) {
    var chosen = get('/*WIDGET*/_now')
    setVar('/*WIDGET*/', 'choices', locals.names.slice())
    if (chosen) set('/*WIDGET*/', chosen, {send: false})
}
