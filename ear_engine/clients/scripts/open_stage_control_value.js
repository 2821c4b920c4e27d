// Writes the value that the fader stands for.
var shown = (x, low, high, log, unit, whole, words) => {
    if (words.length) return words[Math.floor(x * (words.length - 1) + 0.5)]
    var number = log ? low * Math.pow(high / low, x) : low + x * (high - low)
    var size = Math.abs(number)
    var digits = whole || size >= 100 ? 0 : size >= 10 ? 1 : 2
    var scaled = Math.floor(size * Math.pow(10, digits) + 0.5)
    var text = (number < 0 && scaled > 0 ? '-' : '') + (scaled / Math.pow(10, digits)).toFixed(digits)
    return unit ? text + ' ' + unit : text
}
set('/*WIDGET*/_value', shown(value, /*FACTS*/))
