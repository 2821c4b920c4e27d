send('/*X*/', value[0])
send('/*Y*/', value[1])
