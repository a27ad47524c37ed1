/* Text like an article's, the same each time: paragraphs(count) -> HTML. */
(function () {
  'use strict';
  var words = ('the of and to in a is that it was for on are as with his they at be this from have or by one had not but what all were ' +
    'when we there can an your which their said if do will each about how up out them then she many some so these would other into ' +
    'has more her two like him see time could no make than first been its who now people my made over did down only way find use may ' +
    'water long little very after words called just where most know through picture browser frame signal machine window memory').split(' ');
  window.paragraphs = function (count) {
    var seed = 7, html = '';
    function next(below) { seed = (seed * 16807) % 2147483647; return seed % below; }
    for (var i = 0; i < count; i++) {
      if (i % 5 === 0) { html += '<h2>' + (i / 5 + 1) + '. ' + words[next(words.length)] + ' and ' + words[next(words.length)] + '</h2>'; }
      var sentence = [];
      for (var k = 60 + next(60); k > 0; k--) {
        var word = words[next(words.length)];
        sentence.push(next(23) === 0 ? '<a href="#">' + word + '</a>' : next(9) === 0 ? word + ',' : word);
      }
      html += '<p>' + sentence.join(' ') + '.</p>';
    }
    return html;
  };
})();
