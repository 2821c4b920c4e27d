set('phase', value[1], {send: false})
