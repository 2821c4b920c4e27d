var place = get('pad') || [0, 0]
place[/*AXIS*/] = value
set('pad', place, {send: false})
