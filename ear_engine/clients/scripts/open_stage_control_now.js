set('/*WIDGET*/', value, {send: false})
